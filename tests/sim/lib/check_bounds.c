// SPDX-License-Identifier: MIT
//  Every mailbox, table and store is within its bound, of every node, whoever fills it.
#include "check.h"

#include "look.h"

#define NODES_A_SECOND 64u

typedef struct {
    play_t *play;
    uint32_t node;
} place_t;

static void *
create (play_t *play)
{
    static uint32_t next;           //  Which node is looked at next; one run at a time
    (void) play;
    next = 0;
    return &next;
}

static void
destroy (void *self)
{
    (void) self;
}

static void
look (void *place_, const look_bound_t *bound)
{
    const place_t *place = place_;
    if (bound->is > bound->max)
        world_violation (place->play->world, "bounds: node %u: %s: %llu, at most %llu", place->node,
                         bound->what, (unsigned long long) bound->is,
                         (unsigned long long) bound->max);
}

static void
look_at_seats (place_t *place)
{
    world_t *world = place->play->world;
    uint32_t deepest = 0;
    for (uint8_t seat = 0; seat < world_seats_count (world, place->node); seat++) {
        actor_metrics_t metrics = world_metrics (world, place->node, seat);
        uint32_t depth = world_depth (world, place->node, seat);
        const look_bound_t bounds[] = {{"letters in a mailbox", depth, MAILBOX_MESSAGES_MAX},
                                       {"requests that an actor waits for", metrics.pending,
                                        PENDING_MAX},
                                       {"requests that an actor owes", metrics.open, OPEN_MAX}};
        for (unsigned i = 0; i < COUNT_OF (bounds); i++)
            look (place, &bounds[i]);
        deepest = depth > deepest ? depth : deepest;
    }
    measures_add (place->play->measures, MEASURE_MAILBOX, deepest);
}

static void
look_at_node (play_t *play, uint32_t node)
{
    static const struct {
        const char *seat;
        void (*look) (const void *state, look_bound_fn *bound, void *context);
    } looks[] = {{"swarm", look_swarm},
                 {"dht", look_dht},
                 {"gossip", look_gossip},
                 {"reputation", look_reputation},
                 {"transfer", look_transfer},
                 {"trust", look_trust},
                 {"registry_p2p", look_registry}};
    place_t place = {play, node};
    if (!players_is_on (play, node) || !players_is_honest (play, node))
        return;
    look_at_seats (&place);
    for (unsigned i = 0; i < COUNT_OF (looks); i++) {
        const void *state = world_actor (play->world, node, looks[i].seat);
        if (state)
            looks[i].look (state, look, &place);
    }
}

static void
second (void *self, play_t *play)
{
    uint32_t *next = self;
    for (unsigned i = 0; i < NODES_A_SECOND && i < play->players_count; i++)
        look_at_node (play, (*next)++ % play->players_count);
}

const check_t check_bounds = {.name = "bounds",
                              .help = "mailboxes, tables and stores are within their bounds",
                              .create = create,
                              .destroy = destroy,
                              .second = second};
