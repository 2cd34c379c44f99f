// SPDX-License-Identifier: MIT
//  A few nodes with nothing but "swarm" in them, joined by links that the test may break, delay and
//  leave unread. Everything that a swarm says to other actors of its node is kept until the test
//  takes it. Include after cmocka.h.
#ifndef GGEN_TESTS_SWARM_WORLD_H
#define GGEN_TESTS_SWARM_WORLD_H

#include "actors/swarm/swarm.h"
#include "actors/swarm/swarm_self.h"
#include "dht.pb-c.h"
#include "link.pb-c.h"
#include "multiaddr.h"
#include "reputation.pb-c.h"
#include "runtime/actor/out.h"
#include "state.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX   24u
#define WIRES_MAX   4096u
#define NOTES_MAX   8192u
#define KEPT_MAX    512u
#define DELAY_MS    10          //  one way

//  What a swarm said, or is to be told.
typedef struct {
    char to[ADDRESS_MAX + 1];
    uint8_t *envelope, *body, *attachment;
    size_t envelope_size, body_size, attachment_size;
    unsigned node;
    int64_t at_ms;
} note_t;

//  A connection between two nodes.
typedef struct {
    unsigned node[2];           //  the one that dialled, the one that was dialled
    uint64_t number[2];
    bool open[2];
    bool up;
    bool frozen;                //  what is sent is not read: no LinkWritten, nothing arrives
} wire_t;

typedef struct {
    unsigned number;
    swarm_settings_t settings;
    identity_t identity;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    peer_key_t key;
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    char text[PEER_ID_TEXT + 1];
    uint8_t address[MULTIADDR_SIZE_MAX];
    bytes_t listens;
    actor_t *actor;
    uint32_t epoch;
    bool deaf;                  //  cannot be dialled
    bool silent;                //  dialling it takes for ever
    int64_t wall_offset_ms;
    int connectivity;           //  as it was told last; -1 = not yet
    unsigned connectivity_count;
    bool told, dialable;        //  Dialability, as it was told last
    unsigned dialability_count;
    struct {
        uint8_t key[PEER_KEY_SIZE];
        uint8_t *value;
        size_t size;
    } kept[KEPT_MAX];           //  in "state"
    unsigned kept_count, puts;
    note_t notes[NOTES_MAX];    //  for actors of its own
    unsigned notes_count;
} node_t;

typedef struct {
    node_t *nodes[NODES_MAX];
    unsigned nodes_count;
    wire_t wires[WIRES_MAX];
    unsigned wires_count;
    note_t *events;             //  by time, then order
    size_t events_count, events_size;
    int64_t now_ms;
    uint64_t inbound_number;
    uint64_t next_id;
    bool written_held;          //  no LinkWritten is told
    note_t said[64];            //  LinkSends on links that are no wire: envelope and body
    unsigned said_count;
    uint64_t closed;            //  the last of such that was closed
    void (*watch) (node_t *node, const parcel_t *parcel);   //  sees mail for actors
    void (*spoil) (note_t *note);       //  may change what a link brings
} world_t;

static world_t world;

static const char *const world_reachable[] = {"dht", "gossip", "transfer", NULL};
static const char *const world_protocols[] = {"dht/1", "gossip/1", "transfer/1", NULL};
static const char *const world_listeners[] = {"watcher", NULL};

//  ---- notes -------------------------------------------------------------------------------------

static inline uint8_t *
world_copy (const void *data, size_t size)
{
    uint8_t *copy = malloc (size + 1);
    assert_non_null (copy);
    if (size > 0)
        memcpy (copy, data, size);
    return copy;
}

static inline void
note_free (note_t *note)
{
    free (note->envelope);
    free (note->body);
    free (note->attachment);
    *note = (note_t) {0};
}

static inline uint8_t *
world_pack (const ProtobufCMessage *message, size_t *size_p)
{
    uint8_t *packed = malloc (protobuf_c_message_get_packed_size (message) + 1);
    assert_non_null (packed);
    *size_p = protobuf_c_message_pack (message, packed);
    return packed;
}

//  ---- what is on its way ------------------------------------------------------------------------

static inline void
world_post (note_t note, int64_t at_ms)
{
    note.at_ms = at_ms;
    if (world.events_count == world.events_size) {
        world.events_size = world.events_size ? 2 * world.events_size : 64;
        world.events = realloc (world.events, world.events_size * sizeof *world.events);
        assert_non_null (world.events);
    }
    size_t at = world.events_count++;
    while (at > 0 && world.events[at - 1].at_ms > at_ms) {
        world.events[at] = world.events[at - 1];
        at--;
    }
    world.events[at] = note;
}

//  An event of "link" for a swarm.
static inline void
world_link_says (unsigned node, const ProtobufCMessage *message, bytes_t attachment,
                 int64_t delay_ms)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "link";
    envelope.type = (char *) message->descriptor->short_name;
    note_t note = {.to = "swarm", .node = node};
    note.envelope = world_pack (&envelope.base, &note.envelope_size);
    note.body = world_pack (message, &note.body_size);
    if (attachment.size > 0)
        note.attachment = world_copy (attachment.data, attachment.size);
    note.attachment_size = attachment.size;
    if (world.spoil)
        world.spoil (&note);
    world_post (note, world.now_ms + delay_ms);
}

static inline void
world_down (unsigned node, uint64_t number, code_t code, int64_t delay_ms)
{
    Ggen__LinkDown down = GGEN__LINK_DOWN__INIT;
    down.link = number;
    down.code = code;
    world_link_says (node, &down.base, (bytes_t) {NULL, 0}, delay_ms);
}

static inline wire_t *
world_wire (unsigned node, uint64_t number, unsigned *side_p)
{
    for (unsigned i = 0; i < world.wires_count; i++)
        for (unsigned side = 0; side < 2; side++)
            if (world.wires[i].node[side] == node && world.wires[i].number[side] == number
                && world.wires[i].open[side]) {
                *side_p = side;
                return &world.wires[i];
            }
    return NULL;
}

static inline void
world_up (const wire_t *wire, unsigned side, int64_t delay_ms)
{
    const node_t *other = world.nodes[wire->node[1 - side]];
    Ggen__LinkUp up = GGEN__LINK_UP__INIT;
    up.link = wire->number[side];
    up.inbound = side == 1;
    up.transport_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) other->transport_key};
    up.address = (ProtobufCBinaryData) {other->listens.size, (uint8_t *) other->listens.data};
    world_link_says (wire->node[side], &up.base, (bytes_t) {NULL, 0}, delay_ms);
}

static inline void
world_dial (unsigned node, const Ggen__LinkDial *dial)
{
    for (unsigned i = 0; i < world.nodes_count; i++) {
        node_t *other = world.nodes[i];
        if (other->listens.size != dial->address.len
            || memcmp (other->listens.data, dial->address.data, dial->address.len) != 0
            || !other->actor)
            continue;
        if (other->silent)
            return;
        if (other->deaf)
            break;
        assert_true (world.wires_count < WIRES_MAX);
        wire_t *wire = &world.wires[world.wires_count++];
        world.inbound_number += 2;
        *wire = (wire_t) {.node = {node, i},
                          .number = {dial->link, world.inbound_number},
                          .open = {true, true},
                          .up = true};
        world_up (wire, 1, DELAY_MS);
        world_up (wire, 0, 2 * DELAY_MS);
        return;
    }
    world_down (node, dial->link, NETWORK, 2 * DELAY_MS);
}

static inline void
world_carry (unsigned node, const Ggen__LinkSend *send, bytes_t attachment)
{
    unsigned side;
    wire_t *wire = world_wire (node, send->link, &side);
    if (!wire) {
        assert_true (world.said_count < COUNT_OF (world.said));
        world.said[world.said_count++] =
            (note_t) {.envelope = world_copy (send->envelope.data, send->envelope.len),
                      .envelope_size = send->envelope.len,
                      .body = world_copy (send->body.data, send->body.len),
                      .body_size = send->body.len};
        return;
    }
    if (wire->frozen)
        return;
    Ggen__LinkWritten written = GGEN__LINK_WRITTEN__INIT;
    written.link = send->link;
    written.bytes_count = send->envelope.len + send->body.len + attachment.size;
    if (!world.written_held)
        world_link_says (node, &written.base, (bytes_t) {NULL, 0}, 1);
    if (!wire->open[1 - side])
        return;
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = wire->number[1 - side];
    received.envelope = send->envelope;
    received.body = send->body;
    world_link_says (wire->node[1 - side], &received.base, attachment, DELAY_MS);
}

static inline void
world_close (unsigned node, uint64_t number)
{
    unsigned side;
    wire_t *wire = world_wire (node, number, &side);
    if (!wire) {
        world.closed = number;
        return;
    }
    wire->open[side] = false;
    if (wire->open[1 - side])
        world_down (wire->node[1 - side], wire->number[1 - side], NETWORK, DELAY_MS);
    wire->open[1 - side] = false;
}

//  Break every connection between two nodes.
static inline void
world_cut (unsigned a, unsigned b)
{
    for (unsigned i = 0; i < world.wires_count; i++) {
        wire_t *wire = &world.wires[i];
        bool these = (wire->node[0] == a && wire->node[1] == b)
                     || (wire->node[0] == b && wire->node[1] == a);
        for (unsigned side = 0; side < 2 && these; side++) {
            if (wire->open[side])
                world_down (wire->node[side], wire->number[side], NETWORK, 0);
            wire->open[side] = false;
        }
    }
}

static inline unsigned
world_open (unsigned a, unsigned b)
{
    unsigned count = 0;
    for (unsigned i = 0; i < world.wires_count; i++)
        count += world.wires[i].open[0]
                 && ((world.wires[i].node[0] == a && world.wires[i].node[1] == b)
                     || (world.wires[i].node[0] == b && world.wires[i].node[1] == a));
    return count;
}

//  ---- nodes -------------------------------------------------------------------------------------

static inline void
world_to_link (node_t *node, const note_t *note, const char *type)
{
    bytes_t attachment = {note->attachment, note->attachment_size};
    if (strcmp (type, "LinkDial") == 0) {
        Ggen__LinkDial *dial = ggen__link_dial__unpack (NULL, note->body_size, note->body);
        assert_non_null (dial);
        world_dial (node->number, dial);
        ggen__link_dial__free_unpacked (dial, NULL);
    } else if (strcmp (type, "LinkSend") == 0) {
        Ggen__LinkSend *send = ggen__link_send__unpack (NULL, note->body_size, note->body);
        assert_non_null (send);
        world_carry (node->number, send, attachment);
        ggen__link_send__free_unpacked (send, NULL);
    } else {
        Ggen__LinkClose *close = ggen__link_close__unpack (NULL, note->body_size, note->body);
        assert_non_null (close);
        world_close (node->number, close->link);
        ggen__link_close__free_unpacked (close, NULL);
    }
}

//  An answer of "state".
static inline void
world_state_says (node_t *node, const Ggen__Envelope *asked, const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    envelope.from = "state";
    envelope.type = (char *) message->descriptor->short_name;
    note_t note = {.to = "swarm", .node = node->number};
    note.envelope = world_pack (&envelope.base, &note.envelope_size);
    note.body = world_pack (message, &note.body_size);
    world_post (note, world.now_ms + 1);
}

static inline void
world_state_drop (node_t *node, const uint8_t *key)
{
    for (unsigned i = 0; i < node->kept_count; i++)
        if (memcmp (node->kept[i].key, key, PEER_KEY_SIZE) == 0) {
            free (node->kept[i].value);
            node->kept[i] = node->kept[--node->kept_count];
            return;
        }
}

static inline void
world_state_load (node_t *node, const Ggen__Envelope *asked)
{
    Ggen__StateEntry values[KEPT_MAX], *entries[KEPT_MAX];
    Ggen__StateLoadReply reply = GGEN__STATE_LOAD_REPLY__INIT;
    reply.entries = entries;
    for (; reply.n_entries < node->kept_count; reply.n_entries++) {
        size_t i = reply.n_entries;
        values[i] = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
        values[i].key = (ProtobufCBinaryData) {PEER_KEY_SIZE, node->kept[i].key};
        values[i].value = (ProtobufCBinaryData) {node->kept[i].size, node->kept[i].value};
        entries[i] = &values[i];
    }
    world_state_says (node, asked, &reply.base);
}

static inline void
world_state_put (node_t *node, const Ggen__Envelope *asked, const Ggen__StatePutRequest *put)
{
    Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
    assert_string_equal (put->table, "peers");
    node->puts++;
    for (size_t i = 0; i < put->n_put; i++) {
        assert_int_equal (put->put[i]->key.len, PEER_KEY_SIZE);
        assert_true (node->kept_count < KEPT_MAX);
        world_state_drop (node, put->put[i]->key.data);
        memcpy (node->kept[node->kept_count].key, put->put[i]->key.data, PEER_KEY_SIZE);
        node->kept[node->kept_count].size = put->put[i]->value.len;
        node->kept[node->kept_count++].value =
            world_copy (put->put[i]->value.data, put->put[i]->value.len);
    }
    for (size_t i = 0; i < put->n_remove; i++)
        world_state_drop (node, put->remove[i].data);
    world_state_says (node, asked, &reply.base);
}

//  Is it something that the world deals with itself?
static inline bool
world_hears (node_t *node, const parcel_t *parcel)
{
    const ProtobufCMessageDescriptor *type = parcel->body ? parcel->body->descriptor : NULL;
    if (type == &ggen__state_load_request__descriptor)
        world_state_load (node, parcel->envelope);
    else if (type == &ggen__state_put_request__descriptor)
        world_state_put (node, parcel->envelope, (const void *) parcel->body);
    else if (type == &ggen__connectivity_changed__descriptor) {
        node->connectivity =
            (int) ((const Ggen__ConnectivityChanged *) parcel->body)->connectivity;
        node->connectivity_count++;
    } else if (type == &ggen__dialability__descriptor) {
        node->told = ((const Ggen__Dialability *) parcel->body)->known;
        node->dialable = ((const Ggen__Dialability *) parcel->body)->dialable;
        node->dialability_count++;
    } else
        return false;
    return true;
}

static inline void
world_send (void *node_, const parcel_t *parcel)
{
    node_t *node = node_;
    note_t note = {.node = node->number};
    if (world.watch && strcmp (parcel->to, "link") != 0)
        world.watch (node, parcel);
    if (world_hears (node, parcel))
        return;
    snprintf (note.to, sizeof note.to, "%s", parcel->to);
    note.envelope = world_pack (&parcel->envelope->base, &note.envelope_size);
    note.body_size = parcel_body_size (parcel);
    note.body = calloc (1, note.body_size + 1);
    assert_non_null (note.body);
    parcel_body_write (parcel, note.body);
    if (parcel->attachment) {
        note.attachment = world_copy (parcel->attachment, parcel->attachment_size);
        note.attachment_size = parcel->attachment_size;
        parcel->free_attachment (parcel->attachment, parcel->hint);
    }
    if (strcmp (note.to, "link") == 0) {
        world_to_link (node, &note, parcel->envelope->type);
        note_free (&note);
    } else if (strchr (note.to, '@') || strcmp (note.to, "swarm") == 0)
        world_post (note, world.now_ms);
    else {
        assert_true (node->notes_count < NOTES_MAX);
        node->notes[node->notes_count++] = note;
    }
}

static inline uint64_t
world_clock_us (void *node)
{
    (void) node;
    return (uint64_t) world.now_ms * 1000;
}

static inline void
world_sign (void *node, const void *message, size_t size, uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    crypto_sign_detached (signature, NULL, message, size, ((node_t *) node)->secret);
}

static inline int64_t
world_wall_ms (const node_t *node)
{
    return 1763600000000 + world.now_ms + node->wall_offset_ms;
}

static inline void
world_start (node_t *node)
{
    actor_setup_t setup = {.epoch = ++node->epoch,
                           .key = {(uint8_t) (node->number + 1), (uint8_t) node->epoch},
                           .crypto = &crypto_real,
                           .port = {node, world_send, world_clock_us},
                           .settings = &node->settings,
                           .now_ms = world.now_ms,
                           .wall_ms = world_wall_ms (node)};
    node->actor = actor_new (&swarm_actor, &setup);
    assert_non_null (node->actor);
}

//  A node that is not running yet; 'group' is the first half of its IP: 10.0 + group, or with a
//  'group' of 127 loopback.
static inline node_t *
world_node (unsigned group)
{
    assert_true (world.nodes_count < NODES_MAX);
    if (world.now_ms == 0)
        world.now_ms = 1000;
    node_t *node = calloc (1, sizeof *node);
    assert_non_null (node);
    node->number = world.nodes_count;
    world.nodes[world.nodes_count++] = node;
    uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t) (node->number + 1)};
    crypto_sign_seed_keypair (node->key.bytes, node->secret, seed);
    assert_true (crypto_real.transport_key (node->key.bytes, node->transport_key));
    peer_id_text (&node->key, node->text);
    multiaddr_t address = {.kind = MULTIADDR_IP4,
                           .ip = {(uint8_t) group, 1, 0, (uint8_t) (node->number + 1)},
                           .port = 4000};
    node->listens = (bytes_t) {node->address, multiaddr_encode (&address, node->address)};
    memcpy (node->identity.key, node->key.bytes, sizeof node->identity.key);
    node->identity.sign = world_sign;
    node->identity.context = node;
    swarm_settings_default (&node->settings);
    node->settings.identity = &node->identity;
    node->settings.addresses = &node->listens;
    node->settings.addresses_count = 1;
    node->settings.addresses_sure = true;
    node->settings.reachable = world_reachable;
    node->settings.protocols = world_protocols;
    node->settings.listeners = world_listeners;
    node->settings.clock_listeners = world_listeners;
    node->settings.min_peers = 0;
    node->connectivity = -1;
    return node;
}

static inline void
world_stop (node_t *node)
{
    actor_destroy (&node->actor);
    for (unsigned i = 0; i < world.wires_count; i++)
        for (unsigned side = 0; side < 2; side++)
            if (world.wires[i].node[side] == node->number && world.wires[i].open[side])
                world_close (node->number, world.wires[i].number[side]);
}

static inline void
world_clear (void)
{
    for (unsigned i = 0; i < world.nodes_count; i++) {
        node_t *node = world.nodes[i];
        actor_destroy (&node->actor);
        while (node->notes_count > 0)
            note_free (&node->notes[--node->notes_count]);
        while (node->kept_count > 0)
            free (node->kept[--node->kept_count].value);
        free (node);
    }
    while (world.events_count > 0)
        note_free (&world.events[--world.events_count]);
    free (world.events);
    while (world.said_count > 0)
        note_free (&world.said[--world.said_count]);
    world = (world_t) {0};
}

//  ---- time --------------------------------------------------------------------------------------

static inline void
world_deliver (note_t *note)
{
    node_t *node = world.nodes[note->node];
    mail_t mail = {{note->envelope, note->envelope_size},
                   {note->body, note->body_size},
                   {note->attachment, note->attachment_size}};
    if (node->actor)
        assert_int_equal (actor_deliver (node->actor, &mail, world.now_ms, world_wall_ms (node)),
                          OK);
    note_free (note);
}

static inline node_t *
world_due (int64_t *at_ms)
{
    node_t *due = NULL;
    for (unsigned i = 0; i < world.nodes_count; i++) {
        node_t *node = world.nodes[i];
        if (node->actor && actor_deadline_ms (node->actor) < *at_ms) {
            *at_ms = actor_deadline_ms (node->actor);
            due = node;
        }
    }
    return due;
}

//  One thing that happens until then. False: nothing does.
static inline bool
world_step (int64_t until_ms)
{
    int64_t at_ms = world.events_count > 0 ? world.events[0].at_ms : INT64_MAX;
    node_t *node = world_due (&at_ms);
    if (at_ms > until_ms)
        return false;
    if (at_ms > world.now_ms)
        world.now_ms = at_ms;
    if (node) {
        assert_int_equal (actor_tick (node->actor, world.now_ms, world_wall_ms (node)), OK);
        assert_true (actor_deadline_ms (node->actor) > world.now_ms);
        return true;
    }
    note_t note = world.events[0];
    memmove (world.events, world.events + 1, --world.events_count * sizeof *world.events);
    world_deliver (&note);
    return true;
}

static inline void
world_run (int64_t ms)
{
    int64_t until_ms = world.now_ms + ms;
    while (world_step (until_ms))
        ;
    world.now_ms = until_ms;
}

//  ---- saying and hearing ------------------------------------------------------------------------

//  Have actor 'from' of a node say something to an address. Returns the id.
static inline uint64_t
world_say (node_t *node, const char *from, const char *to, Ggen__Envelope *envelope,
           const ProtobufCMessage *message, bytes_t route)
{
    note_t note = {.to = "swarm", .node = node->number};
    envelope->from = (char *) from;
    if (strchr (to, '@'))
        envelope->to = (char *) to;
    if (envelope->id == 0)
        envelope->id = ++world.next_id;
    if (message) {
        envelope->type = (char *) message->descriptor->short_name;
        note.body = world_pack (message, &note.body_size);
    }
    envelope->route = (ProtobufCBinaryData) {route.size, (uint8_t *) route.data};
    note.envelope = world_pack (&envelope->base, &note.envelope_size);
    world_deliver (&note);
    return envelope->id;
}

static inline bytes_t
world_route (const node_t *to, uint8_t route[MULTIADDR_SIZE_MAX + 8])
{
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    ProtobufCBinaryData field = {to->listens.size, (uint8_t *) to->listens.data};
    addresses.addresses = &field;
    addresses.n_addresses = 1;
    return (bytes_t) {route, ggen__addresses__pack (&addresses, route)};
}

//  Ask "dht" on another node for something, whose route the mail carries.
static inline uint64_t
world_ask (node_t *node, const node_t *peer, const char *actor)
{
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    uint8_t route[MULTIADDR_SIZE_MAX + 8];
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 5000;
    snprintf (to, sizeof to, "%s@%s", actor, peer->text);
    return world_say (node, "dht", to, &envelope, &request.base, world_route (peer, route));
}

//  Take the first note to this actor of this type; said to be freed with note_free.
static inline bool
world_take (node_t *node, const char *to, const char *type, note_t *note,
            Ggen__Envelope **envelope_p)
{
    *note = (note_t) {0};
    *envelope_p = NULL;
    for (unsigned i = 0; i < node->notes_count; i++) {
        note_t *at = &node->notes[i];
        Ggen__Envelope *envelope =
            ggen__envelope__unpack (NULL, at->envelope_size, at->envelope);
        assert_non_null (envelope);
        if (strcmp (at->to, to) == 0 && strcmp (envelope->type, type) == 0) {
            *note = *at;
            memmove (node->notes + i, node->notes + i + 1,
                     (--node->notes_count - i) * sizeof node->notes[0]);
            *envelope_p = envelope;
            return true;
        }
        ggen__envelope__free_unpacked (envelope, NULL);
    }
    return false;
}

//  Take all of this type and say how many.
static inline unsigned
world_count (node_t *node, const char *to, const char *type)
{
    unsigned count = 0;
    note_t note;
    Ggen__Envelope *envelope;
    while (world_take (node, to, type, &note, &envelope)) {
        ggen__envelope__free_unpacked (envelope, NULL);
        note_free (&note);
        count++;
    }
    return count;
}

//  Forget all that was said.
static inline void
world_forget (void)
{
    for (unsigned i = 0; i < world.nodes_count; i++)
        while (world.nodes[i]->notes_count > 0)
            note_free (&world.nodes[i]->notes[--world.nodes[i]->notes_count]);
}

//  Answer the first request that came to an actor of the node. False: there is none.
static inline bool
world_answer (node_t *node, const char *actor)
{
    note_t note;
    Ggen__Envelope *asked;
    if (!world_take (node, actor, "FindNodeRequest", &note, &asked))
        return false;
    Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    assert_true (strchr (asked->from, '@') != NULL);
    world_say (node, actor, asked->from, &envelope, &reply.base, (bytes_t) {NULL, 0});
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
    return true;
}

//  The code of the first Failure said to "dht" for request 'id' (0: any); OK: there is none.
static inline code_t
world_failure (node_t *node, uint64_t id)
{
    note_t note;
    Ggen__Envelope *envelope;
    code_t code = OK;
    if (!world_take (node, "dht", "Failure", &note, &envelope))
        return OK;
    Ggen__Failure *failure = ggen__failure__unpack (NULL, note.body_size, note.body);
    assert_non_null (failure);
    if (id == 0 || envelope->id == id)
        code = failure->code;
    ggen__failure__free_unpacked (failure, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    return code;
}

static inline swarm_t *
world_swarm (const node_t *node)
{
    return actor_state (node->actor);
}

//  The session of 'node' with 'peer', or NULL.
static inline link_t *
world_session (const node_t *node, const node_t *peer)
{
    link_t *link = links_peer (world_swarm (node)->links, peer->text);
    return link && link->state == LINK_SESSION ? link : NULL;
}

//  Two nodes that run and have a session, dialled by 'a'; what was said until then is forgotten.
static inline void
world_pair (node_t **a, node_t **b)
{
    *a = world_node (10);
    *b = world_node (10);
    world_start (*a);
    world_start (*b);
    world_ask (*a, *b, "dht");
    world_run (200);
    assert_true (world_answer (*b, "dht"));
    world_run (100);
    assert_non_null (world_session (*a, *b));
    assert_non_null (world_session (*b, *a));
    world_forget ();
}

#endif
