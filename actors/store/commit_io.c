// SPDX-License-Identifier: MIT
#include "commit_io.h"

#include "adopt_io.h"
#include "adopt_target_io.h"
#include "beneath_io.h"
#include "package_id.h"
#include "target_io.h"
#include "stamps_io.h"
#include "tree_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  Where links are made before they are renamed to where they belong.
#define TEMPORARY_LINK COMMIT_TEMPORARY "link"
#define TEMPORARY_GENERATION COMMIT_TEMPORARY "generation"

//  ---- links ---------------------------------------------------------------------------------------

static size_t
depth_of (const char *id)
{
    size_t depth = 0;
    for (; *id; id++)
        depth += *id == '/';
    return depth;
}

//  Make the directory that an id's link lies in, "@scope" of "@scope/name".
static code_t
make_parents (int dirfd, const char *id, refusal_t *refusal)
{
    char path [512];
    snprintf (path, sizeof path, "%s", id);
    for (char *slash = strchr (path, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        if (mkdirat (dirfd, path, 0755) != 0 && errno != EEXIST)
            return refusal_system (refusal, errno, path, "create directory");
        *slash = '/';
    }
    return OK;
}

//  Link 'name' to 'target', in place of whatever link is there, by rename.
static code_t
set_link (const place_t *place, int dirfd, const char *name, const char *target, refusal_t *refusal)
{
    if (unlinkat (place->generations_fd, TEMPORARY_LINK, 0) != 0 && errno != ENOENT)
        return refusal_system (refusal, errno, TEMPORARY_LINK, "remove");
    if (symlinkat (target, place->generations_fd, TEMPORARY_LINK) != 0)
        return refusal_system (refusal, errno, TEMPORARY_LINK, "link");
    if (renameat (place->generations_fd, TEMPORARY_LINK, dirfd, name) != 0)
        return refusal_system (refusal, errno, name, "link");
    return OK;
}

//  From generations/N/ID to store/INSTANCE/tree.
static void
tree_target (const char *id, const char *instance, char target [512])
{
    size_t used = 0;
    for (size_t i = 0; i < depth_of (id) + 2; i++)
        used += (size_t) snprintf (target + used, 512 - used, "../");
    snprintf (target + used, 512 - used, "store/%s/tree", instance);
}

//  From generations/N/ID to generations/0/PATH.
static void
adopted_target (const char *id, const char *path, char target [512])
{
    size_t used = 0;
    for (size_t i = 0; i < depth_of (id) + 1; i++)
        used += (size_t) snprintf (target + used, 512 - used, "../");
    snprintf (target + used, 512 - used, "0/%s", path);
}

//  ---- trees ---------------------------------------------------------------------------------------

static code_t
check_id (const commit_tree_t *trees, size_t count, const char *id, refusal_t *refusal)
{
    const char *slash = strchr (id, '/');
    if (!package_id_valid (id) || strcmp (id, PLACE_LOCK_NAME) == 0)
        return refusal_set (refusal, REFUSED_RESERVED_NAME, id, strlen (id),
                            "nothing can be installed by this name");
    for (size_t i = 0; slash && i < count; i++) {
        size_t size = strlen (trees [i].id);
        if (size == (size_t) (slash - id) && memcmp (id, trees [i].id, size) == 0)
            return refusal_set (refusal, REFUSED_COLLISION, id, strlen (id),
                                "it cannot be installed beside '%s', inside which it would lie",
                                trees [i].id);
    }
    return OK;
}

static code_t
check_ids (const commit_tree_t *trees, size_t count, refusal_t *refusal)
{
    code_t code = OK;
    for (size_t i = 0; i < count && code == OK; i++)
        code = check_id (trees, count, trees [i].id, refusal);
    return code;
}

static code_t
link_target (const place_t *place, const commit_tree_t *trees, size_t count, bool replaces_lock,
             refusal_t *refusal)
{
    const char **ids = calloc (count + 1, sizeof *ids);
    if (!ids)
        return INTERNAL;
    for (size_t i = 0; i < count; i++)
        ids [i] = trees [i].id;
    code_t code = target_link (place, ids, count, replaces_lock, refusal);
    free (ids);
    return code;
}

typedef char instance_name_t [PLACE_INSTANCE_MAX];

static bool
is_there (const place_t *place, const char *instance)
{
    struct stat info;
    return fstatat (place->store_fd, instance, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

//  Which instance each tree is or will be.
static code_t
choose_instances (const place_t *place, const commit_tree_t *trees, size_t count,
                  instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        if (trees [i].adopted)
            continue;
        if (trees [i].clean && is_there (place, trees [i].clean)) {
            snprintf (instances [i], sizeof instances [i], "%s", trees [i].clean);
            continue;
        }
        bool clean = place_clean_instance (place, trees [i].files_sha256, true, instances [i]);
        if (!clean && (!trees [i].staged || !*instances [i]))
            return refusal_system (refusal, ENOENT, trees [i].id, "find its tree");
    }
    return OK;
}

//  Two packages may have the same files: the second finds the instance of the first.
static code_t
place_instances (const place_t *place, const commit_tree_t *trees, size_t count,
                 instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        char stamps [PLACE_INSTANCE_MAX + 16];
        if (!trees [i].staged)
            continue;
        snprintf (stamps, sizeof stamps, "%s/stamps", trees [i].staged);
        stamps_settle (place->store_fd, stamps);
        //  An instance is never empty: a rename onto one that is there fails.
        if (renameat (place->store_fd, trees [i].staged, place->store_fd, instances [i]) == 0)
            continue;
        int error = errno;
        if (!is_there (place, instances [i]))
            return refusal_system (refusal, error, instances [i], "rename into the store");
    }
    return OK;
}

static bool
any_staged (const commit_tree_t *trees, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (trees [i].staged)
            return true;
    return false;
}

//  ---- generations ---------------------------------------------------------------------------------

static code_t
write_lock (int dirfd, bytes_t lock, refusal_t *refusal)
{
    int fd = openat (dirfd, PLACE_LOCK_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return refusal_system (refusal, errno, PLACE_LOCK_NAME, "create");
    bool written = beneath_write_all (fd, lock.data, lock.size);
    int error = errno;
    close (fd);
    return written ? OK : refusal_system (refusal, error, PLACE_LOCK_NAME, "write");
}

static code_t
fill_generation (int dirfd, const commit_tree_t *trees, size_t count, bytes_t lock,
                 instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        char target [512];
        if (trees [i].adopted)
            adopted_target (trees [i].id, trees [i].adopted, target);
        else
            tree_target (trees [i].id, instances [i], target);
        code_t code = make_parents (dirfd, trees [i].id, refusal);
        if (code)
            return code;
        if (symlinkat (target, dirfd, trees [i].id) != 0)
            return refusal_system (refusal, errno, trees [i].id, "link");
    }
    return write_lock (dirfd, lock, refusal);
}

static code_t
build_generation (const place_t *place, const char *name, const commit_tree_t *trees, size_t count,
                  const commit_state_t *state, instance_name_t *instances, refusal_t *refusal)
{
    code_t code = tree_remove (place->generations_fd, name, refusal);
    if (code)
        return code;
    if (mkdirat (place->generations_fd, name, 0755) != 0)
        return refusal_system (refusal, errno, name, "create directory");
    int dirfd = openat (place->generations_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (refusal, errno, name, "open directory");
    code = fill_generation (dirfd, trees, count, state->lock, instances, refusal);
    if (code == OK)
        code = adopt_link (place, dirfd, state->expected, state->dropped, state->dropped_count,
                           refusal);
    close (dirfd);
    return code;
}

static uint64_t
next_generation (const place_t *place)
{
    size_t count;
    uint64_t *list = place_generations (place, &count);
    uint64_t next = count ? list [count - 1] + 1 : 1;
    free (list);
    return next;
}

static code_t
sync_dir (int dirfd, const char *name, refusal_t *refusal)
{
    return fsync (dirfd) == 0 ? OK : refusal_system (refusal, errno, name, "sync");
}

//  ---- the switch ----------------------------------------------------------------------------------

static code_t
switch_to (const place_t *place, uint64_t generation, refusal_t *refusal)
{
    char target [64];
    snprintf (target, sizeof target, "generations/%llu", (unsigned long long) generation);
    code_t code = adopt_is_due (place)
                      ? adopt_switch (place, target, refusal)
                      : set_link (place, place->base_fd, place->link, target, refusal);
    return code ? code : sync_dir (place->base_fd, place->base, refusal);
}

//  Everything new reaches the disk with its names of the making, then gets its own.
static code_t
settle (const place_t *place, const commit_tree_t *trees, size_t count, instance_name_t *instances,
        const char *temporary, uint64_t generation, refusal_t *refusal)
{
    char name [32];
    snprintf (name, sizeof name, "%llu", (unsigned long long) generation);
    if (syncfs (place->store_fd) != 0)
        return refusal_system (refusal, errno, "store", "sync");
    code_t code = place_instances (place, trees, count, instances, refusal);
    if (code == OK && any_staged (trees, count))
        code = sync_dir (place->store_fd, "store", refusal);
    if (code == OK
        && renameat (place->generations_fd, temporary, place->generations_fd, name) != 0)
        code = refusal_system (refusal, errno, name, "rename the generation");
    if (code == OK)
        code = sync_dir (place->generations_fd, "generations", refusal);
    return code;
}

//  What cannot be removed now is swept later.
static void
forget_generation (const place_t *place)
{
    if (tree_remove (place->generations_fd, TEMPORARY_GENERATION, NULL) != OK)
        return;
    unlinkat (place->generations_fd, TEMPORARY_LINK, 0);
}

static code_t
check_plan (const place_t *place, const commit_tree_t *trees, size_t count,
            const commit_state_t *state, refusal_t *refusal)
{
    uint64_t current;
    code_t code = place_current (place, &current, refusal);
    if (code)
        return code;
    if (current != state->expected) {
        refusal_set (refusal, REFUSED_CHANGED, place->link, strlen (place->link),
                     "another installation was faster");
        return BUSY;
    }
    if (state->lock.size > PLACE_LOCK_MAX)
        return refusal_set (refusal, REFUSED_LIMITS, PLACE_LOCK_NAME, strlen (PLACE_LOCK_NAME),
                            "it would have more than %u bytes", PLACE_LOCK_MAX);
    return check_ids (trees, count, refusal);
}

code_t
commit_generation (place_t *place, const commit_tree_t *trees, size_t trees_count,
                   const commit_state_t *state, uint64_t *generation_p, refusal_t *refusal)
{
    code_t code = check_plan (place, trees, trees_count, state, refusal);
    if (code == OK)
        code = adopt_target (place, state->adopts, state->adopts_count, refusal);
    if (code)
        return code;
    instance_name_t *instances = calloc (trees_count + 1, sizeof *instances);
    if (!instances)
        return INTERNAL;
    uint64_t generation = next_generation (place);
    code = choose_instances (place, trees, trees_count, instances, refusal);
    if (code == OK)
        code = build_generation (place, TEMPORARY_GENERATION, trees, trees_count, state, instances,
                                 refusal);
    if (code == OK)
        code = link_target (place, trees, trees_count, state->replaces_lock, refusal);
    if (code == OK)
        code = settle (place, trees, trees_count, instances, TEMPORARY_GENERATION, generation,
                       refusal);
    if (code == OK)
        code = switch_to (place, generation, refusal);
    if (code == OK && state->replaces_lock && *place->target)
        target_take_lock (place);
    target_tidy (place);
    if (code)
        forget_generation (place);
    free (instances);
    *generation_p = generation;
    return code;
}

//  ---- going back ----------------------------------------------------------------------------------

//  Links of a generation that is not current lead to clean instances.
static code_t
relink (const place_t *place, uint64_t generation, const commit_tree_t *trees, size_t count,
        instance_name_t *instances, refusal_t *refusal)
{
    char name [32];
    snprintf (name, sizeof name, "%llu", (unsigned long long) generation);
    int dirfd = openat (place->generations_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0) {
        refusal_set (refusal, REFUSED_MANIFEST, name, strlen (name), "there is no such generation");
        return PACKAGE_NOT_FOUND;
    }
    code_t code = OK;
    for (size_t i = 0; i < count && code == OK; i++) {
        char target [512], linked [PLACE_INSTANCE_MAX];
        if (trees [i].adopted
            || (place_instance (place, generation, trees [i].id, linked)
                && strcmp (linked, instances [i]) == 0))
            continue;
        tree_target (trees [i].id, instances [i], target);
        code = set_link (place, dirfd, trees [i].id, target, refusal);
    }
    if (code == OK)
        code = sync_dir (dirfd, name, refusal);
    close (dirfd);
    return code;
}

//  Make the trees of a generation be in the store, and its links lead to them.
static code_t
restore (const place_t *place, uint64_t generation, const commit_tree_t *trees, size_t count,
         instance_name_t *instances, refusal_t *refusal)
{
    code_t code = choose_instances (place, trees, count, instances, refusal);
    if (code == OK && any_staged (trees, count) && syncfs (place->store_fd) != 0)
        code = refusal_system (refusal, errno, "store", "sync");
    if (code == OK)
        code = place_instances (place, trees, count, instances, refusal);
    if (code == OK)
        code = relink (place, generation, trees, count, instances, refusal);
    if (code == OK)
        code = link_target (place, trees, count, false, refusal);
    if (code == OK && syncfs (place->store_fd) != 0)
        code = refusal_system (refusal, errno, "store", "sync");
    return code;
}

code_t
commit_activate (place_t *place, uint64_t generation, const commit_tree_t *trees,
                 size_t trees_count, refusal_t *refusal)
{
    code_t code = check_ids (trees, trees_count, refusal);
    if (code == OK)
        code = adopt_target (place, NULL, 0, refusal);
    if (code)
        return code;
    //  What is there already is generation 0 where nothing has moved it yet.
    if (generation == 0 && adopt_is_due (place))
        return OK;
    if (generation == 0 && !adopt_is_there (place)) {
        refusal_set (refusal, REFUSED_MANIFEST, "0", 1, "there is no such generation");
        return PACKAGE_NOT_FOUND;
    }
    instance_name_t *instances = calloc (trees_count + 1, sizeof *instances);
    if (!instances)
        return INTERNAL;
    code = restore (place, generation, trees, trees_count, instances, refusal);
    if (code == OK)
        code = switch_to (place, generation, refusal);
    target_tidy (place);
    free (instances);
    return code;
}

//  ---- leftovers -----------------------------------------------------------------------------------

static void
sweep_dir (int dirfd)
{
    int fd = dirfd < 0 ? -1 : openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir && fd >= 0)
        close (fd);
    const struct dirent *entry;
    while (dir && (entry = readdir (dir)) != NULL)
        if (strncmp (entry->d_name, COMMIT_TEMPORARY, sizeof COMMIT_TEMPORARY - 1) == 0) {
            //  What cannot be removed now is tried again at the next start.
            code_t code = tree_remove (dirfd, entry->d_name, NULL);
            (void) code;
        }
    if (dir)
        closedir (dir);
}

void
commit_sweep (const place_t *place)
{
    sweep_dir (place->store_fd);
    sweep_dir (place->generations_fd);
    target_tidy (place);
}
