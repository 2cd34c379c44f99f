// SPDX-License-Identifier: MIT
#include "source_walk_io.h"
#include "entry_rules.h"
#include "ignore.h"
#include "path_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const archive_limits_t *limits;
    ignore_t *ignore;
    path_set_t *paths;
    file_list_t *files;
    refusal_t *refusal;
    size_t top_size;            //  Of "TOP/" at the start of 'path'
    //  The path in the archive, with room for one more component before it is judged
    char path [ARCHIVE_PATH_MAX + ARCHIVE_COMPONENT_MAX + 2];
} walk_t;

static code_t
refuse (walk_t *self, refusal_class_t kind, const char *reason)
{
    const char *inside = self->path + self->top_size;
    return refusal_set (self->refusal, kind, inside, strlen (inside), "%s", reason);
}

static code_t
refuse_kind (walk_t *self, mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return refuse (self, REFUSED_SYMLINK, "symbolic links are not allowed");
    case S_IFIFO:
        return refuse (self, REFUSED_FIFO, "named pipes are not allowed");
    case S_IFCHR:
    case S_IFBLK:
        return refuse (self, REFUSED_DEVICE, "device nodes are not allowed");
    default:
        return refuse (self, REFUSED_ODD_TYPE, "sockets are not allowed");
    }
}

static code_t
add (walk_t *self, const struct stat *status, bool directory)
{
    const char *inside = self->path + self->top_size;
    file_entry_t entry = {
        .path = inside,
        .size_bytes = directory ? 0 : (uint64_t) status->st_size,
        .executable = !directory && (status->st_mode & 0111),
        .directory = directory,
        .stamp = {.inode = status->st_ino,
                  .mtime_ns = status->st_mtim.tv_sec * INT64_C (1000000000)
                              + status->st_mtim.tv_nsec},
    };
    if (file_list_count (self->files) == self->limits->entries)
        return refuse (self, REFUSED_BOMB, "too many files and directories");
    if (!directory && entry_rules_is_manifest (inside)
        && entry.size_bytes > self->limits->manifest_bytes)
        return refuse (self, REFUSED_LIMITS, "the manifest is too large");
    if (entry.size_bytes > self->limits->unpacked_bytes
        || file_list_bytes (self->files) + entry.size_bytes > self->limits->unpacked_bytes)
        return refuse (self, REFUSED_BOMB, "the files are too large together");
    return file_list_add (self->files, &entry, strlen (inside)) ? OK : INTERNAL;
}

//  Called for each entry that is not ignored, before its type is looked at.
static code_t
judge_name (walk_t *self, size_t path_size, bool directory)
{
    code_t code = entry_rules_check (self->path, path_size, self->limits, self->refusal);
    path_set_place_t place;
    return code ? code : path_set_add (self->paths, self->path + self->top_size,
                                       path_size - self->top_size, directory, &place,
                                       self->refusal);
}

static code_t walk_directory (walk_t *self, int fd, size_t path_size, bool *any_p);

//  A directory that holds nothing is an entry; one that holds only what is left out is not.
static code_t
enter (walk_t *self, int dirfd, const char *name, size_t path_size, const struct stat *status)
{
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1)
        return refusal_system (self->refusal, errno, self->path + self->top_size, "open");
    bool any = false;
    code_t code = walk_directory (self, fd, path_size, &any);
    return code || any ? code : add (self, status, true);
}

//  self->path is the path of 'name' in 'dirfd'.
static code_t
visit (walk_t *self, int dirfd, const char *name, size_t path_size)
{
    const char *inside = self->path + self->top_size;
    struct stat status;
    if (fstatat (dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return refusal_system (self->refusal, errno, inside, "look at");
    bool directory = S_ISDIR (status.st_mode);
    if (ignore_matches (self->ignore, inside, directory))
        return OK;
    code_t code = judge_name (self, path_size, directory);
    if (code)
        return code;
    if (directory)
        return enter (self, dirfd, name, path_size, &status);
    return S_ISREG (status.st_mode) ? add (self, &status, false)
                                    : refuse_kind (self, status.st_mode);
}

//  'fd' is taken. self->path[0..path_size) is the path of the directory. *any_p: it is not empty.
static code_t
walk_directory (walk_t *self, int fd, size_t path_size, bool *any_p)
{
    DIR *dir = fdopendir (fd);
    if (!dir) {
        int error = errno;
        close (fd);
        return refusal_system (self->refusal, error, self->path + self->top_size, "read");
    }
    code_t code = OK;
    while (!code) {
        errno = 0;
        const struct dirent *entry = readdir (dir);
        if (!entry) {
            if (errno)
                code = refusal_system (self->refusal, errno, self->path + self->top_size, "read");
            break;
        }
        const char *name = entry->d_name;
        if (!strcmp (name, ".") || !strcmp (name, ".."))
            continue;
        *any_p = true;
        if (entry_rules_is_private (name, strlen (name)))
            continue;
        int more = snprintf (self->path + path_size, sizeof self->path - path_size, "/%s", name);
        code = visit (self, fd, name, path_size + (size_t) more);
        self->path [path_size] = 0;
    }
    closedir (dir);
    return code;
}

static code_t
read_ignore (walk_t *self, int source_fd)
{
    char *text = NULL;
    ssize_t size = 0;
    int fd = openat (source_fd, PACK_IGNORE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 && errno != ENOENT)
        return refusal_system (self->refusal, errno, PACK_IGNORE_FILE, "open");
    if (fd != -1) {
        text = malloc (IGNORE_FILE_SIZE_MAX + 1);
        size = text ? pread (fd, text, IGNORE_FILE_SIZE_MAX + 1, 0) : 0;
        int error = errno;
        close (fd);
        if (!text)
            return INTERNAL;
        if (size == -1) {
            free (text);
            return refusal_system (self->refusal, error, PACK_IGNORE_FILE, "read");
        }
    }
    code_t code = ignore_parse (text ? text : "", (size_t) size, &self->ignore);
    free (text);
    if (code == VALIDATION)
        return refusal_set (self->refusal, REFUSED_LIMITS, PACK_IGNORE_FILE,
                            strlen (PACK_IGNORE_FILE), "too many patterns or too long ones");
    return code;
}

static code_t
walk (walk_t *self, int source_fd)
{
    code_t code = read_ignore (self, source_fd);
    if (code)
        return code;
    //  A description of its own: fdopendir takes it, and the caller's position stays
    int fd = openat (source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return refusal_system (self->refusal, errno, "", "open the directory");
    bool any = false;
    code = walk_directory (self, fd, self->top_size - 1, &any);
    if (!code && !file_list_count (self->files))
        code = refuse (self, REFUSED_MALFORMED, "there is nothing to pack");
    return code;
}

code_t
source_walk (int source_fd, const pack_options_t *options, file_list_t **files_p,
             refusal_t *refusal)
{
    walk_t self = {.limits = &options->limits, .refusal = refusal};
    uint8_t key [PATH_SET_KEY_SIZE];
    randombytes_buf (key, sizeof key);
    *files_p = NULL;
    code_t code = entry_rules_check (options->top, strlen (options->top), self.limits, refusal);
    if (code)
        return code;
    self.top_size = (size_t) snprintf (self.path, sizeof self.path, "%s", options->top) + 1;
    self.paths = path_set_new (2 * options->limits.entries, key);
    self.files = file_list_new ();
    code = self.paths && self.files ? walk (&self, source_fd) : INTERNAL;
    ignore_destroy (&self.ignore);
    path_set_destroy (&self.paths);
    if (code)
        file_list_destroy (&self.files);
    else
        file_list_sort (self.files);
    *files_p = self.files;
    return code;
}
