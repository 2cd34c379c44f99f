// SPDX-License-Identifier: MIT
#include "honest.h"

#include "multiaddr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  Handlers' times, in microseconds, about as measured on the bus.
#define SERVICE_SWARM_US_MIN 10u
#define SERVICE_SWARM_US_MAX 60u
#define SERVICE_STATE_US_MIN 50u
#define SERVICE_STATE_US_MAX 400u

struct honest_t {
    honest_options_t options;
    honest_settings_t *settings;
    swarm_bootstrap_t bootstraps[HONEST_BOOTSTRAPS_MAX];
    uint8_t addresses[HONEST_BOOTSTRAPS_MAX][MULTIADDR_SIZE_MAX];
    bool known[HONEST_BOOTSTRAPS_MAX];
};

static const char *const protocols[] = {"dht/1", "gossip/1", NULL};
static const char *const reachable[] = {"dht", "gossip", NULL};
static const char *const listeners[] = {"dht", "gossip", "reputation", NULL};

honest_t *
honest_new (const honest_options_t *options)
{
    assert (options->bootstraps <= HONEST_BOOTSTRAPS_MAX);
    honest_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->options = *options;
    self->settings = calloc (options->nodes_max, sizeof *self->settings);
    if (!self->settings)
        abort ();
    return self;
}

void
honest_destroy (honest_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->settings);
    free (*self_p);
    *self_p = NULL;
}

//  Where the first nodes are, with who they are.
static void
know_bootstraps (honest_t *self, const world_t *world)
{
    for (uint32_t i = 0; i < self->options.bootstraps && i < world_nodes_count (world); i++) {
        if (self->known[i])
            continue;
        uint8_t bytes[WORLD_ADDRESS_BYTES];
        multiaddr_t address;
        code_t code =
            multiaddr_decode (&address, (bytes_t) {bytes, world_address (world, i, bytes)});
        assert (code == OK);
        (void) code;
        address.has_peer = true;
        memcpy (address.peer.bytes, world_identity (world, i)->key, PEER_KEY_SIZE);
        self->bootstraps[i] = (swarm_bootstrap_t) {
            {self->addresses[i], multiaddr_encode (&address, self->addresses[i])}, i};
        self->known[i] = true;
    }
}

static void
make (honest_t *self, world_t *world, uint32_t node, honest_settings_t *settings)
{
    const identity_t *identity = world_identity (world, node);
    swarm_settings_default (&settings->swarm);
    settings->swarm.identity = identity;
    settings->swarm.protocols = protocols;
    settings->swarm.reachable = reachable;
    settings->swarm.listeners = listeners;
    settings->swarm.bootstraps = self->bootstraps;
    settings->swarm.bootstraps_count = self->options.bootstraps;
    settings->dht = self->options.plain_dht ? dht_settings_plain (identity)
                                            : dht_settings_default (identity);
    settings->gossip = gossip_settings_default ();
    settings->gossip.identity = identity;
    if (self->options.follower)
        settings->gossip.follower = self->options.follower;
    settings->reputation = (reputation_settings_t) REPUTATION_SETTINGS_DEFAULT;
    settings->reputation.identity = identity;
    settings->state = (storage_state_settings_t) {.storage = world_storage (world, node)};
    settings->made = true;
}

honest_settings_t *
honest_settings (honest_t *self, world_t *world, uint32_t node)
{
    assert (node < self->options.nodes_max);
    honest_settings_t *settings = &self->settings[node];
    if (!settings->made)
        make (self, world, node, settings);
    return settings;
}

static void
serves_in (node_plan_t *plan, uint32_t min_us, uint32_t max_us)
{
    plan->seats[plan->count - 1].service_us_min = min_us;
    plan->seats[plan->count - 1].service_us_max = max_us;
}

void
honest_compose (void *self_, world_t *world, uint32_t node, node_plan_t *plan)
{
    honest_t *self = self_;
    know_bootstraps (self, world);
    honest_settings_t *settings = honest_settings (self, world, node);
    world_plan_add (plan, &swarm_actor, &settings->swarm);
    serves_in (plan, SERVICE_SWARM_US_MIN, SERVICE_SWARM_US_MAX);
    world_plan_add (plan, &dht_actor, &settings->dht);
    world_plan_add (plan, &gossip_actor, &settings->gossip);
    world_plan_add (plan, &reputation_actor, &settings->reputation);
    world_plan_add (plan, &storage_state_actor, &settings->state);
    serves_in (plan, SERVICE_STATE_US_MIN, SERVICE_STATE_US_MAX);
}

uint32_t
honest_add (honest_t *self, world_t *world)
{
    traits_t traits;
    uint32_t node = world_nodes_count (world);
    world_traits (world, node, &traits);
    if (node < self->options.bootstraps)
        traits.dialable = true;
    return world_add (world, &traits);
}
