// SPDX-License-Identifier: MIT
#include "gossip_inside.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX_SIZE (sizeof GOSSIP_ADDRESS - 1)

void
peer_address (const peer_t *peer, char address [GOSSIP_ADDRESS_SIZE])
{
    memcpy (address, GOSSIP_ADDRESS, PREFIX_SIZE);
    memcpy (address + PREFIX_SIZE, peer->id, PEER_ID_TEXT);
    address [GOSSIP_ADDRESS_SIZE - 1] = 0;
}

//  Ids differ in their last characters; their first ones are alike.
peer_t *
peers_find (const gossip_t *self, const char *address)
{
    if (strlen (address) + 1 != GOSSIP_ADDRESS_SIZE
        || memcmp (address, GOSSIP_ADDRESS, PREFIX_SIZE) != 0)
        return NULL;
    const char *id = address + PREFIX_SIZE;
    for (unsigned slot = 0; slot < self->slots_count; slot++) {
        peer_t *peer = self->peers [slot];
        if (peer && memcmp (peer->id + PEER_ID_TEXT - 8, id + PEER_ID_TEXT - 8, 8) == 0
            && memcmp (peer->id, id, PEER_ID_TEXT) == 0)
            return peer;
    }
    return NULL;
}

peer_t *
peers_find_mark (const gossip_t *self, const uint8_t mark [ID_MARK_SIZE])
{
    for (unsigned slot = 0; slot < self->slots_count; slot++) {
        peer_t *peer = self->peers [slot];
        if (peer && memcmp (peer->key.bytes, mark, ID_MARK_SIZE) == 0)
            return peer;
    }
    return NULL;
}

peer_t *
peers_find_key (const gossip_t *self, const uint8_t *key)
{
    peer_t *peer = peers_find_mark (self, key);
    return peer && memcmp (peer->key.bytes, key, PEER_KEY_SIZE) == 0 ? peer : NULL;
}

//  Before anything that is still counted.
#define LONG_AGO 1000000u

static int
free_slot (gossip_t *self)
{
    for (unsigned slot = 0; slot < self->slots_count; slot++)
        if (!self->peers [slot])
            return (int) slot;
    if (self->slots_count == GOSSIP_PEERS_MAX)
        return -1;
    if (self->slots_count % 8 == 0) {
        peer_t **grown = realloc (self->peers, (self->slots_count + 8u) * sizeof *grown);
        if (!grown)
            return -1;
        self->peers = grown;
    }
    self->peers [self->slots_count] = NULL;
    return self->slots_count++;
}

peer_t *
peers_add (gossip_t *self, const peer_key_t *key)
{
    int slot = free_slot (self);
    peer_t *peer = slot < 0 ? NULL : calloc (1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->key = *key;
    peer->slot = (uint8_t) slot;
    char text [PEER_ID_TEXT + 1];
    peer_id_text (key, text);
    memcpy (peer->id, text, PEER_ID_TEXT);
    peer->verify_at = peer->complained_at = peer->ids_told_at = (uint32_t) self->now_ms - LONG_AGO;
    self->peers [slot] = peer;
    self->peers_count++;
    history_forget_peer (self->history, (unsigned) slot);
    return peer;
}

static void
peer_free (peer_t *peer)
{
    if (peer->topics_count > PEER_TOPICS_INSIDE)
        free (peer->topics.many);
    free (peer);
}

void
peers_remove (gossip_t *self, peer_t *peer)
{
    for (unsigned i = 0; i < self->topics_count; i++)
        mesh_forget (self, self->topics [i], peer);
    wants_forget (self, peer);
    outbox_drop (self, peer);
    intake_drop (self, peer);
    self->peers [peer->slot] = NULL;
    self->peers_count--;
    peer_free (peer);
}

void
peers_done (gossip_t *self)
{
    peer_t *peer;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++) {
        outbox_drop (self, peer);
        intake_drop (self, peer);
        peer_free (peer);
    }
    free (self->peers);
}

peer_t *
peers_next (const gossip_t *self, unsigned *slot)
{
    while (*slot < self->slots_count && !self->peers [*slot])
        ++*slot;
    return *slot < self->slots_count ? self->peers [*slot] : NULL;
}

//  ---- one neighbour -----------------------------------------------------------------------------

static uint32_t *
topics_of (peer_t *peer)
{
    return peer->topics_count > PEER_TOPICS_INSIDE ? peer->topics.many : peer->topics.few;
}

bool
peer_follows (const peer_t *peer, uint32_t topic)
{
    const uint32_t *topics =
        peer->topics_count > PEER_TOPICS_INSIDE ? peer->topics.many : peer->topics.few;
    for (unsigned i = 0; i < peer->topics_count; i++)
        if (topics [i] == topic)
            return true;
    return false;
}

bool
peer_follow (peer_t *peer, uint32_t topic)
{
    unsigned count = peer->topics_count;
    if (count == PEER_TOPICS_MAX || peer_follows (peer, topic))
        return false;
    if (count >= PEER_TOPICS_INSIDE) {
        uint32_t *old = count > PEER_TOPICS_INSIDE ? peer->topics.many : NULL;
        uint32_t *grown = realloc (old, (count + 1) * sizeof *grown);
        if (!grown)
            return false;
        if (!old)
            memcpy (grown, peer->topics.few, sizeof peer->topics.few);
        peer->topics.many = grown;
    }
    peer->topics_count++;
    topics_of (peer) [count] = topic;
    return true;
}

void
peer_unfollow (peer_t *peer, uint32_t topic)
{
    uint32_t *topics = topics_of (peer);
    for (unsigned i = 0; i < peer->topics_count; i++) {
        if (topics [i] != topic)
            continue;
        topics [i] = topics [peer->topics_count - 1];
        if (--peer->topics_count == PEER_TOPICS_INSIDE) {
            memcpy (peer->topics.few, topics, sizeof peer->topics.few);
            free (topics);
        }
        return;
    }
}

void
peer_count_second (peer_t *peer, int64_t now_ms)
{
    uint32_t second = (uint32_t) (now_ms / 1000);
    if (peer->second == second)
        return;
    peer->second = second;
    peer->ids_heard = 0;
    peer->bytes_served = 0;
}

//  ---- where it is -------------------------------------------------------------------------------

//  Loopback, private (RFC 1918), shared (RFC 6598), link-local: many honest nodes may be behind one.
static bool
ip4_public (const uint8_t *ip)
{
    return !(ip [0] == 0 || ip [0] == 10 || ip [0] == 127 || (ip [0] == 172 && ip [1] >> 4 == 1)
             || (ip [0] == 192 && ip [1] == 168) || (ip [0] == 100 && ip [1] >> 6 == 1)
             || (ip [0] == 169 && ip [1] == 254));
}

//  A binary multiaddr begins with its protocol: ip4 is 4, ip6 is 41. One IPv6 site is a /48.
uint32_t
peer_group (bytes_t multiaddr)
{
    const uint8_t *at = multiaddr.data;
    uint32_t group = 0;
    if (multiaddr.size >= 5 && at [0] == 4 && ip4_public (at + 1))
        memcpy (&group, at + 1, sizeof group);
    else if (multiaddr.size >= 17 && at [0] == 41 && at [1] >> 5 == 1)
        for (unsigned i = 1; i <= 6; i++)
            group = (group ^ at [i]) * 16777619u;
    return group;
}
