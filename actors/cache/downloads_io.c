// SPDX-License-Identifier: MIT
#include "downloads_io.h"

#include "sha256_io.h"

#include "digest.h"
#include "download.pb-c.h"
#include "runtime/actor/out.h"
#include "runtime/host/job.h"
#include "runtime/host/web.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define PART      ".part"

typedef struct download_t download_t;

typedef struct {
    out_t *out;
    jobs_t *jobs;
    char *directory;
    uint64_t bytes_max;
    download_t *downloads;          //  whose jobs have not come back
    bool swept;
} downloads_t;

struct download_t {
    download_t *next;
    const downloads_t *owner;       //  what of it does not change
    bool sweeps;                    //  before its own work
    ticket_t ticket;
    job_t *job;                     //  while it runs
    char *url, *subject;
    digest_t digest, actual;
    uint64_t size_bytes;            //  expected; afterwards what it is
    uint64_t available_bytes;       //  of INSUFFICIENT_DISK_SPACE
    code_t code;
    bool has_actual;
    char why[1024];
    char part[PATH_SIZE], whole[PATH_SIZE];
};

static code_t printf_like (3, 4)
fail (download_t *self, code_t code, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (self->why, sizeof self->why, format, arguments);
    va_end (arguments);
    return code;
}

static code_t
fail_errno (download_t *self)
{
    const code_t code = errno == ENOSPC || errno == EDQUOT                   ? INSUFFICIENT_DISK_SPACE
                        : errno == EACCES || errno == EPERM || errno == EROFS ? PERMISSION_DENIED
                                                                              : STORAGE;
    return fail (self, code, "%s: %s", self->part, strerror (errno));
}

//  ---- the directory -------------------------------------------------------------------------------

static void
make_directories (const char *directory)
{
    char path[PATH_SIZE];
    if (snprintf (path, sizeof path, "%s", directory) >= PATH_SIZE)
        return;
    for (char *slash = strchr (path + 1, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        mkdir (path, 0700);
        *slash = '/';
    }
    mkdir (path, 0700);                     //  Opening a file in it tells what went wrong
}

static bool
is_download (const char *name)
{
    const size_t digits = strspn (name, "0123456789abcdef");
    return digits == DIGEST_HEX_SIZE && (!name[digits] || strcmp (name + digits, PART) == 0);
}

static void
sweep (const char *directory)
{
    DIR *list = opendir (directory);
    const time_t now = time (NULL);
    for (const struct dirent *at; list && (at = readdir (list));) {
        struct stat st;
        if (is_download (at->d_name) && fstatat (dirfd (list), at->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && now - st.st_mtime > DOWNLOADS_KEPT_SECS)
            unlinkat (dirfd (list), at->d_name, 0);
    }
    if (list)
        closedir (list);
}

//  The part, ours alone; -1 after fail ().
static int
open_part (download_t *self)
{
    int fd = open (self->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd == -1) {
        self->code = fail_errno (self);
        return -1;
    }
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    self->code = fail (self, LOCK_TIMEOUT, "%s: another process is fetching it", self->subject);
    close (fd);
    return -1;
}

//  SPEC 6, S2: twice its size, for it is unpacked afterwards.
static code_t
check_room (download_t *self, int fd)
{
    struct statvfs fs;
    if (self->size_bytes == 0 || fstatvfs (fd, &fs) != 0)
        return OK;
    self->available_bytes = (uint64_t) fs.f_bavail * fs.f_frsize;
    if (self->available_bytes >= 2 * self->size_bytes)
        return OK;
    return fail (self, INSUFFICIENT_DISK_SPACE, "%s needs %" PRIu64 " bytes of disk, %" PRIu64 " are free",
                 self->subject, 2 * self->size_bytes, self->available_bytes);
}

//  ---- one download, on a worker -------------------------------------------------------------------

static bool
go_on (void *arg, uint64_t done, uint64_t total)
{
    const download_t *self = arg;
    if (done > 0)
        job_progress (self->job, "download", self->subject, done, total ? total : self->size_bytes, "bytes");
    return !job_cancelled (self->job);
}

static uint64_t
bytes_max (const download_t *self)
{
    return self->size_bytes ? self->size_bytes : self->owner->bytes_max;
}

static code_t
get (download_t *self, int fd, uint64_t begin_bytes)
{
    web_answer_t answer;
    const web_get_t ask = {.url = self->url,
                           .fd = fd,
                           .begin_bytes = begin_bytes,
                           .bytes_max = bytes_max (self),
                           .tag = "",
                           .go_on = go_on,
                           .arg = self};
    const code_t code = web_get (&ask, &answer);
    return code == OK ? OK : fail (self, code, "%s: %s: %s", self->subject, self->url, answer.why);
}

//  Whether the part is what it has to be.
static code_t
check (download_t *self, int fd)
{
    struct stat st;
    const sha256_watch_t watch = {go_on, self, bytes_max (self)};
    if (fstat (fd, &st) != 0)
        return fail_errno (self);
    const sha256_end_t end = sha256_copy (fd, -1, &watch, &self->actual);
    if (end == SHA256_STOPPED)
        return fail (self, CANCELLED, "cancelled");
    if (end == SHA256_READ_FAILED)
        return fail_errno (self);
    self->has_actual = end == SHA256_DONE;
    if (end == SHA256_DONE && digest_equal (&self->actual, &self->digest)) {
        self->size_bytes = (uint64_t) st.st_size;
        return OK;
    }
    return fail (self, CHECKSUM_MISMATCH, "%s: %s: the bytes have another checksum", self->subject,
                 self->url);
}

//  From where an earlier download ended, or from the beginning.
static code_t
get_from (download_t *self, int fd, uint64_t begin_bytes)
{
    code_t code = OK;
    if (begin_bytes == 0 && ftruncate (fd, 0) != 0)
        return fail_errno (self);
    //  All of it may be here: then there is no rest to ask for.
    if (begin_bytes == 0 || begin_bytes != self->size_bytes)
        code = get (self, fd, begin_bytes);
    return code == OK ? check (self, fd) : code;
}

static code_t
download (download_t *self, int fd)
{
    struct stat st;
    code_t code = check_room (self, fd);
    if (code != OK)
        return code;
    if (fstat (fd, &st) != 0)
        return fail_errno (self);
    const uint64_t before = (uint64_t) st.st_size <= bytes_max (self) ? (uint64_t) st.st_size : 0;
    code = get_from (self, fd, before);
    //  What was here may be what is wrong, or the server knows no parts.
    if (before > 0 && (code == CHECKSUM_MISMATCH || code == VALIDATION))
        code = get_from (self, fd, 0);
    if (code == OK && rename (self->part, self->whole) != 0)
        code = fail_errno (self);
    if (code == CHECKSUM_MISMATCH || code == VALIDATION || code == PACKAGE_NOT_FOUND)
        unlink (self->part);
    return code;
}

static void
work (job_t *job, void *arg)
{
    download_t *self = arg;
    self->job = job;
    make_directories (self->owner->directory);
    if (self->sweeps)
        sweep (self->owner->directory);
    AUTO (sha256_close) int fd = open_part (self);
    if (fd != -1)
        self->code = download (self, fd);
}

//  ---- answers -------------------------------------------------------------------------------------

static void
download_destroy (download_t **self_p)
{
    download_t *self = *self_p;
    if (!self)
        return;
    free (self->url);
    free (self->subject);
    free (self);
    *self_p = NULL;
}

static void
forget (downloads_t *self, const download_t *download)
{
    download_t **at = &self->downloads;
    while (*at != download)
        at = &(*at)->next;
    *at = download->next;
}

static void
answer_failure (downloads_t *self, download_t *download)
{
    char first[DIGEST_HEX_SIZE + 1], second[DIGEST_HEX_SIZE + 1];
    Ggen__Detail one = GGEN__DETAIL__INIT, two = GGEN__DETAIL__INIT, *list[] = {&one, &two};
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    const bool room = download->code == INSUFFICIENT_DISK_SPACE && download->available_bytes > 0;
    failure.code = download->code;
    failure.message = download->why;
    failure.details = list;
    one.value = first;
    two.value = second;
    if (download->code == CHECKSUM_MISMATCH && download->has_actual) {
        one.key = "expected";
        two.key = "actual";
        digest_to_hex (&download->digest, first);
        digest_to_hex (&download->actual, second);
        failure.n_details = 2;
    } else if (room) {
        one.key = "required";
        two.key = "available";
        snprintf (first, sizeof first, "%" PRIu64, 2 * download->size_bytes);
        snprintf (second, sizeof second, "%" PRIu64, download->available_bytes);
        failure.hint = "free some space, or lower storage.max_cache_size";
        failure.n_details = 2;
    }
    out_answer (self->out, download->ticket, &failure.base);
}

static code_t
job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    downloads_t *self = self_;
    AUTO (download_destroy) download_t *download = job_arg (job);
    forget (self, download);
    if (download->code != OK) {
        answer_failure (self, download);
        return OK;
    }
    Ggen__DownloadReply reply = GGEN__DOWNLOAD_REPLY__INIT;
    reply.path = download->whole;
    reply.size_bytes = download->size_bytes;
    out_answer (self->out, download->ticket, &reply.base);
    return OK;
}

//  ---- requests ------------------------------------------------------------------------------------

static bool
set_paths (download_t *self, const char *directory)
{
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (&self->digest, hex);
    return snprintf (self->part, PATH_SIZE, "%s/%s" PART, directory, hex) < PATH_SIZE
           && snprintf (self->whole, PATH_SIZE, "%s/%s", directory, hex) < PATH_SIZE;
}

static code_t
on_download (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    downloads_t *self = self_;
    const Ggen__DownloadRequest *ask = (const void *) message;
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return out_fail (at, VALIDATION, "", "%s: sha256 is not %d bytes", ask->subject, DIGEST_SIZE);
    if (ask->size_bytes > self->bytes_max)
        return out_fail (at, VALIDATION, "see limits.packed_mib", "%s has %" PRIu64 " bytes, at most %" PRIu64
                         " are fetched", ask->subject, ask->size_bytes, self->bytes_max);
    AUTO (download_destroy) download_t *download = calloc (1, sizeof *download);
    if (!download)
        return BUSY;
    download->owner = self;
    download->ticket = at->ticket;
    download->digest = digest;
    download->size_bytes = ask->size_bytes;
    download->code = CANCELLED;
    download->url = strdup (ask->url);
    download->subject = strdup (ask->subject);
    download->sweeps = !self->swept;
    if (!download->url || !download->subject || !set_paths (download, self->directory)
        || jobs_start_beside (self->jobs, at->ticket, work, download) != OK)
        return BUSY;
    self->swept = true;
    download->next = self->downloads;
    self->downloads = download;
    download = NULL;
    return OK;
}

static bool
cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((downloads_t *) self)->jobs, ticket);
}

//  ---- life ----------------------------------------------------------------------------------------

static void
downloads_destroy (void *self_)
{
    downloads_t *self = self_;
    while (self->downloads) {
        download_t *download = self->downloads;
        self->downloads = download->next;
        download_destroy (&download);
    }
    free (self->directory);
    free (self);
}

static void *
downloads_create (const actor_env_t *env)
{
    const downloads_settings_t *settings = env->settings;
    downloads_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->bytes_max = settings->bytes_max && settings->bytes_max < DOWNLOADS_BYTES_MAX ? settings->bytes_max
                                                                                      : DOWNLOADS_BYTES_MAX;
    self->directory = strdup (settings->directory);
    if (self->directory)
        return self;
    free (self);
    return NULL;
}

static const handler_t rows[] = {
    {&ggen__download_request__descriptor, on_download, THIS_NODE},
    {0},
};

const actor_class_t downloads_actor = {
    .name = "downloads",
    .create = downloads_create,
    .destroy = downloads_destroy,
    .rows = rows,
    .cancelled = cancelled,
    .job_done = job_done,
};
