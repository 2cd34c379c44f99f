// SPDX-License-Identifier: MIT
//  Many "dht" actors in one test: virtual time, letters that take a while, and in place of swarm a
//  table of who is where. Nodes can be dead, silent, or liars. Include after cmocka.h.
#ifndef GGEN_TESTS_DHT_HERD_H
#define GGEN_TESTS_DHT_HERD_H

#include "actors/dht/dht.h"
#include "runtime/actor/map.h"
#include "runtime/actor/out.h"

#include "discovery.pb-c.h"
#include "multiaddr.h"
#include "state.pb-c.h"
#include "swarm.pb-c.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HERD_WALL_MS 1763600000000
#define HERD_PAIRS_MAX (1u << 24)
#define HERD_DIAL_MS 300           //  what it takes to learn that a node is gone

typedef enum {
    HONEST,
    SILENT,                         //  takes requests and never answers
    LIAR,                           //  names other liars, has no records, says it stored
    INVENTOR,                       //  names nodes that do not exist, close to what is looked for
    FORGER                          //  has herd_t.forgery under every key
} nature_t;

typedef struct {
    actor_t *actor;                 //  NULL: dead
    identity_t identity;
    dht_settings_t settings;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    peer_key_t key;
    uint64_t place;
    uint32_t ip;
    nature_t nature;
    struct herd_t *herd;
    uint32_t number;
} herd_node_t;

typedef struct {
    int64_t at_ms;
    uint64_t order;
    uint32_t to;
    uint8_t *envelope, *body;
    size_t envelope_size, body_size;
} herd_letter_t;

typedef struct herd_t {
    herd_node_t *nodes;
    uint32_t count, room;
    map_t *by_key;
    map_t *met;                     //  pairs that have, or had, a session
    herd_letter_t *letters;        //  a heap
    size_t letters_count, letters_room;
    uint64_t order;
    int64_t now_ms;
    rng_t rng;
    uint64_t carried;               //  letters between nodes
    uint64_t carried_bytes;
    uint8_t *answer;                //  of the tester's request
    size_t answer_size;
    char answer_type[64];
    uint64_t asked;
    bool answered;
    Ggen__StoredRecord *forgery;
} herd_t;

//  ---- letters -----------------------------------------------------------------------------------

static inline bool
herd_before (const herd_letter_t *a, const herd_letter_t *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static inline void
herd_post (herd_t *self, uint32_t to, int64_t at_ms, const Ggen__Envelope *envelope,
            const uint8_t *body, size_t body_size)
{
    herd_letter_t letter = {.at_ms = at_ms, .order = ++self->order, .to = to};
    letter.envelope_size = ggen__envelope__get_packed_size (envelope);
    letter.envelope = malloc (letter.envelope_size + 1);
    ggen__envelope__pack (envelope, letter.envelope);
    letter.body = malloc (body_size + 1);
    if (body_size > 0)
        memcpy (letter.body, body, body_size);
    letter.body_size = body_size;
    if (self->letters_count == self->letters_room) {
        self->letters_room = self->letters_room * 2 + 64;
        self->letters =
            realloc (self->letters, self->letters_room * sizeof *self->letters);
    }
    size_t at = self->letters_count++;
    while (at > 0 && herd_before (&letter, &self->letters[(at - 1) / 2])) {
        self->letters[at] = self->letters[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->letters[at] = letter;
}

static inline herd_letter_t
herd_take (herd_t *self)
{
    herd_letter_t first = self->letters[0], last = self->letters[--self->letters_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= self->letters_count)
            break;
        if (child + 1 < self->letters_count
            && herd_before (&self->letters[child + 1], &self->letters[child]))
            child++;
        if (!herd_before (&self->letters[child], &last))
            break;
        self->letters[at] = self->letters[child];
        at = child;
    }
    self->letters[at] = last;
    return first;
}

//  ---- nodes -------------------------------------------------------------------------------------

static inline void
herd_sign (void *context, const void *message, size_t size,
            uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    crypto_sign_detached (signature, NULL, message, size, context);
}

static inline size_t
herd_address (uint32_t ip, uint8_t bytes[MULTIADDR_SIZE_MAX])
{
    multiaddr_t address = {.kind = MULTIADDR_IP4, .port = 4001};
    address.ip[0] = (uint8_t) (ip >> 24);
    address.ip[1] = (uint8_t) (ip >> 16);
    address.ip[2] = (uint8_t) (ip >> 8);
    address.ip[3] = (uint8_t) ip;
    return multiaddr_encode (&address, bytes);
}

//  Somewhere between 20 and 180 ms apart, always the same for two nodes.
static inline int64_t
herd_latency_ms (const herd_t *self, uint32_t a, uint32_t b)
{
    uint64_t mix = self->nodes[a].place ^ self->nodes[b].place;
    return 10 + (int64_t) (mix % 80);
}

static inline herd_node_t *
herd_find (const herd_t *self, const char *address)
{
    peer_key_t key;
    if (peer_id_of_address (&key, address) != OK)
        return NULL;
    void *value = map_get (self->by_key, key.bytes, sizeof key.bytes);
    return value ? &self->nodes[(uintptr_t) value - 1] : NULL;
}

static inline void
herd_answer (herd_node_t *to, const Ggen__Envelope *asked, const char *from, int64_t after_ms,
              const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    protobuf_c_message_pack (message, body);
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    herd_post (to->herd, to->number, to->herd->now_ms + after_ms, &envelope, body, size);
    free (body);
}

static inline void
herd_state (herd_node_t *node, const Ggen__Envelope *envelope)
{
    Ggen__StateLoadReply loaded = GGEN__STATE_LOAD_REPLY__INIT;
    Ggen__StatePutReply put = GGEN__STATE_PUT_REPLY__INIT;
    bool load = strcmp (envelope->type, "StateLoadRequest") == 0;
    herd_answer (node, envelope, "state", 0, load ? &loaded.base : &put.base);
}

//  What a liar answers, without an actor.
static inline void
herd_lie (herd_node_t *liar, herd_node_t *asker, const Ggen__Envelope *envelope,
          const char *address, int64_t latency_ms)
{
    herd_t *self = liar->herd;
    Ggen__Contact rooms[KBUCKET_K], *list[KBUCKET_K];
    ProtobufCBinaryData fields[KBUCKET_K];
    uint8_t addresses[KBUCKET_K][MULTIADDR_SIZE_MAX];
    peer_key_t keys[KBUCKET_K];
    size_t count = 0;
    for (uint32_t i = 0; i < self->count && count < KBUCKET_K; i++) {
        uint32_t at = liar->nature == LIAR ? (uint32_t) rng_below (&self->rng, self->count) : i;
        if (liar->nature == LIAR && self->nodes[at].nature != LIAR)
            continue;
        if (liar->nature == LIAR)
            keys[count] = self->nodes[at].key;
        else
            rng_bytes (&self->rng, keys[count].bytes, sizeof keys[count].bytes);
        ggen__contact__init (&rooms[count]);
        rooms[count].peer_key = peer_key_to_field (&keys[count]);
        fields[count].len = herd_address (self->nodes[at].ip, addresses[count]);
        fields[count].data = addresses[count];
        rooms[count].addresses = &fields[count];
        rooms[count].n_addresses = 1;
        list[count] = &rooms[count];
        count++;
    }
    Ggen__FindNodeReply found = GGEN__FIND_NODE_REPLY__INIT;
    Ggen__GetRecordsReply got = GGEN__GET_RECORDS_REPLY__INIT;
    Ggen__PutRecordReply put = GGEN__PUT_RECORD_REPLY__INIT;
    found.closer = got.closer = list;
    found.n_closer = got.n_closer = count;
    put.stored = true;
    got.records = &self->forgery;
    got.n_records = liar->nature == FORGER;
    const ProtobufCMessage *lie = strcmp (envelope->type, "FindNodeRequest") == 0 ? &found.base
                                : strcmp (envelope->type, "PutRecordRequest") == 0 ? &put.base
                                                                                   : &got.base;
    herd_answer (asker, envelope, address, 2 * latency_ms, lie);
}

//  Hand node 'number' a message of this node.
static inline uint64_t
herd_tell (herd_t *self, uint32_t number, const char *from, Ggen__Kind kind,
            const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    protobuf_c_message_pack (message, body);
    envelope.kind = kind;
    envelope.id = ++self->order;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    envelope.budget_ms = kind == GGEN__KIND__REQUEST ? 60000 : 0;
    uint64_t id = envelope.id;
    herd_post (self, number, self->now_ms, &envelope, body, size);
    free (body);
    return id;
}

//  'number' has a session with 'other'.
static inline void
herd_introduce (herd_t *self, uint32_t number, uint32_t other)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    char *protocols[] = {"dht/1"};
    ProtobufCBinaryData address = {herd_address (self->nodes[other].ip, bytes), bytes};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = peer_key_to_field (&self->nodes[other].key);
    up.addresses = &address;
    up.n_addresses = 1;
    up.seen = address;
    up.protocols = protocols;
    up.n_protocols = 1;
    up.tier = GGEN__TIER__COMMUNITY;
    herd_tell (self, number, "swarm", GGEN__KIND__EVENT, &up.base);
}

//  Both have a session from their first letter on.
static inline void
herd_meet (herd_t *self, uint32_t a, uint32_t b)
{
    uint32_t pair[2] = {a < b ? a : b, a < b ? b : a};
    if (map_get (self->met, pair, sizeof pair)
        || map_put (self->met, pair, sizeof pair, self) != OK)
        return;
    herd_introduce (self, a, b);
    herd_introduce (self, b, a);
}

static inline void
herd_send (void *node_, const parcel_t *parcel)
{
    herd_node_t *node = node_;
    herd_t *self = node->herd;
    Ggen__Envelope envelope = *parcel->envelope;
    size_t size = parcel_body_size (parcel);
    uint8_t *body = malloc (size + 1);
    parcel_body_write (parcel, body);
    if (strcmp (parcel->to, "state") == 0)
        herd_state (node, &envelope);
    else if (strncmp (parcel->to, "tester", 6) == 0 && envelope.kind == GGEN__KIND__REPLY
             && envelope.id == self->asked) {
        self->answered = true;
        free (self->answer);
        self->answer = malloc (size + 1);
        memcpy (self->answer, body, size);
        self->answer_size = size;
        snprintf (self->answer_type, sizeof self->answer_type, "%s", envelope.type);
    }
    else if (strncmp (parcel->to, "dht@", 4) == 0) {
        herd_node_t *to = herd_find (self, parcel->to);
        char from[ADDRESS_MAX + 1];
        peer_id_address (&node->key, "dht", from);
        envelope.from = from;
        envelope.to = NULL;
        envelope.route = (ProtobufCBinaryData) {0, NULL};
        int64_t latency_ms = to ? herd_latency_ms (self, node->number, to->number) : 0;
        self->carried++;
        if (to && (to->actor || to->nature != HONEST))
            herd_meet (self, node->number, to->number);
        self->carried_bytes += size + 150;
        if (!to || (!to->actor && to->nature == HONEST)) {
            Ggen__Failure failure = GGEN__FAILURE__INIT;
            failure.code = CONNECTION_FAILED;
            if (envelope.kind == GGEN__KIND__REQUEST)
                herd_answer (node, &envelope, parcel->to, HERD_DIAL_MS, &failure.base);
        }
        else if (to->nature == HONEST)
            herd_post (self, to->number, self->now_ms + latency_ms, &envelope, body, size);
        else if (to->nature != SILENT && envelope.kind == GGEN__KIND__REQUEST)
            herd_lie (to, node, &envelope, parcel->to, latency_ms);
    }
    free (body);
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
}

static inline uint64_t
herd_clock_us (void *node)
{
    return (uint64_t) ((herd_node_t *) node)->herd->now_ms * 1000;
}

static inline void
herd_begin (herd_t *self, uint32_t nodes_max, uint64_t seed)
{
    uint8_t key[RNG_KEY_BYTES] = {0};
    memcpy (key, &seed, sizeof seed);
    *self = (herd_t) {.room = nodes_max, .now_ms = 1000};
    rng_init (&self->rng, key);
    self->nodes = calloc (nodes_max, sizeof *self->nodes);
    self->by_key = map_new (nodes_max, seed);
    self->met = map_new (HERD_PAIRS_MAX, seed);
    assert_non_null (self->met);
    assert_non_null (self->nodes);
    assert_non_null (self->by_key);
}

static inline void
herd_deliver (herd_t *self, herd_node_t *node, const herd_letter_t *letter)
{
    mail_t mail = {.envelope = {letter->envelope, letter->envelope_size},
                   .body = {letter->body, letter->body_size}};
    if (node->actor)
        assert_int_equal (actor_deliver (node->actor, &mail, self->now_ms,
                                         HERD_WALL_MS + self->now_ms),
                          OK);
}

static inline void
herd_end (herd_t *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        actor_destroy (&self->nodes[i].actor);
    while (self->letters_count > 0) {
        herd_letter_t letter = herd_take (self);
        free (letter.envelope);
        free (letter.body);
    }
    free (self->letters);
    free (self->nodes);
    free (self->answer);
    map_destroy (&self->by_key);
    map_destroy (&self->met);
}

//  Give a node a key and an address.
static inline void
herd_be_somebody (herd_t *self, herd_node_t *node, nature_t nature)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    rng_bytes (&self->rng, seed, sizeof seed);
    *node = (herd_node_t) {.nature = nature, .herd = self, .number = self->count};
    crypto_sign_seed_keypair (node->key.bytes, node->secret, seed);
    node->place = contact_place (&node->key, crypto_real.sha256);
    node->ip = 0x0B000000u + (uint32_t) rng_below (&self->rng, 0x60000000u);
}

//  Make the node after the last one known. Returns its number.
static inline uint32_t
herd_enrol (herd_t *self)
{
    assert_true (self->count < self->room);
    herd_node_t *node = &self->nodes[self->count++];
    assert_int_equal (map_put (self->by_key, node->key.bytes, sizeof node->key.bytes,
                               (void *) (uintptr_t) self->count),
                      OK);
    return node->number;
}

static inline void
herd_bear (herd_t *self, herd_node_t *node, const dht_settings_t *settings)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData address = {herd_address (node->ip, bytes), bytes};
    Ggen__Dialability dialability = GGEN__DIALABILITY__INIT;
    node->identity.sign = herd_sign;
    node->identity.context = node->secret;
    memcpy (node->identity.key, node->key.bytes, sizeof node->identity.key);
    node->settings = settings ? *settings : dht_settings_default (NULL);
    node->settings.identity = &node->identity;
    actor_setup_t setup = {.epoch = 1,
                           .crypto = &crypto_real,
                           .port = {node, herd_send, herd_clock_us},
                           .settings = &node->settings,
                           .now_ms = self->now_ms,
                           .wall_ms = HERD_WALL_MS + self->now_ms};
    rng_bytes (&self->rng, setup.key, sizeof setup.key);
    node->actor = actor_new (&dht_actor, &setup);
    assert_non_null (node->actor);
    dialability.known = dialability.dialable = true;
    dialability.addresses = &address;
    dialability.n_addresses = 1;
    herd_tell (self, node->number, "swarm", GGEN__KIND__EVENT, &dialability.base);
}

//  Bring a node to life, with its own settings. Returns its number.
static inline uint32_t
herd_add (herd_t *self, nature_t nature, const dht_settings_t *settings)
{
    assert_true (self->count < self->room);
    herd_node_t *node = &self->nodes[self->count];
    herd_be_somebody (self, node, nature);
    uint32_t number = herd_enrol (self);
    if (nature == HONEST)
        herd_bear (self, node, settings);
    return number;
}

static inline void
herd_kill (herd_t *self, uint32_t number)
{
    actor_destroy (&self->nodes[number].actor);
    self->nodes[number].nature = HONEST;
}

//  ---- time --------------------------------------------------------------------------------------

//  Ticks come up to HERD_STEP_MS late, so that a thousand nodes need no second heap.
#define HERD_STEP_MS 10

static inline int64_t
herd_tick_all (herd_t *self)
{
    int64_t earliest_ms = INT64_MAX;
    for (uint32_t i = 0; i < self->count; i++) {
        actor_t *actor = self->nodes[i].actor;
        if (actor && actor_deadline_ms (actor) <= self->now_ms)
            assert_int_equal (actor_tick (actor, self->now_ms, HERD_WALL_MS + self->now_ms), OK);
        if (actor && actor_deadline_ms (actor) < earliest_ms)
            earliest_ms = actor_deadline_ms (actor);
    }
    return earliest_ms;
}

static inline void
herd_run (herd_t *self, int64_t ms)
{
    int64_t until_ms = self->now_ms + ms;
    while (self->now_ms < until_ms) {
        while (self->letters_count > 0 && self->letters[0].at_ms <= self->now_ms) {
            herd_letter_t letter = herd_take (self);
            herd_deliver (self, &self->nodes[letter.to], &letter);
            free (letter.envelope);
            free (letter.body);
        }
        int64_t next_ms = herd_tick_all (self);
        if (self->letters_count > 0 && self->letters[0].at_ms < next_ms)
            next_ms = self->letters[0].at_ms;
        if (next_ms < self->now_ms + HERD_STEP_MS)
            next_ms = self->now_ms + HERD_STEP_MS;
        self->now_ms = next_ms < until_ms ? next_ms : until_ms;
    }
}

//  Ask node 'number' and run until it answers. The caller frees the answer; NULL: it failed.
static inline void *
herd_ask_as (herd_t *self, const char *asker, uint32_t number, const ProtobufCMessage *message,
             const ProtobufCMessageDescriptor *expect, code_t *code_p)
{
    self->asked = herd_tell (self, number, asker, GGEN__KIND__REQUEST, message);
    self->answered = false;
    for (unsigned i = 0; i < 7000 && !self->answered; i++)
        herd_run (self, HERD_STEP_MS);
    assert_true (self->answered);
    if (code_p)
        *code_p = OK;
    if (strcmp (self->answer_type, expect->short_name) == 0)
        return protobuf_c_message_unpack (expect, NULL, self->answer_size, self->answer);
    Ggen__Failure *failure = ggen__failure__unpack (NULL, self->answer_size, self->answer);
    assert_non_null (failure);
    if (code_p)
        *code_p = failure->code;
    ggen__failure__free_unpacked (failure, NULL);
    return NULL;
}

static inline void *
herd_ask (herd_t *self, uint32_t number, const ProtobufCMessage *message,
          const ProtobufCMessageDescriptor *expect, code_t *code_p)
{
    return herd_ask_as (self, "tester", number, message, expect, code_p);
}

#endif
