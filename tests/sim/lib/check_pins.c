// SPDX-License-Identifier: MIT
//  Whom a name is pinned to changes only as its owners want it: from key to key in their order. A thief
//  is believed at most while he has the name, and as long as not all have heard that it was taken back.
//  Neither a pin nor the highest seq that was seen of its key is ever lost, through restarts too: trust
//  keeps them before it says what it thinks.
#include "check.h"

#include "library.h"
#include "look.h"
#include "runtime/actor/map.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>

#define NODES_A_SECOND 16u
#define PINS_SEEN_MAX  (1u << 20)

//  A pin when it was looked at last.
typedef struct {
    uint8_t key[CRYPTO_KEY_BYTES];
    uint64_t head_seq, rotation_seq;
    uint64_t round;                     //  of the node's rounds, when that was
} seen_t;

typedef struct {
    map_t *seen;                        //  by node and name
    uint32_t next;
} watch_t;

typedef struct {
    watch_t *watch;
    play_t *play;
    uint32_t node;
    uint64_t round;
} reader_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self || !(self->seen = map_new (PINS_SEEN_MAX, 1)))
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    uint32_t cursor = 0;
    for (seen_t *seen; (seen = map_next (self->seen, &cursor, NULL)) != NULL;)
        free (seen);
    map_destroy (&self->seen);
    free (self);
}

#define PLACE_MAX (4 + LIBRARY_NAME_MAX)

static size_t
place_of (uint8_t place[PLACE_MAX], uint32_t node, const char *name)
{
    size_t size = strnlen (name, LIBRARY_NAME_MAX);
    memcpy (place, &node, 4);
    memcpy (place + 4, name, size);
    return 4 + size;
}

//  ---- may it be so --------------------------------------------------------------------------------

//  Has the thief the name, or may somebody not know yet that he has it no longer?
static bool
may_believe_thief (const play_t *play, const publisher_t *publisher)
{
    return publisher->robbed || publisher->recovered_us == 0
           || play_now_us (play) < publisher->recovered_us + 2 * WORK_HEARD_US;
}

static void
judge_key (const reader_t *reader, const look_pin_t *pin, uint32_t package, const seen_t *before)
{
    play_t *play = reader->play;
    const publisher_t *publisher =
        library_publisher (play->library, library_package (play->library, package)->publisher);
    int is = library_rank (play->library, package, pin->key);
    int was = before ? library_rank (play->library, package, before->key) : -1;
    bool by_thief = is == LIBRARY_KEYS_MAX, from_thief = was == LIBRARY_KEYS_MAX;
    if (is < 0)
        world_violation (play->world, "pins: node %u has %s pinned to somebody else", reader->node,
                         pin->name);
    else if (by_thief && !may_believe_thief (play, publisher))
        world_violation (play->world, "pins: node %u has pinned %s to a thief", reader->node,
                         pin->name);
    else if (!by_thief && !from_thief && is < was)
        world_violation (play->world, "pins: node %u has %s pinned to a key that gave it away",
                         reader->node, pin->name);
}

static void
look_at_pin (void *reader_, const look_pin_t *pin)
{
    reader_t *reader = reader_;
    uint8_t place[PLACE_MAX];
    size_t size = place_of (place, reader->node, pin->name);
    seen_t *before = map_get (reader->watch->seen, place, size);
    uint32_t package = library_named (reader->play->library, pin->name);
    if (!pin->key) {
        world_violation (reader->play->world, "pins: node %u has a damaged pin of %s", reader->node,
                         pin->name);
        return;
    }
    bool same = before && memcmp (before->key, pin->key, CRYPTO_KEY_BYTES) == 0;
    if (!same && package != PLAY_NOBODY)
        judge_key (reader, pin, package, before);
    if ((same && pin->head_seq < before->head_seq)
        || (before && pin->rotation_seq < before->rotation_seq))
        world_violation (reader->play->world, "pins: node %u forgot the newest head or rotation of %s",
                         reader->node, pin->name);
    if (!before) {
        before = calloc (1, sizeof *before);
        if (!before || map_put (reader->watch->seen, place, size, before) != OK)
            abort ();
    }
    memcpy (before->key, pin->key, CRYPTO_KEY_BYTES);
    before->head_seq = pin->head_seq;
    before->rotation_seq = pin->rotation_seq;
    before->round = reader->round;
}

//  ---- nodes ---------------------------------------------------------------------------------------

//  Those of a node that were there, and were not seen this time.
static void
miss_pins (const reader_t *reader)
{
    uint8_t place[PLACE_MAX];
    for (uint32_t i = 0; i < library_count (reader->play->library); i++) {
        const char *name = library_package (reader->play->library, i)->name;
        const seen_t *seen =
            map_get (reader->watch->seen, place, place_of (place, reader->node, name));
        if (seen && seen->round != reader->round)
            world_violation (reader->play->world, "pins: node %u has no pin of %s any more",
                             reader->node, name);
    }
}

static void
look_at_node (watch_t *self, play_t *play, uint32_t node, uint64_t round)
{
    reader_t reader = {self, play, node, round};
    const void *trust = players_is_on (play, node) && players_is_honest (play, node)
                            ? world_actor (play->world, node, "trust")
                            : NULL;
    if (trust && look_trust_pins (trust, look_at_pin, &reader))
        miss_pins (&reader);
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    for (unsigned i = 0; i < NODES_A_SECOND && play->players_count > 0; i++) {
        uint32_t turn = self->next++;
        look_at_node (self, play, turn % play->players_count, (uint64_t) turn + 1);
    }
}

static void
end (void *self, play_t *play)
{
    for (uint32_t i = 0; i < play->players_count; i++)
        look_at_node (self, play, i, UINT64_MAX);
}

const check_t check_pins = {.name = "pins",
                            .help = "pins move only as the owners of names want it, and never get lost",
                            .create = create,
                            .destroy = destroy,
                            .second = second,
                            .end = end};
