// SPDX-License-Identifier: MIT
#include "actors/registry/disk_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536

code_t
disk_code (int error)
{
    switch (error) {
        case EACCES:
        case EPERM:
        case EROFS:
            return PERMISSION_DENIED;
        case ENOSPC:
        case EDQUOT:
            return INSUFFICIENT_DISK_SPACE;
        default:
            return STORAGE;
    }
}

void
disk_close (int *fd_p)
{
    if (*fd_p != -1)
        close (*fd_p);
    *fd_p = -1;
}

int
disk_open_directory (int dir, const char *name)
{
    return openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool
read_all (int fd, uint8_t *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = read (fd, data + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t) got;
    }
    return true;
}

static bool
write_all (int fd, const uint8_t *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = write (fd, data + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        done += (size_t) put;
    }
    return true;
}

code_t
disk_read (int dir, const char *name, size_t max, uint8_t **data_p, size_t *size_p)
{
    *data_p = NULL;
    *size_p = 0;
    //  O_NONBLOCK: a FIFO in the place of a file must not hang us.
    AUTO (disk_close) int fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return errno == ENOENT ? OK : disk_code (errno);
    struct stat st;
    if (fstat (fd, &st) != 0)
        return disk_code (errno);
    if (!S_ISREG (st.st_mode) || (uint64_t) st.st_size > max) {
        errno = EFBIG;
        return STORAGE;
    }
    size_t size = (size_t) st.st_size;
    uint8_t *data = malloc (size + 1);
    if (!data || !read_all (fd, data, size)) {
        free (data);
        return STORAGE;
    }
    data [size] = 0;
    *data_p = data;
    *size_p = size;
    return OK;
}

//  A new file with this content, open. -1 with errno.
static int
write_open (int dir, const char *name, bytes_t data)
{
    int fd = openat (dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd == -1 || write_all (fd, data.data, data.size))
        return fd;
    int error = errno;
    close (fd);
    errno = error;
    return -1;
}

code_t
disk_write (int dir, const char *name, bytes_t data)
{
    AUTO (disk_close) int fd = write_open (dir, name, data);
    if (fd == -1)
        return disk_code (errno);
    //  Places the blocks now, so that one commit of the filesystem's journal can take many files;
    //  whether it does anything is not our concern, disk_sync_files is.
    sync_file_range (fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return OK;
}

code_t
disk_replace (int dir, const char *name, bytes_t data)
{
    char staged [NAME_MAX + 1];
    snprintf (staged, sizeof staged, ".tmp-%s", name);
    AUTO (disk_close) int fd = write_open (dir, staged, data);
    code_t code = fd == -1 ? disk_code (errno) : disk_sync (fd);
    if (code == OK && renameat (dir, staged, dir, name) != 0)
        code = disk_code (errno);
    if (code != OK) {
        int error = errno;
        unlinkat (dir, staged, 0);
        errno = error;
        return code;
    }
    return disk_sync (dir);
}

static code_t
copy (int from, int dir, const char *name)
{
    AUTO (disk_close) int to = openat (dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to == -1)
        return disk_code (errno);
    uint8_t buffer [COPY_BYTES];
    for (;;) {
        ssize_t got = read (from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || !write_all (to, buffer, (size_t) got))
            return disk_code (errno);
        if (got == 0)
            return OK;
    }
}

code_t
disk_link (const char *path, uint64_t size, int dir, const char *name)
{
    AUTO (disk_close) int from = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (from == -1 || fstat (from, &st) != 0)
        return disk_code (errno);
    if (!S_ISREG (st.st_mode) || (uint64_t) st.st_size != size)
        return VALIDATION;
    //  By descriptor: what is linked is the very file that was looked at. Any failure (EXDEV,
    //  EPERM, EMLINK, no /proc) leaves the copy, which has errors of its own to tell.
    char self [64];
    snprintf (self, sizeof self, "/proc/self/fd/%d", from);
    if (linkat (AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) == 0)
        return OK;
    return copy (from, dir, name);
}

static code_t
make_directories (int dir, const char *path, bool synced)
{
    char part [PATH_MAX];
    size_t length = strlen (path);
    if (length >= sizeof part)
        return VALIDATION;
    AUTO (disk_close) int parent = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent == -1)
        return disk_code (errno);
    for (size_t end = 0; end < length; end++) {
        size_t begin = end;
        end = begin + strcspn (path + begin, "/");
        memcpy (part, path + begin, end - begin);
        part [end - begin] = 0;
        if (!part [0])
            continue;
        bool made = mkdirat (parent, part, 0777) == 0;
        if (!made && errno != EEXIST)
            return disk_code (errno);
        if (made && synced && disk_sync (parent) != OK)
            return disk_code (errno);
        int child = openat (parent, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (child == -1)
            return disk_code (errno);
        close (parent);
        parent = child;
    }
    return OK;
}

code_t
disk_make_directories (int dir, const char *path)
{
    return make_directories (dir, path, true);
}

code_t
disk_make_directories_unsynced (int dir, const char *path)
{
    return make_directories (dir, path, false);
}

code_t
disk_sync (int fd)
{
    return fsync (fd) == 0 ? OK : disk_code (errno);
}

code_t
disk_sync_files (int dir)
{
    int copied = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copied == -1 ? NULL : fdopendir (copied);
    if (!list) {
        code_t code = disk_code (errno);
        disk_close (&copied);
        return code;
    }
    code_t code = OK;
    struct dirent *entry;
    while (code == OK && (entry = readdir (list))) {
        if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
            continue;
        AUTO (disk_close) int fd
            = openat (dir, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        code = fd == -1 ? disk_code (errno) : disk_sync (fd);
    }
    int error = errno;
    closedir (list);
    errno = error;
    return code == OK ? disk_sync (dir) : code;
}

static code_t remove_below (int dir, const char *name, unsigned depth);

static code_t
remove_children (int fd, unsigned depth)
{
    int copied = dup (fd);
    DIR *list = copied == -1 ? NULL : fdopendir (copied);
    if (!list)
        return disk_code (errno);
    code_t code = OK;
    struct dirent *entry;
    while (code == OK && (entry = readdir (list)))
        if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
            code = remove_below (fd, entry->d_name, depth);
    closedir (list);
    return code;
}

static code_t
remove_below (int dir, const char *name, unsigned depth)
{
    if (unlinkat (dir, name, 0) == 0 || errno == ENOENT)
        return OK;
    if (errno != EISDIR && errno != EPERM)
        return disk_code (errno);
    if (depth == 0)
        return STORAGE;
    AUTO (disk_close) int fd = disk_open_directory (dir, name);
    if (fd == -1)
        return disk_code (errno);
    code_t code = remove_children (fd, depth - 1);
    if (code == OK && unlinkat (dir, name, AT_REMOVEDIR) != 0)
        code = disk_code (errno);
    return code;
}

code_t
disk_remove (int dir, const char *name)
{
    return remove_below (dir, name, DISK_DEPTH_MAX);
}
