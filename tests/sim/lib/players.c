// SPDX-License-Identifier: MIT
#include "play.h"

#include "adversary.h"
#include "glance.h"

#include <stdlib.h>
#include <string.h>

uint32_t
players_add (play_t *self)
{
    if (self->players_count == self->players_room) {
        self->players_room = self->players_room ? 2 * self->players_room : 64;
        self->players = realloc (self->players, self->players_room * sizeof *self->players);
        if (!self->players)
            abort ();
    }
    uint32_t node = honest_add (self->honest, self->world);
    player_t *player = &self->players[self->players_count++];
    *player = (player_t) {.publisher = PLAY_NOBODY, .since_us = -1, .met_us = -1};
    return node;
}

void
players_start (play_t *self, uint32_t node)
{
    if (!self->players[node].left)
        world_start (self->world, node);
}

bool
players_is_on (const play_t *self, uint32_t node)
{
    return self->players[node].since_us >= 0;
}

bool
players_is_honest (const play_t *self, uint32_t node)
{
    return !self->players[node].liar;
}

bool
players_is_ready (const play_t *self, uint32_t node)
{
    const player_t *player = &self->players[node];
    return !player->liar && player->since_us >= 0 && player->met_us >= 0
           && play_now_us (self) - player->met_us >= PLAY_READY_US
           && player->dark_us <= play_now_us (self)
           && world_node_state (self->world, node) == NODE_ON;
}

uint32_t
players_draw (play_t *self, rng_t *rng)
{
    for (unsigned tries = 0; tries < 200; tries++) {
        uint32_t node = (uint32_t) rng_below (rng, self->players_count);
        if (players_is_ready (self, node))
            return node;
    }
    return PLAY_NOBODY;
}

static bool
may_take (const play_t *self, uint32_t node, bool fixed)
{
    const player_t *player = &self->players[node];
    return player->since_us >= 0 && !player->away
           && (fixed || (node >= self->bootstraps && player->publisher == PLAY_NOBODY));
}

void
players_choose (deed_t *deed, bool fixed)
{
    play_t *self = deed->play;
    const script_value_t *who = script_value (deed->line, "<who>");
    uint32_t *pool = malloc ((self->players_count + 1) * sizeof *pool), count = 0;
    if (!pool)
        abort ();
    for (uint32_t i = 0; i < self->players_count; i++)
        if (may_take (self, i, fixed))
            pool[count++] = i;
    double wanted = script_number (deed->line, "<who>", 0, &deed->rng);
    if (who->rest)
        wanted = count;
    else if (who->share)
        wanted *= count;
    uint32_t take = wanted < count ? (uint32_t) (wanted + 0.5) : count;
    for (uint32_t i = 0; i < take; i++) {
        uint32_t at = i + (uint32_t) rng_below (&deed->rng, count - i), node = pool[at];
        pool[at] = pool[i];
        pool[i] = node;
    }
    free (deed->nodes);
    deed->nodes = pool;
    deed->nodes_count = take;
}

void
players_trouble (play_t *self, uint32_t node, int64_t until_us, bool dark)
{
    player_t *player = &self->players[node];
    if (dark && until_us > player->dark_us)
        player->dark_us = until_us;
    if (until_us > player->troubled_us)
        player->troubled_us = until_us;
}

bool
players_is_well (const play_t *self, uint32_t node, int64_t since_us)
{
    const player_t *player = &self->players[node];
    return !player->liar && !player->away && player->since_us >= 0 && player->met_us >= 0
           && player->met_us <= since_us && player->troubled_us <= since_us;
}

//  ---- lives and meetings --------------------------------------------------------------------------

static void
on_life (void *self_, world_t *world, uint32_t node, bool lives)
{
    play_t *self = self_;
    player_t *player = &self->players[node];
    player->since_us = lives ? world_now_us (world) : -1;
    player->met_us = -1;
}

static void
on_arrival (void *self_, world_t *world, const note_t *note)
{
    play_t *self = self_;
    player_t *player = &self->players[note->node];
    if (player->met_us >= 0 || note->kind != GGEN__KIND__EVENT || !glance_is (note, "PeerUp"))
        return;
    player->met_us = world_now_us (world);
    if (!player->liar)
        measures_add (self->measures, MEASURE_JOIN_MS,
                      (double) (player->met_us - player->since_us) / 1000);
}

void
players_observe (play_t *self)
{
    const observer_t observer = {.context = self, .arrives = on_arrival, .lives = on_life};
    world_observe (self->world, &observer);
}
