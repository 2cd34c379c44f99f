// SPDX-License-Identifier: MIT
#include "tree_writer_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  To make files in, not to read: the cheapest way to have a directory open.
#define OPEN_DIRECTORY (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void
tree_writer_init (tree_writer_t *self, int root_fd)
{
    self->root_fd = root_fd;
    self->deep_fd = -1;
    self->dir_node = 0;
    self->levels_count = self->kept = 0;
    self->taken = false;
}

//  Keep so many of the levels.
static void
leave (tree_writer_t *self, unsigned levels_count)
{
    if (self->deep_fd != -1)
        close (self->deep_fd);
    self->deep_fd = -1;
    while (self->levels_count > levels_count)
        close (self->levels [--self->levels_count].fd);
    self->dir_node = 0;
}

void
tree_writer_close (tree_writer_t *self)
{
    leave (self, 0);
}

static int
dir_fd (const tree_writer_t *self)
{
    if (self->deep_fd != -1)
        return self->deep_fd;
    return self->levels_count ? self->levels [self->levels_count - 1].fd : self->root_fd;
}

//  The umask, or a default ACL of the directory above, may have taken bits away, and a set-group-ID
//  directory gives one. All of them do it to whatever is made here: where the first directory or file
//  has the mode that it was made with, the next ones do, too. 'fd' is 'name' in 'parent_fd'.
static bool
fix_mode (tree_writer_t *self, int fd, int parent_fd, const char *name, mode_t mode)
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
    //  A directory is not open for that.
    return fchmod (fd, mode) == 0 || (errno == EBADF && fchmodat (parent_fd, name, mode, 0) == 0);
}

//  Open the directory 'name' in 'parent_fd', which is made when it is new. -1 and errno.
static int
open_directory (tree_writer_t *self, int parent_fd, const char *name, bool fresh)
{
    if (fresh && mkdirat (parent_fd, name, 0755) == -1)
        return -1;
    int fd = openat (parent_fd, name, OPEN_DIRECTORY);
    if (fd != -1 && fresh && !fix_mode (self, fd, parent_fd, name, 0755)) {
        int error = errno;
        close (fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

//  How many of the open levels lead to 'path', too.
static unsigned
common_levels (const tree_writer_t *self, const char *path, size_t size)
{
    unsigned count = 0;
    size_t from = 0;
    while (count < self->levels_count) {
        size_t end = self->levels [count].end;
        if (end > size || (end < size && path [end] != '/')
            || memcmp (self->path + from, path + from, end - from) != 0)
            break;
        from = end;
        count++;
    }
    return count;
}

//  The directory 'fd', whose path ends at 'end' of self->path, is the current one.
static void
descend (tree_writer_t *self, int fd, size_t end)
{
    if (self->levels_count < TREE_WRITER_LEVELS_MAX) {
        self->levels [self->levels_count++] = (tree_writer_level_t) {fd, end};
        return;
    }
    if (self->deep_fd != -1)
        close (self->deep_fd);
    self->deep_fd = fd;
}

//  Make the directory 'path' the current one. From 'new_offset' on it does not exist yet.
static code_t
enter (tree_writer_t *self, const char *path, size_t size, uint32_t node, size_t new_offset,
       refusal_t *refusal)
{
    if (node == self->dir_node)
        return OK;
    leave (self, node ? common_levels (self, path, size) : 0);
    memcpy (self->path, path, size);
    self->path [size] = 0;
    size_t at = self->levels_count ? self->levels [self->levels_count - 1].end + 1 : 0;
    while (at < size) {
        size_t end = at + strcspn (self->path + at, "/");
        self->path [end] = 0;
        int fd = open_directory (self, dir_fd (self), self->path + at, at >= new_offset);
        if (fd == -1)
            return refusal_system (refusal, errno, self->path, "create directory");
        descend (self, fd, end);
        if (end < size)
            self->path [end] = '/';
        at = end + 1;
    }
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
    const char *name = path + place->name_offset;
    int fd = openat (dir_fd (self), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd == -1)
        return refusal_system (refusal, errno, path, "create");
    if (!fix_mode (self, fd, dir_fd (self), name, mode)) {
        code = refusal_system (refusal, errno, path, "set the mode of");
        close (fd);
        return code;
    }
    *fd_p = fd;
    return OK;
}
