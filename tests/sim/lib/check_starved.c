// SPDX-License-Identifier: MIT
//  No honest node is starved: one that is well has sessions and, where there is a DHT, contacts.
#include "check.h"

#include "look.h"

#define GRACE_US INT64_C (180000000)    //  from its start, or the end of its trouble
#define EVERY_S  10

static void *
create (play_t *play)
{
    return play;
}

static void
destroy (void *self)
{
    (void) self;
}

//  It is on and untroubled for long; whether it ever met anybody is what is to be seen.
static bool
is_due (const play_t *play, uint32_t node)
{
    const player_t *player = &play->players[node];
    int64_t since_us = play_now_us (play) - GRACE_US;
    return !player->liar && !player->away && player->since_us >= 0 && player->since_us <= since_us
           && player->troubled_us <= since_us
           && world_node_state (play->world, node) == NODE_ON;
}

//  Honest nodes that can be dialled and are on, beside this one.
static uint32_t
others (const play_t *play, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < play->players_count; i++)
        count += i != node && is_due (play, i) && world_node_traits (play->world, i)->dialable;
    return count;
}

static void
look (play_t *play, uint32_t node)
{
    const void *swarm = world_actor (play->world, node, "swarm");
    const void *dht = world_actor (play->world, node, "dht");
    uint32_t kept = 0, all = 0;
    if (swarm)
        look_sessions (swarm, &kept, &all);
    if (swarm && all == 0)
        world_violation (play->world, "starved: node %u has no session", node);
    if (dht && look_dht_contacts (dht) == 0)
        world_violation (play->world, "starved: node %u knows nobody of the DHT", node);
}

static void
second (void *self, play_t *play)
{
    (void) self;
    int64_t now_us = play_now_us (play);
    if (now_us / 1000000 % EVERY_S != 0)
        return;
    for (uint32_t i = 0; i < play->players_count; i++)
        if (is_due (play, i) && others (play, i) > 0)
            look (play, i);
}

static void
end (void *self, play_t *play)
{
    (void) self;
    for (uint32_t i = 0; i < play->players_count; i++) {
        uint32_t kept = 0, all = 0;
        if (!players_is_honest (play, i) || !players_is_on (play, i))
            continue;
        const void *swarm = world_actor (play->world, i, "swarm");
        const void *dht = world_actor (play->world, i, "dht");
        if (swarm) {
            look_sessions (swarm, &kept, &all);
            measures_add (play->measures, MEASURE_SESSIONS, all);
        }
        if (dht)
            measures_add (play->measures, MEASURE_CONTACTS, look_dht_contacts (dht));
    }
}

const check_t check_starved = {.name = "starved",
                               .help = "whoever is well has sessions and contacts",
                               .create = create,
                               .destroy = destroy,
                               .second = second,
                               .end = end};
