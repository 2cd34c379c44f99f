// SPDX-License-Identifier: MIT
#include "adopt_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADOPTED    "0"              //  in generations/
#define TARGET_MAX 600              //  bytes of a link: two names (255 each) and the way up

bool
adopt_is_due (const place_t *place)
{
    struct stat info;
    return !*place->target && place->base_fd >= 0
           && fstatat (place->base_fd, place->link, &info, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISDIR (info.st_mode);
}

//  ---- links ---------------------------------------------------------------------------------------

static int
open_below (int dirfd, const char *name)
{
    return openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static code_t link_entries (int from_fd, int to_fd, const char *from, bool inside,
                            refusal_t *refusal);

//  "@scope" may be in both: then its entries are linked one by one. A package in the place of what
//  was there needs nothing.
static code_t
link_scope (int from_fd, int to_fd, const char *name, const char *target, refusal_t *refusal)
{
    char up [TARGET_MAX];
    code_t code = OK;
    int to = open_below (to_fd, name), from = to < 0 ? -1 : open_below (from_fd, name);
    if (from >= 0 && (size_t) snprintf (up, sizeof up, "../%s", target) < sizeof up)
        code = link_entries (from, to, up, true, refusal);
    else if (from >= 0)
        close (from);
    if (to >= 0)
        close (to);
    return code;
}

static code_t
link_entry (int from_fd, int to_fd, const char *from, const char *name, bool inside,
            refusal_t *refusal)
{
    char target [TARGET_MAX];
    if ((size_t) snprintf (target, sizeof target, "%s/%s", from, name) >= sizeof target)
        return refusal_system (refusal, ENAMETOOLONG, name, "link");
    if (symlinkat (target, to_fd, name) == 0)
        return OK;
    if (errno != EEXIST)
        return refusal_system (refusal, errno, name, "link");
    return inside ? OK : link_scope (from_fd, to_fd, name, target, refusal);
}

//  'from' leads from 'to_fd' to 'from_fd', which is closed.
static code_t
link_entries (int from_fd, int to_fd, const char *from, bool inside, refusal_t *refusal)
{
    DIR *dir = fdopendir (from_fd);
    if (!dir) {
        code_t code = refusal_system (refusal, errno, from, "read directory");
        close (from_fd);
        return code;
    }
    code_t code = OK;
    const struct dirent *entry;
    while (code == OK && (entry = readdir (dir)) != NULL)
        if (entry->d_name [0] != '.' && strcmp (entry->d_name, PLACE_LOCK_NAME) != 0)
            code = link_entry (from_fd, to_fd, from, entry->d_name, inside, refusal);
    closedir (dir);
    return code;
}

code_t
adopt_link (const place_t *place, int generation_fd, refusal_t *refusal)
{
    bool due = adopt_is_due (place);
    int fd = due ? open_below (place->base_fd, place->link)
                 : open_below (place->generations_fd, ADOPTED);
    if (fd >= 0)
        return link_entries (fd, generation_fd, "../" ADOPTED, false, refusal);
    //  Nothing was adopted, or a crash left a link there (adopt_switch).
    if (!due && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return OK;
    return refusal_system (refusal, errno, due ? place->link : "generations/" ADOPTED,
                           "open directory");
}

//  ---- the switch ----------------------------------------------------------------------------------

//  For file systems that cannot exchange two names: there is a moment without 'packages'.
static code_t
move_and_link (const place_t *place, const char *target, refusal_t *refusal)
{
    if (unlinkat (place->generations_fd, ADOPTED, 0) != 0
        || renameat (place->base_fd, place->link, place->generations_fd, ADOPTED) != 0)
        return refusal_system (refusal, errno, place->link, "move");
    if (symlinkat (target, place->base_fd, place->link) == 0)
        return OK;
    code_t code = refusal_system (refusal, errno, place->link, "link");
    if (renameat (place->generations_fd, ADOPTED, place->base_fd, place->link) != 0)
        return refusal_system (refusal, errno, place->link, "move back");
    return code;
}

code_t
adopt_switch (const place_t *place, const char *target, refusal_t *refusal)
{
    char found [8];
    //  A link of that name is what a crash left here before the exchange.
    if (readlinkat (place->generations_fd, ADOPTED, found, sizeof found) >= 0)
        unlinkat (place->generations_fd, ADOPTED, 0);
    if (symlinkat (target, place->generations_fd, ADOPTED) != 0) {
        if (errno != EEXIST)
            return refusal_system (refusal, errno, "generations/" ADOPTED, "link");
        refusal_set (refusal, REFUSED_COLLISION, place->link, strlen (place->link),
                     "it is a directory that ggen did not make, and there is a generation 0 already");
        return ALREADY_EXISTS;
    }
    code_t code = OK;
    if (renameat2 (place->base_fd, place->link, place->generations_fd, ADOPTED, RENAME_EXCHANGE) != 0)
        code = errno == EINVAL || errno == ENOSYS
                   ? move_and_link (place, target, refusal)
                   : refusal_system (refusal, errno, place->link, "exchange");
    if (code == OK && fsync (place->generations_fd) != 0)
        code = refusal_system (refusal, errno, "generations", "sync");
    return code;
}
