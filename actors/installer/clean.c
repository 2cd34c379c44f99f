// SPDX-License-Identifier: MIT
//  clean: which generations stay, which archives these and the file registry refer to, and then the
//  store and the cache remove the rest. The installed state is not touched; the first thing that
//  changes is the store, and what it removes nothing kept leads to.
#include "history.h"

#include "lockfile.h"
#include "memory.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    Ggen__GenerationsReply *there;
    uint64_t *kept;
    size_t kept_count;
    map_t *needed;                  //  digests of archives in the locks that stay
    Ggen__BlobListReply *blobs;
    bool *drop;                     //  which of them go
    bool keep_blobs;                //  a lock does not read: what it needs is not known
    Ggen__CleanReply reply;
} clean_t;

//  Digests that all kept locks together name.
#define NEEDED_MAX ((HISTORY_KEPT + 1) * LOCK_PACKAGES_MAX)

static void
clean_free (void *more)
{
    clean_t *self = more;
    uint32_t cursor = 0;
    void *key;
    while (self->needed && (key = map_next (self->needed, &cursor, NULL)) != NULL)
        free (key);
    map_destroy (&self->needed);
    if (self->there)
        ggen__generations_reply__free_unpacked (self->there, NULL);
    if (self->blobs)
        ggen__blob_list_reply__free_unpacked (self->blobs, NULL);
    free (self->reply.generations);
    free (self->drop);
    free (self->kept);
    free (self);
}

static const Ggen__CleanRequest *
clean_request (const task_t *task)
{
    return (const Ggen__CleanRequest *) (const void *) task->request;
}

static bool
is_kept (const clean_t *self, uint64_t generation)
{
    for (size_t i = 0; i < self->kept_count; i++)
        if (self->kept [i] == generation)
            return true;
    return false;
}

//  ---- the end -----------------------------------------------------------------------------------

static void
clean_answer (task_t *task)
{
    clean_t *self = task->more;
    Ggen__CleanReply *reply = &self->reply;
    reply->freed_bytes = reply->generations_bytes + reply->instances_bytes + reply->blobs_bytes
                         + reply->temporary_bytes;
    reply->dry_run = clean_request (task)->dry_run;
    reply->warnings = task->warnings;
    reply->n_warnings = task->warnings_count;
    task_answer (task, &reply->base);
}

static void
on_dropped (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    clean_t *self = item;
    const Ggen__CacheDropReply *reply = (const void *) answer->message;
    self->reply.blobs_count = reply->blobs_count;
    self->reply.blobs_bytes = reply->freed_bytes;
}

static void
drop_blobs (task_t *task)
{
    clean_t *self = task->more;
    Ggen__CacheDropRequest request = GGEN__CACHE_DROP_REQUEST__INIT;
    request.dry_run = clean_request (task)->dry_run;
    size_t count = self->blobs ? self->blobs->n_blobs : 0;
    request.sha256 = memory_new (count, sizeof *request.sha256);
    for (size_t i = 0; i < count; i++)
        if (self->drop [i])
            request.sha256 [request.n_sha256++] = self->blobs->blobs [i]->sha256;
    if (request.n_sha256 > 0)
        task_ask (task, "cache", &request.base, &ggen__cache_drop_reply__descriptor, on_dropped,
                  self, false);
    free (request.sha256);
    task_then (task, clean_answer);
}

static void
on_swept (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    clean_t *self = item;
    const Ggen__SweepReply *reply = (const void *) answer->message;
    self->reply.generations = memory_new (reply->n_generations, sizeof (uint64_t));
    for (size_t i = 0; i < reply->n_generations; i++)
        self->reply.generations [self->reply.n_generations++] = reply->generations [i];
    self->reply.generations_bytes = reply->generations_bytes;
    self->reply.instances_count = reply->instances_count;
    self->reply.instances_bytes = reply->instances_bytes;
    self->reply.temporary_count = reply->temporary_count;
    self->reply.temporary_bytes = reply->temporary_bytes;
}

//  The generations go before the archives that only they can be repaired from.
static void
sweep (task_t *task)
{
    clean_t *self = task->more;
    Ggen__SweepRequest request = GGEN__SWEEP_REQUEST__INIT;
    request.root = (char *) task->root;
    request.dry_run = clean_request (task)->dry_run;
    request.generations = memory_new (self->there->n_generations, sizeof (uint64_t));
    for (size_t i = 0; i < self->there->n_generations; i++)
        if (!is_kept (self, self->there->generations [i]->number))
            request.generations [request.n_generations++] = self->there->generations [i]->number;
    task_ask (task, "store", &request.base, &ggen__sweep_reply__descriptor, on_swept, self, false);
    free (request.generations);
    task_then (task, drop_blobs);
}

//  ---- which archives ----------------------------------------------------------------------------

static bool
is_needed (const clean_t *self, ProtobufCBinaryData sha256)
{
    return map_get (self->needed, sha256.data, sha256.len) != NULL;
}

//  An archive that the file registry has too is only ever removed to have it once, and can be had
//  again. One that nothing else has stays for as long as a lock names it.
static void
on_archives (task_t *task, void *item, const answer_t *answer)
{
    clean_t *self = item;
    const Ggen__HasArchivesReply *reply = (const void *) answer->message;
    const bool all = clean_request (task)->all;
    bool *has = memory_new (self->blobs->n_blobs, sizeof *has);
    for (size_t i = 0; i < reply->n_found; i++)
        if (reply->found [i] < self->blobs->n_blobs)
            has [reply->found [i]] = true;
    for (size_t i = 0; i < self->blobs->n_blobs; i++)
        self->drop [i] = has [i] ? all : !is_needed (self, self->blobs->blobs [i]->sha256);
    free (has);
}

static void
judge_blobs (task_t *task)
{
    clean_t *self = task->more;
    Ggen__HasArchivesRequest request = GGEN__HAS_ARCHIVES_REQUEST__INIT;
    size_t count = self->blobs ? self->blobs->n_blobs : 0;
    self->drop = memory_new (count, sizeof *self->drop);
    request.sha256 = memory_new (count, sizeof *request.sha256);
    for (size_t i = 0; i < count; i++)
        request.sha256 [request.n_sha256++] = self->blobs->blobs [i]->sha256;
    if (count > 0 && !self->keep_blobs)
        task_ask (task, "registry_file", &request.base, &ggen__has_archives_reply__descriptor,
                  on_archives, self, false);
    free (request.sha256);
    task_then (task, sweep);
}

static void
on_blobs (task_t *task, void *item, const answer_t *answer)
{
    clean_t *self = item;
    self->blobs = (Ggen__BlobListReply *) message_copy (answer->message);
    if (!self->blobs)
        task_fail (task, INTERNAL, "", "out of memory");
}

//  Archives are the home's: a target has none of its own.
static void
list_blobs (task_t *task)
{
    Ggen__CacheListRequest request = GGEN__CACHE_LIST_REQUEST__INIT;
    if (!*task->root)
        task_ask (task, "cache", &request.base, &ggen__blob_list_reply__descriptor, on_blobs,
                  task->more, false);
    task_then (task, judge_blobs);
}

//  ---- which generations -------------------------------------------------------------------------

static void
need (clean_t *self, ProtobufCBinaryData sha256)
{
    if (sha256.len != CRYPTO_HASH_BYTES || is_needed (self, sha256))
        return;
    void *copy = memory_new (1, CRYPTO_HASH_BYTES);
    memcpy (copy, sha256.data, CRYPTO_HASH_BYTES);
    if (map_put (self->needed, copy, CRYPTO_HASH_BYTES, copy) != OK) {
        free (copy);
        self->keep_blobs = true;
    }
}

static void
on_lock (task_t *task, void *item, const answer_t *answer)
{
    clean_t *self = item;
    const Ggen__ReadRootReply *reply = (const void *) answer->message;
    char *why = NULL;
    Ggen__Lock *lock = NULL;
    if (answer->code != OK
        || lockfile_read ((const char *) reply->lock.data, reply->lock.len, &lock, &why) != OK) {
        task_warn (task, "archives stay: the ggen.lock of a generation does not read: %s",
                   why ? why : code_name (answer->code));
        self->keep_blobs = true;
    }
    for (size_t i = 0; lock && i < lock->n_packages; i++)
        need (self, lock->packages [i]->sha256);
    if (lock)
        ggen__lock__free_unpacked (lock, NULL);
    free (why);
}

static void
choose_generations (task_t *task)
{
    clean_t *self = task->more;
    self->kept_count = history_kept (self->there, clean_request (task)->all, &self->kept);
    //  A list without the one that is in use cannot say what is not in use.
    if (self->there->current > 0 && !is_kept (self, self->there->current)) {
        task_fail (task, STORAGE, "`ggen market rollback N` goes to one that is there",
                   "the current generation %llu is not there, nothing is cleaned",
                   (unsigned long long) self->there->current);
        return;
    }
    for (size_t i = 0; i < self->kept_count && !*task->root; i++) {
        Ggen__ReadRootRequest request = GGEN__READ_ROOT_REQUEST__INIT;
        request.generation = self->kept [i];
        task_ask (task, "store", &request.base, &ggen__read_root_reply__descriptor, on_lock, self,
                  true);
    }
    task_then (task, list_blobs);
}

static void
on_generations (task_t *task, void *item, const answer_t *answer)
{
    clean_t *self = item;
    self->there = (Ggen__GenerationsReply *) message_copy (answer->message);
    if (!self->there)
        task_fail (task, INTERNAL, "", "out of memory");
}

void
clean_start (task_t *task)
{
    clean_t *self = memory_new (1, sizeof *self);
    ggen__clean_reply__init (&self->reply);
    self->needed = map_new (NEEDED_MAX, 0);
    task->root = clean_request (task)->root;
    task->more = self;
    task->free_more = clean_free;
    Ggen__GenerationsRequest request = GGEN__GENERATIONS_REQUEST__INIT;
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__generations_reply__descriptor, on_generations,
              self, false);
    task_then (task, choose_generations);
}
