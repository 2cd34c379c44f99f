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
#include "runtime/actor/wire.h"
#include "swarm.pb-c.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define NEIGHBOURS  4
#define STEPS_MAX   200
#define TOPIC       "/t"
#define WALL_MS     1763600000000
#define BYTES_MAX   (1u << 20)

typedef struct {
    actor_t *actor;
    int64_t now_ms;
    uint64_t next_id;
} play_t;

static void
check_decodes (const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (size + 1);
    must_hold (packed != NULL);
    protobuf_c_message_pack (message, packed);
    must_hold (wire_valid (message->descriptor, (bytes_t) {packed, size}));
    free (packed);
}

static void
on_send (void *context, const parcel_t *parcel)
{
    (void) context;
    check_decodes (&parcel->envelope->base);
    if (parcel->body)
        check_decodes (parcel->body);
}

static uint64_t
clock_us (void *play)
{
    return (uint64_t) ((play_t *) play)->now_ms * 1000;
}

//  Signatures that an input can have: 64 times the same byte.
static void
sign (void *context, const void *message, size_t size, uint8_t *signature)
{
    (void) context;
    (void) message;
    (void) size;
    memset (signature, 7, CRYPTO_SIGNATURE_BYTES);
}

static bool
verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
    const uint8_t *key)
{
    uint8_t wanted [CRYPTO_SIGNATURE_BYTES];
    sign (context, message, size, wanted);
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
deliver (play_t *self, const char *from, Ggen__Kind kind, const char *type, bytes_t body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = ++self->next_id;
    envelope.from = (char *) from;
    envelope.type = (char *) type;
    envelope.budget_ms = 1000;
    uint8_t *packed = malloc (ggen__envelope__get_packed_size (&envelope) + 1);
    must_hold (packed != NULL);
    mail_t mail = {{packed, ggen__envelope__pack (&envelope, packed)}, body, {NULL, 0}};
    must_hold (actor_deliver (self->actor, &mail, self->now_ms, WALL_MS + self->now_ms) == OK);
    free (packed);
}

static void
tell (play_t *self, const char *from, Ggen__Kind kind, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (size + 1);
    must_hold (packed != NULL);
    protobuf_c_message_pack (message, packed);
    deliver (self, from, kind, message->descriptor->short_name, (bytes_t) {packed, size});
    free (packed);
}

static void
pass (play_t *self, int64_t ms)
{
    self->now_ms += ms;
    must_hold (actor_tick (self->actor, self->now_ms, WALL_MS + self->now_ms) == OK);
}

static void
announce (play_t *self, const char *from, bytes_t bytes)
{
    ProtobufCBinaryData bodies [] = {{bytes.size, (uint8_t *) bytes.data}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = bodies;
    frame.n_announcements = 1;
    tell (self, from, GGEN__KIND__EVENT, &frame.base);
}

static void
step (play_t *self, uint8_t what, uint8_t who, bytes_t bytes)
{
    char from [ADDRESS_MAX + 1];
    peer_key_t key = neighbour (who);
    peer_id_address (&key, "gossip", from);
    if (what % 4 == 0)
        deliver (self, from, GGEN__KIND__EVENT, "GossipFrame", bytes);
    else if (what % 4 == 1)
        deliver (self, from, GGEN__KIND__REQUEST, "PushRequest", bytes);
    else if (what % 4 == 2)
        announce (self, from, bytes);
    else
        pass (self, who * 16);
}

static void
begin (play_t *self)
{
    Ggen__FollowRequest follow = GGEN__FOLLOW_REQUEST__INIT;
    follow.topic = TOPIC;
    tell (self, "client-1", GGEN__KIND__REQUEST, &follow.base);
    for (unsigned i = 0; i < NEIGHBOURS; i++) {
        char *protocols [] = {"gossip/1"};
        peer_key_t key = neighbour (i);
        Ggen__PeerUp up = GGEN__PEER_UP__INIT;
        up.peer_key = peer_key_to_field (&key);
        up.protocols = protocols;
        up.n_protocols = 1;
        up.kept = true;
        tell (self, "swarm", GGEN__KIND__EVENT, &up.base);
    }
}

static void
check_bounds (const gossip_t *gossip)
{
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
    play_t self = {.now_ms = 1000};
    crypto_t crypto = {.sha256 = crypto_real.sha256, .verify = verify};
    identity_t identity = {.key = {99}, .sign = sign};
    gossip_settings_t settings = gossip_settings_default ();
    settings.identity = &identity;
    settings.history_bytes_max = 4096;
    actor_setup_t setup = {.epoch = 1,
                           .crypto = &crypto,
                           .port = {&self, on_send, clock_us},
                           .settings = &settings,
                           .now_ms = self.now_ms,
                           .wall_ms = WALL_MS + self.now_ms};
    self.actor = actor_new (&gossip_actor, &setup);
    must_hold (self.actor != NULL);
    begin (&self);
    for (unsigned steps = 0; size >= 4 && steps < STEPS_MAX; steps++) {
        size_t length = data [2] | (size_t) data [3] << 8;
        if (length > size - 4)
            length = size - 4;
        step (&self, data [0], data [1], (bytes_t) {data + 4, length});
        check_bounds (actor_state (self.actor));
        data += 4 + length;
        size -= 4 + length;
    }
    pass (&self, 5000);
    pass (&self, 700000);
    actor_destroy (&self.actor);
    return 0;
}
