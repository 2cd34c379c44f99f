// SPDX-License-Identifier: MIT
//  Lies in the seat "gossip".
#include "adversary.h"

#include "actors/gossip/gossip_inside.h"
#include "nodes.h"

#include <stdlib.h>
#include <string.h>

#define PEERS_MAX    64u
#define FLOOD_BODIES 10u            //  ten times a second, to each neighbour
#define PROMISES     50u
#define KEPT_MAX     16u
#define ITEM_BYTES   200u

static liar_t *
liar_of (const void *state)
{
    return (liar_t *) ((const gossip_t *) state)->settings;
}

static code_t
tick_lying (void *state, int64_t now_ms, int64_t wall_ms)
{
    return liar_tick (liar_of (state), state, now_ms, wall_ms);
}

static int64_t
deadline_lying (const void *state)
{
    return liar_deadline_ms (liar_of (state), state);
}

static size_t
settings (const honest_settings_t *settings, const void **settings_p)
{
    *settings_p = &settings->gossip;
    return sizeof settings->gossip;
}

const mask_t mask_gossip = {&gossip_actor, tick_lying, deadline_lying, settings};

static const handler_t no_rows[] = {{0}};

static void
tell (const gossip_t *self, const uint8_t *key, const Ggen__GossipFrame *frame)
{
    char to[PEER_ADDRESS_SIZE];
    peer_key_t peer;
    memcpy (peer.bytes, key, sizeof peer.bytes);
    peer_id_address (&peer, "gossip", to);
    out_event (self->out, to, &frame->base);
}

//  ---- bodies --------------------------------------------------------------------------------------

static ProtobufCBinaryData
make (liar_t *liar, const identity_t *identity, uint64_t number, int64_t wall_ms)
{
    uint8_t item[ITEM_BYTES];
    ProtobufCBinaryData items[] = {{sizeof item, item}}, body;
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    rng_bytes (&liar->rng, item, sizeof item);
    announcement.seq = ((uint64_t) (wall_ms - wall_ms % 3600000) << ORIGINS_RUN_BITS) + number;
    announcement.wall_ms = wall_ms;
    announcement.topic = (char *) NODES_TOPIC;
    announcement.items = items;
    announcement.n_items = COUNT_OF (items);
    body.data = announcement_seal (&announcement, identity, &body.len);
    if (!body.data)
        abort ();
    return body;
}

static const identity_t *
own (const liar_t *liar)
{
    return world_identity (liar->band->play->world, liar->node);
}

//  Says that it is somebody who is honest.
static void
no_sign (void *context, const void *message, size_t size, uint8_t *signature)
{
    (void) message;
    (void) size;
    rng_bytes (context, signature, CRYPTO_SIGNATURE_BYTES);
}

static identity_t
stolen (liar_t *liar)
{
    const world_t *world = liar->band->play->world;
    uint32_t other = (uint32_t) rng_below (&liar->rng, world_nodes_count (world));
    identity_t identity = {.sign = no_sign, .context = &liar->rng};
    memcpy (identity.key, world_identity (world, other)->key, sizeof identity.key);
    return identity;
}

static void
pour (gossip_t *self, liar_t *liar, int64_t wall_ms, bool forged)
{
    liar_peer_t peers[PEERS_MAX];
    size_t count = liar_peers (liar, peers, PEERS_MAX);
    ProtobufCBinaryData bodies[FLOOD_BODIES];
    for (unsigned i = 0; i < FLOOD_BODIES; i++) {
        identity_t other = forged ? stolen (liar) : *own (liar);
        bodies[i] = make (liar, &other, ++liar->count, wall_ms);
    }
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = bodies;
    frame.n_announcements = FLOOD_BODIES;
    for (size_t i = 0; i < count; i++)
        tell (self, peers[i].key, &frame);
    for (unsigned i = 0; i < FLOOD_BODIES; i++)
        free (bodies[i].data);
}

static void
flood (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    (void) now_ms;
    pour (state, liar, wall_ms, false);
}

static void
forge (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    (void) now_ms;
    pour (state, liar, wall_ms, true);
}

const lie_t lie_flood = {.mask = &mask_gossip, .rows = no_rows, .every_ms = 100, .act = flood};
const lie_t lie_forge = {.mask = &mask_gossip, .rows = no_rows, .every_ms = 100, .act = forge};

//  ---- promises ------------------------------------------------------------------------------------

static void
promise (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    static uint8_t ids[PROMISES][ID_SIZE];
    liar_peer_t peers[PEERS_MAX];
    size_t count = liar_peers (liar, peers, PEERS_MAX);
    ProtobufCBinaryData fields[PROMISES];
    (void) now_ms;
    (void) wall_ms;
    for (unsigned i = 0; i < PROMISES; i++) {
        rng_bytes (&liar->rng, ids[i], ID_SIZE);
        fields[i] = (ProtobufCBinaryData) {ID_SIZE, ids[i]};
    }
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    Ggen__GossipHave have = GGEN__GOSSIP_HAVE__INIT, *haves[] = {&have};
    have.topic = (char *) NODES_TOPIC;
    have.ids = fields;
    have.n_ids = PROMISES;
    frame.have = haves;
    frame.n_have = COUNT_OF (haves);
    for (size_t i = 0; i < count; i++)
        tell (state, peers[i].key, &frame);
}

const lie_t lie_promise = {.mask = &mask_gossip, .rows = no_rows, .every_ms = 200, .act = promise};

//  ---- replay --------------------------------------------------------------------------------------

typedef struct {
    ProtobufCBinaryData bodies[KEPT_MAX];
    unsigned count;
} kept_t;

static void
forget (void *memory)
{
    kept_t *kept = memory;
    for (unsigned i = 0; i < kept->count; i++)
        free (kept->bodies[i].data);
    free (kept);
}

static code_t
keep_frame (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *liar = liar_of (state);
    const Ggen__GossipFrame *frame = (const void *) message;
    if (!liar->memory) {
        liar->memory = calloc (1, sizeof (kept_t));
        liar->forget = forget;
    }
    kept_t *kept = liar->memory;
    for (size_t i = 0; i < frame->n_announcements && kept->count < KEPT_MAX; i++) {
        ProtobufCBinaryData *body = &kept->bodies[kept->count++];
        body->len = frame->announcements[i].len;
        body->data = malloc (body->len + 1);
        if (!body->data)
            abort ();
        memcpy (body->data, frame->announcements[i].data, body->len);
    }
    return liar_honest_row (liar, message)->handler (state, at, message);
}

static void
replay (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    liar_peer_t peers[PEERS_MAX];
    size_t count = liar_peers (liar, peers, PEERS_MAX);
    kept_t *kept = liar->memory;
    (void) now_ms;
    (void) wall_ms;
    if (!kept || kept->count < KEPT_MAX)
        return;
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = kept->bodies;
    frame.n_announcements = kept->count;
    for (size_t i = 0; i < count; i++)
        tell (state, peers[i].key, &frame);
}

static const handler_t replay_rows[] = {
    {&ggen__gossip_frame__descriptor, keep_frame, ANY_NODE}, {0}};

const lie_t lie_replay = {
    .mask = &mask_gossip, .rows = replay_rows, .every_ms = 1000, .act = replay};

//  ---- two things at once --------------------------------------------------------------------------

//  Of one number, something else for each neighbour.
static void
equivocate (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    liar_peer_t peers[PEERS_MAX];
    size_t count = liar_peers (liar, peers, PEERS_MAX);
    (void) now_ms;
    liar->count++;
    for (size_t i = 0; i < count; i++) {
        ProtobufCBinaryData body = make (liar, own (liar), liar->count, wall_ms);
        Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
        frame.announcements = &body;
        frame.n_announcements = 1;
        tell (state, peers[i].key, &frame);
        free (body.data);
    }
}

const lie_t lie_equivocate = {
    .mask = &mask_gossip, .rows = no_rows, .every_ms = 1000, .act = equivocate};

//  ---- swallowing ----------------------------------------------------------------------------------

static code_t
swallow_push (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__PushReply reply = GGEN__PUSH_REPLY__INIT;
    (void) state;
    (void) message;
    reply.fresh = true;
    return out_reply (at, &reply.base);
}

//  What links are for is heeded, so that there are any; what comes over them goes nowhere.
static code_t
swallow_frame (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__GossipFrame frame = *(const Ggen__GossipFrame *) (const void *) message;
    frame.n_announcements = frame.n_have = frame.n_want = 0;
    return liar_honest_row (liar_of (state), message)->handler (state, at, &frame.base);
}

static const handler_t swallow_rows[] = {
    {&ggen__gossip_frame__descriptor, swallow_frame, ANY_NODE},
    {&ggen__push_request__descriptor, swallow_push, ANY_NODE},
    {0}};

const lie_t lie_swallow = {.mask = &mask_gossip, .rows = swallow_rows};
