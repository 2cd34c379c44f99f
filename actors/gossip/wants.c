// SPDX-License-Identifier: MIT
//  Ids that neighbours offered before the body came. Each waits a moment, for a push is probably on
//  its way; then one of those who offered is asked, after RETRY_MS another, TRIES_MAX times. Who was asked
//  and did not deliver until the end has broken a promise.
#include "gossip_inside.h"

#include <string.h>

#define OFFERS_MAX   4              //  neighbours noted for one id
#define OF_ONE_MAX   (GOSSIP_WANTS_MAX / 8)     //  ids that one neighbour may be the first to offer
#define TRIES_MAX    4              //  once, and three times again
#define PULL_MS      250            //  a push that comes later than this after the id is too slow
#define RETRY_MS     1000
#define PROMISE_MS   3000           //  after the last try
#define LOOK_MS      10             //  the table is looked through at most so often
#define NOBODY       UINT8_MAX

typedef struct {
    uint8_t slot;
    bool asked;
} offer_t;

typedef struct {
    uint8_t id [ID_SIZE];
    int64_t due_ms;
    uint32_t topic;
    uint8_t first;                  //  slot of the one that offered it first
    uint8_t tries;
    uint8_t offers_count;
    bool late;
    bool done;
    offer_t offers [OFFERS_MAX];
} want_t;

_Static_assert (GOSSIP_PEERS_MAX < NOBODY, "a slot is a byte");

static void
want_done (gossip_t *self, want_t *want)
{
    want->done = true;
    if (want->first != NOBODY)
        self->peers [want->first]->wants_count--;
    want->first = NOBODY;
}

static want_t *
want_new (gossip_t *self, peer_t *peer, const uint8_t *id, const topic_t *topic, bool late)
{
    if (!self->wants)
        self->wants = id_table_new (GOSSIP_WANTS_MAX, sizeof (want_t), rng_u64 (self->rng));
    want_t *want = self->wants ? id_table_find (self->wants, id) : NULL;
    if (self->wants && !want && peer->wants_count < OF_ONE_MAX)
        want = id_table_add (self->wants, id);
    if (!want) {
        self->counts.dropped_full++;
        return NULL;
    }
    memset ((uint8_t *) want + ID_SIZE, 0, sizeof *want - ID_SIZE);
    want->topic = topic->hash;
    want->first = peer->slot;
    want->late = late;
    peer->wants_count++;
    bool pushed = false;
    for (unsigned i = 0; i < topic->links_count; i++)
        pushed = pushed || topic->links [i].eager;
    want->due_ms = self->now_ms + (late || !pushed ? 0 : PULL_MS);
    gossip_due (self, DUE_PULL, want->due_ms);
    return want;
}

static void
add_offer (want_t *want, const peer_t *peer)
{
    for (unsigned i = 0; i < want->offers_count; i++)
        if (want->offers [i].slot == peer->slot)
            return;
    if (want->offers_count < OFFERS_MAX)
        want->offers [want->offers_count++] = (offer_t) {peer->slot, false};
}

void
wants_offered (gossip_t *self, peer_t *peer, const char *name, const uint8_t *id, bool late)
{
    topic_t *topic = topics_find (self, topic_hash (name));
    if (history_has (self->history, id)) {
        body_t *body = history_find (self->history, id);
        if (body)
            peer_set_add (&body->knows, peer->slot);
        return;
    }
    if (!topic || !topic->followed || score_of (peer, self->now_ms) < SCORE_IDS_MIN)
        return;
    link_t *link = topic_link (topic, peer);
    if (link)
        link->offered_ms = self->now_ms;
    want_t *want = self->wants ? id_table_find (self->wants, id) : NULL;
    if (!want || want->done)
        want = want_new (self, peer, id, topic, late);
    if (want)
        add_offer (want, peer);
}

//  What is done leaves when all before it is done: it is found until then.
static void
drop_done (gossip_t *self)
{
    while (id_table_count (self->wants) > 0 && ((want_t *) id_table_at (self->wants, 0))->done)
        id_table_drop_oldest (self->wants);
    if (id_table_count (self->wants) == 0)
        id_table_destroy (&self->wants);
}

bool
wants_came (gossip_t *self, const uint8_t *id, bool *late_p)
{
    want_t *want = self->wants ? id_table_find (self->wants, id) : NULL;
    *late_p = false;
    if (!want || want->done)
        return false;
    bool asked = want->tries > 0;
    *late_p = want->late;
    want_done (self, want);
    drop_done (self);
    self->counts.pulled += asked;
    return asked;
}

//  ---- pulling -----------------------------------------------------------------------------------

static void
give_up (gossip_t *self, want_t *want)
{
    for (unsigned i = 0; i < want->offers_count; i++)
        if (want->offers [i].asked) {
            self->counts.broken_promises++;
            score_change (self, self->peers [want->offers [i].slot], SCORE_BROKEN);
        }
    want_done (self, want);
}

//  The best of those not asked yet; when all have been, the best again.
static offer_t *
whom (gossip_t *self, want_t *want)
{
    offer_t *best = NULL;
    int best_score = 0;
    for (unsigned i = 0; i < want->offers_count; i++) {
        offer_t *offer = &want->offers [i];
        int score = score_of (self->peers [offer->slot], self->now_ms);
        bool better = !best || (best->asked && !offer->asked)
                      || (best->asked == offer->asked && score > best_score);
        if (!better)
            continue;
        best = offer;
        best_score = score;
    }
    return best;
}

static void
pull (gossip_t *self, want_t *want)
{
    offer_t *offer = want->tries < TRIES_MAX ? whom (self, want) : NULL;
    if (!offer) {
        give_up (self, want);
        return;
    }
    peer_t *peer = self->peers [offer->slot];
    topic_t *topic = topics_find (self, want->topic);
    //  Nobody pushed it: a link of the tree is missing or slow.
    if (topic && !want->late && want->tries == 0)
        mesh_make_eager (self, topic, peer);
    offer->asked = true;
    want->tries++;
    want->due_ms = self->now_ms + (want->tries < TRIES_MAX ? RETRY_MS : PROMISE_MS);
    outbox_id (self, peer, SAY_WANT, want->id);
}

void
wants_pull (gossip_t *self)
{
    int64_t next_ms = DEADLINE_NEVER;
    self->due_ms [DUE_PULL] = DEADLINE_NEVER;
    for (uint32_t i = 0; self->wants && i < id_table_count (self->wants); i++) {
        want_t *want = id_table_at (self->wants, i);
        if (!want->done && want->due_ms <= self->now_ms)
            pull (self, want);
        if (!want->done && want->due_ms < next_ms)
            next_ms = want->due_ms;
    }
    if (self->wants)
        drop_done (self);
    if (next_ms != DEADLINE_NEVER)
        gossip_due (self, DUE_PULL,
            next_ms < self->now_ms + LOOK_MS ? self->now_ms + LOOK_MS : next_ms);
}

void
wants_forget (gossip_t *self, const peer_t *peer)
{
    for (uint32_t i = 0; self->wants && i < id_table_count (self->wants); i++) {
        want_t *want = id_table_at (self->wants, i);
        if (want->done)
            continue;
        for (unsigned k = 0; k < want->offers_count; k++)
            if (want->offers [k].slot == peer->slot) {
                //  Asked in vain: the next is asked now.
                if (want->offers [k].asked)
                    want->due_ms = self->now_ms;
                want->offers [k] = want->offers [--want->offers_count];
                break;
            }
        if (want->offers_count == 0)
            want_done (self, want);
        else if (want->first == peer->slot) {
            self->peers [want->first]->wants_count--;
            want->first = NOBODY;
        }
        gossip_due (self, DUE_PULL, want->due_ms);
    }
}
