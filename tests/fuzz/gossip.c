// SPDX-License-Identifier: MIT
//  What neighbours say to "gossip": frames, pushes, announcements, bytes that are none of these. An
//  input is a sequence of
//
//      [what][who][size, u16 little-endian][size bytes]
//
//  what % 4:  0 a GossipFrame of neighbour who % 4
//             1 a PushRequest of it
//             2 a frame of it with the bytes as announcement; 64 bytes of 7 are a good signature
//             3 who * 16 milliseconds pass
//
//  Whatever comes: what it sends decodes, and memory stays within its bounds.
#include "actors/gossip/gossip_inside.h"
#include "swarm.pb-c.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/stage.h"

#include <string.h>

#define NEIGHBOURS  4
#define TOPIC       "/t"
#define BYTES_MAX   (1u << 20)

//  Of half of all keys.
static bool
verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
    const uint8_t *key)
{
    uint8_t wanted [CRYPTO_SIGNATURE_BYTES];
    stage_sign (context, message, size, wanted);
    return key [0] < 128 && memcmp (signature, wanted, sizeof wanted) == 0;
}

static peer_key_t
neighbour (unsigned who)
{
    peer_key_t key;
    memset (key.bytes, (int) (who % NEIGHBOURS + 1), sizeof key.bytes);
    return key;
}

static void
announce (stage_t *self, const char *from, bytes_t bytes)
{
    ProtobufCBinaryData bodies [] = {{bytes.size, (uint8_t *) bytes.data}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = bodies;
    frame.n_announcements = 1;
    stage_tell (self, from, GGEN__KIND__EVENT, &frame.base);
}

static void
step (stage_t *self, uint8_t what, uint8_t who, bytes_t bytes)
{
    char from [ADDRESS_MAX + 1];
    peer_key_t key = neighbour (who);
    peer_id_address (&key, "gossip", from);
    if (what % 4 == 0)
        stage_say (self, from, GGEN__KIND__EVENT, "GossipFrame", bytes);
    else if (what % 4 == 1)
        stage_say (self, from, GGEN__KIND__REQUEST, "PushRequest", bytes);
    else if (what % 4 == 2)
        announce (self, from, bytes);
    else
        stage_pass (self, who * 16);
}

static void
begin (stage_t *self)
{
    Ggen__FollowRequest follow = GGEN__FOLLOW_REQUEST__INIT;
    follow.topic = TOPIC;
    stage_tell (self, "client-1", GGEN__KIND__REQUEST, &follow.base);
    for (unsigned i = 0; i < NEIGHBOURS; i++) {
        char *protocols [] = {"gossip/1"};
        peer_key_t key = neighbour (i);
        Ggen__PeerUp up = GGEN__PEER_UP__INIT;
        up.peer_key = peer_key_to_field (&key);
        up.protocols = protocols;
        up.n_protocols = 1;
        up.kept = true;
        stage_tell (self, "swarm", GGEN__KIND__EVENT, &up.base);
    }
}

static void
check_bounds (const void *state)
{
    const gossip_t *gossip = state;
    must_hold (history_bytes (gossip->history)
               <= HISTORY_RECENT_FACTOR * gossip->settings->history_bytes_max);
    must_hold (gossip->inbox_bytes <= BYTES_MAX * 4);
    must_hold (gossip->topics_count <= GOSSIP_TOPICS_MAX);
    for (unsigned i = 0; i < gossip->topics_count; i++)
        must_hold (gossip->topics [i]->links_count <= LINKS_MAX);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    stage_t self = {.next_id = 0};
    crypto_t crypto = {.sha256 = crypto_real.sha256, .verify = verify};
    identity_t identity = {.key = {99}, .sign = stage_sign};
    gossip_settings_t settings = gossip_settings_default ();
    settings.identity = &identity;
    settings.history_bytes_max = 4096;
    stage_begin (&self, &gossip_actor, &settings, &crypto, NULL);
    begin (&self);
    stage_play (&self, data, size, step, check_bounds);
    stage_pass (&self, 5000);
    stage_pass (&self, 700000);
    stage_end (&self);
    return 0;
}
