// SPDX-License-Identifier: MIT
//  Which releases a rotation is about, and which of them the new key leaves out.
#include "rotate_inside.h"

#include "memory.h"
#include "message.h"

#include <stdlib.h>

bool
rotate_is_of (const Ggen__Package *package, ProtobufCBinaryData key)
{
    return package->publisher && message_same_bytes (package->publisher->public_key, key);
}

static bool
is_this (const char *word, const Ggen__Package *package)
{
    const size_t size = strlen (package->id);
    return strncmp (word, package->id, size) == 0 && word [size] == '@'
           && strcmp (word + size + 1, package->version) == 0;
}

bool
rotate_leaves_out (const task_t *task, const Ggen__Package *package)
{
    const Ggen__RotateRequest *request = rotate_request (task);
    bool left_out = false;
    for (size_t i = 0; i < request->n_without; i++)
        left_out |= is_this (request->without [i], package);
    return left_out;
}

bool
rotate_leaves_any_out (const task_t *task, const rotate_name_t *name)
{
    bool any = false;
    for (size_t i = 0; i < name->versions->n_versions; i++)
        any |= rotate_leaves_out (task, name->versions->versions [i]);
    return any;
}

//  'seen' is set of each --without that a release is meant by.
static void
add_releases (task_t *task, const rotate_name_t *name, bool *seen)
{
    rotate_t *self = task->more;
    const Ggen__RotateRequest *request = rotate_request (task);
    for (size_t i = 0; i < name->versions->n_versions; i++) {
        const Ggen__Package *package = name->versions->versions [i];
        if (!rotate_is_of (package, request->former_key))
            continue;
        for (size_t w = 0; w < request->n_without; w++)
            seen [w] |= is_this (request->without [w], package);
        if (self->releases_count == ROTATE_RELEASES_MAX) {
            self->releases_left++;
            continue;
        }
        Ggen__RotatedRelease *release = &self->releases [self->releases_count++];
        ggen__rotated_release__init (release);
        release->name = package->id;
        release->version = package->version;
        release->published_at = package->created_at;
        release->source = package->source;
        release->left_out = rotate_leaves_out (task, package);
    }
}

bool
rotate_list_releases (task_t *task)
{
    rotate_t *self = task->more;
    const Ggen__RotateRequest *request = rotate_request (task);
    bool *seen = memory_new (request->n_without, sizeof *seen), all = true;
    self->releases = memory_new (ROTATE_RELEASES_MAX, sizeof *self->releases);
    for (size_t i = 0; i < self->names_count; i++)
        add_releases (task, &self->names [i], seen);
    for (size_t w = 0; w < request->n_without && all; w++)
        if (!seen [w]) {
            task_fail (task, PACKAGE_NOT_FOUND, "see them: ggen market key rotate --dry-run",
                       "'%.300s' is no release of the key that is given up", request->without [w]);
            all = false;
        }
    free (seen);
    if (self->releases_left > 0)
        task_warn (task, "%zu more releases are not listed here", self->releases_left);
    return all;
}
