// SPDX-License-Identifier: MIT
#include "adopted.h"

#include "lock.h"
#include "memory.h"
#include "message.h"
#include "package_id.h"

#include "runtime/actor/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 511
#define TOLD_MAX       1024         //  bytes of "id@version"; longer ones are cut

typedef struct {
    const adopted_found_t *found;
    size_t count;
    Ggen__Lock *lock;               //  In the making; sorted when all are in it
    map_t *taken;                   //  name -> its entry in 'lock'
    map_t *scopes;                  //  what lies before the '/' of these names
    map_t *told;                    //  "id" and "id@version" of a manifest -> the first that has it
    const char *where;
    adopted_warn_fn *warn;
    void *argument;
} adopting_t;

static void printf_like (2, 3)
warn (const adopting_t *self, const char *format, ...)
{
    char text [1024];
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    self->warn (self->argument, text);
}

bool
adopted_path_valid (const char *path)
{
    const char *slash = strchr (path, '/');
    const char *name = slash ? slash + 1 : path;
    return *path && *name && slash != path && strlen (path) <= PATH_BYTES_MAX && !strchr (name, '/')
           && strcmp (name, ".") != 0 && strcmp (name, "..") != 0 && strncmp (path, "./", 2) != 0
           && strncmp (path, "../", 3) != 0;
}

//  ---- looking -------------------------------------------------------------------------------------

static int
compare_path (const void *path, const void *found)
{
    return strcmp (path, ((const adopted_found_t *) found)->entry->path);
}

static const adopted_found_t *
find_path (const adopting_t *self, const char *path)
{
    return self->count ? bsearch (path, self->found, self->count, sizeof *self->found, compare_path)
                       : NULL;
}

static bool
is_directory (const adopted_found_t *found)
{
    return found->entry->kind != GGEN__ADOPTED_KIND__OTHER_ENTRY;
}

//  Whether a package 'id' that lies at 'found' can be linked by its name.
static bool
can_be_named (const adopting_t *self, const adopted_found_t *found, const char *id)
{
    return strcmp (found->entry->path, id) == 0 || !find_path (self, id);
}

//  The directory of that name; else one whose manifest has it, if it can be of this version.
static const adopted_found_t *
find_directory (const adopting_t *self, const Ggen__LockedPackage *old)
{
    char key [TOLD_MAX];
    const adopted_found_t *found = find_path (self, old->name);
    if (found)
        return is_directory (found) ? found : NULL;
    snprintf (key, sizeof key, "%s@%s", old->name, old->version);
    found = map_get (self->told, key, strlen (key));
    return found ? found : map_get (self->told, old->name, strlen (old->name));
}

static size_t
scope_size (const char *name)
{
    const char *slash = strchr (name, '/');
    return slash ? (size_t) (slash - name) : 0;
}

//  It is there already, or one of the two would be the directory that the other lies in.
static bool
collides (const adopting_t *self, const char *name)
{
    size_t scope = scope_size (name);
    return map_get (self->taken, name, strlen (name)) || map_get (self->scopes, name, strlen (name))
           || (scope > 0 && map_get (self->taken, name, scope));
}

//  Keys that do not fit are those of versions nobody has.
static void
tell (adopting_t *self, const adopted_found_t *found)
{
    char key [TOLD_MAX];
    const Ggen__Package *package = found->package;
    void *value = (void *) (uintptr_t) found;
    if (!package || !adopted_path_valid (found->entry->path))
        return;
    snprintf (key, sizeof key, "%s@%s", package->id, package->version);
    if (!map_get (self->told, package->id, strlen (package->id)))
        (void) !map_put (self->told, package->id, strlen (package->id), value);
    if (!map_get (self->told, key, strlen (key)))
        (void) !map_put (self->told, key, strlen (key), value);
}

//  ---- entries -------------------------------------------------------------------------------------

static void
set_text (char **field, const char *text)
{
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = memory_strdup (text);
}

static void
add (adopting_t *self, Ggen__LockedPackage *locked, const adopted_found_t *found)
{
    set_text (&locked->adopted, found->entry->path);
    locked->direct = true;
    free (locked->publisher_key.data);
    locked->publisher_key = (ProtobufCBinaryData) {0};
    if (map_put (self->taken, locked->name, strlen (locked->name), locked) != OK
        || (scope_size (locked->name) > 0
            && map_put (self->scopes, locked->name, scope_size (locked->name), locked) != OK))
        warn (self, "%s: out of memory", locked->name);
    self->lock->packages [self->lock->n_packages++] = locked;
}

//  What the old lock says; description and categories, which older ones do not have, of the manifest.
static void
add_from_lock (adopting_t *self, const Ggen__LockedPackage *old)
{
    const adopted_found_t *found = find_directory (self, old);
    if (!found || !can_be_named (self, found, old->name) || collides (self, old->name)) {
        warn (self, "%sggen.lock names %s %s, which is not there", self->where, old->name,
              old->version);
        return;
    }
    Ggen__LockedPackage *locked = (Ggen__LockedPackage *) message_copy (&old->base);
    if (found->package && strcmp (found->package->version, old->version) != 0)
        warn (self, "%s is %s in %sggen.lock, and %s in %s%s", old->name, old->version, self->where,
              found->package->version, self->where, found->entry->path);
    if (found->package && !*locked->description)
        set_text (&locked->description, found->package->description);
    add (self, locked, found);
}

static void
add_from_manifest (adopting_t *self, const adopted_found_t *found)
{
    const Ggen__Package *package = found->package;
    const Ggen__LockedPackage *taken = map_get (self->taken, package->id, strlen (package->id));
    if (taken && strcmp (taken->adopted, found->entry->path) == 0)
        return;
    if (collides (self, package->id) || !can_be_named (self, found, package->id)) {
        warn (self, "%s%s is left out of the list: its name, %s, is that of something else",
              self->where, found->entry->path, package->id);
        return;
    }
    Ggen__LockedPackage *locked = memory_new (1, sizeof *locked);
    ggen__locked_package__init (locked);
    locked->name = memory_strdup (package->id);
    locked->version = memory_strdup (package->version);
    locked->description = memory_strdup (package->description);
    locked->categories = memory_new (package->n_categories, sizeof (char *));
    for (size_t i = 0; i < package->n_categories; i++)
        locked->categories [locked->n_categories++] = memory_strdup (package->categories [i]);
    add (self, locked, found);
}

//  ---- dependencies --------------------------------------------------------------------------------

//  Those on what is there, in the version that is there.
static void
keep_dependencies (Ggen__LockedPackage *locked, const Ggen__Lock *lock)
{
    size_t kept = 0;
    for (size_t i = 0; i < locked->n_dependencies; i++) {
        const Ggen__LockedPackage *there = lock_find (lock, locked->dependencies [i]->name);
        if (there && strcmp (there->version, locked->dependencies [i]->version) == 0)
            locked->dependencies [kept++] = locked->dependencies [i];
        else
            ggen__locked_dependency__free_unpacked (locked->dependencies [i], NULL);
    }
    locked->n_dependencies = kept;
}

static void
add_dependencies (Ggen__LockedPackage *locked, const Ggen__Package *package, const Ggen__Lock *lock)
{
    free (locked->dependencies);
    locked->dependencies = memory_new (package->n_dependencies, sizeof (void *));
    for (size_t i = 0; i < package->n_dependencies; i++) {
        const Ggen__Dependency *wanted = package->dependencies [i];
        const Ggen__LockedPackage *there = lock_find (lock, wanted->name);
        if (!there)
            continue;
        Ggen__LockedDependency *dependency = memory_new (1, sizeof *dependency);
        ggen__locked_dependency__init (dependency);
        dependency->name = memory_strdup (there->name);
        dependency->version = memory_strdup (there->version);
        locked->dependencies [locked->n_dependencies++] = dependency;
    }
}

static void
forget_dependencies (Ggen__Lock *lock)
{
    static const Ggen__Lock nothing = GGEN__LOCK__INIT;
    for (size_t i = 0; i < lock->n_packages; i++)
        keep_dependencies (lock->packages [i], &nothing);
}

//  Manifests may tell of a circle, which no lock has.
static void
fill_dependencies (adopting_t *self, const Ggen__Lock *old)
{
    char *why = NULL;
    lock_sort (self->lock);
    for (size_t i = 0; i < self->lock->n_packages; i++) {
        Ggen__LockedPackage *locked = self->lock->packages [i];
        const adopted_found_t *found = find_path (self, locked->adopted);
        if (old && lock_find (old, locked->name))
            keep_dependencies (locked, self->lock);
        else if (found && found->package)
            add_dependencies (locked, found->package, self->lock);
    }
    lock_sort (self->lock);
    if (lock_check (self->lock, &why) != OK) {
        warn (self, "what needs what in %s is not told: %s", *self->where ? self->where : "it", why);
        forget_dependencies (self->lock);
    }
    free (why);
}

Ggen__Lock *
adopted_lock (const Ggen__Lock *old, const adopted_found_t *found, size_t count,
              const char *where, adopted_warn_fn *warn_, void *argument)
{
    adopting_t self = {.found = found, .count = count, .where = where, .warn = warn_,
                       .argument = argument};
    size_t most = count + (old ? old->n_packages : 0);
    self.lock = memory_new (1, sizeof *self.lock);
    ggen__lock__init (self.lock);
    self.lock->packages = memory_new (most, sizeof (void *));
    self.taken = map_new ((uint32_t) most + 1, 0);
    self.scopes = map_new ((uint32_t) most + 1, 0);
    self.told = map_new (2 * (uint32_t) count + 1, 0);
    for (size_t i = 0; i < count; i++)
        tell (&self, &found [i]);
    for (size_t i = 0; old && i < old->n_packages; i++)
        add_from_lock (&self, old->packages [i]);
    for (size_t i = 0; i < count; i++)
        if (found [i].package && adopted_path_valid (found [i].entry->path))
            add_from_manifest (&self, &found [i]);
    fill_dependencies (&self, old);
    map_destroy (&self.taken);
    map_destroy (&self.scopes);
    map_destroy (&self.told);
    return self.lock;
}
