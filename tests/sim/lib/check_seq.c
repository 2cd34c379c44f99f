// SPDX-License-Identifier: MIT
//  What a node keeps is never replaced by something older: the seq of a record in a store only rises. Nor
//  does a restart take it back, if it was there long enough to be on disk, and the disk was well. What came
//  in the last seconds before an end is not promised: holders write what they changed once a second.
#include "check.h"

#include "glance.h"
#include "look.h"
#include "runtime/actor/map.h"

#include <stdlib.h>
#include <string.h>

#define STORES_A_SECOND 16u
#define NODES_MAX       64u             //  whose stores are looked at
#define RECORDS_MAX     (1u << 20)
#define WRITTEN_MS      10000u          //  so long it takes at most until a record is on disk that is well

//  The highest seq that was seen of a record, and when first: as a pointer that is never NULL. To the
//  millisecond, for a node may end and begin again between two seconds.
typedef union {
    struct {
        uint32_t seq, first_ms;
    } at;
    void *value;
} highest_t;

_Static_assert (sizeof (highest_t) == sizeof (void *), "it is kept as a pointer");

typedef struct {
    uint32_t begun_ms, ended_ms;        //  of its lives: the one that is, or was last; the one before that
    uint32_t ill_ms;                    //  until then its disk was maybe ill
} life_t;

typedef struct {
    map_t *highest;                     //  by node and record
    life_t lives[NODES_MAX];
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

static uint32_t
to_ms (int64_t us)
{
    return us < UINT32_MAX * INT64_C (1000) ? (uint32_t) (us / 1000) : UINT32_MAX;
}

static uint32_t
now_ms (const play_t *play)
{
    return to_ms (play_now_us (play)) + 1;
}

//  Was it seen in this life, or long enough before the end of the one before?
static bool
counts (const life_t *life, const highest_t *before)
{
    uint32_t since_ms = before->at.first_ms > life->ill_ms ? before->at.first_ms : life->ill_ms;
    return before->at.first_ms >= life->begun_ms || since_ms + WRITTEN_MS < life->ended_ms;
}

static void
read_stored (void *reader_, const look_record_t *record)
{
    const reader_t *reader = reader_;
    uint8_t key[4 + 32 + 16];
    if (record->seq == 0 || record->seq > UINT32_MAX)
        return;
    memcpy (key, &reader->node, 4);
    memcpy (key + 4, record->key, 32);
    memcpy (key + 36, record->id, 16);
    highest_t before = {.value = map_get (reader->watch->highest, key, sizeof key)};
    highest_t now = {{(uint32_t) record->seq, now_ms (reader->play)}};
    if (before.value && before.at.seq > now.at.seq
        && counts (&reader->watch->lives[reader->node], &before))
        world_violation (reader->play->world, "seq: node %u had %u of a record, now has %u",
                         reader->node, before.at.seq, now.at.seq);
    if ((!before.value || before.at.seq != now.at.seq)
        && map_put (reader->watch->highest, key, sizeof key, now.value) != OK)
        abort ();
}

static void
lives (void *self_, play_t *play, uint32_t node, bool lives)
{
    watch_t *self = self_;
    if (node >= NODES_MAX)
        return;
    life_t *life = &self->lives[node];
    if (lives)
        life->begun_ms = now_ms (play);
    else {
        life->ended_ms = now_ms (play);
        life->ill_ms = to_ms (play->players[node].troubled_us);
    }
}

static void
read_store (watch_t *self, play_t *play, uint32_t node)
{
    reader_t reader = {self, play, node};
    const void *dht = players_is_on (play, node) && players_is_honest (play, node)
                          ? world_actor (play->world, node, "dht")
                          : NULL;
    if (dht)
        look_dht_records (dht, read_stored, &reader);
}

//  What was on disk is back; others may have told it something newer a second later.
static void
handled (void *self, play_t *play, uint32_t node, uint8_t seat, const note_t *note)
{
    if (note && node < NODES_MAX && note->kind == GGEN__KIND__REPLY && glance_is (note, "StateLoadReply")
        && strcmp (world_seat_name (play->world, node, seat), "dht") == 0)
        read_store (self, play, node);
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    uint32_t nodes = play->players_count < NODES_MAX ? play->players_count : NODES_MAX;
    for (unsigned i = 0; i < STORES_A_SECOND && nodes > 0; i++)
        read_store (self, play, self->next++ % nodes);
}

const check_t check_seq = {.name = "seq",
                           .help = "no store goes back to an older record, not by a restart either",
                           .create = create,
                           .destroy = destroy,
                           .handled = handled,
                           .lives = lives,
                           .second = second};
