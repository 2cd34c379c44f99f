// SPDX-License-Identifier: MIT
#include "tree_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static code_t remove_entry (int dirfd, const char *name, bool directory, unsigned depth,
                            refusal_t *refusal);

//  A directory that lost its permissions is the owner's own doing: put them back.
static int
open_directory (int dirfd, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat (dirfd, name, flags);
    if (fd == -1 && errno == EACCES && !fchmodat (dirfd, name, 0700, AT_SYMLINK_NOFOLLOW))
        fd = openat (dirfd, name, flags);
    struct stat status;
    if (fd != -1 && !fstat (fd, &status) && (status.st_mode & 0700) != 0700)
        (void) !fchmod (fd, 0700);      //  If it fails unlinkat will say so
    return fd;
}

static bool
is_directory (int dirfd, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return !fstatat (dirfd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW)
           && S_ISDIR (status.st_mode);
}

static code_t
remove_content (int fd, const char *name, unsigned depth, refusal_t *refusal)
{
    DIR *dir = fdopendir (fd);
    if (!dir) {
        int error = errno;
        close (fd);
        return refusal_system (refusal, error, name, "read directory");
    }
    code_t code = OK;
    while (!code) {
        errno = 0;
        const struct dirent *entry = readdir (dir);
        if (!entry) {
            if (errno)
                code = refusal_system (refusal, errno, name, "read directory");
            break;
        }
        if (strcmp (entry->d_name, ".") && strcmp (entry->d_name, ".."))
            code = remove_entry (fd, entry->d_name, is_directory (fd, entry), depth + 1, refusal);
    }
    closedir (dir);
    return code;
}

static code_t
remove_entry (int dirfd, const char *name, bool directory, unsigned depth, refusal_t *refusal)
{
    if (directory) {
        if (depth == TREE_DEPTH_MAX)
            return refusal_system (refusal, ELOOP, name, "remove so deep a directory");
        int fd = open_directory (dirfd, name);
        if (fd == -1)
            return refusal_system (refusal, errno, name, "open directory");
        code_t code = remove_content (fd, name, depth, refusal);
        if (code)
            return code;
    }
    if (unlinkat (dirfd, name, directory ? AT_REMOVEDIR : 0) == -1 && errno != ENOENT)
        return refusal_system (refusal, errno, name, "remove");
    return OK;
}

code_t
tree_remove (int dirfd, const char *name, refusal_t *refusal)
{
    struct stat status;
    if (fstatat (dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return errno == ENOENT ? OK : refusal_system (refusal, errno, name, "look at");
    return remove_entry (dirfd, name, S_ISDIR (status.st_mode), 0, refusal);
}
