// SPDX-License-Identifier: MIT
#include "commit_io.h"

#include "beneath_io.h"
#include "tree_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "ggen.lock"

//  ---- links ---------------------------------------------------------------------------------------

static size_t
depth_of (const char *id)
{
    size_t depth = 0;
    for (; *id; id++)
        depth += *id == '/';
    return depth;
}

//  Make the directories that an id's link lies in, "@scope" of "@scope/name".
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
set_link (int dirfd, const char *name, const char *target, refusal_t *refusal)
{
    char temporary [600];
    snprintf (temporary, sizeof temporary, "%s.ggen-new", name);
    if (unlinkat (dirfd, temporary, 0) != 0 && errno != ENOENT)
        return refusal_system (refusal, errno, temporary, "remove");
    if (symlinkat (target, dirfd, temporary) != 0)
        return refusal_system (refusal, errno, temporary, "link");
    if (renameat (dirfd, temporary, dirfd, name) != 0)
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

//  ---- trees ---------------------------------------------------------------------------------------

static code_t
no_directory_of_another (const commit_tree_t *trees, size_t count, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        const char *slash = strchr (trees [i].id, '/');
        for (size_t j = 0; slash && j < count; j++) {
            size_t size = strlen (trees [j].id);
            if (size == (size_t) (slash - trees [i].id)
                && memcmp (trees [i].id, trees [j].id, size) == 0)
                return refusal_set (refusal, REFUSED_COLLISION, trees [i].id,
                                    strlen (trees [i].id),
                                    "it cannot be installed beside '%s', inside which it would lie",
                                    trees [j].id);
        }
    }
    return OK;
}

typedef char instance_name_t [PLACE_INSTANCE_MAX];

//  Which instance each tree is or will be.
static code_t
choose_instances (const place_t *place, const commit_tree_t *trees, size_t count,
                  instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        bool edited;
        bool clean = place_clean_instance (place, trees [i].files_sha256, true, instances [i], &edited);
        if (!clean && !trees [i].staged) {
            code_t code = refusal_system (refusal, ENOENT, trees [i].id, "find its tree");
            return code;
        }
    }
    return OK;
}

//  Two packages may have the same files: the second finds the instance of the first.
static code_t
place_instances (const place_t *place, const commit_tree_t *trees, size_t count,
                 instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        if (!trees [i].staged)
            continue;
        struct stat info;
        if (fstatat (place->store_fd, trees [i].staged, &info, AT_SYMLINK_NOFOLLOW) != 0
            && errno == ENOENT)
            continue;
        if (fstatat (place->store_fd, instances [i], &info, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        if (renameat (place->store_fd, trees [i].staged, place->store_fd, instances [i]) != 0)
            return refusal_system (refusal, errno, instances [i], "rename into the store");
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
    int fd = openat (dirfd, LOCK_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return refusal_system (refusal, errno, LOCK_NAME, "create");
    bool written = beneath_write_all (fd, lock.data, lock.size);
    int error = errno;
    close (fd);
    return written ? OK : refusal_system (refusal, error, LOCK_NAME, "write");
}

static code_t
fill_generation (int dirfd, const commit_tree_t *trees, size_t count, bytes_t lock,
                 instance_name_t *instances, refusal_t *refusal)
{
    for (size_t i = 0; i < count; i++) {
        char target [512];
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
                  bytes_t lock, instance_name_t *instances, refusal_t *refusal)
{
    code_t code = tree_remove (place->generations_fd, name, refusal);
    if (code)
        return code;
    if (mkdirat (place->generations_fd, name, 0755) != 0)
        return refusal_system (refusal, errno, name, "create directory");
    int dirfd = openat (place->generations_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (refusal, errno, name, "open directory");
    code = fill_generation (dirfd, trees, count, lock, instances, refusal);
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

//  ---- a target's own links ------------------------------------------------------------------------

static bool
is_our_link (int dirfd, const char *name)
{
    char target [600];
    ssize_t size = readlinkat (dirfd, name, target, sizeof target - 1);
    if (size < 0)
        return false;
    target [size] = 0;
    return strstr (target, ".ggen/current/") != NULL;
}

static code_t
link_in_target (int dirfd, const char *id, refusal_t *refusal)
{
    struct stat info;
    char target [600];
    size_t used = 0;
    if (fstatat (dirfd, id, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (is_our_link (dirfd, id))
            return OK;
        refusal_set (refusal, REFUSED_COLLISION, id, strlen (id),
                     "there is something in the target that ggen did not make");
        return ALREADY_EXISTS;
    }
    for (size_t i = 0; i < depth_of (id); i++)
        used += (size_t) snprintf (target + used, sizeof target - used, "../");
    snprintf (target + used, sizeof target - used, ".ggen/current/%s", id);
    code_t code = make_parents (dirfd, id, refusal);
    return code ? code : set_link (dirfd, id, target, refusal);
}

//  Before the switch: links of all packages (a new one dangles until then). After it: links that
//  lead nowhere any more go.
static code_t
link_target (const place_t *place, const commit_tree_t *trees, size_t count, refusal_t *refusal)
{
    if (!*place->target)
        return OK;
    int dirfd = open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (refusal, errno, place->target, "open directory");
    code_t code = link_in_target (dirfd, LOCK_NAME, refusal);
    for (size_t i = 0; i < count && code == OK; i++)
        code = link_in_target (dirfd, trees [i].id, refusal);
    close (dirfd);
    return code;
}

static void
unlink_dangling (int dirfd, bool scopes)
{
    int fd = openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir && fd >= 0)
        close (fd);
    const struct dirent *entry;
    while (dir && (entry = readdir (dir)) != NULL) {
        struct stat info;
        if (is_our_link (dirfd, entry->d_name)) {
            if (fstatat (dirfd, entry->d_name, &info, 0) != 0)
                unlinkat (dirfd, entry->d_name, 0);
        }
        else if (scopes && entry->d_name [0] != '.') {
            int scope = openat (dirfd, entry->d_name,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (scope >= 0) {
                unlink_dangling (scope, false);
                close (scope);
            }
        }
    }
    if (dir)
        closedir (dir);
}

static void
tidy_target (const place_t *place)
{
    int dirfd = *place->target ? open (place->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dirfd < 0)
        return;
    unlink_dangling (dirfd, true);
    close (dirfd);
}

//  ---- the switch ----------------------------------------------------------------------------------

static code_t
switch_to (const place_t *place, uint64_t generation, refusal_t *refusal)
{
    char target [64];
    snprintf (target, sizeof target, "generations/%llu", (unsigned long long) generation);
    code_t code = set_link (place->base_fd, place->link, target, refusal);
    if (code == OK)
        code = sync_dir (place->base_fd, place->base, refusal);
    tidy_target (place);
    return code;
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

code_t
commit_generation (place_t *place, const commit_tree_t *trees, size_t trees_count, bytes_t lock,
                   uint64_t expected, uint64_t *generation_p, refusal_t *refusal)
{
    uint64_t current;
    code_t code = place_current (place, &current, refusal);
    if (code)
        return code;
    if (current != expected) {
        refusal_set (refusal, REFUSED_CHANGED, place->link, strlen (place->link),
                     "another installation was faster");
        return BUSY;
    }
    instance_name_t *instances = calloc (trees_count + 1, sizeof *instances);
    if (!instances)
        return INTERNAL;
    const char *temporary = COMMIT_TEMPORARY "generation";
    uint64_t generation = next_generation (place);
    code = no_directory_of_another (trees, trees_count, refusal);
    if (code == OK)
        code = choose_instances (place, trees, trees_count, instances, refusal);
    if (code == OK)
        code = build_generation (place, temporary, trees, trees_count, lock, instances, refusal);
    if (code == OK)
        code = link_target (place, trees, trees_count, refusal);
    if (code == OK)
        code = settle (place, trees, trees_count, instances, temporary, generation, refusal);
    if (code == OK)
        code = switch_to (place, generation, refusal);
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
        if (place_instance (place, generation, trees [i].id, linked)
            && strcmp (linked, instances [i]) == 0)
            continue;
        tree_target (trees [i].id, instances [i], target);
        code = set_link (dirfd, trees [i].id, target, refusal);
    }
    if (code == OK)
        code = sync_dir (dirfd, name, refusal);
    close (dirfd);
    return code;
}

code_t
commit_activate (place_t *place, uint64_t generation, const commit_tree_t *trees,
                 size_t trees_count, refusal_t *refusal)
{
    instance_name_t *instances = calloc (trees_count + 1, sizeof *instances);
    if (!instances)
        return INTERNAL;
    code_t code = choose_instances (place, trees, trees_count, instances, refusal);
    if (code == OK && any_staged (trees, trees_count) && syncfs (place->store_fd) != 0)
        code = refusal_system (refusal, errno, "store", "sync");
    if (code == OK)
        code = place_instances (place, trees, trees_count, instances, refusal);
    if (code == OK && any_staged (trees, trees_count))
        code = sync_dir (place->store_fd, "store", refusal);
    if (code == OK)
        code = relink (place, generation, trees, trees_count, instances, refusal);
    if (code == OK)
        code = link_target (place, trees, trees_count, refusal);
    if (code == OK)
        code = switch_to (place, generation, refusal);
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
}
