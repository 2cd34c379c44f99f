// SPDX-License-Identifier: MIT
//  Two that are well agree whether the link between them is there to stay, and gossip's neighbours are
//  those whom swarm keeps: who is told nothing has to know that it is told nothing.
#include "check.h"

#include "look.h"
#include "runtime/actor/map.h"

#include <stdlib.h>

#define EVERY_S   10
#define LOOKS_MAX 2u                //  in a row that may find the same two at odds
#define PAIRS_MAX (1u << 20)
#define WELL_US   INT64_C (60000000)

typedef struct {
    map_t *odds;                    //  two nodes; how often in a row they were seen so
    map_t *before;                  //  as of the last look
    play_t *play;
    uint32_t node;                  //  that is looked at
} watch_t;

static map_t *
fresh_map (void)
{
    map_t *map = map_new (PAIRS_MAX, 1);
    if (!map)
        abort ();
    return map;
}

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->play = play;
    self->odds = fresh_map ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    map_destroy (&self->odds);
    free (self);
}

static bool
is_due (const play_t *play, uint32_t node)
{
    return players_is_well (play, node, play_now_us (play) - WELL_US)
           && world_node_state (play->world, node) == NODE_ON;
}

static void
at_odds (watch_t *self, uint32_t other, const char *what)
{
    const uint32_t pair[2] = {self->node, other};
    uintptr_t looks = (uintptr_t) map_get (self->before, pair, sizeof pair) + 1;
    if (map_put (self->odds, pair, sizeof pair, (void *) looks) != OK)
        abort ();
    if (looks > LOOKS_MAX)
        world_violation (self->play->world, "kept: node %u and node %u: %s", self->node, other, what);
}

static void
see_session (void *self_, const uint8_t *key, bool kept)
{
    watch_t *self = self_;
    play_t *play = self->play;
    uint32_t other;
    if (!kept || !world_node_of_key (play->world, key, &other) || !is_due (play, other))
        return;
    const uint8_t *own = world_identity (play->world, self->node)->key;
    if (!look_keeps (world_actor (play->world, other, "swarm"), own))
        at_odds (self, other, "the first keeps their link, the second does not");
}

static void
see_neighbour (void *self_, const uint8_t *key)
{
    watch_t *self = self_;
    play_t *play = self->play;
    uint32_t other;
    if (world_node_of_key (play->world, key, &other)
        && !look_keeps (world_actor (play->world, self->node, "swarm"), key))
        at_odds (self, other, "neighbours of gossip, with no link that is kept");
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    if (play_now_us (play) / 1000000 % EVERY_S != 0)
        return;
    self->before = self->odds;
    self->odds = fresh_map ();
    for (self->node = 0; self->node < play->players_count; self->node++) {
        if (!is_due (play, self->node))
            continue;
        const void *swarm = world_actor (play->world, self->node, "swarm");
        const void *gossip = world_actor (play->world, self->node, "gossip");
        if (swarm)
            look_links (swarm, see_session, self);
        if (swarm && gossip)
            look_gossip_neighbours (gossip, see_neighbour, self);
    }
    map_destroy (&self->before);
}

const check_t check_kept = {.name = "kept",
                            .help = "both sides of a link agree whether it is kept",
                            .create = create,
                            .destroy = destroy,
                            .second = second};
