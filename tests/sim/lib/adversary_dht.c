// SPDX-License-Identifier: MIT
//  Lies in the seat "dht" about who is there, and about what is kept.
#include "adversary.h"

#include "actors/dht/dht_inside.h"

#include <stdlib.h>
#include <string.h>

#define CLOSER_MAX 60u              //  three times as many as there may be

static liar_t *
liar_of (const void *state)
{
    return (liar_t *) ((const dht_t *) state)->settings;
}

static code_t
tick (void *state, int64_t now_ms, int64_t wall_ms)
{
    return liar_tick (liar_of (state), state, now_ms, wall_ms);
}

static int64_t
deadline_ms (const void *state)
{
    return liar_deadline_ms (liar_of (state), state);
}

static size_t
settings (const honest_settings_t *settings, const void **settings_p)
{
    *settings_p = &settings->dht;
    return sizeof settings->dht;
}

const mask_t mask_dht = {&dht_actor, tick, deadline_ms, settings};

//  ---- contacts ------------------------------------------------------------------------------------

typedef struct {
    uint8_t keys[CLOSER_MAX][CRYPTO_KEY_BYTES];
    uint8_t addresses[CLOSER_MAX][WORLD_ADDRESS_BYTES];
    ProtobufCBinaryData fields[CLOSER_MAX];
    Ggen__Contact rooms[CLOSER_MAX], *list[CLOSER_MAX];
    size_t count;
} named_t;

static Ggen__Contact *
name_one (named_t *named)
{
    size_t at = named->count++;
    Ggen__Contact *contact = &named->rooms[at];
    ggen__contact__init (contact);
    contact->peer_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, named->keys[at]};
    contact->addresses = &named->fields[at];
    contact->n_addresses = 1;
    named->fields[at] = (ProtobufCBinaryData) {WORLD_ADDRESS_BYTES, named->addresses[at]};
    named->list[at] = contact;
    return contact;
}

static void
say (const delivery_t *at, const ProtobufCMessage *asked, named_t *named)
{
    if (asked->descriptor == &ggen__find_node_request__descriptor) {
        Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
        reply.closer = named->list;
        reply.n_closer = named->count;
        (void) out_reply (at, &reply.base);
    } else {
        Ggen__GetRecordsReply reply = GGEN__GET_RECORDS_REPLY__INIT;
        reply.closer = named->list;
        reply.n_closer = named->count;
        (void) out_reply (at, &reply.base);
    }
}

static ProtobufCBinaryData
target_of (const ProtobufCMessage *asked)
{
    return asked->descriptor == &ggen__find_node_request__descriptor
               ? ((const Ggen__FindNodeRequest *) asked)->target
               : ((const Ggen__GetRecordsRequest *) asked)->key;
}

//  ---- mute ----------------------------------------------------------------------------------------

//  The ticket is kept for ever.
static code_t
never_answer (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) state;
    (void) at;
    (void) message;
    return OK;
}

static const handler_t mute_rows[] = {
    {&ggen__find_node_request__descriptor, never_answer, ANY_NODE},
    {&ggen__get_records_request__descriptor, never_answer, ANY_NODE},
    {&ggen__put_record_request__descriptor, never_answer, ANY_NODE},
    {0}};

const lie_t lie_mute = {.mask = &mask_dht, .rows = mute_rows};

//  ---- poison --------------------------------------------------------------------------------------

static uint8_t huge[4096];

//  Nodes that there are not, right where the asker looks; honest ones where they are not; the same twice;
//  keys and addresses that are none.
static void
make_up (liar_t *liar, named_t *named, ProtobufCBinaryData target)
{
    const world_t *world = liar->band->play->world;
    size_t at = named->count;
    Ggen__Contact *contact = name_one (named);
    rng_bytes (&liar->rng, named->keys[at], CRYPTO_KEY_BYTES);
    if (target.len == CRYPTO_KEY_BYTES && at % 3 == 0)
        memcpy (named->keys[at], target.data, 12);
    uint32_t other = (uint32_t) rng_below (&liar->rng, world_nodes_count (world));
    world_address (world, other, named->addresses[at]);
    switch (at % 8) {
    case 0:
        rng_bytes (&liar->rng, named->addresses[at] + 1, 4);
        break;
    case 1:
    case 2:
        memcpy (named->keys[at], world_identity (world, other)->key, CRYPTO_KEY_BYTES);
        rng_bytes (&liar->rng, named->addresses[at] + 1, 4);
        break;
    case 3:
        memcpy (named->keys[at], named->keys[0], CRYPTO_KEY_BYTES);
        break;
    case 4:
        contact->addresses[0] = (ProtobufCBinaryData) {sizeof huge, huge};
        break;
    case 5:
        contact->peer_key.len = rng_below (&liar->rng, CRYPTO_KEY_BYTES);
        break;
    default:
        break;
    }
}

static code_t
mislead (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    named_t named;
    named.count = 0;
    while (named.count < CLOSER_MAX)
        make_up (liar_of (state), &named, target_of (message));
    say (at, message, &named);
    return OK;
}

static const handler_t poison_rows[] = {
    {&ggen__find_node_request__descriptor, mislead, ANY_NODE},
    {&ggen__get_records_request__descriptor, mislead, ANY_NODE},
    {0}};

const lie_t lie_poison = {.mask = &mask_dht, .rows = poison_rows};

//  ---- hole and clique -----------------------------------------------------------------------------

static code_t
pretend_to_keep (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__PutRecordReply reply = GGEN__PUT_RECORD_REPLY__INIT;
    (void) state;
    (void) message;
    reply.stored = true;
    return out_reply (at, &reply.base);
}

static const handler_t hole_rows[] = {
    {&ggen__put_record_request__descriptor, pretend_to_keep, ANY_NODE}, {0}};

const lie_t lie_hole = {.mask = &mask_dht, .rows = hole_rows};

static uint64_t
place_of_node (const band_t *band, uint32_t node)
{
    peer_key_t key;
    memcpy (key.bytes, world_identity (band->play->world, node)->key, sizeof key.bytes);
    return contact_place (&key, world_crypto (band->play->world)->sha256);
}

//  Those of us that are closest to it.
static void
name_band (const liar_t *liar, uint64_t place, named_t *named)
{
    const band_t *band = liar->band;
    uint32_t best[KBUCKET_K];
    unsigned count = 0;
    for (uint32_t i = 0; i < band->nodes_count; i++) {
        unsigned at = count < KBUCKET_K ? count++ : KBUCKET_K - 1;
        uint64_t distance = place_of_node (band, band->nodes[i]) ^ place;
        if (at == KBUCKET_K - 1 && count == KBUCKET_K && i >= KBUCKET_K
            && distance >= (place_of_node (band, best[at]) ^ place))
            continue;
        for (; at > 0 && distance < (place_of_node (band, best[at - 1]) ^ place); at--)
            best[at] = best[at - 1];
        best[at] = band->nodes[i];
    }
    for (unsigned i = 0; i < count; i++) {
        memcpy (named->keys[named->count], world_identity (band->play->world, best[i])->key,
                CRYPTO_KEY_BYTES);
        world_address (band->play->world, best[i], named->addresses[named->count]);
        name_one (named);
    }
}

static code_t
name_only_us (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    named_t named;
    named.count = 0;
    ProtobufCBinaryData target = target_of (message);
    if (target.len != DIGEST_SIZE)
        return VALIDATION;
    name_band (liar_of (state), contact_place_of (target.data), &named);
    say (at, message, &named);
    return OK;
}

static const handler_t clique_rows[] = {
    {&ggen__find_node_request__descriptor, name_only_us, ANY_NODE},
    {&ggen__get_records_request__descriptor, name_only_us, ANY_NODE},
    {&ggen__put_record_request__descriptor, pretend_to_keep, ANY_NODE},
    {0}};

const lie_t lie_clique = {.mask = &mask_dht, .rows = clique_rows};
