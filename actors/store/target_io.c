// SPDX-License-Identifier: MIT
#include "target_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THROUGH ".ggen/current/"

//  In DIR/.ggen: the link that will take the place of a file DIR/ggen.lock.
#define NEW_LOCK_LINK "tmp.lock"

//  ---- links of ours -------------------------------------------------------------------------------

void
target_link_text (const char *id, char text [TARGET_LINK_MAX])
{
    bool inside = strchr (id, '/') != NULL;
    snprintf (text, TARGET_LINK_MAX, "%s" THROUGH "%s", inside ? "../" : "", id);
}

static bool
read_link (int dirfd, const char *name, char text [TARGET_LINK_MAX])
{
    ssize_t size = readlinkat (dirfd, name, text, TARGET_LINK_MAX - 1);
    if (size < 0)
        return false;
    text [size] = 0;
    return true;
}

//  The link that target_link () makes for 'id'.
static bool
is_link_of (int dirfd, const char *id)
{
    char wanted [TARGET_LINK_MAX], found [TARGET_LINK_MAX];
    target_link_text (id, wanted);
    return read_link (dirfd, id, found) && strcmp (wanted, found) == 0;
}

//  Such a link of any id, in DIR or in a directory of it.
static bool
is_ours (int dirfd, const char *name, bool inside)
{
    char text [TARGET_LINK_MAX];
    const char *prefix = inside ? "../" THROUGH : THROUGH;
    return read_link (dirfd, name, text) && strncmp (text, prefix, strlen (prefix)) == 0;
}

typedef bool (visit_fn) (void *argument, int dirfd, const char *name);

//  Call 'visit' for each entry until it says false.
static void
each_entry (int dirfd, const char *name, visit_fn *visit, void *argument)
{
    int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir && fd >= 0)
        close (fd);
    const struct dirent *entry;
    while (dir && (entry = readdir (dir)) != NULL)
        if (strcmp (entry->d_name, ".") && strcmp (entry->d_name, "..")
            && !visit (argument, fd, entry->d_name))
            break;
    if (dir)
        closedir (dir);
}

typedef struct {
    unsigned ours, others;
} contents_t;

static bool
count_one (void *contents_, int dirfd, const char *name)
{
    contents_t *contents = contents_;
    bool ours = is_ours (dirfd, name, true);
    contents->ours += ours;
    contents->others += !ours;
    return true;
}

//  A directory that we made for "ns/name": nothing but links of ours are in it.
static bool
is_our_directory (int dirfd, const char *name)
{
    contents_t contents = {0};
    each_entry (dirfd, name, count_one, &contents);
    return contents.ours > 0 && contents.others == 0;
}

static bool
unlink_one (void *none, int dirfd, const char *name)
{
    (void) none;
    unlinkat (dirfd, name, 0);
    return true;
}

//  ---- making them ---------------------------------------------------------------------------------

static code_t
refuse (const char *name, refusal_t *refusal)
{
    refusal_set (refusal, REFUSED_COLLISION, name, strlen (name),
                 "there is something in the target that ggen did not make");
    return ALREADY_EXISTS;
}

//  "ns" of "ns/name"; false when the id has none.
static bool
parent_of (const char *id, char parent [REFUSAL_PATH_MAX])
{
    const char *slash = strchr (id, '/');
    if (!slash)
        return false;
    snprintf (parent, REFUSAL_PATH_MAX, "%.*s", (int) (slash - id), id);
    return true;
}

//  Whether the link of 'id' is there or can be made.
static code_t
check_one (int dirfd, const char *id, refusal_t *refusal)
{
    struct stat info;
    char parent [REFUSAL_PATH_MAX];
    if (parent_of (id, parent) && fstatat (dirfd, parent, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        //  A package "ns" makes way for "ns/name".
        if (is_link_of (dirfd, parent))
            return OK;
        if (!S_ISDIR (info.st_mode))
            return refuse (parent, refusal);
    }
    if (fstatat (dirfd, id, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : refusal_system (refusal, errno, id, "look at");
    if (is_link_of (dirfd, id) || (S_ISDIR (info.st_mode) && is_our_directory (dirfd, id)))
        return OK;
    return refuse (id, refusal);
}

static code_t
make_parent (int dirfd, const char *parent, refusal_t *refusal)
{
    if (is_link_of (dirfd, parent) && unlinkat (dirfd, parent, 0) != 0)
        return refusal_system (refusal, errno, parent, "remove");
    if (mkdirat (dirfd, parent, 0755) != 0 && errno != EEXIST)
        return refusal_system (refusal, errno, parent, "create directory");
    return OK;
}

static code_t
make_one (int dirfd, const char *id, refusal_t *refusal)
{
    struct stat info;
    char text [TARGET_LINK_MAX], parent [REFUSAL_PATH_MAX];
    if (parent_of (id, parent)) {
        code_t code = make_parent (dirfd, parent, refusal);
        if (code)
            return code;
    }
    if (is_link_of (dirfd, id))
        return OK;
    if (fstatat (dirfd, id, &info, AT_SYMLINK_NOFOLLOW) == 0 && is_our_directory (dirfd, id)) {
        each_entry (dirfd, id, unlink_one, NULL);
        if (unlinkat (dirfd, id, AT_REMOVEDIR) != 0)
            return refusal_system (refusal, errno, id, "remove");
    }
    target_link_text (id, text);
    return symlinkat (text, dirfd, id) == 0 ? OK : refusal_system (refusal, errno, id, "link");
}

static bool
is_given_lock (int dirfd)
{
    struct stat info;
    return fstatat (dirfd, PLACE_LOCK_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISREG (info.st_mode);
}

static code_t
make_new_lock_link (const place_t *place, refusal_t *refusal)
{
    unlinkat (place->base_fd, NEW_LOCK_LINK, 0);
    return symlinkat (THROUGH PLACE_LOCK_NAME, place->base_fd, NEW_LOCK_LINK) == 0
               ? OK
               : refusal_system (refusal, errno, PLACE_LOCK_NAME, "link");
}

code_t
target_link (const place_t *place, const char *const *ids, size_t count, bool replaces_lock,
             refusal_t *refusal)
{
    if (!*place->target)
        return OK;
    int dirfd = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (refusal, errno, place->target, "open directory");
    bool replaces = replaces_lock && is_given_lock (dirfd);
    code_t code = replaces ? OK : check_one (dirfd, PLACE_LOCK_NAME, refusal);
    for (size_t i = 0; i < count && code == OK; i++)
        code = check_one (dirfd, ids [i], refusal);
    if (code == OK)
        code = replaces ? make_new_lock_link (place, refusal)
                        : make_one (dirfd, PLACE_LOCK_NAME, refusal);
    for (size_t i = 0; i < count && code == OK; i++)
        code = make_one (dirfd, ids [i], refusal);
    close (dirfd);
    return code;
}

bool
target_take_lock (const place_t *place)
{
    int dirfd = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return false;
    bool taken = renameat (place->base_fd, NEW_LOCK_LINK, dirfd, PLACE_LOCK_NAME) == 0;
    int error = errno;
    if (taken)
        fsync (dirfd);
    close (dirfd);
    errno = error;
    return taken;
}

//  ---- tidying -------------------------------------------------------------------------------------

static bool
unlink_dangling (int dirfd, const char *name, bool inside)
{
    struct stat info;
    return is_ours (dirfd, name, inside) && fstatat (dirfd, name, &info, 0) != 0
           && errno == ENOENT && unlinkat (dirfd, name, 0) == 0;
}

static bool
tidy_inside (void *removed, int dirfd, const char *name)
{
    *(bool *) removed |= unlink_dangling (dirfd, name, true);
    return true;
}

static bool
tidy_one (void *none, int dirfd, const char *name)
{
    (void) none;
    bool removed = false;
    if (*name == '.' || unlink_dangling (dirfd, name, false))
        return true;
    each_entry (dirfd, name, tidy_inside, &removed);
    //  Fails, as it should, when something else is in it.
    if (removed)
        unlinkat (dirfd, name, AT_REMOVEDIR);
    return true;
}

void
target_tidy (const place_t *place)
{
    if (!*place->target)
        return;
    unlinkat (place->base_fd, NEW_LOCK_LINK, 0);
    each_entry (AT_FDCWD, place->target, tidy_one, NULL);
}
