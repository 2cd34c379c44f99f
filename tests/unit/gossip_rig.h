// SPDX-License-Identifier: MIT
//  One gossip actor and the people around it, who are the test: they have keys, sign, and say frames.
//  Include after cmocka.h.
#ifndef GGEN_TESTS_GOSSIP_RIG_H
#define GGEN_TESTS_GOSSIP_RIG_H

#include "actors/gossip/gossip_inside.h"
#include "gossip.pb-c.h"
#include "swarm.pb-c.h"
#include "tests/puppet.h"

#include <sodium.h>

#define RIG_TOPIC      "/ggen/packages/v1"
#define RIG_PEOPLE_MAX 100

typedef struct {
    peer_key_t key;
    uint8_t secret [crypto_sign_SECRETKEYBYTES];
    char address [ADDRESS_MAX + 1];
    uint64_t seq;
} person_t;

typedef struct {
    puppet_t puppet;
    person_t us;
    person_t people [RIG_PEOPLE_MAX];
    identity_t identity;
    gossip_settings_t settings;
} rig_t;

static inline void
rig_sign (void *person, const void *message, size_t size, uint8_t *signature)
{
    crypto_sign_detached (signature, NULL, message, size, ((person_t *) person)->secret);
}

static inline void
person_init (person_t *self, unsigned number)
{
    uint8_t seed [crypto_sign_SEEDBYTES] = {(uint8_t) number, (uint8_t) (number >> 8), 1};
    crypto_sign_seed_keypair (self->key.bytes, self->secret, seed);
    peer_id_address (&self->key, "gossip", self->address);
    self->seq = 1ull << 40;
}

static inline void
rig_start (rig_t *self)
{
    person_init (&self->us, 1000);
    for (unsigned i = 0; i < RIG_PEOPLE_MAX; i++)
        person_init (&self->people [i], i);
    memcpy (self->identity.key, self->us.key.bytes, CRYPTO_KEY_BYTES);
    self->identity.sign = rig_sign;
    self->identity.context = &self->us;
    self->settings = gossip_settings_default ();
    self->settings.identity = &self->identity;
    puppet_start (&self->puppet, &gossip_actor, &self->settings);
}

static inline rig_t *
rig_new (void)
{
    rig_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    rig_start (self);
    return self;
}

static inline void
rig_destroy (rig_t *self)
{
    puppet_stop (&self->puppet);
    free (self);
}

static inline gossip_t *
rig_state (rig_t *self)
{
    return actor_state (self->puppet.actor);
}

//  ---- saying ------------------------------------------------------------------------------------

static inline void
rig_event (rig_t *self, const char *from, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    assert_int_equal (puppet_deliver (&self->puppet, &envelope, body, size), OK);
    free (body);
}

//  A request of another node; its answer goes to its address.
static inline void
rig_request (rig_t *self, unsigned who, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = ++self->puppet.next_id;
    envelope.from = self->people [who].address;
    envelope.type = (char *) message->descriptor->short_name;
    envelope.budget_ms = 3000;
    assert_int_equal (puppet_deliver (&self->puppet, &envelope, body, size), OK);
    free (body);
}

static inline void
rig_up_as (rig_t *self, unsigned who, const char *protocol, bool kept, bool inbound)
{
    char *protocols [] = {"dht/1", (char *) protocol};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = peer_key_to_field (&self->people [who].key);
    up.protocols = protocols;
    up.n_protocols = 2;
    up.kept = kept;
    up.inbound = inbound;
    rig_event (self, "swarm", &up.base);
}

static inline void
rig_down (rig_t *self, unsigned who)
{
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = peer_key_to_field (&self->people [who].key);
    rig_event (self, "swarm", &down.base);
}

static inline void
rig_frame (rig_t *self, unsigned who, const Ggen__GossipFrame *frame)
{
    rig_event (self, self->people [who].address, &frame->base);
}

static inline void
rig_follow_topic (rig_t *self, const char *topic, bool stop)
{
    Ggen__FollowRequest request = GGEN__FOLLOW_REQUEST__INIT;
    request.topic = (char *) topic;
    request.stop = stop;
    puppet_ask (&self->puppet, &request.base);
    puppet_free (puppet_hear (&self->puppet, &ggen__follow_reply__descriptor));
}

static inline void
rig_subscribe (rig_t *self, unsigned who, const char *topic)
{
    char *topics [] = {(char *) topic};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.subscribe = topics;
    frame.n_subscribe = 1;
    rig_frame (self, who, &frame);
}

//  It follows, and makes a link, eager or lazy.
static inline void
rig_link (rig_t *self, unsigned who, bool eager)
{
    char *topics [] = {RIG_TOPIC};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.subscribe = frame.graft = topics;
    frame.n_subscribe = frame.n_graft = 1;
    if (eager) {
        frame.eager = topics;
        frame.n_eager = 1;
    }
    rig_frame (self, who, &frame);
}

static inline void
rig_up (rig_t *self, unsigned who)
{
    rig_up_as (self, who, "gossip/1", true, true);
}

//  ---- announcements -----------------------------------------------------------------------------

typedef struct {
    uint8_t *bytes;
    size_t size;
    uint8_t id [ID_SIZE];
} packed_t;

static inline packed_t
rig_seal (rig_t *self, person_t *by, const char *topic, const char *item, int64_t wall_ms)
{
    ProtobufCBinaryData items [] = {{strlen (item), (uint8_t *) item}};
    identity_t identity = {.sign = rig_sign, .context = by};
    memcpy (identity.key, by->key.bytes, sizeof identity.key);
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    announcement.seq = ++by->seq;
    announcement.wall_ms = wall_ms;
    announcement.topic = (char *) topic;
    announcement.items = items;
    announcement.n_items = 1;
    packed_t packed;
    packed.bytes = announcement_seal (&announcement, &identity, &packed.size);
    assert_non_null (packed.bytes);
    crypto_real.sha256 (packed.bytes, packed.size, packed.id);
    (void) self;
    return packed;
}

static inline packed_t
rig_announcement (rig_t *self, unsigned by, const char *item)
{
    return rig_seal (self, &self->people [by], RIG_TOPIC, item, self->puppet.wall_ms);
}

static inline void
rig_send (rig_t *self, unsigned who, const packed_t *packed)
{
    ProtobufCBinaryData bodies [] = {{packed->size, packed->bytes}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = bodies;
    frame.n_announcements = 1;
    rig_frame (self, who, &frame);
}

static inline void
rig_have (rig_t *self, unsigned who, const uint8_t *id, bool late)
{
    ProtobufCBinaryData ids [] = {{ID_SIZE, (uint8_t *) id}};
    Ggen__GossipHave have = GGEN__GOSSIP_HAVE__INIT, *haves [] = {&have};
    have.topic = RIG_TOPIC;
    have.ids = ids;
    have.n_ids = 1;
    have.late = late;
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.have = haves;
    frame.n_have = 1;
    rig_frame (self, who, &frame);
}

static inline void
rig_want (rig_t *self, unsigned who, const uint8_t *id)
{
    ProtobufCBinaryData ids [] = {{ID_SIZE, (uint8_t *) id}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.want = ids;
    frame.n_want = 1;
    rig_frame (self, who, &frame);
}

//  ---- hearing -----------------------------------------------------------------------------------

//  What one was told since the last time, all frames together.
typedef struct {
    unsigned frames, bodies, have, late, want, dont_want, graft, prune, eager, lazy, subscribe,
        unsubscribe, pushes;
    uint64_t push_id;
    uint8_t push [512];
    size_t push_size;
} told_t;

static inline void
told_frame (told_t *told, const said_t *said)
{
    Ggen__GossipFrame *frame = ggen__gossip_frame__unpack (NULL, said->body_size, said->body);
    assert_non_null (frame);
    told->frames++;
    told->bodies += (unsigned) frame->n_announcements;
    for (size_t i = 0; i < frame->n_have; i++)
        *(frame->have [i]->late ? &told->late : &told->have) += (unsigned) frame->have [i]->n_ids;
    told->want += (unsigned) frame->n_want;
    told->dont_want += (unsigned) frame->n_dont_want;
    told->graft += (unsigned) frame->n_graft;
    told->prune += (unsigned) frame->n_prune;
    told->eager += (unsigned) frame->n_eager;
    told->lazy += (unsigned) frame->n_lazy;
    told->subscribe += (unsigned) frame->n_subscribe;
    told->unsubscribe += (unsigned) frame->n_unsubscribe;
    ggen__gossip_frame__free_unpacked (frame, NULL);
}

static inline told_t
rig_told (rig_t *self, unsigned who)
{
    told_t told = {0};
    said_t said = {0};
    while (puppet_take (&self->puppet, self->people [who].address, &said)) {
        if (strcmp (said.envelope->type, "GossipFrame") == 0)
            told_frame (&told, &said);
        else if (strcmp (said.envelope->type, "PushRequest") == 0) {
            told.pushes++;
            told.push_id = said.envelope->id;
        }
        said_free (&said);
    }
    return told;
}

//  Items that the follower was given since the last time.
static inline unsigned
rig_delivered (rig_t *self)
{
    unsigned count = 0;
    said_t said = {0};
    while (puppet_take (&self->puppet, "registry_p2p", &said)) {
        assert_string_equal (said.envelope->type, "Announced");
        count++;
        said_free (&said);
    }
    return count;
}

//  What reputation was told last; EXPERIENCE_NONE = nothing since the last time.
static inline Ggen__Experience
rig_observed (rig_t *self)
{
    Ggen__Experience experience = GGEN__EXPERIENCE__EXPERIENCE_NONE;
    said_t said = {0};
    while (puppet_take (&self->puppet, "reputation", &said)) {
        Ggen__Observation *seen = ggen__observation__unpack (NULL, said.body_size, said.body);
        assert_non_null (seen);
        experience = seen->experience;
        ggen__observation__free_unpacked (seen, NULL);
        said_free (&said);
    }
    return experience;
}

static inline Ggen__GossipStatusReply *
rig_status (rig_t *self)
{
    Ggen__GossipStatusRequest request = GGEN__GOSSIP_STATUS_REQUEST__INIT;
    puppet_ask (&self->puppet, &request.base);
    return puppet_hear (&self->puppet, &ggen__gossip_status_reply__descriptor);
}

#endif
