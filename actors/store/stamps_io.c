// SPDX-License-Identifier: MIT
#include "stamps_io.h"
#include "beneath_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  Of a file of stamps: 50,000 lines.
#define STAMPS_FILE_MAX ((size_t) 8 << 20)

static bool
digest_of (const file_list_t *list, uint8_t digest [SHA256_SIZE])
{
    AUTO (sha256_destroy) sha256_t *hasher = sha256_new ();
    if (hasher)
        file_list_sha256 (list, hasher, digest);
    return hasher != NULL;
}

//  "Now" is the time that this file system gives to a new file: the clock that stamped the tree.
static bool
write_stamps (int fd, const file_list_t *list, const uint8_t digest [SHA256_SIZE],
              struct timespec *now)
{
    struct stat status;
    if (fstat (fd, &status) == -1)
        return false;
    *now = status.st_ctim;
    int64_t now_ns = now->tv_sec * INT64_C (1000000000) + now->tv_nsec;
    size_t size;
    char *text = stamps_format (list, digest, now_ns, &size);
    if (!text) {
        errno = ENOMEM;
        return false;
    }
    bool written = beneath_write_all (fd, text, size);
    int error = errno;
    free (text);
    errno = error;
    return written;
}

code_t
stamps_save (int dirfd, const char *name, const file_list_t *list, refusal_t *refusal)
{
    uint8_t digest [SHA256_SIZE];
    if (!digest_of (list, digest))
        return INTERNAL;
    char temporary [ARCHIVE_COMPONENT_MAX + 1];
    if ((size_t) snprintf (temporary, sizeof temporary, "%s.new", name) >= sizeof temporary)
        return refusal_system (refusal, ENAMETOOLONG, name, "write");
    int fd = openat (dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd == -1)
        return refusal_system (refusal, errno, temporary, "create");
    //  The tree may be edited while they are written: the file has the time from before that.
    struct timespec times [2] = {{.tv_nsec = UTIME_OMIT}};
    bool written = write_stamps (fd, list, digest, &times [1]) && futimens (fd, times) == 0;
    int error = errno;
    close (fd);
    if (written && renameat (dirfd, temporary, dirfd, name) == 0)
        return OK;
    if (written)
        error = errno;
    unlinkat (dirfd, temporary, 0);
    return refusal_system (refusal, error, name, "write");
}

code_t
stamps_create (int dirfd, const char *name, const file_list_t *list,
               const uint8_t digest [SHA256_SIZE], refusal_t *refusal)
{
    int fd = openat (dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd == -1)
        return refusal_system (refusal, errno, name, "create");
    struct timespec now;
    bool written = write_stamps (fd, list, digest, &now);
    int error = errno;
    close (fd);
    return written ? OK : refusal_system (refusal, error, name, "write");
}

//  The time of the file's content is what stamps_load () reads; its text stays.
void
stamps_settle (int dirfd, const char *name)
{
    (void) !utimensat (dirfd, name, NULL, AT_SYMLINK_NOFOLLOW);
}

static bool
load (int fd, const uint8_t digest [SHA256_SIZE], file_list_t *list)
{
    struct stat status;
    if (fstat (fd, &status) == -1 || !S_ISREG (status.st_mode) || status.st_size <= 0
        || (size_t) status.st_size > STAMPS_FILE_MAX)
        return false;
    size_t size = (size_t) status.st_size;
    char *text = malloc (size + 1);
    if (!text)
        return false;
    bool loaded = false;
    if (pread (fd, text, size, 0) == (ssize_t) size) {
        text [size] = 0;
        int64_t settled_ns =
            status.st_mtim.tv_sec * INT64_C (1000000000) + status.st_mtim.tv_nsec;
        loaded = stamps_parse (text, size, digest, settled_ns, list);
    }
    free (text);
    return loaded;
}

bool
stamps_load (int dirfd, const char *name, const uint8_t digest [SHA256_SIZE], file_list_t *list)
{
    int fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool loaded = fd != -1 && load (fd, digest, list);
    if (fd != -1)
        close (fd);
    for (size_t i = 0; !loaded && i < file_list_count (list); i++)
        file_list_at (list, i)->stamp = (file_stamp_t) {0};
    return loaded;
}
