// SPDX-License-Identifier: MIT
#include "sim_node.h"

#include "actors/cache/cache.h"
#include "actors/installer/installer.h"
#include "actors/registry/registry.h"
#include "actors/trust/trust.h"
#include "sim_blobs.h"
#include "sim_store.h"

//  So few that blobs have to go.
#define CACHE_BYTES_MAX 1500

const char *const sim_node_actors[SIM_ACTORS_COUNT] = {
    "installer", "registry", "trust", "cache", "registry_file",
    "keyring",   "blobs",    "store", "state"};

void
sim_node_start (const sim_things_t *things, scheduler_t *scheduler)
{
    static const registry_backend_t backend = {.address = "registry_file", .writes = true};
    static const registry_settings_t registry = {.backends = &backend, .backends_count = 1};
    static const cache_settings_t cache = {.bytes_max = CACHE_BYTES_MAX};
    scheduler_add (scheduler, &installer_actor, NULL);
    scheduler_add (scheduler, &registry_actor, &registry);
    scheduler_add (scheduler, &trust_actor, NULL);
    scheduler_add (scheduler, &cache_actor, &cache);
    scheduler_add (scheduler, &sim_registry_file_actor, things->registry);
    scheduler_add (scheduler, &sim_keyring_actor, things->signer);
    scheduler_add (scheduler, &sim_blobs_actor, things->disk);
    scheduler_add (scheduler, &sim_store_actor, things->disk);
    scheduler_add (scheduler, &sim_state_actor, things->state);
}
