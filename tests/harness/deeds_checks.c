// SPDX-License-Identifier: MIT
//  settle, check, expect: what has to be true.
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
    marks_add (self->marks, "found-s", (double) (clock_ms () - hunt->began_ms) / 1000);
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
             hunt.wanted, hunt.members_count, (double) (clock_ms () - hunt.began_ms) / 1000);
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
    marks_add (self->marks, "stored-s", (double) (clock_ms () - began_ms) / 1000);
    double holders = 0;
    if (!crew_do (self, shelf_count (self->shelf), ask_holders, NULL))
        return false;
    marks_value (self->marks, "holders", &holders);
    run_say (self, "stored: all is told after %.2f s; a package has %.1f holders",
             (double) (clock_ms () - began_ms) / 1000, holders);
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

//  ---- kept ----------------------------------------------------------------------------------------

static void
look_at_release (run_t *self, asker_t *asker, unsigned index, void *context)
{
    atomic_uint *gone = context;
    const release_t release = shelf_at (self->shelf, index);
    const member_t *publisher = fleet_at (self->fleet, release.publisher);
    if (publisher->state != MEMBER_ON
        || wish_own (asker, publisher, release.name, release.version))
        return;
    (*gone)++;
    run_say (self, "node %u does not have %s %s: %s", publisher->number, release.name,
             release.version, asker_reason (asker));
}

static unsigned
count_bans_gone (run_t *self, unsigned *count_p)
{
    unsigned gone = 0, node;
    peer_key_t peer;
    for (*count_p = 0; load_ban (self->load, *count_p, &node, &peer); (*count_p)++) {
        const member_t *member = fleet_at (self->fleet, node);
        if (member->state != MEMBER_ON || wish_is_banned (self->asker, member, &peer))
            continue;
        gone++;
        run_say (self, "node %u has lost a ban: %s", node,
                 asker_code (self->asker) ? asker_reason (self->asker) : "it is not banned");
    }
    return gone;
}

//  For "check kept": what each node has seen of others until now.
static bool
check_noted (run_t *self, int64_t within_ms)
{
    (void) within_ms;
    for (unsigned i = 0; i < self->nodes; i++) {
        member_t *member = fleet_at (self->fleet, i);
        if (member->state == MEMBER_ON)
            member->experience = wish_experience (self->asker, member);
        marks_add (self->marks, "experience", (double) member->experience);
    }
    return true;
}

//  DHT records of others, and what was noted.
static bool
remembers (run_t *self, const member_t *member)
{
    if (member->state != MEMBER_ON || member->lie)
        return true;
    if (wish_records (self->asker, member) <= 0)
        return run_fail (self, "node %u has no DHT record", member->number);
    long experience = wish_experience (self->asker, member);
    return experience >= member->experience
           || run_fail (self, "node %u had seen %ld things of others, and remembers %ld",
                        member->number, member->experience, experience);
}

//  All that a node has acknowledged it still has: releases, bans; and what it knew of others.
static bool
check_kept (run_t *self, int64_t within_ms)
{
    (void) within_ms;
    atomic_uint gone = 0;
    unsigned bans, forgetful = 0;
    if (!crew_do (self, shelf_count (self->shelf), look_at_release, &gone))
        return false;
    unsigned bans_gone = count_bans_gone (self, &bans);
    for (unsigned i = 0; i < self->nodes; i++)
        forgetful += !remembers (self, fleet_at (self->fleet, i));
    run_say (self, "kept: %u of %u releases, %u of %u bans",
             shelf_count (self->shelf) - gone, shelf_count (self->shelf), bans - bans_gone, bans);
    marks_add (self->marks, "releases-gone", gone);
    marks_add (self->marks, "bans-gone", bans_gone);
    if (gone + bans_gone > 0)
        return run_fail (self, "%u releases and %u bans are gone", (unsigned) gone, bans_gone);
    return forgetful == 0;
}

//  ---- bans ----------------------------------------------------------------------------------------

static const member_t *
member_of (const run_t *self, const peer_key_t *key)
{
    for (unsigned i = 0; i < fleet_count (self->fleet); i++)
        if (fleet_at (self->fleet, i)->is_known
            && peer_key_equal (&fleet_at (self->fleet, i)->key, key))
            return fleet_at (self->fleet, i);
    return NULL;
}

bool
run_judge_bans (run_t *self, const member_t *member)
{
    peer_key_t peers[FLEET_MAX];
    unsigned liars = 0;
    int wrong = wish_wrong_chunks (self->asker, member);
    int count = wish_bans (self->asker, member, peers, FLEET_MAX);
    for (int i = 0; i < count; i++) {
        const member_t *banned = member_of (self, &peers[i]);
        if (banned && !banned->lie)
            return run_fail (self, "node %u bans node %u, which is honest", member->number,
                             banned->number);
        liars += banned != NULL;
    }
    if (wrong > 0)
        marks_add (self->marks, "wrong-chunks", wrong);
    if (liars > 0)
        marks_add (self->marks, "liars-banned", liars);
    return wrong <= 0 || liars > 0
           || run_fail (self, "node %u was given %d wrong chunks, and bans nobody", member->number,
                        wrong);
}

static bool
check_bans (run_t *self, int64_t within_ms)
{
    (void) within_ms;
    for (unsigned i = 0; i < self->nodes; i++) {
        const member_t *member = fleet_at (self->fleet, i);
        if (member->state == MEMBER_ON && !member->lie && !run_judge_bans (self, member))
            return false;
    }
    return true;
}

static bool
bans_all_liars (run_t *self, const member_t *member)
{
    peer_key_t peers[FLEET_MAX];
    int count = wish_bans (self->asker, member, peers, FLEET_MAX);
    unsigned liars = 0, banned = 0;
    for (unsigned i = 0; i < self->nodes; i++)
        liars += fleet_at (self->fleet, i)->lie != NULL;
    for (int i = 0; i < count; i++) {
        const member_t *liar = member_of (self, &peers[i]);
        banned += liar && liar->lie;
    }
    return banned == liars;
}

static bool
is_every_liar_banned (run_t *self, void *context)
{
    const member_t **late = context;
    for (unsigned i = 0; i < self->nodes; i++) {
        *late = fleet_at (self->fleet, i);
        if ((*late)->state == MEMBER_ON && !(*late)->lie && !bans_all_liars (self, *late))
            return false;
    }
    return true;
}

//  Every node bans every liar, some time.
static bool
check_banned (run_t *self, int64_t within_ms)
{
    const member_t *late = NULL;
    int64_t began_ms = clock_ms ();
    if (!run_wait (self, began_ms + within_ms, is_every_liar_banned, &late))
        return run_fail (self, "node %u does not ban all liars", late->number);
    marks_add (self->marks, "banned-s", (double) (clock_ms () - began_ms) / 1000);
    run_say (self, "banned: all liars by all, after %.2f s", (double) (clock_ms () - began_ms) / 1000);
    return check_bans (self, within_ms);
}

//  ---- connectivity --------------------------------------------------------------------------------

typedef struct {
    Ggen__Connectivity wanted;
    unsigned late;                  //  a node that does not say so
} spread_t;

static bool
all_say (run_t *self, void *context)
{
    spread_t *spread = context;
    for (spread->late = 0; spread->late < self->nodes; spread->late++) {
        const member_t *member = fleet_at (self->fleet, spread->late);
        if (member->state != MEMBER_ON)
            continue;
        const Ggen__SwarmStatusReply *status = asker_status (self->asker, member);
        if (!status || status->connectivity != spread->wanted)
            return false;
    }
    return true;
}

static bool
await_connectivity (run_t *self, Ggen__Connectivity wanted, const char *word, int64_t within_ms)
{
    spread_t spread = {.wanted = wanted};
    int64_t began_ms = clock_ms ();
    if (!run_wait (self, began_ms + within_ms, all_say, &spread))
        return run_fail (self, "node %u does not say that it is %s", spread.late, word);
    run_say (self, "%s: all say so after %.2f s", word, (double) (clock_ms () - began_ms) / 1000);
    return true;
}

static bool
check_limited (run_t *self, int64_t within_ms)
{
    return await_connectivity (self, GGEN__CONNECTIVITY__LIMITED, "limited", within_ms);
}

static bool
check_connected (run_t *self, int64_t within_ms)
{
    return await_connectivity (self, GGEN__CONNECTIVITY__CONNECTED, "connected", within_ms);
}

//  ---- flat ----------------------------------------------------------------------------------------

//  What was sampled until now is measured; it is for "expect" to say what it may be.
static bool
check_flat (run_t *self, int64_t within_ms)
{
    double growth;
    (void) within_ms;
    if (!self->samples)
        return run_fail (self, "nothing was sampled");
    samples_judge (self->samples);
    return marks_value (self->marks, "private-growth", &growth)
           || run_fail (self, "no node has lived long enough to say how it grows");
}

//  ---- check, settle, expect -----------------------------------------------------------------------

static const struct {
    const char *name;
    bool (*holds) (run_t *self, int64_t within_ms);
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
    run_undo_all (self);
    for (unsigned i = 0; i < FLEET_MAX; i++)
        self->rules[i] = (proxy_rule_t) {0};
    run_rules (self);
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
