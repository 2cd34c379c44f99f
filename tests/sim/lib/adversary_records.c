// SPDX-License-Identifier: MIT
//  Lies in the seat "dht" with records: those of others, spoilt; and sound ones of keys that are made
//  up as needed.
#include "adversary.h"

#include "actors/dht/dht_inside.h"
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPOILT_MAX  16u             //  of one answer
#define OLD_MAX     64u             //  records that are remembered as they were first
#define LARGE_BYTES (100u << 10)
#define HOARD_PUTS  8u              //  in a second
#define SPAM_NAMES  2u              //  in five seconds
#define DAY_SECS    86400
#define KEY_USES    2u              //  records that one of the made up keys signs

static liar_t *
liar_of (const void *state)
{
    return (liar_t *) ((const dht_t *) state)->settings;
}

static void *
room_of (size_t size)
{
    void *memory = calloc (1, size ? size : 1);
    if (!memory)
        abort ();
    return memory;
}

//  ---- spoilt records ------------------------------------------------------------------------------

typedef struct {
    digest_t key;
    uint8_t *packed;
    size_t size;
} old_t;

typedef struct {
    old_t old[OLD_MAX];
    unsigned count;
} olds_t;

typedef struct {
    Ggen__StoredRecord rooms[SPOILT_MAX], *list[SPOILT_MAX];
    size_t count;
} answer_records_t;

static ProtobufCBinaryData
copy_of (const uint8_t *bytes, size_t size)
{
    ProtobufCBinaryData copy = {size, room_of (size)};
    memcpy (copy.data, bytes, size);
    return copy;
}

static Ggen__StoredRecord *
add (answer_records_t *self, ProtobufCBinaryData taken)
{
    Ggen__StoredRecord *room = &self->rooms[self->count];
    ggen__stored_record__init (room);
    room->record = taken;
    self->list[self->count++] = room;
    return room;
}

//  The same with the key of another signer, or with a payload of another seq.
static ProtobufCBinaryData
reseal (const liar_t *liar, const element_t *element, bool own_key)
{
    ProtobufCBinaryData packed = {0};
    Ggen__SignedRecord *record = ggen__signed_record__unpack (NULL, element->size, element->packed);
    if (!record)
        return copy_of (element->packed, element->size);
    if (own_key && record->key.len == CRYPTO_KEY_BYTES)
        memcpy (record->key.data, world_identity (liar->band->play->world, liar->node)->key,
                CRYPTO_KEY_BYTES);
    else if (record->payload.len > 0)
        record->payload.data[record->payload.len - 1] ^= 1;
    packed.len = ggen__signed_record__get_packed_size (record);
    packed.data = room_of (packed.len);
    ggen__signed_record__pack (record, packed.data);
    ggen__signed_record__free_unpacked (record, NULL);
    return packed;
}

static void
spoil (liar_t *liar, const element_t *element, answer_records_t *answer)
{
    ProtobufCBinaryData copy;
    switch (liar->count++ % 6) {
    case 0:
        copy = copy_of (element->packed, element->size);
        copy.data[copy.len - 1] ^= 0x80;                //  The signature comes last
        break;
    case 1:
        copy = reseal (liar, element, false);
        break;
    case 2:
        copy = reseal (liar, element, true);
        break;
    case 3:
        copy = (ProtobufCBinaryData) {LARGE_BYTES, room_of (LARGE_BYTES)};
        break;
    case 4:
        copy = copy_of (element->packed, element->size / 2);
        break;
    default:
        copy = copy_of (element->packed, element->size);
        add (answer, copy)->age_secs = UINT32_MAX;
        return;
    }
    add (answer, copy);
}

//  As it was when it was first put here; else one of another key.
static void
add_old (const olds_t *olds, const digest_t *key, answer_records_t *answer)
{
    for (unsigned i = 0; i < olds->count; i++)
        if (memcmp (olds->old[i].key.bytes, key->bytes, DIGEST_SIZE) == 0 || i + 1 == olds->count) {
            add (answer, copy_of (olds->old[i].packed, olds->old[i].size));
            return;
        }
}

static code_t
answer_spoilt (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    const dht_t *self = state;
    liar_t *liar = liar_of (state);
    const Ggen__GetRecordsRequest *get = (const void *) message;
    Ggen__GetRecordsReply reply = GGEN__GET_RECORDS_REPLY__INIT;
    answer_records_t answer = {.count = 0};
    digest_t key;
    if (digest_from_field (&key, get->key) != OK)
        return VALIDATION;
    if (liar->memory)
        add_old (liar->memory, &key, &answer);
    const element_t *element = records_next (self->records, &key, NULL, at->now_ms);
    for (; element && answer.count < SPOILT_MAX - 1;
         element = records_next (self->records, &key, element->id, at->now_ms))
        spoil (liar, element, &answer);
    reply.records = answer.list;
    reply.n_records = answer.count;
    (void) out_reply (at, &reply.base);
    for (size_t i = 0; i < answer.count; i++)
        free (answer.rooms[i].record.data);
    return OK;
}

static void
forget (void *memory)
{
    olds_t *olds = memory;
    for (unsigned i = 0; i < olds->count; i++)
        free (olds->old[i].packed);
    free (olds);
}

//  What comes first is remembered: it will be old.
static code_t
remember (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *liar = liar_of (state);
    const Ggen__PutRecordRequest *put = (const void *) message;
    if (!liar->memory) {
        liar->memory = room_of (sizeof (olds_t));
        liar->forget = forget;
    }
    olds_t *olds = liar->memory;
    bool known = !put->record || olds->count == OLD_MAX || put->key.len != DIGEST_SIZE;
    for (unsigned i = 0; i < olds->count && !known; i++)
        known = memcmp (olds->old[i].key.bytes, put->key.data, DIGEST_SIZE) == 0;
    if (!known) {
        ProtobufCBinaryData copy = copy_of (put->record->record.data, put->record->record.len);
        old_t *old = &olds->old[olds->count++];
        *old = (old_t) {.packed = copy.data, .size = copy.len};
        memcpy (old->key.bytes, put->key.data, DIGEST_SIZE);
    }
    return liar_honest_row (liar, message)->handler (state, at, message);
}

//  Puts of its own that are no good: a name under another's key, a time to come, one that is over.
static void
put_bad (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    dht_t *self = state;
    liar_peer_t peer;
    digest_t key;
    (void) now_ms;
    if (liar_peers (liar, &peer, 1) == 0)
        return;
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    rng_bytes (&liar->rng, key.bytes, sizeof key.bytes);
    provider.sha256 = digest_to_field (&key);
    provider.seq = 1 + liar->count;
    provider.ttl_secs = DAY_SECS;
    provider.issued_at = wall_ms / 1000 + (liar->count % 2 ? 30 : -30) * DAY_SECS;
    ProtobufCBinaryData record = sim_sign (world_identity (liar->band->play->world, liar->node),
                                            GGEN__RECORD_KIND__PROVIDER, &provider.base);
    if (liar->count % 3 == 0)
        record.data[record.len - 1] ^= 1;
    liar_put (self->out, peer.key, &key, record);
    liar->count++;
    free (record.data);
}

static const handler_t records_rows[] = {
    {&ggen__get_records_request__descriptor, answer_spoilt, ANY_NODE},
    {&ggen__put_record_request__descriptor, remember, ANY_NODE},
    {0}};

const lie_t lie_records = {
    .mask = &mask_dht, .rows = records_rows, .every_ms = 5000, .act = put_bad};

//  ---- sound ones, without end -----------------------------------------------------------------------

static void
fresh_pair (const liar_t *liar, crypto_sim_identity_t *pair)
{
    const world_t *world = liar->band->play->world;
    crypto_sim_identity (pair, world_crypto (world) == &crypto_real, world_seed (world), "liars",
                         (uint64_t) liar->node << 32 | liar->count / KEY_USES);
}

//  To all that it knows, records that each would keep, under keys close to them, of signers that are new
//  each time.
static void
hoard (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    dht_t *self = state;
    liar_peer_t peers[64];
    size_t count = liar_peers (liar, peers, COUNT_OF (peers));
    (void) now_ms;
    for (unsigned i = 0; i < HOARD_PUTS && count > 0; i++) {
        const liar_peer_t *peer = &peers[rng_below (&liar->rng, count)];
        crypto_sim_identity_t pair;
        peer_key_t id;
        uint8_t bytes[PEER_ID_SIZE];
        digest_t key;
        fresh_pair (liar, &pair);
        liar->count++;
        memcpy (id.bytes, peer->key, sizeof id.bytes);
        peer_id_bytes (&id, bytes);
        self->crypto->sha256 (bytes, sizeof bytes, key.bytes);
        rng_bytes (&liar->rng, key.bytes + 4, sizeof key.bytes - 4);
        Ggen__Provider provider = GGEN__PROVIDER__INIT;
        provider.sha256 = digest_to_field (&key);
        provider.seq = 1;
        provider.ttl_secs = DAY_SECS;
        provider.issued_at = wall_ms / 1000;
        ProtobufCBinaryData record =
            sim_sign (&pair.identity, GGEN__RECORD_KIND__PROVIDER, &provider.base);
        liar_put (self->out, peer->key, &key, record);
        free (record.data);
    }
}

static const handler_t no_rows[] = {{0}};

const lie_t lie_hoard = {.mask = &mask_dht, .rows = no_rows, .every_ms = 1000, .act = hoard};

//  ---- names and keywords --------------------------------------------------------------------------

static void
put_everywhere (dht_t *self, const digest_t *key, ProtobufCBinaryData record)
{
    //  It may be busy: then there is one less.
    (void) dht_write_alone (self, key, (bytes_t) {record.data, record.len}, 0);
}

//  A listing of somebody else's name, under the name and its words. Each made up key says two things of
//  one seq when its two names are the same.
static void
squat (dht_t *self, liar_t *liar, const char *name, int64_t wall_ms)
{
    char word[32], title[64];
    digest_t key, sha256;
    crypto_sim_identity_t pair;
    Ggen__Listing listing = GGEN__LISTING__INIT;
    fresh_pair (liar, &pair);
    rng_bytes (&liar->rng, sha256.bytes, sizeof sha256.bytes);
    snprintf (word, sizeof word, "%.*s", (int) strcspn (name, "-"), name);
    snprintf (title, sizeof title, "%s, the better one %u", name, (unsigned) (liar->count % 2));
    char *keywords[] = {word, (char *) "market"};
    listing.name = (char *) name;
    listing.seq = 1;
    listing.issued_at = wall_ms / 1000;
    listing.ttl_secs = DAY_SECS;
    listing.version = (char *) "99.0.0";
    listing.title = title;
    listing.description = listing.license = listing.author = (char *) "";
    listing.keywords = keywords;
    listing.n_keywords = COUNT_OF (keywords);
    listing.sha256 = digest_to_field (&sha256);
    listing.size_bytes = 1000;
    ProtobufCBinaryData record =
        sim_sign (&pair.identity, GGEN__RECORD_KIND__LISTING, &listing.base);
    dht_key_name (&key, self->crypto->sha256, name);
    put_everywhere (self, &key, record);
    for (unsigned i = 0; i < COUNT_OF (keywords); i++) {
        dht_key_keyword (&key, self->crypto->sha256, keywords[i], 0);
        put_everywhere (self, &key, record);
    }
    free (record.data);
}

static void
spam (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    library_t *library = liar->band->play->library;
    (void) now_ms;
    for (unsigned i = 0; i < SPAM_NAMES && library_count (library) > 0; i++) {
        uint32_t at = (uint32_t) rng_below (&liar->rng, library_count (library));
        squat (state, liar, library_package (library, at)->name, wall_ms);
        liar->count++;
    }
}

const lie_t lie_spam = {.mask = &mask_dht, .rows = no_rows, .every_ms = 5000, .act = spam};
