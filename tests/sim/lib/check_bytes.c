// SPDX-License-Identifier: MIT
//  No forged or wrong byte is accepted: all that an honest node tells its people, keeps for others, or
//  hears announced was really said by the one it names.
#include "check.h"

#include "dht.pb-c.h"
#include "glance.h"
#include "gossip.pb-c.h"
#include "look.h"
#include "runtime/actor/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

//  Nodes whose stores are read in a second.
#define STORES_A_SECOND 4u

#define SAID_MAX (1u << 20)

typedef struct {
    map_t *said;                    //  by hash of origin and item
    uint32_t next;                  //  node whose store is read next
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self || !(self->said = map_new (SAID_MAX, 1)))
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    map_destroy (&self->said);
    free (self);
}

static void
mark_of (uint8_t mark[16], const uint8_t *origin, ProtobufCBinaryData item)
{
    crypto_generichash (mark, 16, item.data, item.len, origin, CRYPTO_KEY_BYTES);
}

static void
read_reply (play_t *play, const note_t *note)
{
    Ggen__DhtReadReply *read = glance_body (note, &ggen__dht_read_reply__descriptor);
    for (size_t i = 0; read && i < read->n_records; i++)
        if (!truth_record (play->truth, (bytes_t) {read->records[i].data, read->records[i].len}))
            world_violation (play->world, "bytes: node %u reads a record that its signer never made",
                             note->node);
    if (read)
        ggen__dht_read_reply__free_unpacked (read, NULL);
}

static void
announce (watch_t *self, play_t *play, const note_t *note)
{
    uint8_t mark[16];
    Ggen__AnnounceRequest *ask = glance_body (note, &ggen__announce_request__descriptor);
    if (!ask)
        return;
    mark_of (mark, world_identity (play->world, note->node)->key, ask->item);
    if (map_put (self->said, mark, sizeof mark, self) != OK)
        abort ();
    ggen__announce_request__free_unpacked (ask, NULL);
}

static void
hear (watch_t *self, play_t *play, const note_t *note)
{
    uint8_t mark[16];
    Ggen__Announced *heard = glance_body (note, &ggen__announced__descriptor);
    if (!heard)
        return;
    if (truth_is_honest (play->truth, heard->origin)) {
        mark_of (mark, heard->origin.data, heard->item);
        if (!map_get (self->said, mark, sizeof mark))
            world_violation (play->world, "bytes: node %u hears what its origin never announced",
                             note->node);
    }
    ggen__announced__free_unpacked (heard, NULL);
}

static void
arrives (void *self, play_t *play, const note_t *note)
{
    if (!players_is_honest (play, note->node) || !glance_is_local (note))
        return;
    if (note->kind == GGEN__KIND__REPLY && glance_is (note, "DhtReadReply"))
        read_reply (play, note);
    else if (note->kind == GGEN__KIND__REQUEST && glance_is (note, "AnnounceRequest"))
        announce (self, play, note);
    else if (note->kind == GGEN__KIND__EVENT && glance_is (note, "Announced"))
        hear (self, play, note);
}

typedef struct {
    play_t *play;
    uint32_t node;
} reader_t;

static void
read_stored (void *reader_, const look_record_t *record)
{
    const reader_t *reader = reader_;
    if (!truth_record (reader->play->truth, record->packed))
        world_violation (reader->play->world,
                         "bytes: node %u keeps a record that its signer never made", reader->node);
}

static void
read_heard_of (void *reader_, bytes_t packed)
{
    const reader_t *reader = reader_;
    if (!truth_record (reader->play->truth, packed))
        world_violation (reader->play->world,
                         "bytes: the registry of node %u knows a record that its signer never made",
                         reader->node);
}

static void
read_store (play_t *play, uint32_t node)
{
    reader_t reader = {play, node};
    const void *registry =
        players_is_honest (play, node) ? world_actor (play->world, node, "registry_p2p") : NULL;
    if (registry)
        look_registry_records (registry, read_heard_of, &reader);
    const void *dht = players_is_honest (play, node) ? world_actor (play->world, node, "dht") : NULL;
    if (dht)
        look_dht_records (dht, read_stored, &reader);
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    for (unsigned i = 0; i < STORES_A_SECOND && play->players_count > 0; i++)
        read_store (play, self->next++ % play->players_count);
}

static void
end (void *self, play_t *play)
{
    (void) self;
    for (uint32_t i = 0; i < play->players_count && i < 256; i++)
        read_store (play, i);
}

const check_t check_bytes = {.name = "bytes",
                             .help = "nothing is believed that its signer did not sign",
                             .create = create,
                             .destroy = destroy,
                             .arrives = arrives,
                             .second = second,
                             .end = end};
