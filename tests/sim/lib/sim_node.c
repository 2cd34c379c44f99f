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

//  So long a handler takes, at most: much comes while others are busy.
#define SERVICE_US_MIN 1u
#define SERVICE_US_MAX 800u

void
sim_node_compose (void *things_, world_t *world, uint32_t node, node_plan_t *plan)
{
    static const registry_backend_t backend = {.address = "registry_file", .writes = true};
    static const registry_settings_t registry = {.backends = &backend, .backends_count = 1};
    static const cache_settings_t cache = {.bytes_max = CACHE_BYTES_MAX};
    const sim_things_t *things = things_;
    (void) world, (void) node;
    world_plan_add (plan, &installer_actor, NULL);
    world_plan_add (plan, &registry_actor, &registry);
    world_plan_add (plan, &trust_actor, NULL);
    world_plan_add (plan, &cache_actor, &cache);
    world_plan_add (plan, &sim_registry_file_actor, things->registry);
    world_plan_add (plan, &sim_keyring_actor, things->signer);
    world_plan_add (plan, &sim_blobs_actor, things->disk);
    world_plan_add (plan, &sim_store_actor, things->disk);
    world_plan_add (plan, &sim_state_actor, things->state);
    for (unsigned i = 0; i < plan->count; i++) {
        plan->seats[i].service_us_min = SERVICE_US_MIN;
        plan->seats[i].service_us_max = SERVICE_US_MAX;
    }
}
