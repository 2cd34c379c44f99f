// SPDX-License-Identifier: MIT
#include "reputation_self.h"

#include "kept.h"

#include <stdlib.h>

#define DAY_SECS (24 * 3600)

//  ---- making room -------------------------------------------------------------------------------

//  Peers that go at one time: each new one then pays for a look at sixteen.
#define EVICTED_PART 16

//  What goes first: by history, then by when it was seen.
#define WORTH_HISTORY (UINT64_C (1) << 32)
#define WORTH_BANS    (UINT64_C (1) << 33)

typedef struct {
    uint64_t worth;
    uint32_t index;
} candidate_t;

//  What was asked of it, or who is connected, is not forgotten.
static bool
has_to_stay (const known_peer_t *peer)
{
    return peer->flags & (KNOWN_UP | KNOWN_BANNED | KNOWN_ORDER | KNOWN_TELL);
}

static uint64_t
worth (const known_peer_t *peer)
{
    uint64_t history = known_ban (peer) ? WORTH_BANS : kept_worth (peer) ? WORTH_HISTORY : 0;
    return history + (peer->flags & KNOWN_SEEN ? peer->seen : 0);
}

static int
by_worth (const void *a_, const void *b_)
{
    const candidate_t *a = a_, *b = b_;
    if (a->worth != b->worth)
        return a->worth < b->worth ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int
last_first (const void *a_, const void *b_)
{
    const candidate_t *a = a_, *b = b_;
    return (a->index < b->index) - (a->index > b->index);
}

static void
forget (reputation_t *self, known_peer_t *peer)
{
    ledger_forget (self->ledger, peer);
    known_remove (self->known, peer);
}

static void
evict (reputation_t *self)
{
    uint32_t count = known_count (self->known), found = 0;
    candidate_t *candidates = malloc (count * sizeof *candidates);
    if (!candidates)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const known_peer_t *peer = known_at (self->known, i);
        if (!has_to_stay (peer))
            candidates[found++] = (candidate_t) {worth (peer), i};
    }
    qsort (candidates, found, sizeof *candidates, by_worth);
    uint32_t going = (count + EVICTED_PART - 1) / EVICTED_PART;
    if (going > found)
        going = found;
    //  A removal only moves the last one, which is never one that still has to go.
    qsort (candidates, going, sizeof *candidates, last_first);
    for (uint32_t i = 0; i < going; i++)
        forget (self, known_at (self->known, candidates[i].index));
    free (candidates);
}

known_peer_t *
reputation_admit (reputation_t *self, const uint8_t *key, int64_t now_ms)
{
    known_peer_t *peer = known_find (self->known, key);
    if (peer)
        return peer;
    if (known_full (self->known))
        evict (self);
    peer = known_add (self->known, key);
    if (!peer)
        return NULL;
    ledger_returned (self->ledger, peer);
    if (self->prune_ms == DEADLINE_NEVER)
        self->prune_ms = now_ms + REPUTATION_PRUNE_MS;
    return peer;
}

//  ---- pruning -----------------------------------------------------------------------------------

static bool
is_pruned (const reputation_t *self, const known_peer_t *peer, int64_t wall_ms)
{
    int64_t unseen_secs = wall_ms / 1000 - (peer->flags & KNOWN_SEEN ? peer->seen : 0);
    if (!kept_worth (peer))
        return unseen_secs > REPUTATION_UNSEEN_SECS;
    score_facts_t facts = reputation_facts (self, peer, wall_ms);
    return !known_ban (peer) && score_total (&facts) < self->settings->prune_threshold
           && unseen_secs > (int64_t) self->settings->prune_after_days * DAY_SECS;
}

void
reputation_prune (reputation_t *self, int64_t now_ms, int64_t wall_ms)
{
    for (uint32_t i = known_count (self->known); i-- > 0;) {
        known_peer_t *peer = known_at (self->known, i);
        if (has_to_stay (peer))
            continue;
        if (bans_forgotten (peer, wall_ms)) {
            known_ban_forget (peer);
            ledger_changed (self->ledger, peer);
        }
        if (is_pruned (self, peer, wall_ms))
            forget (self, peer);
    }
    self->prune_ms =
        known_count (self->known) > 0 ? now_ms + REPUTATION_PRUNE_MS : DEADLINE_NEVER;
}
