// SPDX-License-Identifier: MIT
#include "beneath_io.h"
#include "archive_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
is_component (const char *name, size_t size)
{
    return size && size <= ARCHIVE_COMPONENT_MAX && !(size == 1 && name [0] == '.')
           && !(size == 2 && name [0] == '.' && name [1] == '.');
}

int
beneath_open_by_walk (int dirfd, const char *path, int flags, mode_t mode)
{
    int at = dirfd;
    for (;;) {
        size_t size = strcspn (path, "/");
        char name [ARCHIVE_COMPONENT_MAX + 1];
        bool last = !path [size];
        int next = -1;
        if (is_component (path, size)) {
            memcpy (name, path, size);
            name [size] = 0;
            next = last ? openat (at, name, flags | O_CLOEXEC | O_NOFOLLOW, mode)
                        : openat (at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        else
            errno = EXDEV;              //  As openat2 says
        int error = errno;
        if (at != dirfd)
            close (at);
        errno = error;
        if (next == -1 || last)
            return next;
        at = next;
        path += size + 1;
    }
}

int
beneath_open (int dirfd, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (unsigned) flags | O_CLOEXEC | O_NOFOLLOW,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall (SYS_openat2, dirfd, path, &how, sizeof how);
    //  Sandboxes that do not know the call answer EPERM
    if (fd == -1 && (errno == ENOSYS || errno == EPERM))
        return beneath_open_by_walk (dirfd, path, flags, mode);
    return (int) fd;
}

bool
beneath_write_all (int fd, const void *data, size_t size)
{
    for (const char *at = data; size;) {
        ssize_t done = write (fd, at, size);
        if (done == -1 && errno == EINTR)
            continue;
        if (done == -1)
            return false;
        at += done;
        size -= (size_t) done;
    }
    return true;
}
