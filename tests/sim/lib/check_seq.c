// SPDX-License-Identifier: MIT
//  What a node keeps is never replaced by something older: the seq of a record in a store only rises as
//  long as the node lives.
#include "check.h"

#include "glance.h"
#include "look.h"
#include "runtime/actor/map.h"

#include <stdlib.h>
#include <string.h>

#define STORES_A_SECOND 16u
#define NODES_MAX       64u             //  whose stores are looked at
#define RECORDS_MAX     (1u << 20)

typedef struct {
    map_t *highest;                     //  by node and record: highest seq of this life
    uint32_t next;
} watch_t;

typedef struct {
    watch_t *watch;
    play_t *play;
    uint32_t node;
} reader_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self || !(self->highest = map_new (RECORDS_MAX, 1)))
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    map_destroy (&self->highest);
    free (self);
}

static void
read_stored (void *reader_, const look_record_t *record)
{
    const reader_t *reader = reader_;
    uint8_t key[4 + 8 + 32 + 16];
    if (record->seq == 0 || record->seq > UINT32_MAX)
        return;
    memcpy (key, &reader->node, 4);
    memcpy (key + 4, &reader->play->players[reader->node].since_us, 8);
    memcpy (key + 12, record->key, 32);
    memcpy (key + 44, record->id, 16);
    uintptr_t before = (uintptr_t) map_get (reader->watch->highest, key, sizeof key);
    if (before > record->seq)
        world_violation (reader->play->world, "seq: node %u had %llu of a record, now has %llu",
                         reader->node, (unsigned long long) before,
                         (unsigned long long) record->seq);
    else if (before < record->seq
             && map_put (reader->watch->highest, key, sizeof key, (void *) (uintptr_t) record->seq)
                    != OK)
        abort ();
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    uint32_t nodes = play->players_count < NODES_MAX ? play->players_count : NODES_MAX;
    for (unsigned i = 0; i < STORES_A_SECOND && nodes > 0; i++) {
        reader_t reader = {self, play, self->next++ % nodes};
        const void *dht = players_is_on (play, reader.node) && players_is_honest (play, reader.node)
                              ? world_actor (play->world, reader.node, "dht")
                              : NULL;
        if (dht)
            look_dht_records (dht, read_stored, &reader);
    }
}

const check_t check_seq = {.name = "seq",
                           .help = "no store goes back to an older record",
                           .create = create,
                           .destroy = destroy,
                           .second = second};
