// SPDX-License-Identifier: MIT
#include "actors/registry/mirror_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/archive_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/index_io.h"
#include "actors/registry/reply.h"
#include "actors/registry/layout.h"
#include "actors/registry/shelf_io.h"
#include "actors/registry/source_list.h"
#include "actors/registry/stored_io.h"
#include "runtime/host/web.h"

#define DOWNLOAD     ".download"         //  in 'to', which is locked
#define DOWNLOAD_MAX (1ull << 30)       //  bytes of an archive
#define WARNING_MAX 2048
#define SUBJECT_MAX 512

//  A version that 'from' has.
typedef struct {
    char *id, *version;
} found_t;

typedef struct {
    const mirror_t *ask;
    shelf_t *from, *to;             //  'to' NULL: a dry run, and there is nothing yet
    found_t *found;                 //  at most SHELF_WALK_MAX: more end the walk
    size_t found_count, found_room;
    Ggen__SourceSyncReply *reply;
    Ggen__Failure *failure;         //  it ends with this
} run_t;

static code_t
fail (run_t *self, code_t code, const char *text)
{
    if (!self->failure)
        self->failure = reply_failure (code, "", "%s", text);
    return code;
}

static code_t
fail_cancelled (run_t *self)
{
    return fail (self, CANCELLED, "cancelled; what was copied until now stays");
}

//  ---- what is told ------------------------------------------------------------------------------

static void
tell (run_t *self, Ggen__SyncAction action, const found_t *at, uint64_t size_bytes,
      const char *reason)
{
    Ggen__SourceSyncReply *reply = self->reply;
    if (reply->n_entries == MIRROR_ENTRIES_MAX)
        return;
    Ggen__SyncEntry **longer
        = reallocarray (reply->entries, reply->n_entries + 1, sizeof *longer);
    if (!longer)
        return;
    reply->entries = longer;
    Ggen__SyncEntry *entry = reply_new (&ggen__sync_entry__descriptor);
    entry->action = action;
    entry->size_bytes = size_bytes;
    reply_set_text (&entry->id, at->id);
    reply_set_text (&entry->version, at->version);
    reply_set_text (&entry->reason, reason);
    reply->entries [reply->n_entries++] = entry;
}

static void
tell_failed (run_t *self, const found_t *at, const char *reason)
{
    self->reply->failed_count++;
    tell (self, GGEN__SYNC_ACTION__SYNC_FAILED, at, 0, reason);
}

//  ---- what there is -----------------------------------------------------------------------------

static bool
is_asked (const mirror_t *ask, const char *id)
{
    for (size_t i = 0; i < ask->ids_count; i++)
        if (strcmp (ask->ids [i], id) == 0)
            return true;
    return ask->ids_count == 0;
}

static code_t
note (void *arg, const Ggen__Package *package)
{
    run_t *self = arg;
    if (!is_asked (self->ask, package->id))
        return OK;
    if (self->found_count == self->found_room) {
        size_t room = self->found_room ? 2 * self->found_room : 64;
        found_t *longer = reallocarray (self->found, room, sizeof *longer);
        if (!longer)
            return BUSY;
        self->found = longer;
        self->found_room = room;
    }
    found_t *found = &self->found [self->found_count];
    *found = (found_t) {strdup (package->id), strdup (package->version)};
    self->found_count++;
    return found->id && found->version ? job_cancelled (self->ask->job) ? CANCELLED : OK : BUSY;
}

static int
by_name (const void *a_, const void *b_)
{
    const found_t *a = a_, *b = b_;
    int order = strcmp (a->id, b->id);
    return order ? order : strcmp (a->version, b->version);
}

static bool
is_found (const run_t *self, const char *id)
{
    for (size_t i = 0; i < self->found_count; i++)
        if (strcmp (self->found [i].id, id) == 0)
            return true;
    return false;
}

static code_t
collect (run_t *self)
{
    size_t damaged = 0;
    code_t code = shelf_walk (self->from, note, self, &damaged);
    if (code == CANCELLED)
        return fail_cancelled (self);
    if (code != OK)
        return fail (self, code, code == BUSY ? "out of memory" : shelf_error (self->from));
    if (damaged > 0) {
        char text [WARNING_MAX];
        snprintf (text, sizeof text, "%zu damaged versions are left out, the first: %s", damaged,
                  shelf_error (self->from));
        reply_add_text (&self->reply->base, "warnings", text);
    }
    if (self->found_count > 0)
        qsort (self->found, self->found_count, sizeof *self->found, by_name);
    for (size_t i = 0; i < self->ask->ids_count; i++)
        if (!is_found (self, self->ask->ids [i]))
            tell_failed (self, &(found_t) {self->ask->ids [i], (char *) ""},
                         "there is no such package");
    return OK;
}

//  ---- one version -------------------------------------------------------------------------------

static code_t
put (run_t *self, const stored_t *copy, bool again)
{
    const shelf_put_t item = {.package = copy->package,
                              .archive_path = copy->package->location,
                              .archive_format = copy->format,
                              .manifest = {copy->manifest, copy->manifest_size},
                              .manifest_name = copy->manifest ? copy->manifest_name : NULL,
                              .minisig = copy->minisig,
                              .again = again,
                              .force = again,
                              .wall_s = self->ask->wall_s};
    bool already_there;
    return shelf_put (self->to, &item, &already_there);
}

//  A full disk ends it all; a version that cannot be taken does not.
static code_t
put_or_tell (run_t *self, const found_t *at, const stored_t *copy, bool again)
{
    code_t code = put (self, copy, again);
    if (code == INSUFFICIENT_DISK_SPACE || code == PERMISSION_DENIED || code == STORAGE)
        return fail (self, code, shelf_error (self->to));
    if (code != OK)
        tell_failed (self, at, shelf_error (self->to));
    return code;
}

//  What is told by an URL, into a file of our own, which is the package's location then. Returns the
//  reason when it cannot be had.
static Ggen__Failure *
download (const run_t *self, Ggen__Package *package)
{
    char why [WARNING_MAX] = "", path [PATH_MAX];
    web_answer_t answer;
    int size = snprintf (path, sizeof path, "%s/" DOWNLOAD, self->ask->to);
    if (size < 0 || (size_t) size >= sizeof path)
        return reply_failure (VALIDATION, "", "its path would be too long");
    if (package->size_bytes > DOWNLOAD_MAX)
        return reply_failure (VALIDATION, "", "%s: it is too large", package->location);
    unlink (path);                  //  The last one is linked to where it belongs
    AUTO (disk_close) int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd == -1)
        return reply_failure (disk_code (errno), "", "%s: %s", path, strerror (errno));
    const web_ask_t ask = {.url = package->location,
                           .fd = fd,
                           .max_bytes = package->size_bytes > 0 ? package->size_bytes : DOWNLOAD_MAX,
                           .etag = "",
                           .job = self->ask->job,
                           .subject = package->id};
    code_t code = web_get (&ask, &answer, why, sizeof why);
    if (code != OK)
        return reply_failure (code, "", "%s", why);
    reply_set_text (&package->location, path);
    return NULL;
}

static void
remove_download (const run_t *self)
{
    char path [PATH_MAX];
    int size = snprintf (path, sizeof path, "%s/" DOWNLOAD, self->ask->to);
    if (self->to && size > 0 && (size_t) size < sizeof path)
        unlink (path);
}

static code_t
copy_version (run_t *self, const found_t *at, stored_t *copy, bool again)
{
    const Ggen__Package *package = copy->package;
    if (!self->ask->dry_run) {
        bool far = package->location [0] != '/';
        Ggen__Failure *failure = far ? download (self, copy->package) : NULL;
        if (!failure)
            failure = stored_judge (copy, self->ask->crypto, self->ask->job);
        if (failure) {
            code_t code = failure->code;
            if (code != CANCELLED)
                tell_failed (self, at, failure->message);
            ggen__failure__free_unpacked (failure, NULL);
            return code == CANCELLED ? fail_cancelled (self) : OK;
        }
        if (put_or_tell (self, at, copy, again) != OK)
            return self->failure ? self->failure->code : OK;
    }
    self->reply->copied_count++;
    self->reply->copied_bytes += package->size_bytes;
    tell (self, again ? GGEN__SYNC_ACTION__SYNC_REPAIRED : GGEN__SYNC_ACTION__SYNC_COPIED, at,
          package->size_bytes, "");
    return OK;
}

//  It is there by this digest. Its bytes are as they should be: a newer head may still be taken.
static code_t
refresh_head (run_t *self, const found_t *at, const stored_t *copy)
{
    uint64_t before = 0, after = 0;
    int64_t wall_s;
    self->reply->present_count++;
    if (self->ask->dry_run || copy->package->head.len == 0)
        return OK;
    if (shelf_generation (self->to, &before, &wall_s) != OK
        || put_or_tell (self, at, copy, false) != OK
        || shelf_generation (self->to, &after, &wall_s) != OK)
        return self->failure ? self->failure->code : OK;
    if (before != after)
        tell (self, GGEN__SYNC_ACTION__SYNC_HEAD, at, 0, "");
    return OK;
}

//  A head that nobody signed is not taken along.
static bool
head_is_good (const run_t *self, stored_t *copy)
{
    Ggen__Failure *failure = stored_judge_records (copy, self->ask->crypto);
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    return !failure;
}

static bool
same_digest (const Ggen__Package *a, const Ggen__Package *b)
{
    return a->sha256.len == b->sha256.len
           && (a->sha256.len == 0 || memcmp (a->sha256.data, b->sha256.data, a->sha256.len) == 0);
}

static code_t
compare_version (run_t *self, const found_t *at, stored_t *copy, const Ggen__Package *there)
{
    archive_t archive;
    if (!same_digest (copy->package, there)) {
        tell_failed (self, at, "SECURITY: the directory has another archive of this version; one of "
                               "the two is wrong");
        return OK;
    }
    int error = there->location [0] == '/' ? archive_read (&archive, there->location, self->ask->job)
                                           : ENOENT;
    if (error == ECANCELED)
        return fail_cancelled (self);
    bool whole = error == 0 && copy->package->sha256.len == DIGEST_SIZE
                 && memcmp (archive.digest.bytes, copy->package->sha256.data, DIGEST_SIZE) == 0;
    if (!whole)
        return copy_version (self, at, copy, true);
    if (head_is_good (self, copy))
        return refresh_head (self, at, copy);
    self->reply->present_count++;
    return OK;
}

static code_t
sync_version (run_t *self, const found_t *at)
{
    AUTO (stored_clear) stored_t copy;
    Ggen__Package *there = NULL;
    if (stored_read (&copy, self->from, at->id, at->version) != OK) {
        tell_failed (self, at, shelf_error (self->from));
        return OK;
    }
    if (copy.package->location [0] != '/' && !source_is_web (copy.package->location)) {
        tell_failed (self, at, "its registry has no archive of it");
        return OK;
    }
    code_t code
        = self->to ? shelf_peek (self->to, at->id, at->version, &there) : PACKAGE_NOT_FOUND;
    //  One that cannot be read is replaced.
    if (code != OK)
        return copy_version (self, at, &copy, code == SERIALIZATION);
    code = compare_version (self, at, &copy, there);
    ggen__package__free_unpacked (there, NULL);
    return code;
}

static code_t
sync_all (run_t *self)
{
    for (size_t i = 0; i < self->found_count; i++) {
        char subject [SUBJECT_MAX];
        const found_t *at = &self->found [i];
        if (job_cancelled (self->ask->job))
            return fail_cancelled (self);
        snprintf (subject, sizeof subject, "%s@%s", at->id, at->version);
        job_progress (self->ask->job, "sync", subject, i, self->found_count, "packages");
        code_t code = sync_version (self, at);
        if (code != OK)
            return code;
    }
    return OK;
}

//  ---- the directories ---------------------------------------------------------------------------

static bool
is_inside (const char *path, const char *directory)
{
    size_t size = strlen (directory);
    return strncmp (path, directory, size) == 0 && (path [size] == 0 || path [size] == '/');
}

static code_t
check_places (run_t *self)
{
    char to [PATH_MAX];
    const char *from = shelf_directory (self->from);
    if (!realpath (self->ask->to, to))
        snprintf (to, sizeof to, "%s", self->ask->to);
    if (is_inside (to, from) || is_inside (from, to))
        return fail (self, VALIDATION, "the copy would lie inside of what is copied, or around it");
    return OK;
}

static code_t
open_to (run_t *self)
{
    const mirror_t *ask = self->ask;
    if (ask->dry_run) {
        //  What is not there, or cannot be read, has nothing.
        if (shelf_open_foreign (&self->to, ask->to) != OK)
            self->to = NULL;
        return OK;
    }
    code_t code = shelf_open (&self->to, ask->to);
    if (code != OK)
        return fail (self, code, ask->to);
    code = shelf_lock (self->to, SHELF_LOCK_ATTEMPTS, SHELF_LOCK_ATTEMPT_MS, NULL, NULL);
    return code == OK ? OK : fail (self, code, shelf_error (self->to));
}

//  index.json tells of what is there, also after a failure.
static void
write_index (run_t *self)
{
    if (self->ask->dry_run || !self->to || !shelf_is_locked (self->to))
        return;
    index_t *index;
    char *warning = NULL;
    code_t code = index_open (&index, self->to, &warning);
    if (warning)
        reply_add_text (&self->reply->base, "warnings", warning);
    if (code != OK)
        fail (self, code, warning ? warning : "index.json cannot be written");
    free (warning);
    index_close (&index);
    shelf_sweep (self->to);
}

static void
run_clear (run_t *self)
{
    for (size_t i = 0; i < self->found_count; i++) {
        free (self->found [i].id);
        free (self->found [i].version);
    }
    free (self->found);
    shelf_close (&self->from);
    shelf_close (&self->to);
}

code_t
mirror_run (const mirror_t *ask, Ggen__SourceSyncReply **reply_p, Ggen__Failure **failure_p)
{
    run_t self = {.ask = ask, .reply = reply_new (&ggen__source_sync_reply__descriptor)};
    reply_set_text (&self.reply->from, ask->from);
    reply_set_text (&self.reply->to, ask->to);
    self.reply->dry_run = ask->dry_run;
    code_t code = shelf_open_foreign (&self.from, ask->from);
    if (code != OK)
        fail (&self, code, ask->from);
    else if ((code = check_places (&self)) == OK && (code = open_to (&self)) == OK
             && (code = collect (&self)) == OK)
        code = sync_all (&self);
    write_index (&self);
    remove_download (&self);
    run_clear (&self);
    *failure_p = self.failure;
    *reply_p = self.failure ? NULL : self.reply;
    if (self.failure)
        ggen__source_sync_reply__free_unpacked (self.reply, NULL);
    return self.failure ? self.failure->code : OK;
}
