// SPDX-License-Identifier: MIT
#include "honest.h"

#include "actors/trust/trust.h"
#include "multiaddr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  Handlers' times, in microseconds, about as measured on the bus.
#define SERVICE_SWARM_US_MIN 10u
#define SERVICE_SWARM_US_MAX 60u
//  Of a node in a crowd: memory is for other things.
#define SWARM_KNOWN_MAX      16u
#define SERVICE_STATE_US_MIN 50u
#define SERVICE_STATE_US_MAX 400u

#define BLOBS_BYTES_MAX (UINT64_C (1) << 30)
#define CACHE_BYTES_MAX (UINT64_C (1) << 28)

struct honest_t {
    honest_options_t options;
    honest_settings_t **settings;   //  by node; NULL: not asked for yet
    sim_contents_t *contents;
    swarm_bootstrap_t bootstraps[HONEST_BOOTSTRAPS_MAX];
    uint8_t addresses[HONEST_BOOTSTRAPS_MAX][MULTIADDR_SIZE_MAX];
    bool known[HONEST_BOOTSTRAPS_MAX];
};

static const char *const protocols[] = {"dht/1", "gossip/1", NULL};
static const char *const reachable[] = {"dht", "gossip", NULL};
static const char *const listeners[] = {"dht", NULL};
static const char *const clock_listeners[] = {"dht", "gossip", NULL};
static const char *const kept_listeners[] = {"gossip", "reputation", NULL};
static const char *const market_protocols[] = {"dht/1", "gossip/1", "transfer/1", NULL};
static const char *const market_reachable[] = {"dht", "gossip", "transfer", NULL};
static const char *const market_kept_listeners[] = {"gossip", "reputation", "transfer",
                                                    "registry_p2p", NULL};

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
    self->contents = sim_contents_new ();
    return self;
}

void
honest_destroy (honest_t **self_p)
{
    honest_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->options.nodes_max; i++) {
        if (self->settings[i] && self->settings[i]->market)
            sim_parts_destroy (&self->settings[i]->market->blobs);
        if (self->settings[i])
            free (self->settings[i]->market);
        free (self->settings[i]);
    }
    free (self->settings);
    sim_contents_destroy (&self->contents);
    free (self);
    *self_p = NULL;
}

sim_contents_t *
honest_contents (honest_t *self)
{
    return self->contents;
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
            {self->addresses[i], multiaddr_encode (&address, self->addresses[i])}, 0};
        self->known[i] = true;
    }
}

static void *
fresh (size_t size)
{
    void *memory = calloc (1, size);
    if (!memory)
        abort ();
    return memory;
}

static void
make_swarm (const honest_t *self, const identity_t *identity, swarm_settings_t *swarm)
{
    bool market = self->options.market;
    swarm_settings_default (swarm);
    swarm->identity = identity;
    swarm->protocols = market ? market_protocols : protocols;
    swarm->reachable = market ? market_reachable : reachable;
    swarm->listeners = listeners;
    swarm->kept_listeners = market ? market_kept_listeners : kept_listeners;
    swarm->clock_listeners = clock_listeners;
    swarm->bootstraps = self->bootstraps;
    swarm->bootstraps_count = self->options.bootstraps;
}

static honest_market_t *
make_market (honest_t *self, const world_t *world, uint32_t node, const identity_t *identity)
{
    uint64_t bytes_max = self->options.blobs_bytes_max;
    honest_market_t *market = fresh (sizeof *market);
    market->transfer = (transfer_settings_t) TRANSFER_SETTINGS_DEFAULT;
    market->transfer.identity = identity;
    market->cache.bytes_max = CACHE_BYTES_MAX;
    market->registry = registry_p2p_settings_default;
    crypto_sim_identity (&market->publisher, world_crypto (world) == &crypto_real,
                         world_seed (world), "publisher", node);
    sim_signer_of (&market->signer, &market->publisher.identity);
    market->blobs = sim_parts_new (self->contents, bytes_max ? bytes_max : BLOBS_BYTES_MAX);
    return market;
}

static honest_settings_t *
make (honest_t *self, world_t *world, uint32_t node)
{
    const identity_t *identity = world_identity (world, node);
    honest_settings_t *settings = fresh (sizeof *settings);
    make_swarm (self, identity, &settings->swarm);
    settings->swarm.max_known = SWARM_KNOWN_MAX;
    settings->dht = self->options.plain_dht ? dht_settings_plain (identity)
                                            : dht_settings_default (identity);
    settings->gossip = gossip_settings_default ();
    settings->gossip.identity = identity;
    if (self->options.follower)
        settings->gossip.follower = self->options.follower;
    settings->reputation = (reputation_settings_t) REPUTATION_SETTINGS_DEFAULT;
    settings->reputation.identity = identity;
    settings->state = (storage_state_settings_t) {.storage = world_storage (world, node)};
    if (self->options.market) {
        settings->market = make_market (self, world, node, identity);
        settings->gossip.follower = registry_p2p_actor.name;
    }
    return settings;
}

honest_settings_t *
honest_settings (honest_t *self, world_t *world, uint32_t node)
{
    assert (node < self->options.nodes_max);
    if (!self->settings[node])
        self->settings[node] = make (self, world, node);
    return self->settings[node];
}

static void
serves_in (node_plan_t *plan, uint32_t min_us, uint32_t max_us)
{
    plan->seats[plan->count - 1].service_us_min = min_us;
    plan->seats[plan->count - 1].service_us_max = max_us;
}

static void
compose_market (honest_market_t *market, node_plan_t *plan)
{
    world_plan_add (plan, &transfer_actor, &market->transfer);
    world_plan_add (plan, &sim_parts_actor, market->blobs);
    serves_in (plan, SERVICE_STATE_US_MIN, SERVICE_STATE_US_MAX);
    world_plan_add (plan, &cache_actor, &market->cache);
    world_plan_add (plan, &trust_actor, NULL);
    world_plan_add (plan, &sim_keyring_actor, &market->signer);
    world_plan_add (plan, &registry_p2p_actor, &market->registry);
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
    if (settings->market)
        compose_market (settings->market, plan);
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
