// SPDX-License-Identifier: MIT
#include "status.h"

#include "dialability.h"
#include "lanes.h"

#include <stdlib.h>
#include <string.h>

//  ---- peers -------------------------------------------------------------------------------------

typedef struct {
    Ggen__PeerStatus status;
    char *protocols[SWARM_PROTOCOLS_MAX];
} row_t;

static void
fill (row_t *row, link_t *link, const swarm_t *self)
{
    Ggen__PeerStatus *status = &row->status;
    ggen__peer_status__init (status);
    status->peer_key = peer_key_to_field (&link->key);
    status->address = (ProtobufCBinaryData) {link->seen_size, link->seen};
    status->inbound = link->inbound;
    status->kept = link->kept;
    status->persistent = link->persistent;
    status->lan = link->lan;
    status->tier = link->tier;
    status->rtt_ms = (link->rtt_us + 999) / 1000;
    status->since_ms = out_now_ms (self->out) - link->since_ms;
    status->sent_bytes = link->sent_bytes;
    status->received_bytes = link->received_bytes;
    status->bulk = lanes_open (link);
    status->protocols = row->protocols;
    status->n_protocols = link_protocols (link, swarm_asked_protocols (self), row->protocols);
}

code_t
status_peers (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    swarm_t *self = self_;
    Ggen__PeersReply reply = GGEN__PEERS_REPLY__INIT;
    size_t count = links_count (self->links) + 1;
    row_t *rows = calloc (count, sizeof *rows);
    reply.peers = calloc (count, sizeof *reply.peers);
    code_t code = rows && reply.peers ? OK : BUSY;
    uint32_t cursor = 0;
    link_t *link;
    while (code == OK && (link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_SESSION) {
            fill (&rows[reply.n_peers], link, self);
            reply.peers[reply.n_peers] = &rows[reply.n_peers].status;
            reply.n_peers++;
        }
    reply.peers_max = self->settings->max_peers;
    if (code == OK)
        out_answer (self->out, at->ticket, &reply.base);
    free (reply.peers);
    free (rows);
    return code;
}

//  ---- all together ------------------------------------------------------------------------------

static uint32_t
lanes_count (const swarm_t *self)
{
    uint32_t count = 0, cursor = 0;
    const link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        count += lanes_open (link);
    return count;
}

//  Whatever else is said goes by the last one's name.
static const char *const traffic_names[SWARM_TRAFFIC_MAX] = {"dht", "gossip", "transfer", "swarm",
                                                             "other"};

traffic_t *
status_traffic (swarm_t *self, const char *address)
{
    const size_t size = strcspn (address, "@");
    unsigned at = 0;
    while (at + 1 < SWARM_TRAFFIC_MAX
           && (strlen (traffic_names[at]) != size || memcmp (traffic_names[at], address, size) != 0))
        at++;
    return &self->traffic[at];
}

static void
fill_traffic (const swarm_t *self, Ggen__Traffic rows[SWARM_TRAFFIC_MAX],
              Ggen__Traffic *list[SWARM_TRAFFIC_MAX])
{
    for (unsigned i = 0; i < SWARM_TRAFFIC_MAX; i++) {
        ggen__traffic__init (list[i] = &rows[i]);
        rows[i].protocol = (char *) traffic_names[i];
        rows[i].sent_bytes = self->traffic[i].sent_bytes;
        rows[i].received_bytes = self->traffic[i].received_bytes;
    }
}

code_t
status_swarm (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    swarm_t *self = self_;
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX], dialable[MULTIADDR_PEER_MAX];
    Ggen__Dialability dialability = GGEN__DIALABILITY__INIT;
    Ggen__SwarmStatusReply reply = GGEN__SWARM_STATUS_REPLY__INIT;
    Ggen__Traffic traffic[SWARM_TRAFFIC_MAX], *traffic_list[SWARM_TRAFFIC_MAX];
    census_t census = links_census (self->links);
    dialability_say (self, &dialability, dialable);
    reply.peer_key =
        (ProtobufCBinaryData) {PEER_KEY_SIZE, (uint8_t *) self->settings->identity->key};
    reply.addresses = addresses;
    reply.n_addresses = addresses_fields (&self->listening, addresses);
    reply.dialability = &dialability;
    reply.connectivity = self->connectivity.now;
    reply.peers_count = census.kept;
    reply.transient_count = census.transients;
    reply.peers_max = self->settings->max_peers;
    reply.known_count = book_count (self->book);
    reply.clock_skew_ms = peer_clocks_skew_ms (&self->clocks);
    reply.refused_banned = self->refused_banned;
    reply.refused_full = self->refused_full;
    reply.refused_rate = self->refused_rate;
    reply.dropped_invalid = self->dropped_invalid;
    fill_traffic (self, traffic, traffic_list);
    reply.traffic = traffic_list;
    reply.n_traffic = SWARM_TRAFFIC_MAX;
    reply.last_bootstrap_ms =
        self->bootstrapped_ms < 0 ? -1 : out_now_ms (self->out) - self->bootstrapped_ms;
    reply.bulk_count = lanes_count (self);
    reply.bulk_sent_bytes = self->bulk_sent_bytes;
    reply.bulk_received_bytes = self->bulk_received_bytes;
    return out_reply (at, &reply.base);
}
