// SPDX-License-Identifier: MIT
//  settle, check, expect: what has to be true; and the checks of packages.
#include "run.h"
#include "wishes.h"

#include "runtime/host/clock.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WITHIN_MS     30000         //  of a check, unless "within" says
#define AGAIN_MS      100           //  before the same is asked again
#define MISSES_SAID   3u            //  of a node
#define SETTLE_JOIN_MS 60000

//  ---- found ---------------------------------------------------------------------------------------

typedef struct {
    const member_t *members[FLEET_MAX];
    unsigned members_count;
    int64_t began_ms, until_ms;
    atomic_uint missed, wanted;
} hunt_t;

//  Is it found so, in time?
static bool
find_in_time (run_t *self, asker_t *asker, const hunt_t *hunt, const member_t *member,
              const char *word, const char *name)
{
    for (;;) {
        int64_t began_ms = clock_ms ();
        if (wish_find (asker, member, word, name)) {
            marks_add (self->marks, "find-ms", (double) (clock_ms () - began_ms));
            return true;
        }
        if (clock_ms () >= hunt->until_ms || member->state != MEMBER_ON)
            return false;
        poll (NULL, 0, AGAIN_MS);
    }
}

static void
hunt_at (run_t *self, asker_t *asker, unsigned index, void *context)
{
    hunt_t *hunt = context;
    const member_t *member = hunt->members[index];
    unsigned missed = 0, count = shelf_count (self->shelf);
    for (unsigned i = 0; i < count; i++) {
        const release_t release = shelf_at (self->shelf, (i + index) % count);
        const char *const words[] = {release.name, release.word};
        for (unsigned k = 0; release.newest && k < 2; k++) {
            hunt->wanted++;
            if (find_in_time (self, asker, hunt, member, words[k], release.name))
                continue;
            if (missed++ < MISSES_SAID)
                run_say (self, "node %u does not find %s by \"%s\": %s", member->number,
                         release.name, words[k],
                         asker_code (asker) ? asker_reason (asker) : "no such result");
        }
    }
    hunt->missed += missed;
    marks_add (self->marks, "found-s", run_secs_since (hunt->began_ms));
}

//  Every node that is on finds every package, by its name and by a word of it.
static bool
check_found (run_t *self, int64_t within_ms)
{
    hunt_t hunt = {.began_ms = clock_ms (), .until_ms = clock_ms () + within_ms};
    for (unsigned i = 0; i < self->nodes; i++)
        if (fleet_at (self->fleet, i)->state == MEMBER_ON && !fleet_at (self->fleet, i)->lie)
            hunt.members[hunt.members_count++] = fleet_at (self->fleet, i);
    if (!crew_do (self, hunt.members_count, hunt_at, &hunt))
        return false;
    run_say (self, "found: %u of %u searches by %u nodes, %.2f s", hunt.wanted - hunt.missed,
             hunt.wanted, hunt.members_count, run_secs_since (hunt.began_ms));
    marks_add (self->marks, "found", hunt.wanted ? 1 - (double) hunt.missed / hunt.wanted : 0);
    return hunt.missed == 0 && hunt.wanted > 0
           ? true
           : run_fail (self, "%u of %u searches did not find what was published", hunt.missed,
                       hunt.wanted);
}

//  ---- stored --------------------------------------------------------------------------------------

static bool
is_all_sent (run_t *self, void *context)
{
    const member_t **late = context;
    for (unsigned i = 0; i < self->nodes; i++) {
        *late = fleet_at (self->fleet, i);
        if ((*late)->publishes && (*late)->state == MEMBER_ON && wish_unsent (self->asker, *late) != 0)
            return false;
    }
    return true;
}

static void
ask_holders (run_t *self, asker_t *asker, unsigned index, void *context)
{
    (void) context;
    const release_t release = shelf_at (self->shelf, index);
    uint64_t holders[2] = {0, 0};
    unsigned count = 0;
    for (unsigned i = 0; i < self->nodes; i++)
        if (wish_holds (asker, fleet_at (self->fleet, i), &release.sha256)) {
            holders[i / 64] |= UINT64_C (1) << i % 64;
            count++;
        }
    shelf_note_holders (self->shelf, index, holders);
    marks_add (self->marks, "holders", count);
}

//  Each publisher has told the network all; who holds what is noted.
static bool
check_stored (run_t *self, int64_t within_ms)
{
    const member_t *late = NULL;
    int64_t began_ms = clock_ms ();
    if (!run_wait (self, clock_ms () + within_ms, is_all_sent, &late))
        return run_fail (self, "node %u has %d releases that are not told to the network",
                         late->number, wish_unsent (self->asker, late));
    marks_add (self->marks, "stored-s", run_secs_since (began_ms));
    double holders = 0;
    if (!crew_do (self, shelf_count (self->shelf), ask_holders, NULL))
        return false;
    marks_value (self->marks, "holders", &holders);
    run_say (self, "stored: all is told after %.2f s; a package has %.1f holders",
             run_secs_since (began_ms), holders);
    return true;
}

//  ---- lost ----------------------------------------------------------------------------------------

static bool
has_holder (run_t *self, const release_t *release)
{
    for (unsigned i = 0; i < self->nodes; i++)
        if (release->holders[i / 64] >> i % 64 & 1
            && fleet_at (self->fleet, i)->state == MEMBER_ON)
            return true;
    return false;
}

//  A node that has never seen them installs each: what fails are those whose holders are all off, and
//  the failure has the name.
static bool
judge (run_t *self, const release_t *release, const member_t *visitor, int64_t until_ms)
{
    const bool expected = has_holder (self, release);
    bool got = wish_install (self->asker, visitor, release->name);
    while (!got && expected && clock_ms () < until_ms) {
        poll (NULL, 0, AGAIN_MS);
        got = wish_install (self->asker, visitor, release->name);
    }
    marks_add (self->marks, "lost", !got);
    if (!got)
        run_say (self, "lost: %s, %s", release->name, asker_reason (self->asker));
    if (got && !expected)
        return run_fail (self, "%s was installed, and nobody should have it", release->name);
    if (!got && expected)
        return run_fail (self, "%s is lost, and a holder lives: %s", release->name,
                         asker_reason (self->asker));
    return got || strstr (asker_reason (self->asker), release->name)
           || run_fail (self, "the failure does not name %s: %s", release->name,
                        asker_reason (self->asker));
}

static bool
check_lost (run_t *self, int64_t within_ms)
{
    int64_t until_ms = clock_ms () + within_ms;
    member_t *visitor = run_add (self);
    unsigned lost = 0, wrong = 0, count = shelf_count (self->shelf);
    if (!visitor || !run_start (self, visitor) || !run_await (self, &visitor, 1, SETTLE_JOIN_MS))
        return false;
    for (unsigned i = 0; i < count; i++) {
        const release_t release = shelf_at (self->shelf, i);
        lost += !has_holder (self, &release);
        wrong += !judge (self, &release, visitor, until_ms);
        if (!run_pump (self))
            return false;
    }
    run_say (self, "lost: of %u packages %u have no holder left; %u were judged wrong", count, lost,
             wrong);
    fleet_stop (self->fleet, visitor, 15000);
    return wrong == 0;
}

//  ---- check, settle, expect -----------------------------------------------------------------------

static const struct {
    const char *name;
    check_fn *holds;
} checks[] = {{"found", check_found},
              {"stored", check_stored},
              {"lost", check_lost},
              {"noted", check_noted},
              {"kept", check_kept},
              {"limited", check_limited},
              {"connected", check_connected},
              {"flat", check_flat},
              {"bans", check_bans},
              {"banned", check_banned}};

static bool
check (run_t *self, const script_line_t *line)
{
    const char *name = script_value (line, "<name>")->word;
    for (unsigned i = 0; i < COUNT_OF (checks); i++)
        if (strcmp (checks[i].name, name) == 0)
            return checks[i].holds (self, run_time_ms (self, line, "within", WITHIN_MS));
    return run_fail (self, "line %u: there is no check %s", line->line, name);
}

static bool
settle (run_t *self, const script_line_t *line)
{
    member_t *members[FLEET_MAX];
    unsigned count = 0;
    load_end (self->load);
    run_heal (self);
    for (unsigned i = 0; i < self->nodes; i++) {
        member_t *member = fleet_at (self->fleet, i);
        if (member->state == MEMBER_OFF && !run_start (self, member))
            return false;
        members[count++] = member;
    }
    run_say (self, "settle: all is well from now on");
    return run_await (self, members, count, SETTLE_JOIN_MS)
           && check_found (self, run_time_ms (self, line, "<time>", WITHIN_MS));
}

static bool
expect (run_t *self, const script_line_t *line)
{
    const char *name = script_value (line, "<measure>")->word;
    const char *is = script_value (line, "<is>")->word;
    double value, wanted = script_number (line, "<value>", 0, &self->rng);
    if (!marks_value (self->marks, name, &value))
        return run_fail (self, "line %u: nothing was measured as %s", line->line, name);
    bool holds = strcmp (is, ">=") == 0   ? value >= wanted
                 : strcmp (is, "<=") == 0 ? value <= wanted
                                          : fabs (value - wanted) < 1e-9;
    if (!holds)
        run_fail (self, "line %u: %s is %.6g, expected %s %.6g", line->line, name, value, is, wanted);
    return true;
}

deed_fn *
deed_checks (script_verb_id_t verb)
{
    switch (verb) {
        case VERB_SETTLE:
            return settle;
        case VERB_CHECK:
            return check;
        case VERB_EXPECT:
            return expect;
        default:
            return NULL;
    }
}
