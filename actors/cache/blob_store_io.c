// SPDX-License-Identifier: MIT
#include "blob_store_io.h"

#include "blob_scan_io.h"
#include "sha256_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NAME_ROOM 128       //  for "/blobs/ab/<64 digits>" and names in tmp/

struct blob_store_t {
    char directory[BLOB_PATH_MAX - NAME_ROOM];
    int lock;               //  of tmp/; -1 until there is a tmp/
    unsigned staged;        //  numbers names in tmp/
};

//  ---- failures ----------------------------------------------------------------------------------

code_t
blob_store_fail (blob_failure_t *failure, code_t code, const char *path, const char *what)
{
    failure->code = code;
    snprintf (failure->text, sizeof failure->text, "%s: %s", path, what);
    return code;
}

code_t
blob_store_fail_errno (blob_failure_t *failure, const char *path)
{
    int error = errno;
    bool denied = error == EACCES || error == EPERM || error == EROFS;
    bool full = error == ENOSPC || error == EDQUOT;
    blob_store_fail (failure, denied ? PERMISSION_DENIED : full ? INSUFFICIENT_DISK_SPACE : STORAGE, path,
          strerror (error));
    struct stat info;
    if (denied && stat (path, &info) == 0) {
        size_t used = strlen (failure->text);
        snprintf (failure->text + used, sizeof failure->text - used, " (owner uid %u)",
                  (unsigned) info.st_uid);
    }
    return failure->code;
}

static code_t
fail_digest (blob_failure_t *failure, const char *path, const digest_t *expected,
             const digest_t *actual)
{
    char wanted[DIGEST_HEX_SIZE + 1], got[DIGEST_HEX_SIZE + 1], what[2 * sizeof wanted + 40];
    digest_to_hex (expected, wanted);
    digest_to_hex (actual, got);
    snprintf (what, sizeof what, "sha256 is %s, expected %s", got, wanted);
    failure->has_actual = true;
    failure->actual = *actual;
    return blob_store_fail (failure, CHECKSUM_MISMATCH, path, what);
}

//  ---- stamps and paths --------------------------------------------------------------------------

static int64_t
nanoseconds (struct timespec time)
{
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static blob_stamp_t
stamp_of (const struct stat *info)
{
    return (blob_stamp_t) {.device = info->st_dev,
                           .inode = info->st_ino,
                           .size_bytes = (uint64_t) info->st_size,
                           .modified_ns = nanoseconds (info->st_mtim),
                           .changed_ns = nanoseconds (info->st_ctim)};
}

void
blob_store_path (const blob_store_t *self, const digest_t *digest, char path[BLOB_PATH_MAX])
{
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (digest, hex);
    snprintf (path, BLOB_PATH_MAX, "%s/blobs/%.2s/%s", self->directory, hex, hex);
}

bool
blob_store_look (const blob_store_t *self, const digest_t *digest, uint64_t size_bytes,
                 blob_stamp_t *stamp_p)
{
    char path[BLOB_PATH_MAX];
    struct stat info;
    blob_store_path (self, digest, path);
    if (lstat (path, &info) != 0 || !S_ISREG (info.st_mode)
        || (size_bytes > 0 && (uint64_t) info.st_size != size_bytes))
        return false;
    *stamp_p = stamp_of (&info);
    return true;
}

bool
blob_store_use (const blob_store_t *self, const digest_t *digest, blob_stamp_t *stamp_p)
{
    char path[BLOB_PATH_MAX];
    blob_store_path (self, digest, path);
    //  Where this is refused (a read-only home) the order of use is lost, nothing else.
    const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    utimensat (AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
    return blob_store_look (self, digest, 0, stamp_p);
}

//  ---- reading -----------------------------------------------------------------------------------

//  A regular file of a size that may be, opened for reading. -1: *failure says why.
static int
open_source (const char *path, const digest_t *digest, uint64_t size_bytes, struct stat *info,
             blob_failure_t *failure)
{
    //  O_NONBLOCK: opening a FIFO must not wait for a writer.
    AUTO (sha256_close) int source = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (source < 0 || fstat (source, info) != 0) {
        blob_store_fail_errno (failure, path);
        return -1;
    }
    char what[200], hex[DIGEST_HEX_SIZE + 1];
    uint64_t size = (uint64_t) info->st_size;
    if (!S_ISREG (info->st_mode) || size > BLOB_BYTES_MAX) {
        blob_store_fail (failure, VALIDATION, path,
                         S_ISREG (info->st_mode) ? "too large" : "no regular file");
        return -1;
    }
    if (size_bytes > 0 && size != size_bytes) {
        digest_to_hex (digest, hex);
        snprintf (what, sizeof what, "has %ju bytes, %s has %ju", (uintmax_t) size, hex,
                  (uintmax_t) size_bytes);
        blob_store_fail (failure, CHECKSUM_MISMATCH, path, what);
        return -1;
    }
    int opened = source;
    source = -1;
    return opened;
}

//  Read 'source' to its end, compare, and copy it to 'copy' unless that is -1.
static code_t
read_source (int source, int copy, const char *path, const digest_t *digest,
             const struct stat *info, const blob_watch_t *watch, blob_failure_t *failure)
{
    digest_t actual;
    sha256_watch_t hash = {watch->go_on, watch->arg, (uint64_t) info->st_size};
    switch (sha256_copy (source, copy, &hash, &actual)) {
    case SHA256_DONE:
        return digest_equal (&actual, digest) ? OK : fail_digest (failure, path, digest, &actual);
    case SHA256_STOPPED:
        return blob_store_fail (failure, CANCELLED, path, "cancelled");
    case SHA256_TOO_LONG:
        return blob_store_fail (failure, CHECKSUM_MISMATCH, path, "grew while it was read");
    case SHA256_READ_FAILED:
    case SHA256_WRITE_FAILED:
        break;
    }
    return blob_store_fail_errno (failure, path);
}

code_t
blob_store_check (const char *path, const digest_t *digest, uint64_t size_bytes,
                  const blob_watch_t *watch, blob_stamp_t *stamp_p, blob_failure_t *failure)
{
    struct stat info;
    AUTO (sha256_close) int source = open_source (path, digest, size_bytes, &info, failure);
    if (source < 0)
        return failure->code;
    //  Of before the bytes were read: a change meanwhile makes it one of another state.
    *stamp_p = stamp_of (&info);
    return read_source (source, -1, path, digest, &info, watch, failure);
}

//  ---- writing -----------------------------------------------------------------------------------

code_t
blob_store_make_directories (char *path, blob_failure_t *failure)
{
    //  Mostly the last one alone is missing, or none.
    if (mkdir (path, 0700) == 0 || errno == EEXIST)
        return OK;
    for (char *slash = strchr (path + 1, '/');; slash = strchr (slash + 1, '/')) {
        if (slash)
            *slash = 0;
        int made = mkdir (path, 0700);
        code_t code = made == 0 || errno == EEXIST ? OK : blob_store_fail_errno (failure, path);
        if (slash)
            *slash = '/';
        if (code || !slash)
            return code;
    }
}

//  Have a tmp/ whose lock we hold, so that nobody takes what we stage for a leftover.
static code_t
prepare (blob_store_t *self, blob_failure_t *failure)
{
    if (self->lock >= 0)
        return OK;
    char path[BLOB_PATH_MAX];
    snprintf (path, sizeof path, "%s/tmp", self->directory);
    code_t code = blob_store_make_directories (path, failure);
    if (code)
        return code;
    snprintf (path, sizeof path, "%s/tmp/.lock", self->directory);
    self->lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock < 0)
        return blob_store_fail_errno (failure, path);
    //  Waits only while somebody sweeps, which takes milliseconds.
    while (flock (self->lock, LOCK_SH) != 0)
        if (errno != EINTR)
            return blob_store_fail_errno (failure, path);
    return OK;
}

//  May the store share this inode? Not when others than we may change its bytes.
static bool
is_ours (const struct stat *info)
{
    return info->st_uid == geteuid () && (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

//  Link the very file that is open: its name may mean another one by now.
static bool
link_open_file (int source, const char *to)
{
    char from[40];
    snprintf (from, sizeof from, "/proc/self/fd/%d", source);
    return linkat (AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
}

code_t
blob_store_no_room (const blob_store_t *self, uint64_t required_bytes, blob_failure_t *failure)
{
    struct statvfs disk;
    failure->required_bytes = required_bytes;
    if (statvfs (self->directory, &disk) == 0)
        failure->available_bytes = (uint64_t) disk.f_bavail * disk.f_frsize;
    return INSUFFICIENT_DISK_SPACE;
}

//  The bytes of 'source', checked, as a file 'staged' in tmp/.
static code_t
stage (const blob_store_t *self, int source, const char *path, const struct stat *info,
       const digest_t *digest, const blob_watch_t *watch, const char *staged,
       blob_failure_t *failure)
{
    if (is_ours (info) && link_open_file (source, staged))
        return read_source (source, -1, path, digest, info, watch, failure);
    AUTO (sha256_close) int copy = open (staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    code_t code = copy < 0 ? blob_store_fail_errno (failure, staged)
                           : read_source (source, copy, path, digest, info, watch, failure);
    return code == INSUFFICIENT_DISK_SPACE
               ? blob_store_no_room (self, (uint64_t) info->st_size, failure)
               : code;
}

//  Move what is staged to its place, whose directory is there but for the first time.
static code_t
commit (blob_store_t *self, const char *staged, const digest_t *digest, char path[BLOB_PATH_MAX],
        blob_stamp_t *stamp_p, blob_failure_t *failure)
{
    blob_store_path (self, digest, path);
    char *slash = strrchr (path, '/');
    *slash = 0;
    bool made = mkdir (path, 0700) == 0 || errno == EEXIST;
    code_t code = made ? OK : blob_store_make_directories (path, failure);
    *slash = '/';
    if (code)
        return code;
    if (rename (staged, path) != 0)
        return blob_store_fail_errno (failure, path);
    return blob_store_use (self, digest, stamp_p) ? OK : blob_store_fail (failure, STORAGE, path, "vanished");
}

//  Is it on the store's file system, where links to it can be?
static bool
is_beside (const blob_store_t *self, const struct stat *info)
{
    struct stat store;
    return stat (self->directory, &store) == 0 && store.st_dev == info->st_dev;
}

//  Link a file of ours whose bytes were checked to its place at once, if nothing is there yet: a link
//  is made whole or not at all, so there is nothing to stage. Returns false when that is not so easy.
static bool
link_checked (const blob_store_t *self, int source, const digest_t *digest,
              char path[BLOB_PATH_MAX], blob_stamp_t *stamp_p)
{
    blob_failure_t ignored;
    blob_store_path (self, digest, path);
    bool linked = link_open_file (source, path);
    if (!linked && errno == ENOENT) {
        char *slash = strrchr (path, '/');
        *slash = 0;
        bool made = blob_store_make_directories (path, &ignored) == OK;
        *slash = '/';
        linked = made && link_open_file (source, path);
    }
    return linked && blob_store_use (self, digest, stamp_p);
}

code_t
blob_store_import (blob_store_t *self, const char *source, const digest_t *digest,
                   uint64_t size_bytes, const blob_watch_t *watch, char path[BLOB_PATH_MAX],
                   blob_stamp_t *stamp_p, blob_failure_t *failure)
{
    struct stat info;
    AUTO (sha256_close) int file = open_source (source, digest, size_bytes, &info, failure);
    if (file < 0)
        return failure->code;
    if (is_ours (&info) && is_beside (self, &info)) {
        code_t read = read_source (file, -1, source, digest, &info, watch, failure);
        if (read || link_checked (self, file, digest, path, stamp_p))
            return read;
    }
    char staged[BLOB_PATH_MAX];
    snprintf (staged, sizeof staged, "%s/tmp/%ld-%u", self->directory, (long) getpid (),
              self->staged++);
    code_t code = prepare (self, failure);
    if (code == OK)
        code = stage (self, file, source, &info, digest, watch, staged, failure);
    if (code == OK)
        code = commit (self, staged, digest, path, stamp_p, failure);
    //  Also after a commit: renaming onto another link of the same file does nothing at all.
    unlink (staged);
    if (code != PERMISSION_DENIED)
        return code;
    snprintf (path, BLOB_PATH_MAX, "%s", source);
    *stamp_p = stamp_of (&info);
    return read_source (file, -1, source, digest, &info, watch, failure);
}

code_t
blob_store_remove (const blob_store_t *self, const digest_t *digest, uint64_t *freed_bytes_p,
                   blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    struct stat info;
    blob_store_path (self, digest, path);
    *freed_bytes_p = 0;
    if (lstat (path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR ? OK : blob_store_fail_errno (failure, path);
    if (unlink (path) != 0)
        return errno == ENOENT ? OK : blob_store_fail_errno (failure, path);
    if (info.st_nlink == 1)
        *freed_bytes_p = (uint64_t) info.st_size;
    return OK;
}

bool
blob_store_weigh (const blob_store_t *self, const digest_t *digest, uint64_t *freed_bytes_p)
{
    char path[BLOB_PATH_MAX];
    struct stat info;
    blob_store_path (self, digest, path);
    if (lstat (path, &info) != 0)
        return false;
    *freed_bytes_p = info.st_nlink == 1 ? (uint64_t) info.st_size : 0;
    return true;
}

//  ---- life --------------------------------------------------------------------------------------

const char *
blob_store_directory (const blob_store_t *self)
{
    return self->directory;
}

blob_store_t *
blob_store_open (const char *directory)
{
    blob_store_t *self = calloc (1, sizeof *self);
    if (!self || *directory != '/' || strlen (directory) >= sizeof self->directory) {
        free (self);
        return NULL;
    }
    strcpy (self->directory, directory);
    self->lock = blob_sweep (directory);
    return self;
}

void
blob_store_close (blob_store_t **self_p)
{
    blob_store_t *self = *self_p;
    if (!self)
        return;
    sha256_close (&self->lock);
    free (self);
    *self_p = NULL;
}

Ggen__BlobListReply *
blob_store_list (const blob_store_t *self)
{
    return blob_scan (self->directory, BLOB_LIST_MAX);
}
