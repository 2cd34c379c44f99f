// SPDX-License-Identifier: MIT
//  The network in the fewest lines, for tests of the P2P registry: "dht", "gossip", "transfer", "cache",
//  "keyring" and "trust" of one world that the test owns (their settings), so that several nodes can
//  share it. It keeps what the DHT would keep (records that belong under their key, of each signer and
//  subject the newest), and can be told to fail, to be full, to lie.
#ifndef GGEN_TESTS_P2P_WORLD_H
#define GGEN_TESTS_P2P_WORLD_H

#include "actors/registry/discovered.h"
#include "cache.pb-c.h"
#include "dht.pb-c.h"
#include "gossip.pb-c.h"
#include "hot.pb-c.h"
#include "messages/dht_key.h"
#include "messages/discovery_valid.h"
#include "messages/message.h"
#include "messages/record.h"
#include "p2p.pb-c.h"
#include "runtime/actor/out.h"
#include "transfer.pb-c.h"
#include "trust.pb-c.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P2P_RECORDS_MAX 4096
#define P2P_ITEMS_MAX   256
#define P2P_SIGNERS     3
#define P2P_PINS_MAX    16
#define P2P_HOT_MAX     256

typedef struct {
    digest_t key;
    dht_element_t element;
    ProtobufCBinaryData packed;
} p2p_stored_t;

typedef struct {
    char topic[128];
    ProtobufCBinaryData item;
} p2p_item_t;

typedef struct {
    char name[64];
    publisher_key_t key;
} p2p_pin_t;

typedef struct {
    p2p_stored_t records[P2P_RECORDS_MAX];
    size_t records_count;
    p2p_item_t items[P2P_ITEMS_MAX];
    size_t items_count;
    unsigned keys_count;                    //  of the keyring; the first is "default"
    publisher_key_t keys[P2P_SIGNERS];
    uint8_t secrets[P2P_SIGNERS][crypto_sign_SECRETKEYBYTES];
    p2p_pin_t pins[P2P_PINS_MAX];
    size_t pins_count;
    Ggen__HotPutRequest *hot[P2P_HOT_MAX];  //  the newest last
    size_t hot_count;
    bool warm;                              //  what was put is given
    uint32_t hot_age_ms;                    //  of all that is given

    //  What goes wrong.
    code_t dht_code;                        //  not OK: reads and writes fail
    bool incomplete;                        //  reads are
    unsigned full;                          //  records that a key takes; 0 = all
    bool alone;                             //  what is written is held by the writer only
    bool few;                               //  of three that are asked one takes it
    bool here;                              //  one of those who take it is the writer
    uint32_t stored;                        //  hosts that take an archive
    uint32_t heard;                         //  neighbours that acknowledge news
    const char *unheard;                    //  a topic that nobody follows; NULL
    code_t transfer_code, cache_code;

    //  What was asked.
    unsigned reads, writes, first_valid, provided, unprovided, replicated, withdrawn, follows;
    unsigned invalid;                       //  AnnouncedInvalid
} p2p_world_t;

static inline p2p_world_t *
p2p_world_new (void)
{
    p2p_world_t *self = calloc (1, sizeof *self);
    if (!self || sodium_init () < 0)
        abort ();
    for (unsigned i = 0; i < P2P_SIGNERS; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES];
        memset (seed, (int) i + 1, sizeof seed);
        crypto_sign_seed_keypair (self->keys[i].bytes, self->secrets[i], seed);
    }
    self->keys_count = P2P_SIGNERS;
    self->stored = self->heard = 1;
    return self;
}

static inline void
p2p_world_clear (p2p_world_t *self)
{
    for (size_t i = 0; i < self->records_count; i++)
        free (self->records[i].packed.data);
    for (size_t i = 0; i < self->items_count; i++)
        free (self->items[i].item.data);
    self->records_count = self->items_count = 0;
}

static inline void
p2p_world_destroy (p2p_world_t **self_p)
{
    p2p_world_clear (*self_p);
    for (size_t i = 0; i < (*self_p)->hot_count; i++)
        ggen__hot_put_request__free_unpacked ((*self_p)->hot[i], NULL);
    free (*self_p);
    *self_p = NULL;
}

static inline ProtobufCBinaryData
p2p_copy (ProtobufCBinaryData from)
{
    ProtobufCBinaryData copy = {from.len, malloc (from.len + 1)};
    if (!copy.data)
        abort ();
    if (from.len > 0)
        memcpy (copy.data, from.data, from.len);
    return copy;
}

static inline ProtobufCBinaryData
p2p_pack (const ProtobufCMessage *message)
{
    ProtobufCBinaryData packed = {protobuf_c_message_get_packed_size (message), NULL};
    packed.data = malloc (packed.len + 1);
    if (!packed.data)
        abort ();
    protobuf_c_message_pack (message, packed.data);
    return packed;
}

//  A packed record, to be freed.
static inline ProtobufCBinaryData
p2p_sign_bytes (const p2p_world_t *self, unsigned who, Ggen__RecordKind kind,
                ProtobufCBinaryData payload)
{
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    size_t size;
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload.data, payload.len}, &size);
    crypto_sign_detached (signature, NULL, bytes, size, self->secrets[who]);
    free (bytes);
    record.kind = kind;
    record.payload = payload;
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) self->keys[who].bytes};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    return p2p_pack (&record.base);
}

static inline ProtobufCBinaryData
p2p_sign (const p2p_world_t *self, unsigned who, Ggen__RecordKind kind,
          const ProtobufCMessage *message)
{
    ProtobufCBinaryData payload = p2p_pack (message);
    ProtobufCBinaryData record = p2p_sign_bytes (self, who, kind, payload);
    free (payload.data);
    return record;
}

static inline void *
p2p_create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static inline void
p2p_leave (void *self)
{
    (void) self;
}

//  ---- dht -----------------------------------------------------------------------------------------

//  Under a key, whatever it is: liars do so. Returns true when it is there now.
static inline bool
p2p_store (p2p_world_t *self, const digest_t *key, ProtobufCBinaryData packed,
           ProtobufCBinaryData *newer)
{
    dht_element_t element;
    code_t code = dht_key_check (&element, crypto_real.sha256, crypto_real.verify, key,
                                 (bytes_t) {packed.data, packed.len});
    size_t there = 0;
    if (code != OK && code != SECURITY)
        memset (&element, 0, sizeof element);
    for (size_t i = 0; i < self->records_count; i++) {
        p2p_stored_t *old = &self->records[i];
        if (!digest_equal (&old->key, key))
            continue;
        there++;
        if (memcmp (old->element.signer, element.signer, 32) != 0
            || old->element.kind != element.kind
            || memcmp (old->element.subject, element.subject, 32) != 0)
            continue;
        if (old->element.seq > element.seq) {
            *newer = old->packed;
            return true;
        }
        free (old->packed.data);
        old->packed = p2p_copy (packed);
        old->element = element;
        return true;
    }
    if ((self->full > 0 && there >= self->full) || self->records_count == P2P_RECORDS_MAX)
        return false;
    self->records[self->records_count++] = (p2p_stored_t) {*key, element, p2p_copy (packed)};
    return true;
}

static inline code_t
p2p_dht_read (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__DhtReadRequest *request = (const void *) message;
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    ProtobufCBinaryData records[256];
    digest_t key;
    self->reads++;
    self->first_valid += request->first_valid != 0;
    if (self->dht_code != OK)
        return out_fail (at, self->dht_code, "", "the test's network is away");
    if (digest_from_field (&key, request->key) != OK)
        return VALIDATION;
    reply.records = records;
    for (size_t i = 0; i < self->records_count && reply.n_records < 256; i++)
        if (digest_equal (&self->records[i].key, &key))
            records[reply.n_records++] = self->records[i].packed;
    reply.responders = 3;
    reply.incomplete = self->incomplete;
    reply.full = self->full > 0 && reply.n_records >= self->full;
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_dht_write (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__DhtWriteRequest *request = (const void *) message;
    Ggen__DhtWriteReply reply = GGEN__DHT_WRITE_REPLY__INIT;
    digest_t key;
    dht_element_t element;
    self->writes++;
    if (self->dht_code != OK)
        return out_fail (at, self->dht_code, "", "the test's network is away");
    if (digest_from_field (&key, request->key) != OK)
        return VALIDATION;
    code_t code = dht_key_check (&element, crypto_real.sha256, crypto_real.verify, &key,
                                 (bytes_t) {request->record.data, request->record.len});
    if (code != OK)
        return code;
    reply.asked = self->alone ? 1 : 3;
    reply.acknowledged =
        !p2p_store (self, &key, request->record, &reply.newer) ? 0 : self->few ? 1 : reply.asked;
    reply.here = self->alone || self->here;
    reply.full = reply.acknowledged == 0;
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_dht_provide (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__DhtProvideRequest *request = (const void *) message;
    Ggen__DhtProvideReply reply = GGEN__DHT_PROVIDE_REPLY__INIT;
    if (self->dht_code != OK)
        return self->dht_code;
    if (request->withdraw)
        self->unprovided++;
    else
        self->provided++;
    reply.acknowledged = reply.asked = self->alone ? 1 : 3;
    reply.here = self->alone;
    return out_reply (at, &reply.base);
}

static const handler_t p2p_dht_rows[] = {
    {&ggen__dht_read_request__descriptor, p2p_dht_read, THIS_NODE},
    {&ggen__dht_write_request__descriptor, p2p_dht_write, THIS_NODE},
    {&ggen__dht_provide_request__descriptor, p2p_dht_provide, THIS_NODE},
    {0}};
static const actor_class_t p2p_dht_actor = {
    .name = "dht", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_dht_rows};

//  ---- gossip --------------------------------------------------------------------------------------

static inline code_t
p2p_announce (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__AnnounceRequest *request = (const void *) message;
    Ggen__AnnounceReply reply = GGEN__ANNOUNCE_REPLY__INIT;
    if (self->items_count < P2P_ITEMS_MAX) {
        p2p_item_t *item = &self->items[self->items_count++];
        strncpy (item->topic, request->topic, sizeof item->topic - 1);
        item->item = p2p_copy (request->item);
    }
    reply.acknowledged =
        self->unheard && strcmp (request->topic, self->unheard) == 0 ? 0 : self->heard;
    reply.asked = 3;
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_follow (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    ((p2p_world_t *) self_)->follows++;
    Ggen__FollowReply reply = GGEN__FOLLOW_REPLY__INIT;
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_invalid (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    (void) message;
    ((p2p_world_t *) self_)->invalid++;
    return OK;
}

static const handler_t p2p_gossip_rows[] = {
    {&ggen__announce_request__descriptor, p2p_announce, THIS_NODE},
    {&ggen__follow_request__descriptor, p2p_follow, THIS_NODE},
    {&ggen__announced_invalid__descriptor, p2p_invalid, THIS_NODE},
    {0}};
static const actor_class_t p2p_gossip_actor = {
    .name = "gossip", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_gossip_rows};

//  ---- transfer, cache -----------------------------------------------------------------------------

static inline code_t
p2p_replicate (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__ReplicateRequest *request = (const void *) message;
    Ggen__ReplicateReply reply = GGEN__REPLICATE_REPLY__INIT;
    if (self->transfer_code != OK)
        return self->transfer_code;
    self->replicated++;
    reply.stored = request->replicas < self->stored ? request->replicas : self->stored;
    reply.asked = request->replicas;
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_withdraw (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    ((p2p_world_t *) self_)->withdrawn++;
    Ggen__WithdrawBlobReply reply = GGEN__WITHDRAW_BLOB_REPLY__INIT;
    return out_reply (at, &reply.base);
}

static const handler_t p2p_transfer_rows[] = {
    {&ggen__replicate_request__descriptor, p2p_replicate, THIS_NODE},
    {&ggen__withdraw_blob_request__descriptor, p2p_withdraw, THIS_NODE},
    {0}};
static const actor_class_t p2p_transfer_actor = {
    .name = "transfer", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_transfer_rows};

static inline code_t
p2p_fetch (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__FetchRequest *request = (const void *) message;
    Ggen__FetchReply reply = GGEN__FETCH_REPLY__INIT;
    if (self->cache_code != OK)
        return self->cache_code;
    if (request->n_sources != 1 || access (request->sources[0]->location, R_OK) != 0)
        return PACKAGE_NOT_FOUND;
    reply.path = request->sources[0]->location;
    reply.size_bytes = request->size_bytes;
    return out_reply (at, &reply.base);
}

//  A hot tier that forgets nothing while it is warm.
static inline code_t
p2p_hot_get (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__HotGetRequest *request = (const void *) message;
    Ggen__HotGetReply reply = GGEN__HOT_GET_REPLY__INIT;
    for (size_t i = 0; self->warm && i < self->hot_count; i++) {
        const Ggen__HotPutRequest *put = self->hot[i];
        if (put->key.len != request->key.len
            || memcmp (put->key.data, request->key.data, put->key.len) != 0)
            continue;
        reply.heat = put->absent ? GGEN__HEAT__HOT_ABSENT : GGEN__HEAT__HOT;
        reply.value = put->value;
        reply.age_ms = self->hot_age_ms;
    }
    return out_reply (at, &reply.base);
}

static inline code_t
p2p_hot_put (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    p2p_world_t *self = self_;
    if (self->hot_count < P2P_HOT_MAX)
        self->hot[self->hot_count++] = message_copy (message);
    return OK;
}

static const handler_t p2p_cache_rows[] = {
    {&ggen__fetch_request__descriptor, p2p_fetch, THIS_NODE},
    {&ggen__hot_get_request__descriptor, p2p_hot_get, THIS_NODE},
    {&ggen__hot_put_request__descriptor, p2p_hot_put, THIS_NODE},
    {0}};
static const actor_class_t p2p_cache_actor = {
    .name = "cache", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_cache_rows};

//  ---- keyring, trust ------------------------------------------------------------------------------

static inline code_t
p2p_keyring_sign (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__SignRequest *request = (const void *) message;
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    unsigned who = *request->key_name ? (unsigned) (request->key_name[0] - '0') : 0;
    if (who >= self->keys_count)
        return MISSING_SIGNATURE;
    reply.record = p2p_sign_bytes (self, who, request->kind, request->payload);
    reply.key = publisher_key_to_field (&self->keys[who]);
    out_reply (at, &reply.base);
    free (reply.record.data);
    return OK;
}

static inline code_t
p2p_keyring_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    p2p_world_t *self = self_;
    Ggen__KeyInfo rooms[P2P_SIGNERS], *keys[P2P_SIGNERS];
    char names[P2P_SIGNERS][2];
    Ggen__KeyListReply reply = GGEN__KEY_LIST_REPLY__INIT;
    for (unsigned i = 0; i < self->keys_count; i++) {
        ggen__key_info__init (keys[i] = &rooms[i]);
        names[i][0] = (char) ('0' + i);
        names[i][1] = 0;
        keys[i]->name = names[i];
        keys[i]->public_key = publisher_key_to_field (&self->keys[i]);
    }
    reply.keys = keys;
    reply.n_keys = self->keys_count;
    return out_reply (at, &reply.base);
}

static const handler_t p2p_keyring_rows[] = {
    {&ggen__sign_request__descriptor, p2p_keyring_sign, THIS_NODE},
    {&ggen__key_list_request__descriptor, p2p_keyring_list, THIS_NODE},
    {0}};
static const actor_class_t p2p_keyring_actor = {
    .name = "keyring", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_keyring_rows};

static inline code_t
p2p_trust_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    p2p_world_t *self = self_;
    const Ggen__TrustListRequest *request = (const void *) message;
    Ggen__TrustPin rooms[P2P_PINS_MAX], *pins[P2P_PINS_MAX];
    Ggen__TrustListReply reply = GGEN__TRUST_LIST_REPLY__INIT;
    reply.pins = pins;
    for (size_t i = 0; i < self->pins_count; i++) {
        bool wanted = request->n_names == 0;
        for (size_t n = 0; n < request->n_names; n++)
            wanted |= strcmp (request->names[n], self->pins[i].name) == 0;
        if (!wanted)
            continue;
        Ggen__TrustPin *pin = pins[reply.n_pins] = &rooms[reply.n_pins];
        reply.n_pins++;
        ggen__trust_pin__init (pin);
        pin->name = self->pins[i].name;
        pin->key = publisher_key_to_field (&self->pins[i].key);
    }
    return out_reply (at, &reply.base);
}

static const handler_t p2p_trust_rows[] = {
    {&ggen__trust_list_request__descriptor, p2p_trust_list, THIS_NODE}, {0}};
static const actor_class_t p2p_trust_actor = {
    .name = "trust", .create = p2p_create, .destroy = p2p_leave, .rows = p2p_trust_rows};

static inline void
p2p_pin (p2p_world_t *self, const char *name, unsigned who)
{
    p2p_pin_t *pin = &self->pins[self->pins_count++];
    strncpy (pin->name, name, sizeof pin->name - 1);
    pin->key = self->keys[who];
}

#endif
