// SPDX-License-Identifier: MIT
//  When nobody wants anything any more, nothing is left: over the last minute of the quiet time each
//  actor has a moment in which it waits for nothing and owes nothing.
#include "check.h"

#include <stdlib.h>

#define LAST_US INT64_C (60000000)

typedef struct {
    uint32_t pending, open;         //  least that was seen
    int64_t since_us;               //  of the life that was looked at
} least_t;

typedef struct {
    least_t *least;                 //  WORLD_SEATS_MAX a node; NULL: not begun
    uint32_t nodes;
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self)
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    free (self->least);
    free (self);
}

static void
begin (watch_t *self, const play_t *play)
{
    self->nodes = play->players_count;
    self->least = calloc ((size_t) self->nodes * WORLD_SEATS_MAX, sizeof *self->least);
    if (!self->least)
        abort ();
    for (size_t i = 0; i < (size_t) self->nodes * WORLD_SEATS_MAX; i++)
        self->least[i] = (least_t) {UINT32_MAX, UINT32_MAX,
                                    play->players[i / WORLD_SEATS_MAX].since_us};
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    if (play->settle_us == play->end_us || play_now_us (play) < play->end_us - LAST_US)
        return;
    if (!self->least)
        begin (self, play);
    for (uint32_t node = 0; node < self->nodes; node++) {
        if (!players_is_on (play, node) || !players_is_honest (play, node))
            continue;
        for (uint8_t seat = 0; seat < world_seats_count (play->world, node); seat++) {
            least_t *least = &self->least[(size_t) node * WORLD_SEATS_MAX + seat];
            actor_metrics_t metrics = world_metrics (play->world, node, seat);
            least->pending = metrics.pending < least->pending ? metrics.pending : least->pending;
            least->open = metrics.open < least->open ? metrics.open : least->open;
        }
    }
}

static void
end (void *self_, play_t *play)
{
    const watch_t *self = self_;
    for (size_t i = 0; self->least && i < (size_t) self->nodes * WORLD_SEATS_MAX; i++) {
        uint32_t node = (uint32_t) (i / WORLD_SEATS_MAX);
        const least_t *least = &self->least[i];
        if (least->pending == UINT32_MAX || !players_is_on (play, node)
            || play->players[node].since_us != least->since_us
            || (least->pending == 0 && least->open == 0))
            continue;
        world_violation (play->world, "leaks: node %u, %s: all quiet, and it waits for %u, owes %u",
                         node,
                         world_seat_name (play->world, node, (uint8_t) (i % WORLD_SEATS_MAX)),
                         least->pending, least->open);
    }
}

const check_t check_leaks = {.name = "leaks",
                             .help = "when all is quiet nobody waits, and nobody owes an answer",
                             .create = create,
                             .destroy = destroy,
                             .second = second,
                             .end = end};
