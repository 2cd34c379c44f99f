// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/swarm/swarm_self.h"

#include <string.h>

void
look_swarm (const void *state, look_bound_fn *bound, void *context)
{
    const swarm_t *swarm = state;
    census_t census = links_census (swarm->links);
    const look_bound_t bounds[] = {
        {"swarm: kept sessions", census.kept, swarm->settings->max_peers},
        {"swarm: transient sessions", census.transients, swarm->settings->max_transients},
        {"swarm: dials", census.dials, DIALS_MAX},
        {"swarm: greetings", census.greetings, GREETINGS_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
    uint32_t cursor = 0;
    for (link_t *link; (link = links_next (swarm->links, &cursor)) != NULL;) {
        const look_bound_t unread = {"swarm: bytes that a peer has yet to read",
                                     link->unwritten_bytes, REPLIES_MAX + ATTACHMENT_BYTES_MAX};
        const look_bound_t owed = {"swarm: requests of a peer", link->owed, OWED_MAX};
        bound (context, &unread);
        bound (context, &owed);
    }
}

void
look_sessions (const void *state, uint32_t *kept_p, uint32_t *all_p)
{
    const swarm_t *swarm = state;
    census_t census = links_census (swarm->links);
    *kept_p = census.kept;
    *all_p = census.kept + census.transients;
}

void
look_links (const void *state, look_link_fn *visit, void *context)
{
    const swarm_t *swarm = state;
    uint32_t cursor = 0;
    for (const link_t *link; (link = links_next (swarm->links, &cursor)) != NULL;)
        if (link->state == LINK_SESSION)
            visit (context, link->key.bytes, link->kept);
}

bool
look_keeps (const void *state, const uint8_t *key_bytes)
{
    const swarm_t *swarm = state;
    peer_key_t key;
    char text[PEER_ID_TEXT + 1];
    memcpy (key.bytes, key_bytes, sizeof key.bytes);
    peer_id_text (&key, text);
    const link_t *link = links_peer (swarm->links, text);
    return link && link->state == LINK_SESSION && link->kept;
}
