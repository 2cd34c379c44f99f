// SPDX-License-Identifier: MIT
//  Checks of what a node is and knows by itself: what it kept, whom it bans, whether it grows, what it says
//  of its connectivity.
#include "run.h"
#include "wishes.h"

#include "runtime/host/clock.h"

#include <stdio.h>

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
bool
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
bool
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

bool
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
bool
check_banned (run_t *self, int64_t within_ms)
{
    const member_t *late = NULL;
    int64_t began_ms = clock_ms ();
    if (!run_wait (self, began_ms + within_ms, is_every_liar_banned, &late))
        return run_fail (self, "node %u does not ban all liars", late->number);
    marks_add (self->marks, "banned-s", run_secs_since (began_ms));
    run_say (self, "banned: all liars by all, after %.2f s", run_secs_since (began_ms));
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
    run_say (self, "%s: all say so after %.2f s", word, run_secs_since (began_ms));
    return true;
}

bool
check_limited (run_t *self, int64_t within_ms)
{
    return await_connectivity (self, GGEN__CONNECTIVITY__LIMITED, "limited", within_ms);
}

bool
check_connected (run_t *self, int64_t within_ms)
{
    return await_connectivity (self, GGEN__CONNECTIVITY__CONNECTED, "connected", within_ms);
}

//  ---- flat ----------------------------------------------------------------------------------------

//  What was sampled until now is measured; it is for "expect" to say what it may be.
bool
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
