// SPDX-License-Identifier: MIT
#include "tree_writer_io.h"
#include "archive_limits.h"
#include "beneath_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void
tree_writer_init (tree_writer_t *self, int root_fd)
{
    *self = (tree_writer_t) {.root_fd = root_fd, .dir_fd = root_fd, .dir_node = 0};
}

void
tree_writer_close (tree_writer_t *self)
{
    if (self->dir_fd != self->root_fd)
        close (self->dir_fd);
    self->dir_fd = self->root_fd;
    self->dir_node = 0;
}

//  The umask, or a default ACL of the directory above, may have taken bits away, and a set-group-ID
//  directory gives one. All of them do it to whatever is made here: where the first directory or file
//  has the mode that it was made with, the next ones do, too.
static bool
fix_mode (tree_writer_t *self, int fd, mode_t mode)
{
    struct stat status;
    if (!self->taken && (mode & ~self->kept) == 0)
        return true;
    if (fstat (fd, &status) == -1)
        return false;
    self->kept |= mode;
    if ((status.st_mode & 07777) == mode)
        return true;
    self->taken = true;
    return fchmod (fd, mode) == 0;
}

static int
make_directory (tree_writer_t *self, int parent_fd, const char *name)
{
    if (mkdirat (parent_fd, name, 0755) == -1)
        return -1;
    int fd = openat (parent_fd, name, OPEN_DIRECTORY);
    if (fd != -1 && !fix_mode (self, fd, 0755)) {
        int error = errno;
        close (fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

//  Open the part of 'path' that exists, 'old_size' bytes, and make the rest. -1 and errno.
static int
make_path (tree_writer_t *self, char *path, size_t size, size_t old_size)
{
    int root_fd = self->root_fd, fd = root_fd;
    if (old_size) {
        char kept = path [old_size];
        path [old_size] = 0;
        fd = beneath_open (root_fd, path, OPEN_DIRECTORY, 0);
        path [old_size] = kept;
    }
    char *at = path + old_size + (old_size && old_size < size);
    while (fd != -1 && at < path + size) {
        char *end = at + strcspn (at, "/");
        bool more = *end == '/';
        *end = 0;
        int next = make_directory (self, fd, at);
        int error = errno;
        if (fd != root_fd)
            close (fd);
        errno = error;
        fd = next;
        at = end + 1;
        if (more)
            *end = '/';
    }
    return fd;
}

//  Make the directory 'path' the current one. From 'new_offset' on it does not exist yet.
static code_t
enter (tree_writer_t *self, const char *path, size_t size, uint32_t node, size_t new_offset,
       refusal_t *refusal)
{
    if (node == self->dir_node)
        return OK;
    tree_writer_close (self);
    if (!node)
        return OK;
    char copy [ARCHIVE_PATH_MAX];
    memcpy (copy, path, size);
    copy [size] = 0;
    //  The existing part, without the slash after it
    size_t old_size = new_offset >= size ? size : new_offset ? new_offset - 1 : 0;
    int fd = make_path (self, copy, size, old_size);
    if (fd == -1)
        return refusal_system (refusal, errno, copy, "create directory");
    self->dir_fd = fd;
    self->dir_node = node;
    return OK;
}

code_t
tree_writer_directory (tree_writer_t *self, const char *path, size_t size,
                       const path_set_place_t *place, refusal_t *refusal)
{
    if (place->new_offset == size)          //  A file before it has made it
        return OK;
    return enter (self, path, size, place->node, place->new_offset, refusal);
}

code_t
tree_writer_file (tree_writer_t *self, const char *path, const path_set_place_t *place,
                  bool executable, int *fd_p, refusal_t *refusal)
{
    size_t dir_size = place->name_offset ? place->name_offset - 1 : 0;
    code_t code = enter (self, path, dir_size, place->parent, place->new_offset, refusal);
    if (code)
        return code;
    mode_t mode = executable ? 0555 : 0444;
    int fd = openat (self->dir_fd, path + place->name_offset,
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd == -1)
        return refusal_system (refusal, errno, path, "create");
    if (!fix_mode (self, fd, mode)) {
        code = refusal_system (refusal, errno, path, "set the mode of");
        close (fd);
        return code;
    }
    *fd_p = fd;
    return OK;
}
