// SPDX-License-Identifier: MIT
#include "sweep_io.h"

#include "commit_io.h"
#include "tree_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  Beginning of the names of what is being removed. Whatever else takes the place sweeps it.
#define TRASH COMMIT_TEMPORARY "trash-"

//  A generation's directory, "@scope" in it, and no deeper.
#define LINKS_DEPTH_MAX 4

//  ---- names -------------------------------------------------------------------------------------

static code_t
names_add (sweep_names_t *self, const char *name, refusal_t *refusal)
{
    if (self->count == SWEEP_ENTRIES_MAX)
        return refusal_set (refusal, REFUSED_LIMITS, name, strlen (name), "more than %d entries",
                            SWEEP_ENTRIES_MAX);
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 16;
        char **more = realloc (self->items, room * sizeof *more);
        if (!more)
            return refusal_system (refusal, ENOMEM, name, "remember");
        self->items = more;
        self->room = room;
    }
    char *copy = strdup (name);
    if (!copy)
        return refusal_system (refusal, ENOMEM, name, "remember");
    self->items [self->count++] = copy;
    return OK;
}

static void
names_release (sweep_names_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free (self->items [i]);
    free (self->items);
    *self = (sweep_names_t) {NULL, 0, 0};
}

static int
compare_names (const void *a, const void *b)
{
    return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
names_sort (sweep_names_t *self)
{
    if (self->count > 0)
        qsort (self->items, self->count, sizeof *self->items, compare_names);
}

static bool
names_have (const sweep_names_t *self, const char *name)
{
    return self->count > 0
           && bsearch (&name, self->items, self->count, sizeof *self->items, compare_names);
}

//  All entries of a directory, or none: a directory that is read in part would lie.
static code_t
list (int dirfd, const char *name, sweep_names_t *names, refusal_t *refusal)
{
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir) {
        int error = errno;
        if (fd >= 0)
            close (fd);
        return refusal_system (refusal, error, name, "read directory");
    }
    code_t code = OK;
    while (code == OK) {
        errno = 0;
        const struct dirent *entry = readdir (dir);
        if (!entry) {
            if (errno)
                code = refusal_system (refusal, errno, name, "read directory");
            break;
        }
        if (strcmp (entry->d_name, ".") && strcmp (entry->d_name, ".."))
            code = names_add (names, entry->d_name, refusal);
    }
    closedir (dir);
    return code;
}

static bool
is_temporary (const char *name)
{
    return strncmp (name, COMMIT_TEMPORARY, sizeof COMMIT_TEMPORARY - 1) == 0;
}

//  "<64 hex digits>", or that and ".7".
static bool
is_instance (const char *name)
{
    size_t length = strlen (name);
    return strspn (name, "0123456789abcdef") == SHA256_HEX_SIZE && length < PLACE_INSTANCE_MAX
           && (length == SHA256_HEX_SIZE
               || (name [SHA256_HEX_SIZE] == '.' && length > SHA256_HEX_SIZE + 1
                   && strspn (name + SHA256_HEX_SIZE + 1, "0123456789")
                          == length - SHA256_HEX_SIZE - 1));
}

//  ---- sizes -------------------------------------------------------------------------------------

//  What the disk gets back for a file or directory with all in it. What cannot be read counts as
//  nothing: this is for people.
static uint64_t
weigh (int dirfd, const char *name, unsigned depth)
{
    struct stat info;
    sweep_names_t names = {NULL, 0, 0};
    if (fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || depth == TREE_DEPTH_MAX)
        return 0;
    if (!S_ISDIR (info.st_mode))
        return S_ISREG (info.st_mode) && info.st_nlink == 1 ? (uint64_t) info.st_size : 0;
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    uint64_t bytes = 0;
    if (fd >= 0 && list (fd, ".", &names, NULL) == OK)
        for (size_t i = 0; i < names.count; i++)
            bytes += weigh (fd, names.items [i], depth + 1);
    names_release (&names);
    if (fd >= 0)
        close (fd);
    return bytes;
}

//  ---- what is needed ----------------------------------------------------------------------------

//  The instances that the links below a directory lead to.
static code_t
take_links (int dirfd, const char *name, unsigned depth, sweep_names_t *needed, refusal_t *refusal)
{
    char text [512], instance [PLACE_INSTANCE_MAX];
    struct stat info;
    if (fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return refusal_system (refusal, errno, name, "look at");
    if (S_ISLNK (info.st_mode)) {
        ssize_t size = readlinkat (dirfd, name, text, sizeof text - 1);
        if (size < 0)
            return refusal_system (refusal, errno, name, "read link");
        text [size] = 0;
        return place_instance_in (text, instance) ? names_add (needed, instance, refusal) : OK;
    }
    if (!S_ISDIR (info.st_mode) || depth == LINKS_DEPTH_MAX)
        return OK;
    sweep_names_t names = {NULL, 0, 0};
    code_t code = list (dirfd, name, &names, refusal);
    int fd = code ? -1 : openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (code == OK && fd < 0)
        code = refusal_system (refusal, errno, name, "open directory");
    for (size_t i = 0; i < names.count && code == OK; i++)
        code = take_links (fd, names.items [i], depth + 1, needed, refusal);
    names_release (&names);
    if (fd >= 0)
        close (fd);
    return code;
}

//  Of what is in generations/: this goes, that is in the making, everything else stays.
static code_t
survey_generations (sweep_t *self, const place_t *place, const sweep_names_t *going,
                    sweep_names_t *needed, refusal_t *refusal)
{
    sweep_names_t names = {NULL, 0, 0};
    code_t code = list (place->generations_fd, ".", &names, refusal);
    for (size_t i = 0; i < names.count && code == OK; i++) {
        const char *name = names.items [i];
        if (is_temporary (name)) {
            self->temporary_count++;
            self->temporary_bytes += weigh (place->generations_fd, name, 0);
        }
        else if (names_have (going, name)) {
            code = names_add (&self->generations, name, refusal);
            self->generations_bytes += weigh (place->generations_fd, name, 0);
        }
        else if (strcmp (name, "0") != 0)           //  What was there before leads to nothing of ours
            code = take_links (place->generations_fd, name, 0, needed, refusal);
    }
    names_release (&names);
    names_sort (needed);
    return code;
}

static code_t
survey_store (sweep_t *self, const place_t *place, const sweep_names_t *needed, refusal_t *refusal)
{
    sweep_names_t names = {NULL, 0, 0};
    code_t code = list (place->store_fd, ".", &names, refusal);
    for (size_t i = 0; i < names.count && code == OK; i++) {
        const char *name = names.items [i];
        if (is_temporary (name)) {
            self->temporary_count++;
            self->temporary_bytes += weigh (place->store_fd, name, 0);
        }
        else if (is_instance (name) && !names_have (needed, name)) {
            code = names_add (&self->instances, name, refusal);
            self->instances_bytes += weigh (place->store_fd, name, 0);
        }
    }
    names_release (&names);
    return code;
}

code_t
sweep_survey (sweep_t *self, const place_t *place, const uint64_t *generations, size_t count,
              refusal_t *refusal)
{
    uint64_t current;
    sweep_names_t going = {NULL, 0, 0}, needed = {NULL, 0, 0};
    memset (self, 0, sizeof *self);
    if (place->generations_fd < 0 || place->store_fd < 0)
        return OK;
    code_t code = place_current (place, &current, refusal);
    for (size_t i = 0; i < count && code == OK; i++) {
        char name [32];
        snprintf (name, sizeof name, "%llu", (unsigned long long) generations [i]);
        if (generations [i] != current)
            code = names_add (&going, name, refusal);
    }
    names_sort (&going);
    if (code == OK)
        code = survey_generations (self, place, &going, &needed, refusal);
    if (code == OK)
        code = survey_store (self, place, &needed, refusal);
    names_release (&going);
    names_release (&needed);
    return code;
}

void
sweep_release (sweep_t *self)
{
    names_release (&self->generations);
    names_release (&self->instances);
}

//  ---- removing ----------------------------------------------------------------------------------

static code_t
throw_away (int dirfd, const sweep_names_t *names, const char *where, refusal_t *refusal)
{
    char trash [PLACE_INSTANCE_MAX + sizeof TRASH];
    for (size_t i = 0; i < names->count; i++) {
        snprintf (trash, sizeof trash, TRASH "%s", names->items [i]);
        if (renameat (dirfd, names->items [i], dirfd, trash) != 0)
            return refusal_system (refusal, errno, names->items [i], "rename");
    }
    if (names->count > 0 && fsync (dirfd) != 0)
        return refusal_system (refusal, errno, where, "sync");
    return OK;
}

static code_t
empty_trash (int dirfd, const sweep_names_t *names, sweep_go_on_fn *go_on, void *argument,
             refusal_t *refusal)
{
    char trash [PLACE_INSTANCE_MAX + sizeof TRASH];
    for (size_t i = 0; i < names->count; i++) {
        snprintf (trash, sizeof trash, TRASH "%s", names->items [i]);
        if (!go_on (argument, i, names->count))
            return CANCELLED;
        code_t code = tree_remove (dirfd, trash, refusal);
        if (code)
            return code;
    }
    return OK;
}

code_t
sweep_run (const sweep_t *self, const place_t *place, sweep_go_on_fn *go_on, void *argument,
           refusal_t *refusal)
{
    code_t code = throw_away (place->generations_fd, &self->generations, "generations", refusal);
    //  On disk before: no generation may come back without its trees.
    if (code == OK)
        code = throw_away (place->store_fd, &self->instances, "store", refusal);
    if (code == OK)
        code = empty_trash (place->generations_fd, &self->generations, go_on, argument, refusal);
    if (code == OK)
        code = empty_trash (place->store_fd, &self->instances, go_on, argument, refusal);
    return code;
}
