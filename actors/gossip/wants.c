// SPDX-License-Identifier: MIT
//  Ids that neighbours offered before the body came. Each waits a moment, for a push is probably on
//  its way; then one of those who offered is asked, after RETRY_MS another, until all have been and at
//  least TRIES_MAX times. Who was asked and did not deliver until the end has broken a promise.
//  Eager links are told that the body need not be pushed any more, so that a pull seldom costs a
//  second body; what neighbours tell us so is noted here too.
#include "gossip_inside.h"

#include <string.h>

#define OFFERS_MAX   8              //  neighbours noted for one id
#define OF_ONE_MAX   (GOSSIP_WANTS_MAX / 8)     //  ids that one neighbour may be the first to offer
#define TRIES_MAX    4              //  once, and three times again
#define PULL_MS      160            //  a push that comes later than this after the id is too slow
#define RETRY_MS     1000
#define PROMISE_MS   3000           //  after the last try
#define AGAIN_MS     2000           //  what could not be taken is asked for again
#define LOOK_MS      10             //  the table is looked through at most so often
#define WARNING_MS   2000           //  for how long a body that is not here needs not be pushed

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
    bool warned;                    //  nobody has offered it; somebody does not want it pushed
    offer_t offers [OFFERS_MAX];
    peer_set_t unwanted;            //  neighbours who get it from elsewhere
} want_t;

static void
want_done (gossip_t *self, want_t *want)
{
    want->done = true;
    if (want->first != NOBODY)
        self->peers [want->first]->wants_count--;
    want->first = NOBODY;
}

//  An entry of this neighbour, all zero, whether or not one was done with before. NULL: no room.
static want_t *
want_new (gossip_t *self, peer_t *peer, const uint8_t *id)
{
    if (!self->wants)
        self->wants = id_table_new (GOSSIP_WANTS_MAX, ID_SIZE, sizeof (want_t), rng_u64 (self->rng));
    want_t *want = self->wants ? id_table_find (self->wants, id) : NULL;
    if (self->wants && !want && peer->wants_count < OF_ONE_MAX)
        want = id_table_add (self->wants, id);
    if (!want) {
        self->counts.dropped_full++;
        return NULL;
    }
    memset ((uint8_t *) want + ID_SIZE, 0, sizeof *want - ID_SIZE);
    want->first = peer->slot;
    peer->wants_count++;
    return want;
}

//  NULL: none that is still wanted.
static want_t *
want_find (const gossip_t *self, const uint8_t *id)
{
    want_t *want = self->wants ? id_table_find (self->wants, id) : NULL;
    return want && !want->done ? want : NULL;
}

//  Somebody offers it for the first time.
static void
begin (gossip_t *self, want_t *want, const topic_t *topic, bool late)
{
    bool pushed = false;
    for (unsigned i = 0; i < topic->links_count; i++)
        pushed = pushed || topic->links [i].eager;
    want->topic = topic->hash;
    want->late = late;
    want->warned = false;
    want->due_ms = self->now_ms + (late || !pushed ? 0 : PULL_MS);
    gossip_due (self, DUE_PULL, want->due_ms);
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
wants_offered (gossip_t *self, peer_t *peer, topic_t *topic, const uint8_t *id, bool late)
{
    if (history_has (self->history, id)) {
        body_t *body = history_find (self->history, id);
        if (body)
            peer_set_add (&body->knows, peer->slot);
        //  It would have pushed it.
        link_t *link = body && body->missed && topic ? topic_link (topic, peer) : NULL;
        if (link && link->eager)
            body->missed = false;
        return;
    }
    if (!topic || !topic->followed || score_of (peer, self->now_ms) < SCORE_IDS_MIN
        || (!late && refusals_has (&self->refusals, id)))
        return;
    link_t *link = topic_link (topic, peer);
    if (link)
        link->offered_ms = self->now_ms;
    want_t *want = want_find (self, id);
    bool fresh = !want || want->warned;
    if (!want)
        want = want_new (self, peer, id);
    if (!want)
        return;
    if (fresh)
        begin (self, want, topic, late);
    add_offer (want, peer);
}

void
wants_again (gossip_t *self, peer_t *peer, const body_t *body)
{
    const topic_t *topic = topics_find (self, body->topic);
    want_t *want = topic && body->tries < TRIES_MAX ? want_new (self, peer, body->id) : NULL;
    if (!want)
        return;
    begin (self, want, topic, true);
    want->tries = body->tries;
    want->due_ms = self->now_ms + AGAIN_MS;
    add_offer (want, peer);
}

void
wants_warned (gossip_t *self, peer_t *peer, const uint8_t *id)
{
    if (history_has (self->history, id)) {
        body_t *body = history_find (self->history, id);
        if (body)
            peer_set_add (&body->knows, peer->slot);
        return;
    }
    want_t *want = want_find (self, id);
    if (!want) {
        want = want_new (self, peer, id);
        if (!want)
            return;
        want->warned = true;
        want->due_ms = self->now_ms + WARNING_MS;
        gossip_due (self, DUE_PULL, want->due_ms);
    }
    peer_set_add (&want->unwanted, peer->slot);
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
wants_came (gossip_t *self, body_t *body, const peer_t *peer)
{
    want_t *want = want_find (self, body->id);
    if (!want)
        return false;
    bool asked = false;
    for (unsigned i = 0; i < want->offers_count; i++)
        if (want->offers [i].asked) {
            body->pulled_from = want->offers [i].slot;
            asked = asked || want->offers [i].slot == peer->slot;
        }
    body->late = asked && want->late;
    body->tries = want->tries;
    body->unwanted = want->unwanted;
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
warn (gossip_t *self, const want_t *want, const peer_t *asked)
{
    const topic_t *topic = topics_find (self, want->topic);
    for (unsigned i = 0; topic && i < topic->links_count; i++)
        if (topic->links [i].eager && topic->links [i].slot != asked->slot)
            outbox_id (self, self->peers [topic->links [i].slot], SAY_DONT_WANT, want->id);
}

static void
pull (gossip_t *self, want_t *want)
{
    if (want->warned) {
        want_done (self, want);
        return;
    }
    offer_t *offer = whom (self, want);
    if (!offer || (offer->asked && want->tries >= TRIES_MAX)) {
        give_up (self, want);
        return;
    }
    peer_t *peer = self->peers [offer->slot];
    offer->asked = true;
    if (want->tries++ == 0 && !want->late)
        warn (self, want, peer);
    want->due_ms = self->now_ms + (want->tries < TRIES_MAX ? RETRY_MS : PROMISE_MS);
    if (want->tries >= TRIES_MAX && !whom (self, want)->asked)
        want->due_ms = self->now_ms + RETRY_MS;
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
        peer_set_remove (&want->unwanted, peer->slot);
        if (want->offers_count == 0 && !want->warned)
            want_done (self, want);
        else if (want->first == peer->slot) {
            self->peers [want->first]->wants_count--;
            want->first = NOBODY;
        }
        gossip_due (self, DUE_PULL, want->due_ms);
    }
}
