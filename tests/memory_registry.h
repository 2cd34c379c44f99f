// SPDX-License-Identifier: MIT
//  A registry in memory: the Registry contract (SPEC 4) in the fewest lines, for tests of those who
//  ask registries. It forgets everything when it ends.
#ifndef GGEN_MEMORY_REGISTRY_H
#define GGEN_MEMORY_REGISTRY_H

#include "actors/registry/relevance.h"
#include "messages/message.h"
#include "messages/package_id.h"
#include "messages/semver.h"
#include "registry.pb-c.h"
#include "runtime/actor/out.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_PACKAGES_MAX 256

typedef struct {
    Ggen__Package *packages[MEMORY_PACKAGES_MAX];       //  ascending versions of each id
    size_t count;
} memory_registry_t;

static inline bool
memory_same (ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && memcmp (a.data, b.data, a.len) == 0;
}

static inline int
memory_compare (const Ggen__Package *a, const Ggen__Package *b)
{
    semver_t x, y;
    if (semver_parse (&x, a->version) != OK || semver_parse (&y, b->version) != OK)
        abort ();
    int order = strcmp (a->id, b->id);
    return order ? order : semver_order (&x, &y);
}

static inline Ggen__Package *
memory_find (const memory_registry_t *self, const char *id, const char *version, size_t *at_p)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->packages[i]->id, id) == 0
            && strcmp (self->packages[i]->version, version) == 0) {
            *at_p = i;
            return self->packages[i];
        }
    return NULL;
}

static inline Ggen__Package *
memory_latest (const memory_registry_t *self, const char *id)
{
    Ggen__Package *latest = NULL;
    semver_t best, version;
    for (size_t i = 0; i < self->count; i++) {
        Ggen__Package *package = self->packages[i];
        if (strcmp (package->id, id) != 0 || package->yanked
            || semver_parse (&version, package->version) != OK)
            continue;
        if (!latest || semver_compare_latest (&version, &best) > 0) {
            latest = package;
            best = version;
        }
    }
    return latest;
}

//  ---- reading -----------------------------------------------------------------------------------

//  Equal but for one byte: as close as this registry's fuzzy search goes.
static inline bool
memory_close (const char *a, const char *b)
{
    size_t differences = 0, size = strlen (a);
    for (size_t i = 0; i < size && strlen (b) == size; i++)
        differences += a[i] != b[i];
    return strlen (b) == size && differences < 2;
}

static inline bool
memory_hit (const Ggen__SearchRequest *ask, const Ggen__Package *package)
{
    Ggen__SearchRequest plain = *ask;
    plain.fuzzy = false;
    return relevance_of (&plain, package) != RELEVANCE_OTHER
           || (ask->fuzzy && memory_close (ask->query, package->id));
}

static inline bool
memory_better (const Ggen__SearchRequest *ask, const Ggen__Package *a, const Ggen__Package *b)
{
    int order = (int) relevance_of (ask, a) - (int) relevance_of (ask, b);
    return order ? order < 0 : strcmp (a->id, b->id) < 0;
}

static inline code_t
memory_search (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_registry_t *self = self_;
    const Ggen__SearchRequest *ask = (const void *) message;
    if (ask->limit == 0 || ask->limit > 1000 || strlen (ask->query) > 1000)
        return VALIDATION;
    Ggen__Package *hits[MEMORY_PACKAGES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        Ggen__Package *package = self->packages[i];
        if (package != memory_latest (self, package->id) || !memory_hit (ask, package))
            continue;
        size_t place = count++;
        for (; place > 0 && memory_better (ask, package, hits[place - 1]); place--)
            hits[place] = hits[place - 1];
        hits[place] = package;
    }
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    size_t first = ask->offset < count ? ask->offset : count;
    reply.results = hits + first;
    reply.n_results = count - first < ask->limit ? count - first : ask->limit;
    reply.total = (uint32_t) count;
    return out_reply (at, &reply.base);
}

static inline code_t
memory_reply (const delivery_t *at, Ggen__Package *package)
{
    if (!package)
        return PACKAGE_NOT_FOUND;
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    reply.package = package;
    return out_reply (at, &reply.base);
}

static inline code_t
memory_get (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return memory_reply (at, memory_latest (self, ((const Ggen__GetPackageRequest *) message)->id));
}

static inline code_t
memory_get_version (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__GetPackageVersionRequest *ask = (const void *) message;
    size_t place;
    return memory_reply (at, memory_find (self, ask->id, ask->version, &place));
}

static inline code_t
memory_versions (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_registry_t *self = self_;
    const char *id = ((const Ggen__ListVersionsRequest *) message)->id;
    Ggen__Package *versions[MEMORY_PACKAGES_MAX];
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    reply.versions = versions;
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->packages[i]->id, id) == 0)
            versions[reply.n_versions++] = self->packages[i];
    return out_reply (at, &reply.base);
}

static inline code_t
memory_exists (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_registry_t *self = self_;
    Ggen__ExistsReply reply = GGEN__EXISTS_REPLY__INIT;
    for (size_t i = 0; i < self->count; i++)
        reply.exists |= strcmp (self->packages[i]->id,
                                ((const Ggen__ExistsRequest *) message)->id) == 0;
    return out_reply (at, &reply.base);
}

static inline code_t
memory_metadata (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    memory_registry_t *self = self_;
    Ggen__MetadataReply reply = GGEN__METADATA_REPLY__INIT;
    reply.name = "memory";
    reply.version = "1.0.0";
    reply.supports_publish = true;
    for (size_t i = 0; i < self->count; i++)
        reply.packages_count += i == 0
                                || strcmp (self->packages[i]->id, self->packages[i - 1]->id) != 0;
    return out_reply (at, &reply.base);
}

//  ---- changing ----------------------------------------------------------------------------------

static inline code_t
memory_add (memory_registry_t *self, const Ggen__Package *package)
{
    Ggen__Package *copy =
        self->count < MEMORY_PACKAGES_MAX ? message_copy (&package->base) : NULL;
    if (!copy)
        return INSUFFICIENT_DISK_SPACE;
    size_t place = self->count++;
    for (; place > 0 && memory_compare (copy, self->packages[place - 1]) < 0; place--)
        self->packages[place] = self->packages[place - 1];
    self->packages[place] = copy;
    return OK;
}

static inline code_t
memory_publish (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_registry_t *self = self_;
    const Ggen__PublishRequest *ask = (const void *) message;
    const Ggen__Package *package = ask->package;
    if (!package || !package_id_valid (package->id) || !semver_is_canonical (package->version)
        || access (ask->archive_path, R_OK) != 0)
        return VALIDATION;
    for (size_t i = 0; i < self->count; i++)
        if (package_id_collides (self->packages[i]->id, package->id))
            return ALREADY_EXISTS;
    size_t place;
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    const Ggen__Package *known = memory_find (self, package->id, package->version, &place);
    if (known && !memory_same (known->sha256, package->sha256))
        return ALREADY_EXISTS;
    reply.already_there = known != NULL;
    reply.acknowledged = 1;
    code_t code = known ? OK : memory_add (self, package);
    return code ? code : out_reply (at, &reply.base);
}

static inline code_t
memory_delete (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_registry_t *self = self_;
    const Ggen__DeleteRequest *ask = (const void *) message;
    size_t place;
    Ggen__Package *package = memory_find (self, ask->id, ask->version, &place);
    if (!package)
        return PACKAGE_NOT_FOUND;
    if (!package->publisher || !memory_same (package->publisher->public_key, ask->publisher_key))
        return PERMISSION_DENIED;
    ggen__package__free_unpacked (package, NULL);
    memmove (self->packages + place, self->packages + place + 1,
             (--self->count - place) * sizeof *self->packages);
    Ggen__DeleteReply reply = GGEN__DELETE_REPLY__INIT;
    return out_reply (at, &reply.base);
}

//  ---- life --------------------------------------------------------------------------------------

static inline void *
memory_create (const actor_env_t *env)
{
    (void) env;
    return calloc (1, sizeof (memory_registry_t));
}

static inline void
memory_destroy (void *self_)
{
    memory_registry_t *self = self_;
    for (size_t i = 0; i < self->count; i++)
        ggen__package__free_unpacked (self->packages[i], NULL);
    free (self);
}

static const handler_t memory_rows[] = {
    {&ggen__search_request__descriptor, memory_search, THIS_NODE},
    {&ggen__get_package_request__descriptor, memory_get, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, memory_get_version, THIS_NODE},
    {&ggen__list_versions_request__descriptor, memory_versions, THIS_NODE},
    {&ggen__publish_request__descriptor, memory_publish, THIS_NODE},
    {&ggen__delete_request__descriptor, memory_delete, THIS_NODE},
    {&ggen__exists_request__descriptor, memory_exists, THIS_NODE},
    {&ggen__metadata_request__descriptor, memory_metadata, THIS_NODE},
    {0},
};

static const actor_class_t memory_registry_actor = {
    .name = "registry_memory",
    .create = memory_create,
    .destroy = memory_destroy,
    .rows = memory_rows,
    .service = &ggen__registry__descriptor,
};

#endif
