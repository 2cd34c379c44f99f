// SPDX-License-Identifier: MIT
#include "sim_wishes.h"

#include "actors/registry/reply.h"
#include "cache.pb-c.h"
#include "installer.pb-c.h"
#include "registry.pb-c.h"
#include "sim_market.h"
#include "trust.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
one_of (const sim_wishes_t *self, const char *const *list)
{
    size_t count = 0;
    while (list[count])
        count++;
    return list[rng_below (self->rng, count)];
}

//  A name to install; one time in six it is a trap.
static const char *
some_name (const sim_wishes_t *self)
{
    return one_of (self, rng_below (self->rng, 6) ? sim_market_names : sim_market_traps);
}

static bool
chance (const sim_wishes_t *self, unsigned one_in)
{
    return rng_below (self->rng, one_in) == 0;
}

static ProtobufCBinaryData
some_key (const sim_wishes_t *self)
{
    const publisher_key_t *key = &self->keys[rng_below (self->rng, self->keys_count)];
    ProtobufCBinaryData field = {PUBLISHER_KEY_SIZE, malloc (PUBLISHER_KEY_SIZE)};
    if (!field.data)
        abort ();
    memcpy (field.data, key->bytes, PUBLISHER_KEY_SIZE);
    return field;
}

//  ---- of the installer ----------------------------------------------------------------------------

static void
fill_install (const sim_wishes_t *self, void *message)
{
    Ggen__InstallRequest *install = message;
    static const char *const ranges[] = {"", "", "@^1.0.0", "@1.0.0", "@>=1.1.0", "@3", NULL};
    for (uint64_t i = 0, count = 1 + rng_below (self->rng, 2); i < count; i++) {
        char want[64];
        snprintf (want, sizeof want, "%s%s", some_name (self), one_of (self, ranges));
        if (!reply_add_text (message, "wants", want))
            abort ();
    }
    install->force = chance (self, 8);
    install->dry_run = chance (self, 10);
    install->offline = chance (self, 20);
    install->no_dependencies = chance (self, 20);
    if (chance (self, 6))
        install->publisher_key = some_key (self);
}

static void
fill_remove (const sim_wishes_t *self, void *message)
{
    if (!reply_add_text (message, "names", some_name (self)))
        abort ();
    ((Ggen__RemoveRequest *) message)->force = chance (self, 4);
}

static void
fill_verify (const sim_wishes_t *self, void *message)
{
    ((Ggen__VerifyRequest *) message)->fix = chance (self, 2);
}

static void
fill_rollback (const sim_wishes_t *self, void *message)
{
    if (chance (self, 3))
        ((Ggen__RollbackRequest *) message)->generation = 1 + rng_below (self->rng, 6);
}

static void
fill_publish (const sim_wishes_t *self, void *message)
{
    Ggen__PublishTreeRequest *publish = message;
    char path[SIM_PATH_MAX];
    snprintf (path, sizeof path, SIM_SOURCES "%s", one_of (self, sim_market_sources));
    reply_set_text (&publish->path, path);
    publish->dry_run = chance (self, 10);
    if (chance (self, 12))
        reply_set_text (&publish->version, "1.9.0");
}

static void
fill_init (const sim_wishes_t *self, void *message)
{
    char path[SIM_PATH_MAX];
    snprintf (path, sizeof path, "/new/%u", (unsigned) rng_below (self->rng, 4));
    reply_set_text (&((Ggen__InitRequest *) message)->path, path);
    reply_set_text (&((Ggen__InitRequest *) message)->name, "fresh");
}

static void
fill_nothing (const sim_wishes_t *self, void *message)
{
    (void) self;
    (void) message;
}

//  ---- of the others -------------------------------------------------------------------------------

static void
fill_search (const sim_wishes_t *self, void *message)
{
    Ggen__SearchRequest *search = message;
    static const char *const queries[] = {"own", "alice", "goods", "rival", "", NULL};
    reply_set_text (&search->query, one_of (self, queries));
    search->limit = (uint32_t) rng_below (self->rng, 20);
    search->fuzzy = chance (self, 2);
}

static void
fill_get (const sim_wishes_t *self, void *message)
{
    reply_set_text (&((Ggen__GetPackageRequest *) message)->id, some_name (self));
}

static void
fill_versions (const sim_wishes_t *self, void *message)
{
    reply_set_text (&((Ggen__ListVersionsRequest *) message)->id, some_name (self));
}

static void
fill_exists (const sim_wishes_t *self, void *message)
{
    reply_set_text (&((Ggen__ExistsRequest *) message)->id, some_name (self));
}

static void
fill_trust_add (const sim_wishes_t *self, void *message)
{
    reply_set_text (&((Ggen__TrustAddRequest *) message)->name, some_name (self));
    ((Ggen__TrustAddRequest *) message)->key = some_key (self);
}

static void
fill_trust_remove (const sim_wishes_t *self, void *message)
{
    reply_set_text (&((Ggen__TrustRemoveRequest *) message)->name, some_name (self));
}

//  ---- all of them ---------------------------------------------------------------------------------

typedef struct {
    unsigned weight;
    const char *to;
    const ProtobufCMessageDescriptor *message;
    void (*fill) (const sim_wishes_t *self, void *message);
} kind_t;

static const kind_t kinds[] = {
    {26, "installer", &ggen__install_request__descriptor, fill_install},
    {22, "installer", &ggen__publish_tree_request__descriptor, fill_publish},
    {8, "installer", &ggen__remove_request__descriptor, fill_remove},
    {8, "installer", &ggen__verify_request__descriptor, fill_verify},
    {6, "installer", &ggen__rollback_request__descriptor, fill_rollback},
    {4, "installer", &ggen__list_installed_request__descriptor, fill_nothing},
    {2, "installer", &ggen__init_request__descriptor, fill_init},
    {6, "registry", &ggen__search_request__descriptor, fill_search},
    {3, "registry", &ggen__get_package_request__descriptor, fill_get},
    {3, "registry", &ggen__list_versions_request__descriptor, fill_versions},
    {2, "registry", &ggen__exists_request__descriptor, fill_exists},
    {1, "registry", &ggen__metadata_request__descriptor, fill_nothing},
    {2, "trust", &ggen__trust_list_request__descriptor, fill_nothing},
    {2, "trust", &ggen__trust_add_request__descriptor, fill_trust_add},
    {1, "trust", &ggen__trust_remove_request__descriptor, fill_trust_remove},
    {2, "cache", &ggen__cache_status_request__descriptor, fill_nothing},
    {1, "keyring", &ggen__key_show_request__descriptor, fill_nothing},
    {1, "nobody", &ggen__metadata_request__descriptor, fill_nothing},
};

ProtobufCMessage *
sim_wishes_next (const sim_wishes_t *self, const char **to_p)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT_OF (kinds); i++)
        sum += kinds[i].weight;
    uint64_t drawn = rng_below (self->rng, sum);
    const kind_t *kind = kinds;
    for (; drawn >= kind->weight; kind++)
        drawn -= kind->weight;
    ProtobufCMessage *message = reply_new (kind->message);
    if (!message)
        abort ();
    kind->fill (self, message);
    *to_p = kind->to;
    return message;
}

void
sim_wishes_free (ProtobufCMessage *message)
{
    protobuf_c_message_free_unpacked (message, NULL);
}
