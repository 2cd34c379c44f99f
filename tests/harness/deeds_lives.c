// SPDX-License-Identifier: MIT
//  join, start, kill, stop, away, freeze, storm.
#include "run.h"

#include "runtime/host/clock.h"

#define JOIN_LIMIT_MS  60000
#define STOP_LIMIT_MS  15000
#define STORM_EVERY_MS 400

//  ---- starting ------------------------------------------------------------------------------------

//  Bootstraps come one after the other: the next has to know who the one before is.
static bool
start_bootstraps (run_t *self)
{
    for (unsigned i = 0; i < self->bootstraps; i++) {
        member_t *member = fleet_at (self->fleet, i);
        if (member->is_known || member->state != MEMBER_OFF)
            continue;
        if (!run_start (self, member) || !run_await (self, &member, 1, JOIN_LIMIT_MS))
            return false;
    }
    return true;
}

static bool
start_all (run_t *self, member_t *const *members, unsigned count, int64_t over_ms)
{
    int64_t began_ms = clock_ms ();
    for (unsigned i = 0; i < count; i++) {
        if (members[i]->state != MEMBER_OFF)
            continue;
        if (over_ms > 0 && !run_wait (self, began_ms + over_ms * i / count, NULL, NULL))
            return false;
        if (!run_start (self, members[i]))
            return false;
    }
    return run_await (self, members, count, JOIN_LIMIT_MS + over_ms);
}

static bool
join (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    int64_t began_ms = clock_ms ();
    if (!run_wait_at (self, line) || !start_bootstraps (self))
        return false;
    unsigned count = run_choose (self, line, MEMBER_OFF, members);
    if (!start_all (self, members, count, run_time_ms (self, line, "over", 0)))
        return false;
    if (!self->zero_ms)
        self->zero_ms = clock_ms ();
    marks_add (self->marks, "join-s", run_secs_since (began_ms));
    run_say (self, "join: %u nodes are in the network after %.2f s", count + self->bootstraps,
             run_secs_since (began_ms));
    return true;
}

static bool
start (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    if (!run_wait_at (self, line))
        return false;
    unsigned count = run_choose (self, line, MEMBER_OFF, members);
    if (!start_all (self, members, count, 0))
        return false;
    run_say_of (self, "start", members, count);
    return true;
}

//  ---- ending --------------------------------------------------------------------------------------

static void
come_back (run_t *self, member_t *const *members, unsigned count)
{
    run_say_of (self, "back", members, count);
    for (unsigned i = 0; i < count; i++)
        if (members[i]->state == MEMBER_OFF && !run_start (self, members[i]))
            return;
}

//  Have this done to some that are on, and 'undo' when "for" is over.
static bool
strike_some (run_t *self, const script_line_t *line, void (*strike) (fleet_t *, member_t *),
             undo_fn *undo)
{
    member_t *members[FLEET_MAX];
    if (!run_wait_at (self, line))
        return false;
    unsigned count = run_choose (self, line, MEMBER_ON, members);
    for (unsigned i = 0; i < count; i++)
        strike (self->fleet, members[i]);
    run_say_of (self, line->verb->name, members, count);
    return run_later (self, line, undo, members, count);
}

static bool
kill_some (run_t *self, const script_line_t *line)
{
    return strike_some (self, line, fleet_kill, come_back);
}

static bool
stop_them (run_t *self, const script_line_t *line, member_t *const *members, unsigned count)
{
    run_say_of (self, line->verb->name, members, count);
    for (unsigned i = 0; i < count; i++)
        if (!fleet_stop (self->fleet, members[i], STOP_LIMIT_MS))
            return run_fail (self, "node %u did not end in good order within %d s",
                             members[i]->number, STOP_LIMIT_MS / 1000);
    return run_later (self, line, come_back, members, count);
}

static bool
stop (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    if (!run_wait_at (self, line))
        return false;
    unsigned count = run_choose (self, line, MEMBER_ON, members);
    return stop_them (self, line, members, count);
}

static bool
away (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    unsigned count = 0;
    if (!run_wait_at (self, line))
        return false;
    for (unsigned i = 0; i < self->nodes; i++)
        if (fleet_at (self->fleet, i)->publishes && fleet_at (self->fleet, i)->state == MEMBER_ON)
            members[count++] = fleet_at (self->fleet, i);
    return stop_them (self, line, members, count);
}

//  ---- standing still ------------------------------------------------------------------------------

static void
thaw (run_t *self, member_t *const *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (members[i]->state == MEMBER_FROZEN)
            fleet_thaw (self->fleet, members[i]);
    run_say_of (self, "thaw", members, count);
}

static bool
freeze (run_t *self, const script_line_t *line)
{
    return strike_some (self, line, fleet_freeze, thaw);
}

//  ---- storm ---------------------------------------------------------------------------------------

//  The bootstraps stay: who comes back asks them.
static member_t *
draw_victim (run_t *self)
{
    member_t *members[FLEET_MAX];
    unsigned count = 0;
    for (unsigned i = self->bootstraps; i < self->nodes; i++)
        if (fleet_at (self->fleet, i)->state == MEMBER_ON)
            members[count++] = fleet_at (self->fleet, i);
    return count ? members[rng_below (&self->rng, count)] : NULL;
}

//  At a moment drawn between now and twice 'every' from now.
static bool
strike (run_t *self, int64_t every_ms)
{
    int64_t pause_ms = (int64_t) rng_below (&self->rng, (uint64_t) (2 * every_ms));
    if (!run_wait (self, clock_ms () + pause_ms, NULL, NULL))
        return false;
    member_t *victim = draw_victim (self);
    if (!victim)
        return run_fail (self, "storm: nobody is left");
    fleet_kill (self->fleet, victim);
    return run_start (self, victim);
}

static bool
storm (run_t *self, const script_line_t *line)
{
    unsigned kills = (unsigned) script_number (line, "<kills>", 0, &self->rng);
    int64_t every_ms = run_time_ms (self, line, "every", STORM_EVERY_MS);
    int64_t began_ms = clock_ms ();
    int64_t until_ms = self->options.minutes > 0
                           ? began_ms + (int64_t) (60000 * self->options.minutes)
                           : INT64_MAX;
    unsigned done = 0;
    for (; (done < kills || self->options.minutes > 0) && clock_ms () < until_ms; done++)
        if (!strike (self, every_ms))
            return false;
    member_t *members[FLEET_MAX];
    for (unsigned i = 0; i < self->nodes; i++)
        members[i] = fleet_at (self->fleet, i);
    marks_add (self->marks, "kills", done);
    run_say (self, "storm: %u kills in %.1f s", done, run_secs_since (began_ms));
    return run_await (self, members, self->nodes, JOIN_LIMIT_MS);
}

deed_fn *
deed_lives (script_verb_id_t verb)
{
    switch (verb) {
        case VERB_JOIN:
            return join;
        case VERB_START:
            return start;
        case VERB_KILL:
            return kill_some;
        case VERB_STOP:
            return stop;
        case VERB_AWAY:
            return away;
        case VERB_FREEZE:
            return freeze;
        case VERB_STORM:
            return storm;
        default:
            return NULL;
    }
}
