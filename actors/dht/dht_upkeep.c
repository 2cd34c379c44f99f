// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <stdlib.h>
#include <string.h>

//  Of a full bucket, this many that were silent for longest are asked whether they are there.
#define OLDEST_ASKED 2

//  When so many neighbours have left, what we hold is sent round within HURRY_SECS; and no oftener,
//  however many leave.
#define LOSSES_MAX 5
#define HURRY_SECS 1800

//  Of the nodes that hold a record, so many closest to its key hand it to a new neighbour.
#define HANDING_OVER 2

//  No refresh could be begun: try again. Nobody answered: not as soon.
#define AGAIN_SECS      2
#define UNANSWERED_SECS 30

//  ---- who may enter the table -------------------------------------------------------------------

static bool
ask_whether_there (dht_t *self, const contact_t *contact)
{
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    digest_t target;
    uint8_t id[PEER_ID_SIZE];
    peer_id_bytes (&self->own, id);
    self->crypto->sha256 (id, sizeof id, target.bytes);
    find.target = digest_to_field (&target);
    query_ask_t ask = {.kind = QUERY_CHECK,
                       .contact = contact,
                       .message = &find.base,
                       .expect = &ggen__find_node_reply__descriptor};
    return dht_query_has_room (self, QUERY_CHECK) && dht_query_send (self, &ask);
}

static bool
is_candidate (const dht_t *self, const contact_t *contact)
{
    for (unsigned i = 0; i < self->candidates_count; i++)
        if (peer_key_equal (&self->candidates[i].key, &contact->key))
            return true;
    return false;
}

void
dht_upkeep_consider (dht_t *self, const contact_t *contact)
{
    if (!self->settings->check_before) {
        if (kbucket_answered (self->table, contact, (kbucket_news_t) {0}, out_now_ms (self->out))
            == KBUCKET_ENTERED)
            dht_upkeep_entered (self, contact);
        return;
    }
    if (!kbucket_wants (self->table, contact) || is_candidate (self, contact)
        || self->candidates_count == DHT_CANDIDATES_MAX)
        return;
    if (!self->candidates)
        self->candidates = calloc (DHT_CANDIDATES_MAX, sizeof *self->candidates);
    if (self->candidates)
        self->candidates[self->candidates_count++] = *contact;
}

static void
check_candidates (dht_t *self)
{
    unsigned asked = 0;
    while (asked < self->candidates_count
           && ask_whether_there (self, &self->candidates[asked]))
        asked++;
    if (asked == 0)
        return;
    self->candidates_count = (uint8_t) (self->candidates_count - asked);
    memmove (self->candidates, self->candidates + asked,
             self->candidates_count * sizeof *self->candidates);
    if (self->candidates_count > 0)
        return;
    free (self->candidates);
    self->candidates = NULL;
}

//  ---- records for a new neighbour ---------------------------------------------------------------

void
dht_upkeep_entered (dht_t *self, const contact_t *contact)
{
    if (!kbucket_is_near (self->table, contact->place))
        return;
    self->nodes_estimate = estimate_nodes (self->table, self->place);
    if (!dht_is_server (self) || records_count (self->records) == 0
        || self->handovers_count == DHT_HANDOVERS_MAX)
        return;
    if (!self->handovers)
        self->handovers = calloc (DHT_HANDOVERS_MAX, sizeof *self->handovers);
    if (self->handovers)
        self->handovers[self->handovers_count++] = (handover_t) {.contact = *contact};
}

//  It is one of the closest to the key now, and we are one of those that see to it.
static bool
is_ours_to_hand (const dht_t *self, const contact_t *contact, const digest_t *key)
{
    uint64_t place = contact_place_of (key->bytes);
    uint64_t theirs = contact->place ^ place, ours = self->place ^ place;
    size_t before_us = kbucket_closer_count (self->table, place, ours, KBUCKET_K);
    return kbucket_closer_count (self->table, place, theirs, KBUCKET_K) < KBUCKET_K
        && before_us - (theirs < ours && before_us > 0) < HANDING_OVER;
}

//  Returns false when it has to go on later.
static bool
hand_over (dht_t *self, handover_t *handover)
{
    const digest_t *key;
    element_t *element;
    int64_t now_ms = out_now_ms (self->out);
    while (dht_query_has_room (self, QUERY_PUT)) {
        element = records_walk (self->records, &handover->cursor, &key);
        if (!element)
            return true;
        if (!element->dead && !element->far && records_age_secs (element, now_ms) < element->life_secs
            && is_ours_to_hand (self, &handover->contact, key))
            dht_write_tell (self, &handover->contact, key, element);
    }
    return false;
}

static void
hand_over_all (dht_t *self)
{
    while (self->handovers_count > 0 && hand_over (self, &self->handovers[0]))
        memmove (self->handovers, self->handovers + 1,
                 --self->handovers_count * sizeof *self->handovers);
    if (self->handovers_count > 0)
        return;
    free (self->handovers);
    self->handovers = NULL;
}

//  ---- records when neighbours leave -------------------------------------------------------------

void
dht_upkeep_left (dht_t *self, uint64_t place)
{
    if (!kbucket_is_near (self->table, place))
        return;
    self->nodes_estimate = estimate_nodes (self->table, self->place);
    if (++self->losses < LOSSES_MAX)
        return;
    self->losses = 0;
    uint64_t cursor = 0;
    const digest_t *key;
    element_t *element;
    while ((element = records_walk (self->records, &cursor, &key)) != NULL)
        records_hurry (self->records, element, out_now_ms (self->out), HURRY_SECS, self->rng);
}

static void
republish_due (dht_t *self, int64_t now_ms)
{
    const digest_t *key;
    const element_t *element = records_sweep (self->records, now_ms, &key);
    if (!element || kbucket_count (self->table) == 0)
        return;
    uint32_t age_secs = element->by_signer_only ? records_age_secs (element, now_ms) : 0;
    dht_write_alone (self, key, (bytes_t) {element->packed, element->size}, age_secs);
}

//  ---- the table ---------------------------------------------------------------------------------

void
dht_upkeep_looked (dht_t *self, uint64_t target)
{
    self->refresh_secs[kbucket_index (self->table, target)] =
        dht_later_secs (self, self->settings->refresh_ms);
}

//  Without a network it waits until there is one.
void
dht_upkeep_unanswered (dht_t *self, uint64_t target)
{
    int32_t *due_secs = &self->refresh_secs[kbucket_index (self->table, target)];
    int32_t again_secs = (int32_t) (out_now_ms (self->out) / 1000) + UNANSWERED_SECS;
    if (!self->offline && again_secs < *due_secs)
        *due_secs = again_secs;
}

//  What a refresh was for is done by its answers, be they late when there are no others. The first one,
//  of ourselves, is followed by those of the buckets that are not full.
static bool
refreshed (dht_t *self, op_t *op, op_event_t event)
{
    if (event == OP_LOOKED_UP && lookup_answers (op->lookup) == 0 && lookup_waiting (op->lookup) > 0)
        return false;
    if (op->target == self->place && !self->joined && lookup_answers (op->lookup) > 0) {
        self->joined = true;
        for (uint32_t i = 0; i + 1 < kbucket_buckets (self->table); i++)
            if (kbucket_bucket_count (self->table, i) < KBUCKET_K)
                self->refresh_secs[i] = (int32_t) (out_now_ms (self->out) / 1000);
    }
    dht_op_end (self, op);
    return true;
}

static bool
look_up (dht_t *self, uint64_t target)
{
    digest_t key;
    rng_bytes (self->rng, key.bytes, sizeof key.bytes);
    for (unsigned i = 0; i < sizeof target; i++)
        key.bytes[i] = (uint8_t) (target >> (56 - 8 * i));
    op_t *op = dht_op_new (OP_REFRESH, refreshed, &key, NULL);
    if (!op)
        return false;
    op->paths = 1;
    return dht_op_submit (self, op);
}

static bool
refresh (dht_t *self, uint32_t bucket)
{
    bool last = bucket + 1 == kbucket_buckets (self->table);
    if (!last && kbucket_bucket_count (self->table, bucket) == KBUCKET_K) {
        const node_t *oldest[OLDEST_ASKED];
        unsigned count = kbucket_oldest (self->table, bucket, oldest, OLDEST_ASKED);
        for (unsigned i = 0; i < count; i++) {
            contact_t contact;
            kept_contact_get (&oldest[i]->contact, &contact);
            if (!ask_whether_there (self, &contact))
                return false;
        }
        self->refresh_secs[bucket] = dht_later_secs (self, self->settings->refresh_ms);
        return true;
    }
    return look_up (self, last ? self->place
                               : kbucket_random_place (self->table, bucket, rng_u64 (self->rng)));
}

static void
refresh_due (dht_t *self, int64_t now_ms)
{
    int32_t now_secs = (int32_t) (now_ms / 1000);
    if (self->settings->brief)
        return;
    for (uint32_t i = kbucket_buckets (self->table); i-- > 0 && kbucket_count (self->table) > 0;)
        if (self->refresh_secs[i] <= now_secs && !refresh (self, i))
            self->refresh_secs[i] = now_secs + AGAIN_SECS;
}

int64_t
dht_upkeep_deadline_ms (const dht_t *self)
{
    int64_t earliest_ms = records_sweep_ms (self->records);
    if (self->settings->brief)
        return earliest_ms;
    for (uint32_t i = 0; kbucket_count (self->table) > 0 && i < kbucket_buckets (self->table); i++)
        if (1000 * (int64_t) self->refresh_secs[i] < earliest_ms)
            earliest_ms = 1000 * (int64_t) self->refresh_secs[i];
    return earliest_ms;
}

void
dht_upkeep_tick (dht_t *self, int64_t now_ms)
{
    refresh_due (self, now_ms);
    if (now_ms >= records_sweep_ms (self->records))
        republish_due (self, now_ms);
    dht_upkeep_run (self);
}

void
dht_upkeep_run (dht_t *self)
{
    check_candidates (self);
    hand_over_all (self);
}
