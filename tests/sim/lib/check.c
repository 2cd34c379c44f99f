// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

//  Of a run longer than this one minute is as good as a second.
#define LONG_US (INT64_C (4) * 3600 * 1000000)

static const check_t *const checks[] = {&check_gossip, &check_bytes,   &check_seq,
                                        &check_bounds, &check_bans,    &check_ends,
                                        &check_leaks,  &check_starved, &check_settled,
                                         &check_pins,   &check_kept};

_Static_assert (COUNT_OF (checks) <= PLAY_CHECKS_MAX, "each has a place in play_t");

const check_t *
check_at (unsigned index)
{
    return index < COUNT_OF (checks) ? checks[index] : NULL;
}

const check_t *
check_find (const char *name)
{
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (strcmp (checks[i]->name, name) == 0)
            return checks[i];
    return NULL;
}

//  ---- those that look on --------------------------------------------------------------------------

static void
on_arrival (void *play_, world_t *world, const note_t *note)
{
    play_t *play = play_;
    (void) world;
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->arrives)
            checks[i]->arrives (play->checks[i], play, note);
}

static void
on_handled (void *play_, world_t *world, uint32_t node, uint8_t seat, const note_t *note)
{
    play_t *play = play_;
    (void) world;
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->handled)
            checks[i]->handled (play->checks[i], play, node, seat, note);
}

static void
on_life (void *play_, world_t *world, uint32_t node, bool lives)
{
    play_t *play = play_;
    (void) world;
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->lives)
            checks[i]->lives (play->checks[i], play, node, lives);
}

static void
on_second (void *play_, world_t *world)
{
    play_t *play = play_;
    (void) world;
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->second)
            checks[i]->second (play->checks[i], play);
}

static bool
is_wanted (const play_t *play, const check_t *check)
{
    for (unsigned i = 0; i < play->script->count; i++) {
        const script_line_t *line = &play->script->lines[i];
        const char *name = line->values[0].word;
        if (line->verb->id == VERB_CHECK
            && (strcmp (name, "all") == 0 || strcmp (name, check->name) == 0))
            return true;
    }
    return false;
}

void
checks_create (play_t *play)
{
    observer_t observer = {.context = play};
    bool seconds = false;
    for (unsigned i = 0; i < COUNT_OF (checks); i++) {
        if (!is_wanted (play, checks[i]))
            continue;
        play->checks[i] = checks[i]->create (play);
        observer.arrives = checks[i]->arrives ? on_arrival : observer.arrives;
        observer.handled = checks[i]->handled ? on_handled : observer.handled;
        observer.lives = checks[i]->lives ? on_life : observer.lives;
        seconds |= checks[i]->second != NULL;
    }
    world_observe (play->world, &observer);
    if (seconds)
        world_every (play->world, play->end_us > LONG_US ? 60000000 : 1000000, on_second, play);
}

void
checks_destroy (play_t *play)
{
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i])
            checks[i]->destroy (play->checks[i]);
}

void
checks_settle (play_t *play)
{
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->settle)
            checks[i]->settle (play->checks[i], play);
}

void
checks_end (play_t *play)
{
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (play->checks[i] && checks[i]->end)
            checks[i]->end (play->checks[i], play);
}
