// SPDX-License-Identifier: MIT
#include "gather.h"

#include "memory.h"
#include "package_id.h"
#include "semver.h"

#include <stdlib.h>
#include <string.h>

gather_t *
gather_new (bool with_optional, bool no_dependencies)
{
    gather_t *self = memory_new (1, sizeof *self);
    self->asked = map_new (GATHER_NAMES_MAX, 0);
    self->with_optional = with_optional;
    self->no_dependencies = no_dependencies;
    return self;
}

void
gather_destroy (gather_t **self_p)
{
    gather_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->names_count; i++)
        free (self->names [i]);
    for (size_t i = 0; i < self->lists_count; i++)
        ggen__list_versions_reply__free_unpacked (self->lists [i], NULL);
    for (size_t i = 0; i < self->own_count; i++)
        ggen__package__free_unpacked (self->own [i], NULL);
    map_destroy (&self->asked);
    free (self->names);
    free (self->lists);
    free (self->own);
    free (self->candidates);
    free (self);
    *self_p = NULL;
}

//  Room for one more element of an array of pointers.
static void *
grow (void *array, size_t count, size_t *room)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 16;
    void **more = memory_new (*room, sizeof (void *));
    if (count > 0)
        memcpy (more, array, count * sizeof (void *));
    free (array);
    return more;
}

static void
add_candidate (task_t *task, gather_t *self, const Ggen__Package *package)
{
    self->candidates = grow (self->candidates, self->candidates_count, &self->candidates_room);
    self->candidates [self->candidates_count++] = package;
    for (size_t i = 0; i < package->n_dependencies && !self->no_dependencies; i++)
        if (!package->dependencies [i]->optional || self->with_optional)
            gather_name (task, self, package->dependencies [i]->name);
}

static void
on_versions (task_t *task, void *item, const answer_t *answer)
{
    gather_t *self = item;
    Ggen__ListVersionsReply *reply = (Ggen__ListVersionsReply *) message_copy (answer->message);
    if (!reply) {
        task_fail (task, INTERNAL, "", "out of memory");
        return;
    }
    self->lists = grow (self->lists, self->lists_count, &self->lists_room);
    self->lists [self->lists_count++] = reply;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
    for (size_t i = 0; i < reply->n_versions; i++)
        add_candidate (task, self, reply->versions [i]);
}

void
gather_name (task_t *task, gather_t *self, const char *name)
{
    gather_exact (task, self, name, NULL);
}

void
gather_exact (task_t *task, gather_t *self, const char *name, const char *version)
{
    if (!package_id_valid (name) || map_get (self->asked, name, strlen (name)))
        return;
    char *copy = memory_strdup (name);
    if (map_put (self->asked, copy, strlen (copy), copy) != OK) {
        free (copy);
        task_fail (task, DEPENDENCY, "", "the dependencies reach more than %u packages",
                   GATHER_NAMES_MAX);
        return;
    }
    self->names = grow (self->names, self->names_count, &self->names_room);
    self->names [self->names_count++] = copy;
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = copy;
    request.local = task->offline;
    if (version && semver_is_canonical (version))
        request.exact = (char *) version;
    task_ask (task, "registry", &request.base, &ggen__list_versions_reply__descriptor, on_versions,
              self, false);
}

void
gather_own (task_t *task, gather_t *self, Ggen__Package *package)
{
    self->own = grow (self->own, self->own_count, &self->own_room);
    self->own [self->own_count++] = package;
    add_candidate (task, self, package);
}

const Ggen__Package *
gather_find (const gather_t *self, const char *name, const char *version,
             ProtobufCBinaryData sha256)
{
    for (size_t i = 0; i < self->candidates_count; i++) {
        const Ggen__Package *package = self->candidates [i];
        if (strcmp (package->id, name) == 0 && strcmp (package->version, version) == 0
            && (sha256.len == 0
                || (package->sha256.len == sha256.len
                    && memcmp (package->sha256.data, sha256.data, sha256.len) == 0)))
            return package;
    }
    return NULL;
}

void
gather_filter (gather_t *self, bool (*keep) (void *context, const Ggen__Package *package),
               void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->candidates_count; i++)
        if (keep (context, self->candidates [i]))
            self->candidates [kept++] = self->candidates [i];
    self->candidates_count = kept;
}
