// SPDX-License-Identifier: MIT
//  build/ggen-liar: the real program, real sockets, all actors honest but one. Which lie it tells is in the
//  environment, GGEN_LIE; the linker puts the actors of this file in the place of the honest ones
//  (--wrap), which these are copies of but for some rows. The lies are those of the simulator's
//  adversaries (tests/sim/lib/adversary.h), told by a process.
#include "actors/dht/dht_inside.h"
#include "actors/gossip/gossip_inside.h"
#include "actors/transfer/transfer_inside.h"
#include "record_valid.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 64u                //  of a class; one with more does not start

//  ld's names for the honest ones, and for those in their place.
extern const actor_class_t __real_transfer_actor, __real_dht_actor, __real_gossip_actor;
extern actor_class_t __wrap_transfer_actor, __wrap_dht_actor, __wrap_gossip_actor;
actor_class_t __wrap_transfer_actor, __wrap_dht_actor, __wrap_gossip_actor;

//  ---- transfer ------------------------------------------------------------------------------------

static void
free_bytes (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static code_t
give (const delivery_t *at, uint32_t chunk, size_t size)
{
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    uint8_t *bytes = malloc (size + 1);
    if (!bytes)
        return BUSY;
    randombytes_buf (bytes, size);
    reply.chunk = chunk;
    return out_reply_with (at, &reply.base, bytes, size, free_bytes, NULL);
}

//  Of what it hosts, chunks of the right size and of wrong bytes.
static code_t
wrong_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    const transfer_t *self = state;
    const Ggen__ChunkRequest *ask = (const void *) message;
    digest_t sha256;
    const served_entry_t *entry =
        digest_from_field (&sha256, ask->sha256) == OK ? served_get (&self->served, &sha256) : NULL;
    if (!entry || ask->chunk >= entry->release->chunks_count)
        return PACKAGE_NOT_FOUND;
    return give (at, ask->chunk, release_chunk_bytes (entry->release, ask->chunk));
}

//  Too long for any chunk, and of another number.
static code_t
odd_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) state;
    return give (at, ((const Ggen__ChunkRequest *) message)->chunk + 1, RECORD_CHUNK_BYTES + 1000);
}

static code_t
never_answer (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) state;
    (void) at;
    (void) message;
    return OK;
}

static code_t
no_chunk (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) state;
    (void) message;
    return out_fail (at, PACKAGE_NOT_FOUND, "", "did we say so?");
}

//  ---- dht -----------------------------------------------------------------------------------------

static code_t
pretend_to_keep (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__PutRecordReply reply = GGEN__PUT_RECORD_REPLY__INIT;
    (void) state;
    (void) message;
    reply.stored = true;
    return out_reply (at, &reply.base);
}

static void
flip (const dht_t *self, const Ggen__GetRecordsRequest *ask, int64_t now_ms)
{
    digest_t key;
    if (digest_from_field (&key, ask->key) != OK)
        return;
    const element_t *element = records_next (self->records, &key, NULL, now_ms);
    for (; element; element = records_next (self->records, &key, element->id, now_ms))
        element->packed[element->size - 1] ^= 1;
}

//  What it keeps, with signatures that do not hold.
static code_t
forged_records (void *state, const delivery_t *at, const ProtobufCMessage *message)
{
    flip (state, (const void *) message, at->now_ms);
    code_t code = dht_serve_get (state, at, message);
    flip (state, (const void *) message, at->now_ms);
    return code;
}

//  ---- gossip --------------------------------------------------------------------------------------

#define FLOOD_EVERY_MS 100
#define FLOOD_BODIES   40u          //  in a frame
#define FLOOD_FRAMES   5u           //  at a time, to each neighbour: 2,000 announcements a second
#define ITEM_BYTES     100u

static int64_t flood_ms;

static ProtobufCBinaryData
make_body (const gossip_t *self, uint64_t number, int64_t wall_ms)
{
    uint8_t item[ITEM_BYTES];
    ProtobufCBinaryData items[] = {{sizeof item, item}}, body = {0, NULL};
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    randombytes_buf (item, sizeof item);
    announcement.seq = ((uint64_t) (wall_ms - wall_ms % 3600000) << ORIGINS_RUN_BITS) + number;
    announcement.wall_ms = wall_ms;
    announcement.topic = "/ggen/packages/v1";
    announcement.items = items;
    announcement.n_items = COUNT_OF (items);
    body.data = announcement_seal (&announcement, self->settings->identity, &body.len);
    return body;
}

static void
pour (const gossip_t *self, int64_t wall_ms)
{
    static uint64_t number;
    ProtobufCBinaryData bodies[FLOOD_BODIES];
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    for (unsigned i = 0; i < FLOOD_BODIES; i++)
        bodies[i] = make_body (self, ++number, wall_ms);
    frame.announcements = bodies;
    frame.n_announcements = FLOOD_BODIES;
    for (unsigned slot = 0; slot < self->slots_count; slot++) {
        char to[PEER_ADDRESS_SIZE];
        if (!self->peers[slot])
            continue;
        peer_id_address (&self->peers[slot]->key, "gossip", to);
        out_event (self->out, to, &frame.base);
    }
    for (unsigned i = 0; i < FLOOD_BODIES; i++)
        free (bodies[i].data);
}

static code_t
flood (void *state, int64_t now_ms, int64_t wall_ms)
{
    if (now_ms >= flood_ms) {
        flood_ms = now_ms + FLOOD_EVERY_MS;
        for (unsigned i = 0; i < FLOOD_FRAMES; i++)
            pour (state, wall_ms);
    }
    return __real_gossip_actor.tick (state, now_ms, wall_ms);
}

static int64_t
flood_deadline_ms (const void *state)
{
    int64_t honest_ms = __real_gossip_actor.deadline_ms (state);
    return honest_ms < flood_ms ? honest_ms : flood_ms;
}

//  ---- disguise ------------------------------------------------------------------------------------

static const handler_t wrong_chunks[] = {{&ggen__chunk_request__descriptor, wrong_chunk, ANY_NODE}, {0}};
static const handler_t odd_chunks[] = {{&ggen__chunk_request__descriptor, odd_chunk, ANY_NODE}, {0}};
static const handler_t drip[] = {{&ggen__chunk_request__descriptor, never_answer, ANY_NODE}, {0}};
static const handler_t have[] = {{&ggen__chunk_request__descriptor, no_chunk, ANY_NODE}, {0}};
static const handler_t mute[] = {{&ggen__find_node_request__descriptor, never_answer, ANY_NODE},
                                 {&ggen__get_records_request__descriptor, never_answer, ANY_NODE},
                                 {&ggen__put_record_request__descriptor, never_answer, ANY_NODE},
                                 {0}};
static const handler_t hole[] = {{&ggen__put_record_request__descriptor, pretend_to_keep, ANY_NODE},
                                 {0}};
static const handler_t records[] = {{&ggen__get_records_request__descriptor, forged_records, ANY_NODE},
                                    {0}};
static const handler_t nothing[] = {{0}};

static const struct {
    const char *name;
    actor_class_t *class;
    const handler_t *rows;
} lies[] = {{"wrong-chunks", &__wrap_transfer_actor, wrong_chunks},
            {"odd-chunks", &__wrap_transfer_actor, odd_chunks},
            {"drip", &__wrap_transfer_actor, drip},
            {"have", &__wrap_transfer_actor, have},
            {"mute", &__wrap_dht_actor, mute},
            {"hole", &__wrap_dht_actor, hole},
            {"records", &__wrap_dht_actor, records},
            {"flood", &__wrap_gossip_actor, nothing}};

//  A class has rows in this room once it lies: only one does.
static handler_t room[ROWS_MAX];

static void
put_on (actor_class_t *class, const handler_t *rows)
{
    unsigned count = 0;
    for (const handler_t *row = class->rows; row->message; row++) {
        if (count + 1 == ROWS_MAX)
            abort ();
        room[count] = *row;
        for (const handler_t *other = rows; other->message; other++)
            if (other->message == row->message)
                room[count] = *other;
        count++;
    }
    class->rows = room;
    if (class == &__wrap_gossip_actor) {
        class->tick = flood;
        class->deadline_ms = flood_deadline_ms;
    }
}

//  Before main (): whoever composes the node sees the disguise.
__attribute__ ((constructor)) static void
disguise (void)
{
    const char *name = getenv ("GGEN_LIE");
    __wrap_transfer_actor = __real_transfer_actor;
    __wrap_dht_actor = __real_dht_actor;
    __wrap_gossip_actor = __real_gossip_actor;
    for (unsigned i = 0; name && i < COUNT_OF (lies); i++)
        if (strcmp (lies[i].name, name) == 0) {
            put_on (lies[i].class, lies[i].rows);
            return;
        }
    fprintf (stderr, "GGEN_LIE: %s is no lie that is known here\n", name ? name : "nothing");
    exit (2);
}
