// SPDX-License-Identifier: MIT
//  What goes wrong with nodes that stay: freeze, unplug, slow, shift, cut, outage, break, disk.
#include "play.h"

#include "network.h"

#include <string.h>

//  Group 0 is the side that has the more nodes.
#define CUT_OFF 1u

static int64_t
for_us (deed_t *deed)
{
    return play_time_us (deed, "for", 10000000);
}

//  ---- one node ------------------------------------------------------------------------------------

static void
undo (deed_t *deed)
{
    world_t *world = deed->play->world;
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        uint32_t node = deed->nodes[i];
        if (deed->line->verb->id == VERB_SLOW)
            world_slow (world, node, 1.0);
        else if (deed->line->verb->id == VERB_DISK) {
            storage_fail (world_storage (world, node), OK, OK);
            storage_limit (world_storage (world, node), UINT64_MAX);
        } else
            network_unplug (world, node, false);
    }
}

static void
spoil_disk (deed_t *deed, storage_t *disk)
{
    const char *how = script_value (deed->line, "<how>")->word;
    if (strcmp (how, "full") == 0)
        storage_limit (disk, storage_used_bytes (disk));
    else if (strcmp (how, "deaf") == 0)
        storage_fail (disk, STORAGE, OK);
    else
        storage_fail (disk, OK, STORAGE);
}

static void
strike (deed_t *deed)
{
    play_t *play = deed->play;
    int64_t us = for_us (deed);
    players_choose (deed, true);
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        uint32_t node = deed->nodes[i];
        players_trouble (play, node, play_now_us (play) + us,
                         deed->line->verb->id == VERB_FREEZE
                             || deed->line->verb->id == VERB_UNPLUG);
        if (deed->line->verb->id == VERB_FREEZE)
            world_freeze (play->world, node, us / 1000);
        else if (deed->line->verb->id == VERB_SLOW)
            world_slow (play->world, node, deed->number);
        else if (deed->line->verb->id == VERB_DISK)
            spoil_disk (deed, world_storage (play->world, node));
        else
            network_unplug (play->world, node, true);
    }
    if (deed->line->verb->id != VERB_FREEZE)
        play_at (deed, play_now_us (play) + us, undo);
}

//  Again and again: each blow is a deed of its own.
static void
strike_again (deed_t *deed)
{
    play_t *play = deed->play;
    if (play_now_us (play) >= deed->until_us || play_is_calm (play))
        return;
    deed_t *blow = play_deed (play, deed->line);
    blow->number = deed->number;
    uint8_t key[RNG_KEY_BYTES];
    rng_bytes (&deed->rng, key, sizeof key);
    rng_init (&blow->rng, key);
    strike (blow);
    if (deed->rate_us > 0)
        play_at (deed, play_now_us (play) + deed->rate_us, strike_again);
}

static void
shift (deed_t *deed)
{
    play_t *play = deed->play;
    players_choose (deed, false);
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        double secs = script_number (deed->line, "by", 0, &deed->rng);
        double drift = script_number (deed->line, "drift", 0, &deed->rng);
        double way = rng_below (&deed->rng, 2) ? 1 : -1;
        world_skew (play->world, deed->nodes[i], (int64_t) (way * secs * 1000),
                    (int32_t) (way * drift));
    }
}

//  ---- the network ---------------------------------------------------------------------------------

static void
heal (deed_t *deed)
{
    play_t *play = deed->play;
    network_heal (play->world);
    for (uint32_t i = 0; i < play->players_count; i++)
        play->players[i].group = 0;
    play->healed_us = play_now_us (play);
}

static void
cut (deed_t *deed)
{
    play_t *play = deed->play;
    int64_t us = for_us (deed);
    players_choose (deed, true);
    //  What a cut does to one node it does to all: who is on the other side is troubled for each.
    for (uint32_t i = 0; i < play->players_count; i++)
        players_trouble (play, i, play_now_us (play) + us, false);
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        network_group (play->world, deed->nodes[i], CUT_OFF);
        play->players[deed->nodes[i]].group = CUT_OFF;
    }
    network_cut (play->world, 0, CUT_OFF, true);
    network_cut (play->world, CUT_OFF, 0, true);
    play_at (deed, play_now_us (play) + us, heal);
}

static void
end_outage (deed_t *deed)
{
    network_outage (deed->play->world, (uint32_t) deed->number, false);
}

static void
begin_outage (deed_t *deed)
{
    play_t *play = deed->play;
    int64_t us = for_us (deed);
    for (uint32_t i = 0; i < play->players_count; i++)
        if (world_node_traits (play->world, i)->region == (uint32_t) deed->number)
            players_trouble (play, i, play_now_us (play) + us, true);
    network_outage (play->world, (uint32_t) deed->number, true);
    play_at (deed, play_now_us (play) + us, end_outage);
}

static void
break_links (deed_t *deed)
{
    play_t *play = deed->play;
    if (play_is_calm (play) || play_now_us (play) >= deed->until_us)
        return;
    network_break (play->world,
                   (uint32_t) script_number (deed->line, "<links>", 1, &deed->rng));
    if (deed->rate_us > 0)
        play_at (deed, play_now_us (play) + deed->rate_us, break_links);
}

//  Returns network_regions_count () when there is none of this name.
static uint32_t
region_of (deed_t *deed)
{
    const char *name = script_value (deed->line, "<region>")->word;
    uint32_t count = network_regions_count (), at = 0;
    if (strcmp (name, "any") == 0)
        return (uint32_t) rng_below (&deed->rng, count);
    while (at < count && strcmp (network_region_name (at), name) != 0)
        at++;
    return at;
}

//  ---- all -----------------------------------------------------------------------------------------

static void
plan_again (deed_t *deed, deed_fn *next)
{
    deed->rate_us = play_time_us (deed, "every", 0);
    deed->until_us = play_time_us (deed, "until", deed->play->end_us);
    play_at (deed, play_time_us (deed, "at", 0), next);
}

bool
faults_plan (deed_t *deed)
{
    switch (deed->line->verb->id) {
    case VERB_SLOW:
        deed->number = script_number (deed->line, "by", 1, &deed->rng);
        play_at (deed, play_time_us (deed, "at", 0), strike);
        return true;
    case VERB_DISK:
        play_at (deed, play_time_us (deed, "at", 0), strike);
        return true;
    case VERB_FREEZE:
    case VERB_UNPLUG:
        plan_again (deed, strike_again);
        return true;
    case VERB_SHIFT:
        play_at (deed, play_time_us (deed, "at", 0), shift);
        return true;
    case VERB_CUT:
        play_at (deed, play_time_us (deed, "at", 0), cut);
        return true;
    case VERB_OUTAGE:
        deed->number = region_of (deed);
        if (deed->number < network_regions_count ())
            play_at (deed, play_time_us (deed, "at", 0), begin_outage);
        return true;
    case VERB_BREAK:
        plan_again (deed, break_links);
        return true;
    default:
        return false;
    }
}

void
faults_end (play_t *self)
{
    bool was_cut = false;
    for (uint32_t i = 0; i < self->players_count; i++) {
        was_cut |= self->players[i].group != 0;
        self->players[i].group = 0;
        if (self->players[i].troubled_us > play_now_us (self))
            self->players[i].troubled_us = play_now_us (self);
        self->players[i].dark_us = 0;
        network_unplug (self->world, i, false);
        world_slow (self->world, i, 1.0);
        storage_fail (world_storage (self->world, i), OK, OK);
        storage_limit (world_storage (self->world, i), UINT64_MAX);
    }
    network_heal (self->world);
    if (was_cut)
        self->healed_us = play_now_us (self);
    for (uint32_t i = 0; i < network_regions_count (); i++)
        network_outage (self->world, i, false);
}
