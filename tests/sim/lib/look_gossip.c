// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/gossip/gossip_inside.h"

void
look_gossip (const void *state, look_bound_fn *bound, void *context)
{
    const gossip_t *gossip = state;
    const look_bound_t bounds[] = {
        {"gossip: neighbours", gossip->peers_count, GOSSIP_PEERS_MAX},
        {"gossip: topics", gossip->topics_count, GOSSIP_TOPICS_MAX},
        {"gossip: bytes of our own that wait", gossip->batch_bytes, GOSSIP_ITEMS_WAITING_BYTES_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
    for (unsigned i = 0; i < gossip->topics_count; i++) {
        const look_bound_t links = {"gossip: links of a topic", gossip->topics[i]->links_count,
                                    LINKS_MAX};
        const look_bound_t backoffs = {"gossip: backoffs of a topic",
                                       gossip->topics[i]->backoffs_count, BACKOFFS_MAX};
        bound (context, &links);
        bound (context, &backoffs);
    }
}

look_gossip_t
look_gossip_counts (const void *state)
{
    const gossip_t *gossip = state;
    return (look_gossip_t) {gossip->counts.sent_bodies, gossip->counts.delivered,
                            gossip->counts.duplicates, gossip->counts.announced};
}

void
look_gossip_neighbours (const void *state, look_neighbour_fn *visit, void *context)
{
    const gossip_t *gossip = state;
    const peer_t *peer;
    for (unsigned slot = 0; (peer = peers_next (gossip, &slot)) != NULL; slot++)
        visit (context, peer->key.bytes);
}

uint64_t
look_gossip_stored (const void *state)
{
    return history_bytes (((const gossip_t *) state)->history);
}
