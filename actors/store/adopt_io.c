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
#define TARGET_MAX 600              //  bytes of a link: two names and the way up

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

static void link_entries (int from_fd, int to_fd, const char *from, bool inside);

//  "@scope" may be in both: then its entries are linked one by one.
static void
link_scope (int from_fd, int to_fd, const char *name, const char *target)
{
    char up [TARGET_MAX];
    int to = open_below (to_fd, name), from = to < 0 ? -1 : open_below (from_fd, name);
    if (from >= 0 && (size_t) snprintf (up, sizeof up, "../%s", target) < sizeof up)
        link_entries (from, to, up, true);
    else if (from >= 0)
        close (from);
    if (to >= 0)
        close (to);
}

//  'from' leads from 'to_fd' to 'from_fd', which is closed.
static void
link_entries (int from_fd, int to_fd, const char *from, bool inside)
{
    DIR *dir = fdopendir (from_fd);
    if (!dir) {
        close (from_fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir (dir)) != NULL) {
        char target [TARGET_MAX];
        if (entry->d_name [0] == '.' || strcmp (entry->d_name, PLACE_LOCK_NAME) == 0)
            continue;
        if ((size_t) snprintf (target, sizeof target, "%s/%s", from, entry->d_name) < sizeof target
            && symlinkat (target, to_fd, entry->d_name) != 0 && errno == EEXIST && !inside)
            link_scope (from_fd, to_fd, entry->d_name, target);
    }
    closedir (dir);
}

void
adopt_link (const place_t *place, int generation_fd)
{
    int fd = adopt_is_due (place) ? open_below (place->base_fd, place->link)
                                  : open_below (place->generations_fd, ADOPTED);
    if (fd >= 0)
        link_entries (fd, generation_fd, "../" ADOPTED, false);
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
