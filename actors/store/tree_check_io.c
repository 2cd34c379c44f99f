// SPDX-License-Identifier: MIT
#include "tree_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 131072

typedef struct {
    file_list_t *list;
    tree_check_mode_t mode;
    tree_finding_fn *on_finding;
    void *argument;
    tree_checked_t *checked;
    refusal_t *refusal;
    sha256_t *hasher;
    bool *seen;                         //  One per entry of the list
    char *buffer;
    char path [ARCHIVE_PATH_MAX + ARCHIVE_COMPONENT_MAX + 2];
} check_t;

const char *
tree_finding_name (tree_finding_kind_t kind)
{
    static const char *const names [] = {"changed", "missing", "extra", "mode", "kind"};
    return (unsigned) kind < COUNT_OF (names) ? names [kind] : "unknown";
}

static void
find (check_t *self, tree_finding_kind_t kind, const char *path, const char *expected,
      const char *actual)
{
    self->checked->findings_count++;
    tree_finding_t finding = {kind, path, expected, actual};
    if (self->on_finding)
        self->on_finding (self->argument, &finding);
}

static const char *
kind_name (mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "symlink";
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    default:
        return "device";
    }
}

static file_stamp_t
stamp_of (const struct stat *status)
{
    return (file_stamp_t) {
        .inode = status->st_ino,
        .mtime_ns = status->st_mtim.tv_sec * INT64_C (1000000000) + status->st_mtim.tv_nsec,
        .ctime_ns = status->st_ctim.tv_sec * INT64_C (1000000000) + status->st_ctim.tv_nsec,
    };
}

static bool
same_stamp (const file_stamp_t *a, const file_stamp_t *b)
{
    return a->ctime_ns && a->inode == b->inode && a->mtime_ns == b->mtime_ns
           && a->ctime_ns == b->ctime_ns;
}

//  Hash what is there, at most as much as stat said. The stamp is taken before: an edit in between
//  changes it again.
static code_t
hash_file (check_t *self, int dirfd, const char *name, uint8_t digest [SHA256_SIZE],
           file_stamp_t *stamp)
{
    int fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return refusal_system (self->refusal, errno, self->path, "open");
    struct stat status;
    code_t code = OK;
    if (fstat (fd, &status) == -1)
        code = refusal_system (self->refusal, errno, self->path, "look at");
    sha256_start (self->hasher);
    for (uint64_t left = code ? 0 : (uint64_t) status.st_size; left && !code;) {
        ssize_t got = read (fd, self->buffer, left < BUFFER_SIZE ? (size_t) left : BUFFER_SIZE);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            code = refusal_system (self->refusal, errno, self->path, "read");
        if (got <= 0)
            break;
        sha256_add (self->hasher, self->buffer, (size_t) got);
        self->checked->hashed_bytes += (uint64_t) got;
        left -= (uint64_t) got;
    }
    sha256_finish (self->hasher, digest);
    close (fd);
    if (!code)
        *stamp = stamp_of (&status);
    self->checked->hashed_count++;
    return code;
}

static code_t
check_content (check_t *self, int dirfd, const char *name, const struct stat *status,
               file_entry_t *entry)
{
    char wanted [SHA256_HEX_SIZE + 1], found [SHA256_HEX_SIZE + 1];
    sha256_to_hex (entry->sha256, wanted);
    if ((uint64_t) status->st_size > TREE_HASH_MAX) {
        snprintf (found, sizeof found, "%" PRIu64 " bytes", (uint64_t) status->st_size);
        find (self, TREE_CHANGED, self->path, wanted, found);
        return OK;
    }
    uint8_t digest [SHA256_SIZE];
    file_stamp_t stamp;
    code_t code = hash_file (self, dirfd, name, digest, &stamp);
    if (code)
        return code;
    if (!memcmp (digest, entry->sha256, SHA256_SIZE)) {
        self->checked->refreshed_count += !same_stamp (&entry->stamp, &stamp);
        entry->stamp = stamp;
        return OK;
    }
    entry->stamp = (file_stamp_t) {0};
    sha256_to_hex (digest, found);
    find (self, TREE_CHANGED, self->path, wanted, found);
    return OK;
}

static code_t
check_file (check_t *self, int dirfd, const char *name, const struct stat *status,
            file_entry_t *entry)
{
    self->checked->files_count++;
    mode_t bits = status->st_mode & 07777;
    if (((bits & 0111) != 0) != entry->executable || (bits & 07000)) {
        char actual [8];
        snprintf (actual, sizeof actual, "%o", (unsigned) bits);
        find (self, TREE_MODE, self->path, entry->executable ? "755" : "644", actual);
    }
    file_stamp_t stamp = stamp_of (status);
    if (self->mode == TREE_BY_STAMPS && (uint64_t) status->st_size == entry->size_bytes
        && same_stamp (&entry->stamp, &stamp))
        return OK;
    return check_content (self, dirfd, name, status, entry);
}

static code_t check_directory (check_t *self, int fd, size_t path_size);

static code_t
enter_directory (check_t *self, int dirfd, const char *name, size_t path_size)
{
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1)
        return refusal_system (self->refusal, errno, self->path, "open directory");
    return check_directory (self, fd, path_size);
}

//  self->path is the path of the entry 'name' in 'dirfd'.
static code_t
check_entry (check_t *self, int dirfd, const char *name, size_t path_size)
{
    struct stat status;
    if (fstatat (dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return refusal_system (self->refusal, errno, self->path, "look at");
    size_t index = 0;
    file_entry_t *entry = file_list_find (self->list, self->path, &index);
    bool directory = entry ? entry->directory : file_list_has_directory (self->list, self->path);
    if (entry)
        self->seen [index] = true;
    if (!entry && !directory) {
        find (self, TREE_EXTRA, self->path, "", kind_name (status.st_mode));
        return OK;
    }
    if (directory && S_ISDIR (status.st_mode))
        return enter_directory (self, dirfd, name, path_size);
    if (!directory && S_ISREG (status.st_mode))
        return check_file (self, dirfd, name, &status, entry);
    find (self, TREE_KIND, self->path, directory ? "directory" : "file",
          kind_name (status.st_mode));
    return OK;
}

//  Only directories that the list knows are entered: so depth and path are bounded by the list.
static code_t
check_directory (check_t *self, int fd, size_t path_size)
{
    DIR *dir = fdopendir (fd);
    if (!dir) {
        int error = errno;
        close (fd);
        return refusal_system (self->refusal, error, self->path, "read directory");
    }
    code_t code = OK;
    while (!code) {
        errno = 0;
        const struct dirent *entry = readdir (dir);
        if (!entry) {
            if (errno)
                code = refusal_system (self->refusal, errno, self->path, "read directory");
            break;
        }
        if (!strcmp (entry->d_name, ".") || !strcmp (entry->d_name, ".."))
            continue;
        int more = snprintf (self->path + path_size, sizeof self->path - path_size, "%s%s",
                             path_size ? "/" : "", entry->d_name);
        code = check_entry (self, fd, entry->d_name, path_size + (size_t) more);
        self->path [path_size] = 0;
    }
    closedir (dir);
    return code;
}

static void
find_missing (check_t *self)
{
    for (size_t i = 0; i < file_list_count (self->list); i++) {
        if (self->seen [i])
            continue;
        const file_entry_t *entry = file_list_at (self->list, i);
        char wanted [SHA256_HEX_SIZE + 1];
        sha256_to_hex (entry->sha256, wanted);
        find (self, TREE_MISSING, entry->path, entry->directory ? "directory" : wanted, "");
    }
}

code_t
tree_check (int dirfd, const char *name, file_list_t *list, tree_check_mode_t mode,
            tree_finding_fn *on_finding, void *argument, tree_checked_t *checked,
            refusal_t *refusal)
{
    *checked = (tree_checked_t) {0};
    check_t self = {.list = list, .mode = mode, .on_finding = on_finding, .argument = argument,
                    .checked = checked, .refusal = refusal};
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1)
        return refusal_system (refusal, errno, name, "open directory");
    self.hasher = sha256_new ();
    self.seen = calloc (file_list_count (list) + 1, sizeof *self.seen);
    self.buffer = malloc (BUFFER_SIZE);
    code_t code = INTERNAL;
    if (self.hasher && self.seen && self.buffer) {
        code = check_directory (&self, fd, 0);
        if (!code)
            find_missing (&self);
    }
    else
        close (fd);
    sha256_destroy (&self.hasher);
    free (self.seen);
    free (self.buffer);
    return code;
}
