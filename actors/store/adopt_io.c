// SPDX-License-Identifier: MIT
#include "adopt_io.h"

#include "utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADOPTED    "0"              //  in generations/, a link to
#define MOVED      "packages.0"     //  in the home
#define MOVED_LINK "../" MOVED
#define TARGET_MAX 600              //  bytes of a link: two names (255 each) and the way up

bool
adopt_is_due (const place_t *place)
{
    struct stat info;
    return !*place->target && place->base_fd >= 0
           && fstatat (place->base_fd, place->link, &info, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISDIR (info.st_mode);
}

static int
open_dir (int dirfd, const char *name)
{
    return openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
adopt_open (const place_t *place)
{
    char found [8];
    if (adopt_is_due (place))
        return open_dir (place->base_fd, place->link);
    //  A link of the second name is what a crash left before the exchange; a target without a state is
    //  one of which nothing was adopted yet.
    bool has_state = readlinkat (place->base_fd, place->link, found, sizeof found) >= 0;
    if (place->generations_fd < 0
        || (*place->target ? !has_state
                           : readlinkat (place->base_fd, MOVED, found, sizeof found) >= 0)) {
        errno = ENOENT;
        return -1;
    }
    return open_dir (place->generations_fd, ADOPTED);
}

static bool
is_entry (const char *name)
{
    return strcmp (name, ".") != 0 && strcmp (name, "..") != 0
           && strcmp (name, PLACE_LOCK_NAME) != 0 && strcmp (name, ".ggen") != 0;
}

bool
adopt_is_there (const place_t *place)
{
    int fd = adopt_open (place);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    bool any = false;
    const struct dirent *entry;
    while (dir && !any && (entry = readdir (dir)) != NULL)
        any = is_entry (entry->d_name);
    if (dir)
        closedir (dir);
    else if (fd >= 0)
        close (fd);
    return any;
}

//  ---- links ---------------------------------------------------------------------------------------

typedef struct {
    int current_fd;                 //  of the generation before; -1: all is linked
    char *const *dropped;
    size_t dropped_count;
    refusal_t *refusal;
} linking_t;

//  Whether this is a link of ours into generation 0.
static bool
leads_there (int dirfd, const char *path)
{
    char text [TARGET_MAX];
    const char *at = text;
    ssize_t size = readlinkat (dirfd, path, text, sizeof text - 1);
    if (size < 0)
        return false;
    text [size] = 0;
    while (strncmp (at, "../", 3) == 0)
        at += 3;
    return at > text && strncmp (at, ADOPTED "/", sizeof ADOPTED) == 0;
}

static adopt_kind_t
kind_of (int dirfd, const char *name)
{
    static const char *const manifests [] = PLACE_MANIFESTS;
    struct stat info;
    if (fstatat (dirfd, name, &info, 0) != 0 || !S_ISDIR (info.st_mode))
        return ADOPT_OTHER;
    int fd = open_dir (dirfd, name);
    bool any = false;
    for (size_t i = 0; i < COUNT_OF (manifests) && fd >= 0 && !any; i++)
        any = fstatat (fd, manifests [i], &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (fd >= 0)
        close (fd);
    return any ? ADOPT_PACKAGE : ADOPT_DIRECTORY;
}

//  Whether one of our packages is in the place of something that is none.
static bool
is_covered (const linking_t *self, int from_fd, const char *name, const char *path)
{
    char text [TARGET_MAX], instance [PLACE_INSTANCE_MAX];
    ssize_t size = readlinkat (self->current_fd, path, text, sizeof text - 1);
    if (size < 0)
        return false;
    text [size] = 0;
    return place_instance_in (text, instance) && kind_of (from_fd, name) != ADOPT_PACKAGE;
}

//  Whether the generation before leads to "name" or "scope/name", by itself or with all of its scope, or
//  did before one of our packages took the place.
static bool
is_carried (const linking_t *self, int from_fd, const char *name, const char *path)
{
    char scope [TARGET_MAX];
    const char *slash = strchr (path, '/');
    if (self->current_fd < 0 || leads_there (self->current_fd, path)
        || is_covered (self, from_fd, name, path))
        return true;
    if (!slash)
        return false;
    snprintf (scope, sizeof scope, "%.*s", (int) (slash - path), path);
    return leads_there (self->current_fd, scope);
}

static bool
is_dropped (const linking_t *self, const char *path)
{
    for (size_t i = 0; i < self->dropped_count; i++)
        if (strcmp (self->dropped [i], path) == 0)
            return true;
    return false;
}

//  Whether some of what is in this directory is to be linked, and some not.
static bool
is_divided (const linking_t *self, int to_fd, const char *name)
{
    struct stat info;
    size_t size = strlen (name);
    for (size_t i = 0; i < self->dropped_count; i++)
        if (strncmp (self->dropped [i], name, size) == 0 && self->dropped [i] [size] == '/')
            return true;
    return (fstatat (to_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (info.st_mode))
           || (self->current_fd >= 0
               && fstatat (self->current_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0
               && S_ISDIR (info.st_mode));
}

//  'path' is "name" or "scope/name". Where a package is, its own entry stays.
static code_t
link_one (const linking_t *self, int from_fd, int to_fd, const char *name, const char *path)
{
    char target [TARGET_MAX];
    const char *up = strchr (path, '/') ? "../../" : "../";
    if (is_dropped (self, path) || !is_carried (self, from_fd, name, path))
        return OK;
    if ((size_t) snprintf (target, sizeof target, "%s" ADOPTED "/%s", up, path) >= sizeof target)
        return refusal_system (self->refusal, ENAMETOOLONG, path, "link");
    return symlinkat (target, to_fd, path) == 0 || errno == EEXIST
               ? OK
               : refusal_system (self->refusal, errno, path, "link");
}

//  Link what is in 'scope' ("" = generation 0), a directory that 'from_fd' is open on and that is closed.
static code_t link_entries (const linking_t *self, int from_fd, int to_fd, const char *scope);

static code_t
link_divided (const linking_t *self, int from_fd, int to_fd, const char *name)
{
    int fd = open_dir (from_fd, name);
    if (fd < 0)
        return OK;                  //  No directory any more: nothing of it can be linked
    if (mkdirat (to_fd, name, 0755) != 0 && errno != EEXIST) {
        close (fd);
        return refusal_system (self->refusal, errno, name, "create directory");
    }
    code_t code = link_entries (self, fd, to_fd, name);
    unlinkat (to_fd, name, AT_REMOVEDIR);           //  If nothing is in it
    return code;
}

static code_t
link_entries (const linking_t *self, int from_fd, int to_fd, const char *scope)
{
    DIR *dir = fdopendir (from_fd);
    if (!dir) {
        code_t code = refusal_system (self->refusal, errno, ADOPTED, "read directory");
        close (from_fd);
        return code;
    }
    code_t code = OK;
    const struct dirent *entry;
    while (code == OK && (entry = readdir (dir)) != NULL) {
        char path [TARGET_MAX];
        if (!is_entry (entry->d_name))
            continue;
        snprintf (path, sizeof path, "%s%s%s", scope, *scope ? "/" : "", entry->d_name);
        code = !*scope && is_divided (self, to_fd, path)
                   ? link_divided (self, from_fd, to_fd, path)
                   : link_one (self, from_fd, to_fd, entry->d_name, path);
    }
    closedir (dir);
    return code;
}

code_t
adopt_link (const place_t *place, int generation_fd, uint64_t current, char *const *dropped,
            size_t dropped_count, refusal_t *refusal)
{
    char name [32];
    linking_t self = {-1, dropped, dropped_count, refusal};
    int fd = adopt_open (place);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return OK;                  //  Nothing was adopted
    if (fd < 0)
        return refusal_system (refusal, errno, PLACE_ADOPTED_LINK, "open directory");
    snprintf (name, sizeof name, "%llu", (unsigned long long) current);
    if (current > 0 && (self.current_fd = open_dir (place->generations_fd, name)) < 0) {
        close (fd);
        return refusal_system (refusal, errno, name, "open directory");
    }
    code_t code = link_entries (&self, fd, generation_fd, "");
    if (self.current_fd >= 0)
        close (self.current_fd);
    return code;
}

//  ---- survey --------------------------------------------------------------------------------------

typedef struct {
    adopt_visit_fn *visit;
    void *argument;
    refusal_t *refusal;
    bool stopped;
} survey_t;

static code_t survey_entries (survey_t *self, int fd, const char *scope);

static code_t
survey_one (survey_t *self, int dirfd, const char *name, const char *scope)
{
    char path [TARGET_MAX];
    adopt_kind_t kind = kind_of (dirfd, name);
    snprintf (path, sizeof path, "%s%s%s", scope, *scope ? "/" : "", name);
    //  Of what is deeper only directories can be packages, and of a name there only these can be taken.
    if (!utf8_valid (path) || (*scope && kind == ADOPT_OTHER))
        return OK;
    self->stopped = !self->visit (self->argument, path, kind);
    int fd = self->stopped || *scope || kind != ADOPT_DIRECTORY ? -1 : open_dir (dirfd, name);
    //  What cannot be read has no packages.
    return fd < 0 ? OK : survey_entries (self, fd, path);
}

static code_t
survey_entries (survey_t *self, int fd, const char *scope)
{
    DIR *dir = fdopendir (fd);
    if (!dir) {
        code_t code = refusal_system (self->refusal, errno, ADOPTED, "read directory");
        close (fd);
        return code;
    }
    code_t code = OK;
    const struct dirent *entry;
    while (code == OK && !self->stopped && (entry = readdir (dir)) != NULL)
        if (is_entry (entry->d_name))
            code = survey_one (self, fd, entry->d_name, scope);
    closedir (dir);
    return code;
}

code_t
adopt_survey (const place_t *place, adopt_visit_fn *visit, void *argument, refusal_t *refusal)
{
    survey_t self = {visit, argument, refusal, false};
    int fd = adopt_open (place);
    if (fd < 0)
        return errno == ENOENT ? OK
                               : refusal_system (refusal, errno, PLACE_ADOPTED_LINK, "open directory");
    return survey_entries (&self, fd, "");
}

code_t
adopt_survey_named (const place_t *place, char *const *paths, size_t count, adopt_visit_fn *visit,
                    void *argument, refusal_t *refusal)
{
    struct stat info;
    int dirfd = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (refusal, errno, place->target, "open directory");
    for (size_t i = 0; i < count; i++) {
        bool there = fstatat (dirfd, paths [i], &info, AT_SYMLINK_NOFOLLOW) == 0;
        if (there
            && !visit (argument, paths [i],
                       S_ISDIR (info.st_mode) ? kind_of (dirfd, paths [i]) : ADOPT_OTHER))
            break;
    }
    close (dirfd);
    return OK;
}

//  ---- the switch ----------------------------------------------------------------------------------

//  For file systems that cannot exchange two names: there is a moment without 'packages', in which
//  generation 0 is there already.
static code_t
move_and_link (const place_t *place, const char *target, refusal_t *refusal)
{
    if (unlinkat (place->base_fd, MOVED, 0) != 0
        || renameat (place->base_fd, place->link, place->base_fd, MOVED) != 0)
        return refusal_system (refusal, errno, place->link, "move");
    if (symlinkat (target, place->base_fd, place->link) == 0)
        return OK;
    code_t code = refusal_system (refusal, errno, place->link, "link");
    if (renameat (place->base_fd, MOVED, place->base_fd, place->link) != 0)
        return refusal_system (refusal, errno, place->link, "move back");
    return code;
}

static code_t
refuse_second (const place_t *place, refusal_t *refusal)
{
    refusal_set (refusal, REFUSED_COLLISION, place->link, strlen (place->link),
                 "it is a directory that ggen did not make, and there is a generation 0 already; "
                 "move it away");
    return ALREADY_EXISTS;
}

//  The name of generation 0 is on disk before anything is in its place.
static code_t
make_names (const place_t *place, const char *target, refusal_t *refusal)
{
    static const char ours [] = "generations/";
    char found [64];
    ssize_t size;
    if (symlinkat (MOVED_LINK, place->generations_fd, ADOPTED) != 0 && errno != EEXIST)
        return refusal_system (refusal, errno, PLACE_ADOPTED_LINK, "link");
    size = readlinkat (place->generations_fd, ADOPTED, found, sizeof found);
    if (size != sizeof MOVED_LINK - 1 || memcmp (found, MOVED_LINK, sizeof MOVED_LINK - 1) != 0)
        return refuse_second (place, refusal);
    if (fsync (place->generations_fd) != 0)
        return refusal_system (refusal, errno, "generations", "sync");
    //  What a crash left here before the exchange.
    size = readlinkat (place->base_fd, MOVED, found, sizeof found);
    if (size >= (ssize_t) sizeof ours - 1 && memcmp (found, ours, sizeof ours - 1) == 0)
        unlinkat (place->base_fd, MOVED, 0);
    if (symlinkat (target, place->base_fd, MOVED) == 0)
        return OK;
    return errno == EEXIST ? refuse_second (place, refusal)
                           : refusal_system (refusal, errno, MOVED, "link");
}

code_t
adopt_switch (const place_t *place, const char *target, refusal_t *refusal)
{
    code_t code = make_names (place, target, refusal);
    if (code)
        return code;
    if (renameat2 (place->base_fd, place->link, place->base_fd, MOVED, RENAME_EXCHANGE) == 0)
        return OK;
    return errno == EINVAL || errno == ENOSYS ? move_and_link (place, target, refusal)
                                              : refusal_system (refusal, errno, place->link, "exchange");
}
