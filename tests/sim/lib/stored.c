// SPDX-License-Identifier: MIT
#include "stored.h"

#include "look.h"

static const struct {
    const char *seat;
    uint64_t (*bytes) (const void *state);
} kinds[STORED_KINDS] = {{"dht", look_dht_stored},
                         {"registry_p2p", look_registry_stored},
                         {"gossip", look_gossip_stored},
                         {"trust", look_trust_stored}};

const char *
stored_name (unsigned kind)
{
    return kinds[kind].seat;
}

//  A seat of this name may be somebody else's in a scenario of its own.
static const void *
state_of (const world_t *world, uint32_t node, const char *seat)
{
    return world_node_state (world, node) == NODE_ON ? world_actor (world, node, seat) : NULL;
}

stored_t
stored_bytes (const world_t *world)
{
    stored_t stored = {.all = 0};
    for (uint32_t node = 0; node < world_nodes_count (world); node++)
        for (unsigned i = 0; i < STORED_KINDS; i++) {
            const void *state = state_of (world, node, kinds[i].seat);
            uint64_t bytes = state ? kinds[i].bytes (state) : 0;
            stored.bytes[i] += bytes;
            stored.all += bytes;
        }
    return stored;
}
