// SPDX-License-Identifier: MIT
//  In the end, when nothing goes wrong any more, what was published and not withdrawn is found by
//  everybody who looks: of nodes and packages, pairs are drawn.
#include "check.h"

#include "library.h"
#include "work.h"

#include <stdlib.h>

//  Nodes that came back need a while; then so many pairs are tried, in so long.
#define CALM_US   INT64_C (90000000)
#define PAIRS_MAX 60u

typedef struct {
    rng_t rng;
    unsigned tried;
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    world_rng (play->world, &self->rng, "settled", 0);
    return self;
}

static void
destroy (void *self)
{
    free (self);
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    int64_t now_us = play_now_us (play);
    if (play->settle_us == play->end_us || now_us < play->settle_us + CALM_US
        || now_us > play->end_us - WORK_BUDGET_MS * 1000 || self->tried == PAIRS_MAX)
        return;
    uint32_t package = library_draw (play->library, 0, &self->rng);
    uint32_t node = players_draw (play, &self->rng);
    if (package == PLAY_NOBODY || node == PLAY_NOBODY)
        return;
    self->tried++;
    work_look_finally (play, node, package);
}

const check_t check_settled = {.name = "settled",
                               .help = "in the end every package is found by everybody",
                               .create = create,
                               .destroy = destroy,
                               .second = second};
