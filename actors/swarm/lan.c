// SPDX-License-Identifier: MIT
#include "lan.h"

#include "connectivity.h"
#include "dials.h"
#include "lan.pb-c.h"
#include "sessions.h"

#include <string.h>

//  Is there use for one more, and may one more be tried?
static bool
is_wanted (const swarm_t *self)
{
    const census_t census = links_census (self->links);
    uint32_t near = 0, dials = 0, cursor = 0;
    const link_t *link;
    if (census.kept >= self->settings->max_peers)
        return false;
    while ((link = links_next (self->links, &cursor)) != NULL) {
        near += link->lan && link->state == LINK_SESSION && link->kept;
        dials += link->lan && link->greeting && !link->inbound;
    }
    return dials < LAN_DIALS_MAX
           && (census.kept + dials < connectivity_wanted (self) || near + dials < LAN_PEERS_WANTED);
}

//  A dial to it failed not long ago, or it asked to be left alone.
static bool
is_resting (const swarm_t *self, const peer_key_t *key)
{
    const int64_t now_ms = out_now_ms (self->out);
    const known_t *known = book_find (self->book, key);
    return (known && known->next_ms > now_ms) || book_missed_until_ms (self->book, key) > now_ms;
}

static void
dial (swarm_t *self, const peer_key_t *key, ProtobufCBinaryData address)
{
    addresses_t addresses;
    link_t *link;
    const bytes_t nowhere = {NULL, 0};
    if (!addresses_set (&addresses, &address, 1, &nowhere, key))
        return;
    dial_t request = {.key = key, .addresses = &addresses, .kept = true};
    if (dials_begin (self, &request, &link).code == OK)
        link->lan = true;
}

code_t
lan_sighted (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__LanSighting *sighting = (const void *) message;
    peer_key_t key;
    char text[PEER_ID_TEXT + 1];
    (void) at;
    if (peer_key_from_field (&key, sighting->peer_key) != OK)
        return VALIDATION;
    peer_id_text (&key, text);
    link_t *link = sessions_peer (self, text);
    if (link && link->state == LINK_SESSION)
        link->lan |= addresses_same_ip (
            link_seen (link), (bytes_t) {sighting->address.data, sighting->address.len});
    else if (!link && !is_resting (self, &key) && is_wanted (self))
        dial (self, &key, sighting->address);
    return OK;
}
