// SPDX-License-Identifier: MIT
//  Lies in the seat "transfer": they say of every archive that they have it, and what they give is not
//  it. None of them has one byte of it on disk.
#include "adversary.h"

#include "actors/transfer/transfer_inside.h"
#include "library.h"
#include "record_valid.h"

#include <stdlib.h>
#include <string.h>

#define GOOD_MS    INT64_C (300000)     //  so long one serves well before it lies
#define ODD_BYTES  (300u << 10)
#define DRIP_MS    INT64_C (20000)
#define DRIPS_MAX  64u

static liar_t *
liar_of (const void *state)
{
    return (liar_t *) ((const transfer_t *) state)->settings;
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
    *settings_p = &settings->market->transfer;
    return sizeof settings->market->transfer;
}

const mask_t mask_transfer = {&transfer_actor, tick_lying, deadline_lying, settings};

//  ---- being asked ---------------------------------------------------------------------------------

static code_t
ignore (void *state, void *arg, const answer_t *answer)
{
    (void) state;
    (void) arg;
    (void) answer;
    return OK;
}

//  One archive of all that there are is provided, at each call the next.
static void
provide (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    const transfer_t *self = state;
    library_t *library = liar->band->play->library;
    (void) now_ms;
    (void) wall_ms;
    if (library_count (library) == 0)
        return;
    uint32_t at = (uint32_t) (liar->count++ % library_count (library));
    const sim_content_t *content =
        library_content (library, at, library_package (library, at)->versions);
    digest_t sha256 = content->sha256;
    Ggen__DhtProvideRequest request = GGEN__DHT_PROVIDE_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    const ask_t ask = {.to = "dht",
                       .message = &request.base,
                       .expect = &ggen__dht_provide_reply__descriptor,
                       .on_answer = ignore};
    code_t code = out_ask (self->out, &ask);
    (void) code;
}

static code_t
have_all (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__HaveReply reply = GGEN__HAVE_REPLY__INIT;
    (void) state;
    (void) message;
    reply.all = true;
    return out_reply (at, &reply.base);
}

//  ---- chunks --------------------------------------------------------------------------------------

static void
free_bytes (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static code_t
give (const delivery_t *at, uint32_t chunk, uint8_t *taken, size_t size)
{
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = chunk;
    return out_reply_with (at, &reply.base, taken, size, free_bytes, NULL);
}

static const sim_content_t *
content_of (const liar_t *liar, const Ggen__ChunkRequest *ask)
{
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return NULL;
    const sim_content_t *content =
        sim_contents_find (honest_contents (liar->band->play->honest), &sha256);
    return content && ask->chunk < content->chunks_count ? content : NULL;
}

//  As it is, or one bit off.
static code_t
give_chunk (liar_t *liar, const delivery_t *at, const Ggen__ChunkRequest *ask, bool wrong)
{
    const sim_content_t *content = content_of (liar, ask);
    if (!content)
        return out_fail (at, PACKAGE_NOT_FOUND, "", "not here");
    uint32_t size = sim_content_chunk_bytes (content, ask->chunk);
    uint8_t *bytes = malloc (size + 1u);
    if (!bytes)
        abort ();
    sim_content_read (content, (uint64_t) ask->chunk * RECORD_CHUNK_BYTES, size, bytes);
    if (wrong)
        bytes[rng_below (&liar->rng, size)] ^= 1;
    return give (at, ask->chunk, bytes, size);
}

static code_t
wrong_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    return give_chunk (liar_of (state), at, (const void *) message, true);
}

//  Too short, too long, none, of another number.
static code_t
odd_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *liar = liar_of (state);
    const Ggen__ChunkRequest *ask = (const void *) message;
    static const size_t sizes[] = {0, 1, ODD_BYTES, 1000};
    unsigned kind = (unsigned) (liar->count++ % COUNT_OF (sizes));
    if (kind == 3) {
        Ggen__HaveReply other = GGEN__HAVE_REPLY__INIT;
        return out_reply (at, &other.base);
    }
    uint8_t *bytes = calloc (1, ODD_BYTES);
    if (!bytes)
        abort ();
    return give (at, ask->chunk + kind, bytes, sizes[kind] < ATTACHMENT_BYTES_MAX
                                                   ? sizes[kind]
                                                   : ATTACHMENT_BYTES_MAX);
}

static code_t
no_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) state;
    (void) message;
    return out_fail (at, PACKAGE_NOT_FOUND, "", "did we say so?");
}

//  It serves well, until it is trusted.
static code_t
well_then_wrong (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *liar = liar_of (state);
    return give_chunk (liar, at, (const void *) message, at->now_ms > liar->born_ms + GOOD_MS);
}

static const handler_t wrong_rows[] = {{&ggen__have_request__descriptor, have_all, ANY_NODE},
                                       {&ggen__chunk_request__descriptor, wrong_chunk, ANY_NODE},
                                       {0}};
static const handler_t odd_rows[] = {{&ggen__have_request__descriptor, have_all, ANY_NODE},
                                     {&ggen__chunk_request__descriptor, odd_chunk, ANY_NODE},
                                     {0}};
static const handler_t have_rows[] = {{&ggen__have_request__descriptor, have_all, ANY_NODE},
                                      {&ggen__chunk_request__descriptor, no_chunk, ANY_NODE},
                                      {0}};
static const handler_t gaming_rows[] = {{&ggen__have_request__descriptor, have_all, ANY_NODE},
                                        {&ggen__chunk_request__descriptor, well_then_wrong, ANY_NODE},
                                        {0}};

const lie_t lie_wrong_chunks = {
    .mask = &mask_transfer, .rows = wrong_rows, .every_ms = 5000, .act = provide};
const lie_t lie_odd_chunks = {
    .mask = &mask_transfer, .rows = odd_rows, .every_ms = 5000, .act = provide};
const lie_t lie_have = {
    .mask = &mask_transfer, .rows = have_rows, .every_ms = 5000, .act = provide};
const lie_t lie_gaming = {
    .mask = &mask_transfer, .rows = gaming_rows, .every_ms = 5000, .act = provide};

//  ---- drop by drop --------------------------------------------------------------------------------

typedef struct {
    delivery_t at;
    Ggen__ChunkRequest ask;
    uint8_t sha256[DIGEST_SIZE];
} drop_t;

typedef struct {
    drop_t drops[DRIPS_MAX];
    unsigned first, count;
} drips_t;

//  What is asked for comes, and is right, but a long time later; of many orders none at all.
static code_t
take_order (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *liar = liar_of (state);
    const Ggen__ChunkRequest *ask = (const void *) message;
    if (!liar->memory) {
        liar->memory = calloc (1, sizeof (drips_t));
        liar->forget = free;
    }
    drips_t *drips = liar->memory;
    if (!drips)
        abort ();
    if (drips->count == DRIPS_MAX || ask->sha256.len != DIGEST_SIZE)
        return OK;
    drop_t *drop = &drips->drops[(drips->first + drips->count++) % DRIPS_MAX];
    drop->at = *at;
    drop->ask = *ask;
    memcpy (drop->sha256, ask->sha256.data, DIGEST_SIZE);
    return OK;
}

static void
drip (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    drips_t *drips = liar->memory;
    provide (state, liar, now_ms, wall_ms);
    for (; drips && drips->count > 0; drips->count--) {
        drop_t *drop = &drips->drops[drips->first];
        //  Orders of its life before this one are nobody's any more.
        bool known = drop->at.out == ((const transfer_t *) state)->out;
        if (known && now_ms < drop->at.now_ms + DRIP_MS)
            return;
        drop->ask.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, drop->sha256};
        if (known)
            (void) give_chunk (liar, &drop->at, &drop->ask, false);
        drips->first = (drips->first + 1) % DRIPS_MAX;
    }
}

static const handler_t drip_rows[] = {{&ggen__have_request__descriptor, have_all, ANY_NODE},
                                      {&ggen__chunk_request__descriptor, take_order, ANY_NODE},
                                      {0}};

const lie_t lie_drip = {.mask = &mask_transfer, .rows = drip_rows, .every_ms = 1000, .act = drip};
