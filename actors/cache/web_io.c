// SPDX-License-Identifier: MIT
#include "web_io.h"

#include "blob_store_io.h"
#include "message.h"
#include "runtime/actor/out.h"
#include "runtime/host/job.h"
#include "runtime/host/web.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY "web"
#define SUFFIX    ".part"
#define WEB_WHY_MAX (WEB_URL_MAX + 256)

typedef struct fetch fetch_t;

typedef struct {
    out_t *out;
    jobs_t *jobs;
    blob_store_t *store;
    fetch_t *fetches;               //  started, not returned
} web_t;

struct fetch {
    fetch_t *next;
    blob_store_t *store;
    Ggen__WebFetchRequest *ask;
    digest_t digest;
    code_t code;
    blob_failure_t failure;
    blob_stamp_t stamp;
    char path [BLOB_PATH_MAX];      //  of the blob
};

//  ---- on a worker -------------------------------------------------------------------------------

typedef struct {
    fetch_t *fetch;
    job_t *job;
    int fd;
    char path [BLOB_PATH_MAX];      //  of the part
    uint64_t have_bytes;
} part_t;

static bool
go_on (void *job, uint64_t done, uint64_t total)
{
    const fetch_t *fetch = job_arg (job);
    job_progress (job, "verify", fetch->ask->subject, done, total, "bytes");
    return !job_cancelled (job);
}

//  Nobody has taken it away since it was opened: as a blob it must not be written to.
static bool
is_still_there (int fd, const char *path)
{
    struct stat ours, there;
    return fstat (fd, &ours) == 0 && lstat (path, &there) == 0 && ours.st_ino == there.st_ino
           && ours.st_dev == there.st_dev;
}

//  The part, locked. Where another process is filling it, one of our own.
static code_t
open_part (part_t *self)
{
    fetch_t *fetch = self->fetch;
    char hex [DIGEST_HEX_SIZE + 1];
    struct stat st;
    digest_to_hex (&fetch->digest, hex);
    snprintf (self->path, sizeof self->path, "%s/" DIRECTORY, blob_store_directory (fetch->store));
    code_t code = blob_store_make_directories (self->path, &fetch->failure);
    if (code != OK)
        return code;
    for (unsigned i = 0; i < 2 && self->fd == -1; i++) {
        char own [32] = "";
        if (i > 0)
            snprintf (own, sizeof own, "-%d", (int) getpid ());
        int size = snprintf (self->path, sizeof self->path, "%s/" DIRECTORY "/%s%s" SUFFIX,
                             blob_store_directory (fetch->store), hex, own);
        if (size < 0 || (size_t) size >= sizeof self->path)
            return blob_store_fail (&fetch->failure, VALIDATION, hex, "its path would be too long");
        self->fd = open (self->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (self->fd == -1)
            return blob_store_fail_errno (&fetch->failure, self->path);
        if (flock (self->fd, LOCK_EX | LOCK_NB) != 0 || !is_still_there (self->fd, self->path)) {
            close (self->fd);
            self->fd = -1;
        }
    }
    if (self->fd == -1 || fstat (self->fd, &st) != 0)
        return blob_store_fail (&fetch->failure, BUSY, self->path, "another process is at work on it");
    self->have_bytes = (uint64_t) st.st_size;
    return OK;
}

static code_t
check_room (part_t *self)
{
    struct statvfs disk;
    uint64_t whole = self->fetch->ask->size_bytes;
    uint64_t needed = whole > self->have_bytes ? 2 * (whole - self->have_bytes) : 0;
    if (fstatvfs (self->fd, &disk) == 0 && (uint64_t) disk.f_bavail * disk.f_frsize < needed)
        return blob_store_no_room (self->fetch->store, needed, &self->fetch->failure);
    return OK;
}

//  The rest of the file, or all of it.
static code_t
download (part_t *self)
{
    fetch_t *fetch = self->fetch;
    uint64_t whole = fetch->ask->size_bytes;
    char why [WEB_WHY_MAX] = "";
    web_answer_t answer;
    if (whole > BLOB_BYTES_MAX)
        return blob_store_fail (&fetch->failure, VALIDATION, fetch->ask->subject, "too large");
    if (whole > 0 && self->have_bytes == whole)
        return OK;
    if (whole > 0 && self->have_bytes > whole)
        self->have_bytes = 0;
    const web_ask_t ask = {.url = fetch->ask->url,
                           .fd = self->fd,
                           .have_bytes = self->have_bytes,
                           .max_bytes = whole > 0 ? whole : BLOB_BYTES_MAX,
                           .etag = "",
                           .job = self->job,
                           .subject = fetch->ask->subject};
    code_t code = check_room (self);
    if (code != OK)
        return code;
    code = web_get (&ask, &answer, why, sizeof why);
    if (code != OK) {
        fetch->failure.code = code;
        snprintf (fetch->failure.text, sizeof fetch->failure.text, "%.300s: %s", fetch->ask->subject, why);
    }
    return code;
}

static code_t
import (part_t *self)
{
    fetch_t *fetch = self->fetch;
    blob_watch_t watch = {go_on, self->job};
    code_t code = blob_store_import (fetch->store, self->path, &fetch->digest, fetch->ask->size_bytes,
                                     &watch, fetch->path, &fetch->stamp, &fetch->failure);
    //  A blob is a link to it: the part may go. In a store that cannot be written there is no part.
    if (code == OK || code == CHECKSUM_MISMATCH || code == VALIDATION)
        unlink (self->path);
    return code;
}

//  True: it had bytes from an earlier try, and with them it is not what it should be.
static bool
is_spoilt (const part_t *self, code_t code)
{
    return self->have_bytes > 0 && (code == CHECKSUM_MISMATCH || code == VALIDATION);
}

static code_t
try_once (fetch_t *fetch, job_t *job, bool *again_p)
{
    part_t part = {.fetch = fetch, .job = job, .fd = -1};
    code_t code = open_part (&part);
    if (code == OK)
        code = download (&part);
    if (code == OK)
        code = import (&part);
    else if (code == VALIDATION && part.fd != -1)
        unlink (part.path);
    *again_p = is_spoilt (&part, code);
    if (part.fd != -1)
        close (part.fd);
    return code;
}

static void
run (job_t *job, void *arg)
{
    fetch_t *fetch = arg;
    bool again = false;
    fetch->code = try_once (fetch, job, &again);
    if (again)
        fetch->code = try_once (fetch, job, &again);
}

//  ---- requests ----------------------------------------------------------------------------------

static void
fetch_destroy (fetch_t **self_p)
{
    fetch_t *self = *self_p;
    if (!self)
        return;
    if (self->ask)
        ggen__web_fetch_request__free_unpacked (self->ask, NULL);
    free (self);
    *self_p = NULL;
}

static code_t
on_fetch (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    web_t *self = self_;
    const Ggen__WebFetchRequest *ask = (const void *) message;
    AUTO (fetch_destroy) fetch_t *fetch = calloc (1, sizeof *fetch);
    if (!fetch)
        return BUSY;
    fetch->store = self->store;
    fetch->code = fetch->failure.code = CANCELLED;
    if (digest_from_field (&fetch->digest, ask->sha256) != OK)
        return out_fail (at, VALIDATION, "", "web: sha256 is not %d bytes", DIGEST_SIZE);
    fetch->ask = message_copy (message);
    if (!fetch->ask || jobs_start_beside (self->jobs, at->ticket, run, fetch) != OK)
        return BUSY;
    fetch->next = self->fetches;
    self->fetches = fetch;
    fetch = NULL;
    return OK;
}

static void
answer_failure (web_t *self, ticket_t ticket, const fetch_t *fetch)
{
    char expected [DIGEST_HEX_SIZE + 1], actual [DIGEST_HEX_SIZE + 1];
    Ggen__Detail details [2] = {GGEN__DETAIL__INIT, GGEN__DETAIL__INIT},
                 *list [2] = {&details [0], &details [1]};
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = fetch->code;
    failure.message = (char *) fetch->failure.text;
    details [0].value = expected;
    details [1].value = actual;
    failure.details = list;
    if (fetch->failure.has_actual) {
        digest_to_hex (&fetch->digest, expected);
        digest_to_hex (&fetch->failure.actual, actual);
        details [0].key = "expected";
        details [1].key = "actual";
        failure.n_details = 2;
    } else if (fetch->code == INSUFFICIENT_DISK_SPACE && fetch->failure.required_bytes > 0) {
        snprintf (expected, sizeof expected, "%" PRIu64, fetch->failure.required_bytes);
        snprintf (actual, sizeof actual, "%" PRIu64, fetch->failure.available_bytes);
        details [0].key = "required";
        details [1].key = "available";
        failure.n_details = 2;
        failure.hint = "free some space, or lower storage.max_cache_size";
    }
    out_answer (self->out, ticket, &failure.base);
}

static code_t
job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    web_t *self = self_;
    AUTO (fetch_destroy) fetch_t *fetch = job_arg (job);
    fetch_t **at = &self->fetches;
    while (*at != fetch)
        at = &(*at)->next;
    *at = fetch->next;
    if (fetch->code != OK) {
        answer_failure (self, job_ticket (job), fetch);
        return OK;
    }
    Ggen__WebFetchReply reply = GGEN__WEB_FETCH_REPLY__INIT;
    reply.path = fetch->path;
    reply.size_bytes = fetch->stamp.size_bytes;
    out_answer (self->out, job_ticket (job), &reply.base);
    return OK;
}

static bool
on_cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((web_t *) self)->jobs, ticket);
}

//  ---- life --------------------------------------------------------------------------------------

//  Parts that nobody goes on with any more.
static void
sweep (const web_t *self)
{
    char path [BLOB_PATH_MAX];
    snprintf (path, sizeof path, "%s/" DIRECTORY, blob_store_directory (self->store));
    int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd == -1 ? NULL : fdopendir (fd);
    if (!list) {
        if (fd != -1)
            close (fd);
        return;
    }
    struct dirent *entry;
    struct stat st;
    while ((entry = readdir (list))) {
        const char *end = strstr (entry->d_name, SUFFIX);
        if (end && !end [sizeof SUFFIX - 1] && fstatat (fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && st.st_mtime < time (NULL) - WEB_PART_LIFE_S)
            unlinkat (fd, entry->d_name, 0);
    }
    closedir (list);
}

static void
web_destroy (void *self_)
{
    web_t *self = self_;
    while (self->fetches) {
        fetch_t *fetch = self->fetches;
        self->fetches = fetch->next;
        fetch_destroy (&fetch);
    }
    blob_store_close (&self->store);
    free (self);
}

static void *
web_create (const actor_env_t *env)
{
    const web_settings_t *settings = env->settings;
    web_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->store = blob_store_open (settings->directory);
    if (!self->store) {
        free (self);
        return NULL;
    }
    sweep (self);
    return self;
}

static const handler_t rows [] = {
    {&ggen__web_fetch_request__descriptor, on_fetch, THIS_NODE},
    {0},
};

const actor_class_t web_actor = {
    .name = "web",
    .create = web_create,
    .destroy = web_destroy,
    .rows = rows,
    .cancelled = on_cancelled,
    .job_done = job_done,
};
