// SPDX-License-Identifier: MIT
//  A network of gossip actors in one thread: queues with virtual delays between them, nobody else. It
//  counts who heard which announcement, when, and how many bodies crossed links for it.
//  Include after cmocka.h.
#ifndef GGEN_TESTS_GOSSIP_NET_H
#define GGEN_TESTS_GOSSIP_NET_H

#include "actors/gossip/announcement.h"
#include "gossip.pb-c.h"
#include "peer_id.h"
#include "reputation.pb-c.h"
#include "runtime/actor/map.h"
#include "runtime/actor/out.h"
#include "runtime/actor/rng.h"
#include "swarm.pb-c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET_TOPIC    "/ggen/packages/v1"
#define NET_WALL_MS  1763600000000
#define NET_DEGREE_MAX 128

//  Signatures are keyed hashes that anybody could make; nobody here does but by net_node_sign ().
static inline void
net_keyed_hash (const uint8_t *key, const void *message, size_t size, uint8_t *signature)
{
    uint8_t *bytes = malloc (CRYPTO_KEY_BYTES + size);
    assert_non_null (bytes);
    memcpy (bytes, key, CRYPTO_KEY_BYTES);
    memcpy (bytes + CRYPTO_KEY_BYTES, message, size);
    crypto_real.sha256 (bytes, CRYPTO_KEY_BYTES + size, signature);
    memcpy (signature + 32, signature, 32);
    free (bytes);
}

static inline bool
net_verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
            const uint8_t *key)
{
    (void) context;
    uint8_t wanted [CRYPTO_SIGNATURE_BYTES];
    net_keyed_hash (key, message, size, wanted);
    return memcmp (wanted, signature, sizeof wanted) == 0;
}

static inline void
net_sha256 (const void *data, size_t size, uint8_t *hash)
{
    crypto_real.sha256 (data, size, hash);
}

typedef struct net_t net_t;

typedef struct {
    net_t *net;
    actor_t *actor;                 //  NULL: not running
    identity_t identity;
    gossip_settings_t settings;
    char id [PEER_ID_TEXT + 1];
    unsigned index;
    double x, y;
    uint32_t *links;                //  indices of neighbours
    unsigned links_count;
    int64_t timer_ms;               //  earliest timer in the heap
    uint32_t epoch;
    uint8_t *heard;                 //  times each item was heard, by number
    bool liar;                      //  not asked whether it heard
    bool withholds;                 //  it sends no body, whatever it offers
    uint64_t forged;                //  announcements that a test made for it
} net_node_t;

typedef struct {
    int64_t at_ms;
    uint64_t order;
    unsigned to;
    int from;                       //  -1: a timer
    uint8_t *bytes;                 //  envelope, then body
    uint32_t envelope_size, body_size;
} net_event_t;

struct net_t {
    net_node_t *nodes;
    unsigned count;
    map_t *by_id;
    net_event_t *heap;
    size_t heap_count, heap_capacity;
    uint64_t order;
    int64_t now_ms;
    rng_t rng;
    crypto_t crypto;
    double loss;                    //  share of messages that vanish
    unsigned latency_ms;            //  across the whole map
    unsigned items_max;
    int64_t *announced_ms;          //  of each item
    unsigned *announced_by;
    uint32_t *latencies;            //  of each first hearing
    size_t latencies_count, latencies_capacity;
    uint64_t bodies, frames, pushes, bytes, haves, wants, have_ids, events;
    uint64_t heard, heard_again, observations [8];
    uint64_t replies, acknowledged, asked;
};

//  ---- the heap ----------------------------------------------------------------------------------

static inline bool
net_before (const net_event_t *a, const net_event_t *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

static inline void
net_push (net_t *self, net_event_t event)
{
    if (self->heap_count == self->heap_capacity) {
        self->heap_capacity = self->heap_capacity ? 2 * self->heap_capacity : 1024;
        self->heap = realloc (self->heap, self->heap_capacity * sizeof *self->heap);
        assert_non_null (self->heap);
    }
    event.order = self->order++;
    size_t at = self->heap_count++;
    while (at > 0 && net_before (&event, &self->heap [(at - 1) / 2])) {
        self->heap [at] = self->heap [(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->heap [at] = event;
}

static inline net_event_t
net_pop (net_t *self)
{
    net_event_t first = self->heap [0], last = self->heap [--self->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= self->heap_count)
            break;
        if (child + 1 < self->heap_count
            && net_before (&self->heap [child + 1], &self->heap [child]))
            child++;
        if (net_before (&last, &self->heap [child]))
            break;
        self->heap [at] = self->heap [child];
        at = child;
    }
    if (self->heap_count > 0)
        self->heap [at] = last;
    return first;
}

//  ---- sending -----------------------------------------------------------------------------------

static inline bool
net_linked (const net_t *self, unsigned a, unsigned b)
{
    const net_node_t *node = &self->nodes [a];
    for (unsigned i = 0; i < node->links_count; i++)
        if (node->links [i] == b)
            return true;
    return false;
}

static inline int64_t
net_latency_ms (const net_t *self, unsigned a, unsigned b)
{
    double dx = self->nodes [a].x - self->nodes [b].x, dy = self->nodes [a].y - self->nodes [b].y;
    return 2 + (int64_t) (sqrt (dx * dx + dy * dy) * self->latency_ms);
}

static inline void
net_count (net_t *self, const char *type, const uint8_t *body, size_t size)
{
    self->bytes += size + 100;
    if (strcmp (type, "PushRequest") == 0) {
        self->pushes++;
        self->bodies++;
    } else if (strcmp (type, "GossipFrame") == 0) {
        Ggen__GossipFrame *frame = ggen__gossip_frame__unpack (NULL, size, body);
        assert_non_null (frame);
        self->frames++;
        self->bodies += frame->n_announcements;
        self->haves += frame->n_have > 0;
        self->wants += frame->n_want;
        for (size_t i = 0; i < frame->n_have; i++)
            self->have_ids += frame->have [i]->n_ids;
        ggen__gossip_frame__free_unpacked (frame, NULL);
    }
}

static inline void
net_heard (net_node_t *node, const uint8_t *body, size_t size)
{
    net_t *self = node->net;
    Ggen__Announced *announced = ggen__announced__unpack (NULL, size, body);
    assert_non_null (announced);
    uint32_t number;
    assert_true (announced->item.len >= sizeof number);
    memcpy (&number, announced->item.data, sizeof number);
    ggen__announced__free_unpacked (announced, NULL);
    if (number >= self->items_max)
        return;
    if (node->heard [number] < 255)
        node->heard [number]++;
    if (node->heard [number] > 1) {
        self->heard_again++;
        return;
    }
    self->heard++;
    if (self->latencies_count == self->latencies_capacity) {
        self->latencies_capacity = self->latencies_capacity ? 2 * self->latencies_capacity : 4096;
        self->latencies =
            realloc (self->latencies, self->latencies_capacity * sizeof *self->latencies);
        assert_non_null (self->latencies);
    }
    self->latencies [self->latencies_count++] =
        (uint32_t) (self->now_ms - self->announced_ms [number]);
}

static inline void
net_local (net_node_t *node, const char *to, const char *type, const uint8_t *body, size_t size)
{
    net_t *self = node->net;
    if (strcmp (type, "Announced") == 0)
        net_heard (node, body, size);
    else if (strcmp (to, "reputation") == 0) {
        Ggen__Observation *seen = ggen__observation__unpack (NULL, size, body);
        assert_non_null (seen);
        self->observations [seen->experience & 7]++;
        ggen__observation__free_unpacked (seen, NULL);
    } else if (strcmp (type, "AnnounceReply") == 0) {
        Ggen__AnnounceReply *reply = ggen__announce_reply__unpack (NULL, size, body);
        assert_non_null (reply);
        self->replies++;
        self->acknowledged += reply->acknowledged;
        self->asked += reply->asked;
        ggen__announce_reply__free_unpacked (reply, NULL);
    }
}

//  A frame without its bodies.
static inline size_t
net_strip (uint8_t *body, size_t size)
{
    Ggen__GossipFrame *frame = ggen__gossip_frame__unpack (NULL, size, body);
    assert_non_null (frame);
    size_t count = frame->n_announcements;
    frame->n_announcements = 0;
    size = ggen__gossip_frame__pack (frame, body);
    frame->n_announcements = count;
    ggen__gossip_frame__free_unpacked (frame, NULL);
    return size;
}

//  As the far swarm does it: from is the peer, to is gone.
static inline void
net_carry (net_node_t *node, unsigned to, const Ggen__Envelope *envelope, const uint8_t *body,
           size_t size)
{
    net_t *self = node->net;
    char from [ADDRESS_MAX + 1];
    peer_key_t key;
    memcpy (key.bytes, node->identity.key, sizeof key.bytes);
    peer_id_address (&key, "gossip", from);
    Ggen__Envelope copy = *envelope;
    copy.from = from;
    copy.to = "";
    net_count (self, envelope->type, body, size);
    if (!net_linked (self, node->index, to)
        || (self->loss > 0 && rng_unit (&self->rng) < self->loss))
        return;
    net_event_t event = {.at_ms = self->now_ms + net_latency_ms (self, node->index, to),
                         .to = to,
                         .from = (int) node->index};
    event.envelope_size = (uint32_t) ggen__envelope__get_packed_size (&copy);
    event.body_size = (uint32_t) size;
    event.bytes = malloc (event.envelope_size + size + 1);
    assert_non_null (event.bytes);
    ggen__envelope__pack (&copy, event.bytes);
    memcpy (event.bytes + event.envelope_size, body, size);
    net_push (self, event);
}

static inline void
net_send (void *node_, const parcel_t *parcel)
{
    net_node_t *node = node_;
    size_t size = parcel_body_size (parcel);
    uint8_t *body = malloc (size + 1);
    assert_non_null (body);
    parcel_body_write (parcel, body);
    const char *type = parcel->envelope->type;
    if (node->withholds && strcmp (type, "GossipFrame") == 0)
        size = net_strip (body, size);
    const char *peer = strchr (parcel->to, '@');
    net_node_t *target =
        peer ? map_get (node->net->by_id, peer + 1, strlen (peer + 1)) : NULL;
    if (target && !(node->withholds && strcmp (type, "PushRequest") == 0))
        net_carry (node, target->index, parcel->envelope, body, size);
    else if (!peer)
        net_local (node, parcel->to, parcel->envelope->type, body, size);
    free (body);
}

static inline uint64_t
net_clock_us (void *node)
{
    return (uint64_t) ((net_node_t *) node)->net->now_ms * 1000;
}

//  ---- running -----------------------------------------------------------------------------------

static inline int64_t
net_wall_ms (const net_t *self)
{
    return NET_WALL_MS + self->now_ms;
}

static inline void
net_arm (net_node_t *node)
{
    int64_t at_ms = actor_deadline_ms (node->actor);
    if (at_ms >= node->timer_ms || at_ms == DEADLINE_NEVER)
        return;
    if (at_ms < node->net->now_ms)
        at_ms = node->net->now_ms;
    node->timer_ms = at_ms;
    net_push (node->net, (net_event_t) {.at_ms = at_ms, .to = node->index, .from = -1});
}

static inline void
net_deliver (net_node_t *node, const uint8_t *bytes, size_t envelope_size, size_t body_size)
{
    mail_t mail = {.envelope = {bytes, envelope_size},
                   .body = {bytes + envelope_size, body_size}};
    assert_int_equal (
        actor_deliver (node->actor, &mail, node->net->now_ms, net_wall_ms (node->net)), OK);
    net_arm (node);
}

//  A message of another actor of the same node.
static inline void
net_tell (net_node_t *node, const char *from, Ggen__Kind kind, const ProtobufCMessage *message)
{
    static uint64_t ids;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = ++ids;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    envelope.sent_us = net_clock_us (node);
    size_t size = ggen__envelope__get_packed_size (&envelope);
    uint8_t *bytes = malloc (size + protobuf_c_message_get_packed_size (message) + 1);
    assert_non_null (bytes);
    ggen__envelope__pack (&envelope, bytes);
    net_deliver (node, bytes, size, protobuf_c_message_pack (message, bytes + size));
    free (bytes);
}

//  One event. False when there is none up to 'until_ms'.
static inline bool
net_step (net_t *self, int64_t until_ms)
{
    if (self->heap_count == 0 || self->heap [0].at_ms > until_ms)
        return false;
    net_event_t event = net_pop (self);
    net_node_t *node = &self->nodes [event.to];
    self->now_ms = event.at_ms;
    self->events++;
    if (event.from < 0 && node->actor && node->timer_ms == event.at_ms) {
        node->timer_ms = INT64_MAX;
        assert_int_equal (actor_tick (node->actor, self->now_ms, net_wall_ms (self)), OK);
        net_arm (node);
    } else if (event.from >= 0 && node->actor
               && net_linked (self, event.to, (unsigned) event.from))
        net_deliver (node, event.bytes, event.envelope_size, event.body_size);
    free (event.bytes);
    return true;
}

static inline void
net_run (net_t *self, int64_t ms)
{
    int64_t until_ms = self->now_ms + ms;
    while (net_step (self, until_ms))
        ;
    self->now_ms = until_ms;
}

//  ---- nodes and links ---------------------------------------------------------------------------

static inline void
net_node_sign (void *node, const void *message, size_t size, uint8_t *signature)
{
    net_keyed_hash (((net_node_t *) node)->identity.key, message, size, signature);
}

static inline void
net_follow (net_node_t *node, const char *topic)
{
    Ggen__FollowRequest follow = GGEN__FOLLOW_REQUEST__INIT;
    follow.topic = (char *) topic;
    net_tell (node, "tester", GGEN__KIND__REQUEST, &follow.base);
}

static inline void
net_start (net_t *self, unsigned index)
{
    net_node_t *node = &self->nodes [index];
    actor_setup_t setup = {.epoch = ++node->epoch,
                           .crypto = &self->crypto,
                           .port = {node, net_send, net_clock_us},
                           .settings = &node->settings,
                           .now_ms = self->now_ms,
                           .wall_ms = net_wall_ms (self)};
    rng_bytes (&self->rng, setup.key, sizeof setup.key);
    node->timer_ms = INT64_MAX;
    node->actor = actor_new (&gossip_actor, &setup);
    assert_non_null (node->actor);
}

static inline net_t *
net_new (unsigned count, uint64_t seed, unsigned items_max)
{
    net_t *self = calloc (1, sizeof *self);
    uint8_t key [RNG_KEY_BYTES] = {0};
    memcpy (key, &seed, sizeof seed);
    rng_init (&self->rng, key);
    self->count = count;
    self->items_max = items_max;
    self->latency_ms = 150;
    self->crypto = (crypto_t) {.sha256 = net_sha256, .verify = net_verify};
    self->by_id = map_new (count, seed);
    self->nodes = calloc (count, sizeof *self->nodes);
    self->announced_ms = calloc (items_max, sizeof *self->announced_ms);
    self->announced_by = calloc (items_max, sizeof *self->announced_by);
    self->now_ms = 1000;
    for (unsigned i = 0; i < count; i++) {
        net_node_t *node = &self->nodes [i];
        node->net = self;
        node->index = i;
        node->x = rng_unit (&self->rng);
        node->y = rng_unit (&self->rng);
        rng_bytes (&self->rng, node->identity.key, CRYPTO_KEY_BYTES);
        node->identity.sign = net_node_sign;
        node->identity.context = node;
        node->settings = gossip_settings_default ();
        node->settings.identity = &node->identity;
        node->links = calloc (NET_DEGREE_MAX, sizeof *node->links);
        node->heard = calloc (items_max + 1, 1);
        peer_key_t peer;
        memcpy (peer.bytes, node->identity.key, sizeof peer.bytes);
        peer_id_text (&peer, node->id);
        assert_int_equal (map_put (self->by_id, node->id, strlen (node->id), node), OK);
    }
    return self;
}

static inline void
net_destroy (net_t **self_p)
{
    net_t *self = *self_p;
    for (unsigned i = 0; i < self->count; i++) {
        actor_destroy (&self->nodes [i].actor);
        free (self->nodes [i].links);
        free (self->nodes [i].heard);
    }
    while (self->heap_count > 0)
        free (self->heap [--self->heap_count].bytes);
    free (self->heap);
    free (self->nodes);
    free (self->announced_ms);
    free (self->announced_by);
    free (self->latencies);
    map_destroy (&self->by_id);
    free (self);
    *self_p = NULL;
}

static inline void
net_peer_up (net_t *self, unsigned at, unsigned peer, bool inbound)
{
    static char gossip [] = "gossip/1", dht [] = "dht/1";
    char *protocols [] = {dht, gossip};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = (ProtobufCBinaryData) {PEER_KEY_SIZE, self->nodes [peer].identity.key};
    up.protocols = protocols;
    up.n_protocols = 2;
    up.kept = true;
    up.inbound = inbound;
    net_tell (&self->nodes [at], "swarm", GGEN__KIND__EVENT, &up.base);
}

//  'a' dials 'b'. False: they are linked already, or one has too many.
static inline bool
net_connect (net_t *self, unsigned a, unsigned b)
{
    net_node_t *one = &self->nodes [a], *other = &self->nodes [b];
    if (a == b || net_linked (self, a, b) || one->links_count == NET_DEGREE_MAX
        || other->links_count == NET_DEGREE_MAX || !one->actor || !other->actor)
        return false;
    one->links [one->links_count++] = b;
    other->links [other->links_count++] = a;
    net_peer_up (self, a, b, false);
    net_peer_up (self, b, a, true);
    return true;
}

static inline void
net_unlink (net_t *self, unsigned at, unsigned peer)
{
    net_node_t *node = &self->nodes [at];
    for (unsigned i = 0; i < node->links_count; i++)
        if (node->links [i] == peer) {
            node->links [i] = node->links [--node->links_count];
            break;
        }
    if (!node->actor)
        return;
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = (ProtobufCBinaryData) {PEER_KEY_SIZE, self->nodes [peer].identity.key};
    down.code = CONNECTION_FAILED;
    net_tell (node, "swarm", GGEN__KIND__EVENT, &down.base);
}

static inline void
net_disconnect (net_t *self, unsigned a, unsigned b)
{
    net_unlink (self, a, b);
    net_unlink (self, b, a);
}

//  It ends without a word.
static inline void
net_stop (net_t *self, unsigned index)
{
    net_node_t *node = &self->nodes [index];
    actor_destroy (&node->actor);
    while (node->links_count > 0)
        net_disconnect (self, index, node->links [0]);
}

//  Dial random others until it has dialled 'dials'.
static inline void
net_dial (net_t *self, unsigned index, unsigned dials)
{
    for (unsigned done = 0, tries = 0; done < dials && tries < 20 * dials; tries++)
        done += net_connect (self, index, (unsigned) rng_below (&self->rng, self->count));
}

static inline void
net_start_all (net_t *self, unsigned dials)
{
    for (unsigned i = 0; i < self->count; i++) {
        net_start (self, i);
        net_follow (&self->nodes [i], NET_TOPIC);
    }
    for (unsigned i = 0; i < self->count; i++)
        net_dial (self, i, dials);
}

//  ---- announcing --------------------------------------------------------------------------------

static inline void
net_announce_on (net_t *self, unsigned index, const char *topic, uint32_t number, size_t size)
{
    net_node_t *node = &self->nodes [index];
    uint8_t *item = calloc (1, size);
    assert_non_null (item);
    memcpy (item, &number, sizeof number);
    Ggen__AnnounceRequest request = GGEN__ANNOUNCE_REQUEST__INIT;
    request.topic = (char *) topic;
    request.item = (ProtobufCBinaryData) {size, item};
    self->announced_ms [number] = self->now_ms;
    self->announced_by [number] = index;
    node->heard [number] = 1;
    net_tell (node, "tester", GGEN__KIND__REQUEST, &request.base);
    free (item);
}

static inline void
net_announce (net_t *self, unsigned index, uint32_t number)
{
    net_announce_on (self, index, NET_TOPIC, number, 300);
}

//  ---- lying -------------------------------------------------------------------------------------

//  Something that 'from' sends to 'to' past its actor.
static inline void
net_inject (net_t *self, unsigned from, unsigned to, const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "gossip";
    envelope.type = (char *) message->descriptor->short_name;
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    assert_non_null (body);
    protobuf_c_message_pack (message, body);
    net_carry (&self->nodes [from], to, &envelope, body, size);
    free (body);
}

static inline void
net_inject_body (net_t *self, unsigned from, unsigned to, const uint8_t *bytes, size_t size)
{
    ProtobufCBinaryData bodies [] = {{size, (uint8_t *) bytes}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.announcements = bodies;
    frame.n_announcements = 1;
    net_inject (self, from, to, &frame.base);
}

//  An announcement of 'from' that says nothing, signed by it or not. The caller frees it.
static inline uint8_t *
net_junk (net_t *self, unsigned from, bool valid, size_t *size_p)
{
    net_node_t *node = &self->nodes [from];
    uint32_t number = UINT32_MAX;
    ProtobufCBinaryData items [] = {{sizeof number, (uint8_t *) &number}};
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    announcement.seq = ((uint64_t) net_wall_ms (self) << 20) + node->forged++;
    announcement.wall_ms = net_wall_ms (self);
    announcement.topic = NET_TOPIC;
    announcement.items = items;
    announcement.n_items = 1;
    uint8_t *bytes = announcement_seal (&announcement, &node->identity, size_p);
    assert_non_null (bytes);
    bytes [*size_p - 1] ^= (uint8_t) !valid;
    return bytes;
}

//  Running honest nodes that have not heard items first .. last - 1.
static inline uint64_t
net_missing (const net_t *self, uint32_t first, uint32_t last)
{
    uint64_t missing = 0;
    for (unsigned i = 0; i < self->count; i++)
        for (uint32_t number = first; number < last; number++)
            missing += self->nodes [i].actor && !self->nodes [i].liar
                       && !self->nodes [i].heard [number];
    return missing;
}

static inline int
net_compare (const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return (x > y) - (x < y);
}

//  So many thousandths of the hearings so far were this fast.
static inline uint32_t
net_percentile_ms (net_t *self, unsigned thousandths)
{
    if (self->latencies_count == 0)
        return 0;
    qsort (self->latencies, self->latencies_count, sizeof *self->latencies, net_compare);
    return self->latencies [(self->latencies_count - 1) * thousandths / 1000];
}

#endif
