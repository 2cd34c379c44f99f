// SPDX-License-Identifier: MIT
//  Who comes and goes: join, churn, roll, kill, stop, vanish, away.
#include "play.h"

#include <math.h>
#include <stdlib.h>

//  Session lengths follow Pareto's law with this exponent, as those of file sharing networks do: most
//  are short, a few very long. The mean of it is shape / (shape - 1) times the shortest.
#define SHAPE 1.5

//  ---- join ----------------------------------------------------------------------------------------

static void
join_some (deed_t *deed)
{
    play_t *play = deed->play;
    for (; deed->nodes_count > 0 && play->joined < play->nodes; deed->nodes_count--) {
        players_start (play, play->joined++);
        if (deed->rate_us > 0) {
            deed->nodes_count--;
            play_at (deed, play_now_us (play) + deed->rate_us, join_some);
            return;
        }
    }
}

static void
join (deed_t *deed)
{
    play_t *play = deed->play;
    const script_value_t *who = script_value (deed->line, "<who>");
    double wanted = script_number (deed->line, "<who>", 0, &deed->rng);
    uint32_t left = play->nodes - play->joined;
    if (who->rest)
        wanted = left;
    else if (who->share)
        wanted = wanted * play->nodes + 0.5;
    deed->nodes_count = wanted < left ? (uint32_t) wanted : left;
    int64_t over_us = play_time_us (deed, "over", 0);
    deed->rate_us = deed->nodes_count ? over_us / deed->nodes_count : 0;
    join_some (deed);
}

//  ---- churn ---------------------------------------------------------------------------------------

static double
pareto (rng_t *rng, double mean)
{
    return mean * (SHAPE - 1) / SHAPE * pow (1.0 - rng_unit (rng), -1 / SHAPE);
}

//  What is left of a session that began long before: the law that gives the same turnover from the
//  start on (the residual life of a renewal process).
static double
pareto_rest (rng_t *rng, double mean)
{
    double shortest = mean * (SHAPE - 1) / SHAPE, left = 1.0 - rng_unit (rng);
    if (left > 1 / SHAPE)
        return (1.0 - left) * mean;
    return shortest * pow (SHAPE * left, -1 / (SHAPE - 1));
}

static void churn_end (deed_t *deed);

static void
churn_session (deed_t *churn, uint32_t node, double secs)
{
    deed_t *deed = play_deed (churn->play, churn->line);
    deed->number = churn->number;
    deed->until_us = churn->until_us;
    deed->nodes_count = node;
    churn->play->players[node].churns = true;
    play_later (deed, secs, churn_end);
}

static void
churn_return (deed_t *deed)
{
    player_t *player = &deed->play->players[deed->nodes_count];
    player->away = false;
    if (play_is_calm (deed->play))
        return;
    players_start (deed->play, deed->nodes_count);
    churn_session (deed, deed->nodes_count, pareto (&deed->rng, 1 / deed->number));
}

//  One leaves in one of three ways. The place of one that does not come back is taken at once.
static void
churn_end (deed_t *deed)
{
    play_t *play = deed->play;
    uint32_t node = deed->nodes_count;
    if (play_now_us (play) >= deed->until_us || play_is_calm (play)
        || !players_is_on (play, node) || play->players[node].away)
        return;
    uint64_t way = rng_below (&deed->rng, 3);
    play->players[node].away = true;
    if (way == 0)
        world_stop (play->world, node);
    else if (way == 1)
        world_kill (play->world, node);
    else
        world_vanish (play->world, node);
    double mean = 1 / deed->number;
    if (play->players[node].publisher != PLAY_NOBODY
        || rng_unit (&deed->rng) < script_number (deed->line, "return", 0.5, &deed->rng)) {
        play_later (deed, 1 + pareto (&deed->rng, mean / 20), churn_return);
        return;
    }
    play->players[node].left = true;
    uint32_t newcomer = players_add (play);
    players_start (play, newcomer);
    churn_session (deed, newcomer, pareto (&deed->rng, mean));
}

static void
churn (deed_t *deed)
{
    play_t *play = deed->play;
    deed->number = script_number (deed->line, "<share>", 0, &deed->rng);
    deed->until_us = play_time_us (deed, "until", play->end_us);
    if (deed->number <= 0)
        return;
    for (uint32_t i = play->bootstraps; i < play->players_count; i++)
        if (players_is_on (play, i) && !play->players[i].churns)
            churn_session (deed, i, pareto_rest (&deed->rng, 1 / deed->number));
}

//  ---- leaving for a while ---------------------------------------------------------------------------

static void
come_back (deed_t *deed)
{
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        deed->play->players[deed->nodes[i]].away = false;
        players_start (deed->play, deed->nodes[i]);
    }
}

static void
leave (deed_t *deed)
{
    play_t *play = deed->play;
    bool returns = script_value (deed->line, "for")->given;
    if (deed->line->verb->id != VERB_AWAY)
        players_choose (deed, returns);
    for (uint32_t i = 0; i < deed->nodes_count; i++) {
        uint32_t node = deed->nodes[i];
        play->players[node].away = true;
        play->players[node].left = !returns;
        if (deed->line->verb->id == VERB_KILL)
            world_kill (play->world, node);
        else if (deed->line->verb->id == VERB_VANISH)
            world_vanish (play->world, node);
        else
            world_stop (play->world, node);
    }
    if (returns)
        play_at (deed, play_now_us (play) + play_time_us (deed, "for", 0), come_back);
}

static void
leave_publishers (deed_t *deed)
{
    play_t *play = deed->play;
    deed->nodes = calloc (play->players_count + 1, sizeof *deed->nodes);
    if (!deed->nodes)
        abort ();
    for (uint32_t i = 0; i < play->players_count; i++)
        if (play->players[i].publisher != PLAY_NOBODY && players_is_on (play, i))
            deed->nodes[deed->nodes_count++] = i;
    leave (deed);
}

//  ---- roll ----------------------------------------------------------------------------------------

static void roll_next (deed_t *deed);

static void
roll_back (deed_t *deed)
{
    uint32_t node = deed->nodes[--deed->nodes_count];
    deed->play->players[node].away = false;
    players_start (deed->play, node);
    play_at (deed, play_now_us (deed->play) + deed->rate_us, roll_next);
}

static void
roll_next (deed_t *deed)
{
    while (deed->nodes_count > 0 && !players_is_on (deed->play, deed->nodes[deed->nodes_count - 1]))
        deed->nodes_count--;
    if (deed->nodes_count == 0 || play_is_calm (deed->play))
        return;
    uint32_t node = deed->nodes[deed->nodes_count - 1];
    deed->play->players[node].away = true;
    world_stop (deed->play->world, node);
    play_at (deed, play_now_us (deed->play) + play_time_us (deed, "for", 2000000), roll_back);
}

static void
roll (deed_t *deed)
{
    players_choose (deed, true);
    deed->rate_us = play_time_us (deed, "every", 5000000);
    roll_next (deed);
}

bool
lives_plan (deed_t *deed)
{
    switch (deed->line->verb->id) {
    case VERB_JOIN:
        play_at (deed, play_time_us (deed, "at", 0), join);
        return true;
    case VERB_CHURN:
        play_at (deed, play_time_us (deed, "from", 0), churn);
        return true;
    case VERB_ROLL:
        play_at (deed, play_time_us (deed, "from", 0), roll);
        return true;
    case VERB_KILL:
    case VERB_STOP:
    case VERB_VANISH:
        play_at (deed, play_time_us (deed, "at", 0), leave);
        return true;
    case VERB_AWAY:
        play_at (deed, play_time_us (deed, "at", 0), leave_publishers);
        return true;
    default:
        return false;
    }
}
