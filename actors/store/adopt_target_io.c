// SPDX-License-Identifier: MIT
#include "adopt_target_io.h"

#include "beneath_io.h"
#include "commit_io.h"
#include "target_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_NAME COMMIT_TEMPORARY "adopt"   //  in generations/: what is renamed to where it belongs

//  In generation 0, until all is exchanged.
#define WAY_BACK_DIRECTORY ".ggen"
#define WAY_BACK           WAY_BACK_DIRECTORY "/current"

typedef struct {
    const place_t *place;
    int target_fd;                  //  DIR
    int zero_fd;                    //  generation 0
    refusal_t *refusal;
} adopting_t;

static code_t
fail (const adopting_t *self, const char *name, const char *action)
{
    return refusal_system (self->refusal, errno, name, action);
}

//  ---- generation 0 in the making ------------------------------------------------------------------

//  A link that is there already is ours, of before a crash.
static code_t
make_link (const adopting_t *self, const char *text, const char *name)
{
    char found [TARGET_LINK_MAX];
    if (symlinkat (text, self->zero_fd, name) == 0)
        return OK;
    if (errno != EEXIST)
        return fail (self, name, "link");
    ssize_t size = readlinkat (self->zero_fd, name, found, sizeof found);
    if (size == (ssize_t) strlen (text) && memcmp (found, text, (size_t) size) == 0)
        return OK;
    refusal_set (self->refusal, REFUSED_COLLISION, name, strlen (name),
                 "something else is in its place in generation 0");
    return ALREADY_EXISTS;
}

static code_t
make_directory (const adopting_t *self, int dirfd, const char *name)
{
    return mkdirat (dirfd, name, 0755) == 0 || errno == EEXIST ? OK
                                                               : fail (self, name, "create directory");
}

static code_t
make_place (const adopting_t *self, const char *path)
{
    char text [TARGET_LINK_MAX], scope [REFUSAL_PATH_MAX];
    const char *slash = strchr (path, '/');
    code_t code = OK;
    if (slash) {
        snprintf (scope, sizeof scope, "%.*s", (int) (slash - path), path);
        code = make_directory (self, self->zero_fd, scope);
    }
    target_link_text (path, text);
    return code ? code : make_link (self, text, path);
}

static code_t
copy_lock (const adopting_t *self)
{
    char *text = NULL;
    size_t size;
    int made_fd = self->place->generations_fd;
    code_t code = place_read_file (self->target_fd, PLACE_LOCK_NAME, PLACE_LOCK_MAX, &text, &size,
                                   self->refusal);
    if (code)
        return code;
    int fd = openat (made_fd, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 || !beneath_write_all (fd, text, size))
        code = fail (self, PLACE_LOCK_NAME, "copy");
    if (fd >= 0)
        close (fd);
    free (text);
    if (code == OK && renameat (made_fd, NEW_NAME, self->zero_fd, PLACE_LOCK_NAME) != 0)
        code = fail (self, PLACE_LOCK_NAME, "copy");
    return code;
}

//  From here on generation 0 is what is installed.
static code_t
switch_to_zero (const adopting_t *self)
{
    const place_t *place = self->place;
    if (syncfs (place->generations_fd) != 0)
        return fail (self, "generations", "sync");
    unlinkat (place->generations_fd, NEW_NAME, 0);
    if (symlinkat (PLACE_ADOPTED_LINK, place->generations_fd, NEW_NAME) != 0
        || renameat (place->generations_fd, NEW_NAME, place->base_fd, place->link) != 0
        || fsync (place->base_fd) != 0)
        return fail (self, place->link, "link");
    return OK;
}

static code_t
begin (const adopting_t *self, char *const *paths, size_t count)
{
    code_t code = make_directory (self, self->zero_fd, WAY_BACK_DIRECTORY);
    if (code == OK)
        code = make_link (self, "../../../..", WAY_BACK);
    for (size_t i = 0; i < count && code == OK; i++)
        code = make_place (self, paths [i]);
    if (code == OK)
        code = copy_lock (self);
    return code ? code : switch_to_zero (self);
}

//  ---- exchanging ----------------------------------------------------------------------------------

//  'path' is the name of our link in generation 0: the directory of DIR comes there.
static code_t
exchange (const adopting_t *self, const char *path)
{
    char wanted [TARGET_LINK_MAX], found [TARGET_LINK_MAX];
    struct stat info;
    target_link_text (path, wanted);
    ssize_t size = readlinkat (self->zero_fd, path, found, sizeof found);
    if (size != (ssize_t) strlen (wanted) || memcmp (found, wanted, (size_t) size) != 0
        || fstatat (self->target_fd, path, &info, AT_SYMLINK_NOFOLLOW) != 0
        || !S_ISDIR (info.st_mode))
        return OK;
    return renameat2 (self->target_fd, path, self->zero_fd, path, RENAME_EXCHANGE) == 0
               ? OK
               : fail (self, path, "exchange");
}

static code_t
exchange_all (const adopting_t *self, const char *scope)
{
    int fd = openat (self->zero_fd, *scope ? scope : ".",
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir) {
        code_t code = fail (self, scope, "read directory");
        if (fd >= 0)
            close (fd);
        return code;
    }
    code_t code = OK;
    const struct dirent *entry;
    struct stat info;
    while (code == OK && (entry = readdir (dir)) != NULL) {
        char path [TARGET_LINK_MAX];
        if (*entry->d_name == '.' || fstatat (fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        snprintf (path, sizeof path, "%s%s%s", scope, *scope ? "/" : "", entry->d_name);
        if (S_ISLNK (info.st_mode))
            code = exchange (self, path);
        else if (S_ISDIR (info.st_mode) && !*scope)
            code = exchange_all (self, path);
    }
    closedir (dir);
    return code;
}

//  Nobody has written another one there since.
static bool
is_copy (const adopting_t *self)
{
    char *a = NULL, *b = NULL;
    size_t a_size = 0, b_size = 0;
    struct stat info;
    bool same = fstatat (self->target_fd, PLACE_LOCK_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0
                && S_ISREG (info.st_mode)
                && place_read_file (self->target_fd, PLACE_LOCK_NAME, PLACE_LOCK_MAX, &a, &a_size,
                                    NULL) == OK
                && place_read_file (self->zero_fd, PLACE_LOCK_NAME, PLACE_LOCK_MAX, &b, &b_size,
                                    NULL) == OK
                && a_size == b_size && memcmp (a, b, a_size) == 0;
    free (a);
    free (b);
    return same;
}

//  What is exchanged is on the disk before the way goes that led to what was not.
static code_t
finish (const adopting_t *self)
{
    struct stat info;
    bool open = fstatat (self->zero_fd, WAY_BACK, &info, AT_SYMLINK_NOFOLLOW) == 0;
    code_t code = open ? exchange_all (self, "") : OK;
    if (code == OK && open && syncfs (self->zero_fd) != 0)
        code = fail (self, "generations", "sync");
    if (code == OK && is_copy (self)) {
        code = target_link (self->place, NULL, 0, true, self->refusal);
        if (code == OK && !target_take_lock (self->place))
            code = fail (self, PLACE_LOCK_NAME, "replace");
    }
    if (code == OK && open && unlinkat (self->zero_fd, WAY_BACK, 0) == 0)
        unlinkat (self->zero_fd, WAY_BACK_DIRECTORY, AT_REMOVEDIR);
    return code;
}

//  Whether the target has a state, and whether that is generation 0.
static bool
has_state (const place_t *place, bool *zero)
{
    char current [64] = "";
    bool there = readlinkat (place->base_fd, place->link, current, sizeof current - 1) >= 0;
    *zero = strcmp (current, PLACE_ADOPTED_LINK) == 0;
    return there;
}

code_t
adopt_target (const place_t *place, char *const *paths, size_t count, refusal_t *refusal)
{
    adopting_t self = {place, -1, -1, refusal};
    bool zero, begun = *place->target && has_state (place, &zero);
    if (!*place->target || (begun ? !zero : count == 0))
        return OK;
    code_t code = make_directory (&self, place->generations_fd, "0");
    if (code)
        return code;
    self.zero_fd = openat (place->generations_fd, "0", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    self.target_fd = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self.zero_fd < 0 || self.target_fd < 0)
        code = fail (&self, place->target, "open directory");
    if (code == OK && !begun)
        code = begin (&self, paths, count);
    if (code == OK)
        code = finish (&self);
    if (self.target_fd >= 0)
        close (self.target_fd);
    if (self.zero_fd >= 0)
        close (self.zero_fd);
    return code;
}
