// SPDX-License-Identifier: MIT
#include "blobs_io.h"

#include "blobs_self_io.h"

#include "blob_held_io.h"

#include "many.pb-c.h"
#include "transfer.pb-c.h"
#include "message.h"
#include "upkeep.pb-c.h"
#include "runtime/host/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Blobs whose check is remembered; at one more all is forgotten and checked again when used.
#define STAMPS_MAX 4096

//  ---- what was checked --------------------------------------------------------------------------

static void
forget_stamps (blobs_t *self)
{
    uint32_t cursor = 0;
    bytes_t key;
    for (blob_stamp_t *stamp; self->stamps && (stamp = map_next (self->stamps, &cursor, &key));)
        free (stamp);
    map_destroy (&self->stamps);
}

bool
blobs_is_checked (const blobs_t *self, const digest_t *digest, const blob_stamp_t *stamp)
{
    const blob_stamp_t *known =
        self->stamps ? map_get (self->stamps, digest->bytes, DIGEST_SIZE) : NULL;
    return known && known->device == stamp->device && known->inode == stamp->inode
           && known->size_bytes == stamp->size_bytes && known->modified_ns == stamp->modified_ns
           && known->changed_ns == stamp->changed_ns;
}

//  Not being able to remember costs a check, nothing else.
void
blobs_remember (blobs_t *self, const digest_t *digest, const blob_stamp_t *stamp)
{
    blob_stamp_t *known = self->stamps ? map_get (self->stamps, digest->bytes, DIGEST_SIZE) : NULL;
    if (known) {
        *known = *stamp;
        return;
    }
    if (self->stamps && map_count (self->stamps) == STAMPS_MAX)
        forget_stamps (self);
    if (!self->stamps)
        self->stamps = map_new (STAMPS_MAX, self->seed);
    known = malloc (sizeof *known);
    if (known)
        *known = *stamp;
    if (!known || !self->stamps || map_put (self->stamps, digest->bytes, DIGEST_SIZE, known) != OK)
        free (known);
}

//  ---- jobs --------------------------------------------------------------------------------------

static bool
go_on (void *job, uint64_t done, uint64_t total)
{
    const blobs_work_t *work = job_arg (job);
    if (work->task == BLOBS_DROP)
        job_progress (job, "clean", "", done, total, "archives");
    else
        job_progress (job, "verify", work->source ? work->source : work->path, done, total,
                      "bytes");
    return !job_cancelled (job);
}

//  One blob; the reply has room for it.
static code_t
drop_one (blobs_work_t *work, ProtobufCBinaryData field)
{
    Ggen__BlobDropReply *reply = work->dropped;
    digest_t digest;
    uint64_t bytes;
    if (digest_from_field (&digest, field) != OK
        || !blob_store_weigh (work->store, &digest, &bytes))
        return OK;
    ProtobufCBinaryData copy = {DIGEST_SIZE, malloc (DIGEST_SIZE)};
    if (!copy.data)
        return BUSY;
    memcpy (copy.data, digest.bytes, DIGEST_SIZE);
    code_t code = work->drop->dry_run
                      ? OK
                      : blob_store_remove (work->store, &digest, &bytes, &work->failure);
    if (code) {
        free (copy.data);
        return code;
    }
    reply->freed_bytes += bytes;
    reply->sha256[reply->n_sha256++] = copy;
    return OK;
}

static code_t
drop_all (blobs_work_t *work, const blob_watch_t *watch)
{
    const size_t count = work->drop->n_sha256;
    for (size_t i = 0; i < count; i++) {
        if (!watch->go_on (watch->arg, i, count))
            return CANCELLED;
        code_t code = drop_one (work, work->drop->sha256[i]);
        if (code) {
            work->failure.code = code;
            return code;
        }
    }
    return OK;
}

static void
run (job_t *job, void *arg)
{
    blobs_work_t *work = arg;
    blob_watch_t watch = {go_on, job};
    if (work->task == BLOBS_FIND)
        work->code = blob_store_check (work->path, &work->digest, work->size_bytes, &watch,
                                       &work->stamp, &work->failure);
    else if (work->task == BLOBS_IMPORT)
        work->code = blob_store_import (work->store, work->source, &work->digest, work->size_bytes,
                                        &watch, work->path, &work->stamp, &work->failure);
    else if (work->task == BLOBS_TAKE_MANY)
        blobs_many_run (work, &watch);
    else if (work->task == BLOBS_DROP)
        work->code = drop_all (work, &watch);
    else if (work->task >= BLOBS_PART_LOOK)
        blobs_part_run (work, &watch);
    else
        work->list = blob_store_list (work->store);
}

void
blobs_work_destroy (blobs_work_t **work_p)
{
    blobs_work_t *work = *work_p;
    if (!work)
        return;
    if (work->list)
        ggen__blob_list_reply__free_unpacked (work->list, NULL);
    if (work->drop)
        ggen__blob_drop_request__free_unpacked (work->drop, NULL);
    if (work->dropped)
        ggen__blob_drop_reply__free_unpacked (work->dropped, NULL);
    blobs_many_destroy (&work->many);
    free (work->source);
    free (work->digests);
    free (work);
    *work_p = NULL;
}

blobs_work_t *
blobs_work_new (const blobs_t *self, blobs_task_t task)
{
    blobs_work_t *work = calloc (1, sizeof *work);
    if (!work)
        return NULL;
    work->store = self->store;
    work->task = task;
    //  What stays if the worker never comes to it.
    work->code = work->failure.code = CANCELLED;
    return work;
}

//  Takes 'work'.
code_t
blobs_start (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    code_t code = jobs_start (self->jobs, ticket, run, work);
    if (code) {
        blobs_work_destroy (&work);
        return code;
    }
    work->next = self->works;
    self->works = work;
    return OK;
}

static void
unlink_work (blobs_t *self, const blobs_work_t *work)
{
    for (blobs_work_t **at = &self->works; *at; at = &(*at)->next)
        if (*at == work) {
            *at = work->next;
            return;
        }
}

//  ---- answers -----------------------------------------------------------------------------------

static void
add_detail (Ggen__Failure *failure, Ggen__Detail *detail, char *key, char *value)
{
    ggen__detail__init (detail);
    detail->key = key;
    detail->value = value;
    failure->details[failure->n_details++] = detail;
}

void
blobs_answer_failure (blobs_t *self, ticket_t ticket, const digest_t *digest,
                const blob_failure_t *cause)
{
    Ggen__Detail rooms[2], *list[2];
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = cause->code;
    failure.message = (char *) cause->text;
    failure.details = list;
    char first[DIGEST_HEX_SIZE + 1], second[DIGEST_HEX_SIZE + 1];
    if (cause->has_actual) {
        digest_to_hex (digest, first);
        digest_to_hex (&cause->actual, second);
        add_detail (&failure, &rooms[0], "expected", first);
        add_detail (&failure, &rooms[1], "actual", second);
    }
    if (cause->code == INSUFFICIENT_DISK_SPACE) {
        snprintf (first, sizeof first, "%" PRIu64, cause->required_bytes);
        snprintf (second, sizeof second, "%" PRIu64, cause->available_bytes);
        add_detail (&failure, &rooms[0], "required", first);
        add_detail (&failure, &rooms[1], "available", second);
        failure.hint = "free some space, or lower storage.max_cache_size";
    }
    else if (cause->code == STORAGE)
        failure.hint = "try again; if the disk fails, the system's log tells more";
    out_answer (self->out, ticket, &failure.base);
}

static void
answer_found (blobs_t *self, ticket_t ticket, char *path, uint64_t size_bytes)
{
    Ggen__BlobFindReply reply = GGEN__BLOB_FIND_REPLY__INIT;
    reply.found = path != NULL;
    if (path)
        reply.path = path;
    reply.size_bytes = size_bytes;
    out_answer (self->out, ticket, &reply.base);
}

//  A damaged blob is as good as none, so that its bytes are fetched anew.
static void
after_find (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    if (work->code == OK) {
        blobs_remember (self, &work->digest, &work->stamp);
        answer_found (self, ticket, work->path, work->stamp.size_bytes);
        return;
    }
    if (work->code == CANCELLED) {
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
        return;
    }
    log_warn ("blobs.damaged", "%s", work->failure.text);
    uint64_t freed_bytes;
    blob_failure_t failure;
    if (work->failure.has_actual
        && blob_store_remove (self->store, &work->digest, &freed_bytes, &failure) != OK)
        log_warn ("blobs.damaged_stays", "%s", failure.text);
    answer_found (self, ticket, NULL, 0);
}

static void
after_import (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    if (work->code) {
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
        return;
    }
    blobs_remember (self, &work->digest, &work->stamp);
    Ggen__BlobImportReply reply = GGEN__BLOB_IMPORT_REPLY__INIT;
    reply.path = work->path;
    reply.size_bytes = work->stamp.size_bytes;
    out_answer (self->out, ticket, &reply.base);
}

static code_t
job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    blobs_t *self = self_;
    AUTO (blobs_work_destroy) blobs_work_t *work = job_arg (job);
    unlink_work (self, work);
    ticket_t ticket = job_ticket (job);
    if (work->task == BLOBS_FIND)
        after_find (self, ticket, work);
    else if (work->task == BLOBS_IMPORT)
        after_import (self, ticket, work);
    else if (work->task == BLOBS_TAKE_MANY)
        blobs_many_done (self, ticket, work);
    else if (work->task >= BLOBS_PART_LOOK)
        blobs_part_done (self, ticket, work);
    else if (work->task == BLOBS_DROP && work->code == OK)
        out_answer (self->out, ticket, &work->dropped->base);
    else if (work->task == BLOBS_DROP)
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
    else if (work->list)
        out_answer (self->out, ticket, &work->list->base);
    else
        out_refuse (self->out, ticket, BUSY, "", "blobs: out of memory for the list");
    return OK;
}

//  ---- requests ----------------------------------------------------------------------------------

static code_t
bad_digest (const delivery_t *at)
{
    return out_fail (at, VALIDATION, "", "blobs: sha256 is not %d bytes", DIGEST_SIZE);
}

static code_t
on_find (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobFindRequest *ask = (const void *) message;
    digest_t digest;
    blob_stamp_t stamp;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    bool there = blob_held_restore (self->store, &digest)
                 && blob_store_look (self->store, &digest, ask->size_bytes, &stamp);
    bool checked = there && blobs_is_checked (self, &digest, &stamp);
    if (!there || !blob_store_use (self->store, &digest, &stamp)) {
        answer_found (self, at->ticket, NULL, 0);
        return OK;
    }
    char path[BLOB_PATH_MAX];
    blob_store_path (self->store, &digest, path);
    if (checked) {
        blobs_remember (self, &digest, &stamp);
        answer_found (self, at->ticket, path, stamp.size_bytes);
        return OK;
    }
    blobs_work_t *work = blobs_work_new (self, BLOBS_FIND);
    if (!work)
        return BUSY;
    work->digest = digest;
    work->size_bytes = ask->size_bytes;
    memcpy (work->path, path, sizeof path);
    return blobs_start (self, at->ticket, work);
}

static code_t
on_import (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobImportRequest *ask = (const void *) message;
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    if (*ask->path != '/' || strlen (ask->path) >= BLOB_PATH_MAX)
        return out_fail (at, VALIDATION, "", "blobs: '%s' is no absolute path", ask->path);
    blobs_work_t *work = blobs_work_new (self, BLOBS_IMPORT);
    if (!work)
        return BUSY;
    work->digest = digest;
    work->size_bytes = ask->size_bytes;
    work->source = strdup (ask->path);
    if (!work->source) {
        blobs_work_destroy (&work);
        return BUSY;
    }
    return blobs_start (self, at->ticket, work);
}

static code_t
on_remove (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobRemoveRequest *ask = (const void *) message;
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    blob_failure_t failure = {.code = OK};
    Ggen__BlobRemoveReply reply = GGEN__BLOB_REMOVE_REPLY__INIT;
    if (blob_store_remove (self->store, &digest, &reply.freed_bytes, &failure) != OK) {
        blobs_answer_failure (self, at->ticket, &digest, &failure);
        return OK;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    blobs_t *self = self_;
    blobs_work_t *work = blobs_work_new (self, BLOBS_LIST);
    return work ? blobs_start (self, at->ticket, work) : BUSY;
}

static code_t
on_drop (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobDropRequest *ask = (const void *) message;
    blobs_work_t *work = blobs_work_new (self, BLOBS_DROP);
    if (!work)
        return BUSY;
    work->drop = (Ggen__BlobDropRequest *) message_copy (message);
    work->dropped = malloc (sizeof *work->dropped);
    if (work->dropped) {
        ggen__blob_drop_reply__init (work->dropped);
        work->dropped->dry_run = ask->dry_run;
        work->dropped->sha256 = calloc (ask->n_sha256 + 1, sizeof *work->dropped->sha256);
    }
    if (!work->drop || !work->dropped || !work->dropped->sha256) {
        blobs_work_destroy (&work);
        return BUSY;
    }
    return blobs_start (self, at->ticket, work);
}

static bool
cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((blobs_t *) self)->jobs, ticket);
}

//  ---- life --------------------------------------------------------------------------------------

static void
destroy (void *self_)
{
    blobs_t *self = self_;
    while (self->works) {
        blobs_work_t *work = self->works;
        self->works = work->next;
        blobs_work_destroy (&work);
    }
    forget_stamps (self);
    blob_store_close (&self->store);
    free (self);
}

static void *
create (const actor_env_t *env)
{
    const blobs_settings_t *settings = env->settings;
    blobs_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->seed = rng_u64 (env->rng);
    self->store = blob_store_open (settings->directory);
    if (!self->store) {
        destroy (self);
        return NULL;
    }
    return self;
}

static const handler_t rows[] = {
    {&ggen__blob_find_request__descriptor, on_find, THIS_NODE},
    {&ggen__blob_import_request__descriptor, on_import, THIS_NODE},
    {&ggen__blob_take_many_request__descriptor, blobs_on_take_many, THIS_NODE},
    {&ggen__blob_remove_request__descriptor, on_remove, THIS_NODE},
    {&ggen__blob_list_request__descriptor, on_list, THIS_NODE},
    {&ggen__blob_drop_request__descriptor, on_drop, THIS_NODE},
    {&ggen__part_open_request__descriptor, blobs_on_part_open, THIS_NODE},
    {&ggen__part_write_request__descriptor, blobs_on_part_write, THIS_NODE},
    {&ggen__part_finish_request__descriptor, blobs_on_part_finish, THIS_NODE},
    {&ggen__part_drop_request__descriptor, blobs_on_part_drop, THIS_NODE},
    {&ggen__blob_hold_request__descriptor, blobs_on_hold, THIS_NODE},
    {&ggen__blob_read_request__descriptor, blobs_on_read, THIS_NODE},
    {0},
};

const actor_class_t blobs_actor = {
    .name = "blobs",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .cancelled = cancelled,
    .job_done = job_done,
};
