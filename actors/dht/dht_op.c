// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  The answer has to be under way before the asker gives up.
#define MARGIN_MS 200

op_t *
dht_op_new (op_kind_t kind, op_event_fn *on_event, const digest_t *key, const delivery_t *at)
{
    op_t *op = calloc (1, sizeof *op);
    if (!op)
        return NULL;
    op->kind = kind;
    op->on_event = on_event;
    op->key = *key;
    op->target = contact_place_of (key->bytes);
    op->background = !at;
    op->ticket = at ? at->ticket : 0;
    op->deadline_ms = at ? at->deadline_ms : DEADLINE_NEVER;
    op->asked_ms = at ? at->now_ms : 0;
    return op;
}

void
dht_op_free (op_t *op)
{
    lookup_destroy (&op->lookup);
    dht_region_destroy (&op->region);
    harvest_destroy (&op->harvest);
    if (op->kind == OP_WRITE) {
        free (op->write.record);
        free (op->write.targets);
        free (op->write.newer);
    }
    free (op);
}

//  ---- starting and ending -----------------------------------------------------------------------

static int64_t
earlier (int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

//  While the table is empty: whom we are just about to get to know. They have a session with us.
static size_t
unproven (const dht_t *self, contact_t seeds[KBUCKET_K])
{
    size_t count = 0;
    for (unsigned i = 0; i < self->candidates_count && count < KBUCKET_K; i++)
        seeds[count++] = self->candidates[i];
    for (const query_t *query = self->waiting; query && count < KBUCKET_K; query = query->next)
        if (query->kind == QUERY_CHECK)
            seeds[count++] = query->contact;
    return count;
}

static bool
start (dht_t *self, op_t *op)
{
    contact_t seeds[KBUCKET_K];
    lookup_shape_t shape = dht_shape (self, op->paths);
    int64_t now_ms = out_now_ms (self->out);
    int64_t last_ms =
        op->deadline_ms == DEADLINE_NEVER ? DEADLINE_NEVER : op->deadline_ms - MARGIN_MS;
    op->lookup = lookup_new (op->target, &self->own, &shape);
    if (!op->lookup)
        return false;
    size_t count = kbucket_closest (self->table, op->target, NULL, seeds, KBUCKET_K);
    if (count == 0)
        count = unproven (self, seeds);
    lookup_seed (op->lookup, seeds, count);
    op->partial_ms = earlier (now_ms + self->settings->query_timeout_ms, last_ms);
    op->hard_ms = earlier (now_ms + 3 * (int64_t) self->settings->query_timeout_ms, last_ms);
    op->woken = true;
    op->wake_ms = op->partial_ms;
    op->next = self->running;
    self->running = op;
    self->running_count++;
    dht_upkeep_looked (self, op->target);
    return true;
}

unsigned
dht_op_background (const dht_t *self)
{
    unsigned count = 0;
    for (const op_t *op = self->running; op; op = op->next)
        count += op->background;
    return count;
}

bool
dht_op_submit (dht_t *self, op_t *op)
{
    bool room = self->running_count < DHT_RUNNING_MAX;
    bool taken = op->background ? room && dht_op_background (self) < DHT_BACKGROUND_MAX
                                : room || self->queue_count < DHT_QUEUE_MAX;
    if (taken && room)
        taken = start (self, op);
    else if (taken) {
        if (self->queue_last)
            self->queue_last->next = op;
        else
            self->queue = op;
        self->queue_last = op;
        self->queue_count++;
    }
    if (!taken)
        dht_op_free (op);
    return taken;
}

static op_t *
take_queued (dht_t *self, op_t **link, op_t *before)
{
    op_t *op = *link;
    *link = op->next;
    if (self->queue_last == op)
        self->queue_last = before;
    self->queue_count--;
    op->next = NULL;
    return op;
}

static void
start_queued (dht_t *self)
{
    while (self->queue && self->running_count < DHT_RUNNING_MAX) {
        op_t *op = take_queued (self, &self->queue, NULL);
        if (out_wanted (self->out, op->ticket) && start (self, op))
            continue;
        out_refuse (self->out, op->ticket, BUSY, "try again", "dht: no memory for a lookup");
        dht_op_free (op);
    }
}

void
dht_op_end (dht_t *self, op_t *op)
{
    op_t **link = &self->running;
    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
    self->running_count--;
    if (lookup_answers (op->lookup) == 0)
        dht_upkeep_unanswered (self, op->target);
    if (!op->background) {
        self->lookups++;
        self->lookups_ms += (uint64_t) (out_now_ms (self->out) - op->asked_ms);
    }
    dht_query_forget (self, op);
    dht_op_free (op);
    start_queued (self);
}

void
dht_op_drop_all (dht_t *self)
{
    op_t **lists[] = {&self->running, &self->queue};
    for (unsigned i = 0; i < COUNT_OF (lists); i++)
        while (*lists[i]) {
            op_t *op = *lists[i];
            *lists[i] = op->next;
            dht_op_free (op);
        }
}

bool
dht_op_cancel (dht_t *self, ticket_t ticket)
{
    for (op_t *op = self->running; op; op = op->next)
        if (op->ticket == ticket) {
            dht_op_end (self, op);
            return true;
        }
    op_t *before = NULL;
    for (op_t **link = &self->queue; *link; before = *link, link = &(*link)->next)
        if ((*link)->ticket == ticket) {
            dht_op_free (take_queued (self, link, before));
            return true;
        }
    return false;
}

//  ---- going on ----------------------------------------------------------------------------------

//  Its lookups: of the key itself, then those of its region. NULL: there is none of this number.
static lookup_t *
lookup_of (const op_t *op, unsigned scan)
{
    return scan == 0 ? op->lookup : op->region ? op->region->scans[scan - 1] : NULL;
}

static digest_t
place_as_key (uint64_t place)
{
    digest_t key = {{0}};
    for (unsigned i = 0; i < sizeof place; i++)
        key.bytes[i] = (uint8_t) (place >> (56 - 8 * i));
    return key;
}

static void
ask_candidate (dht_t *self, op_t *op, uint8_t scan, uint16_t id, const contact_t *contact)
{
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__GetRecordsRequest get = GGEN__GET_RECORDS_REQUEST__INIT;
    query_ask_t ask = {
        .kind = QUERY_LOOKUP, .op = op, .scan = scan, .candidate = id, .contact = contact};
    digest_t target = scan == 0 ? op->key : place_as_key (op->region->targets[scan - 1]);
    if (op->kind == OP_READ && scan == 0) {
        get.key = digest_to_field (&op->key);
        get.closer = true;
        ask.message = &get.base;
        ask.expect = &ggen__get_records_reply__descriptor;
    }
    else {
        find.target = digest_to_field (&target);
        ask.message = &find.base;
        ask.expect = &ggen__find_node_reply__descriptor;
    }
    const node_t *node = kbucket_get (self->table, &contact->key, contact->place);
    int64_t late_ms =
        out_now_ms (self->out) + pace_late_ms (&self->pace, node ? node->rtt_ms : 0);
    lookup_t *lookup = lookup_of (op, scan);
    lookup_asked (lookup, id, late_ms);
    if (!dht_query_send (self, &ask))
        lookup_failed (lookup, id);
}

static void
ask_more (dht_t *self, op_t *op)
{
    uint16_t id;
    const contact_t *contact;
    lookup_t *lookup;
    op->starved = false;
    for (uint8_t i = 0; i <= REGION_SCANS && (lookup = lookup_of (op, i)) != NULL; i++)
        while (!op->starved && lookup_next (lookup, &id, &contact))
            if (dht_query_has_room (self, QUERY_LOOKUP))
                ask_candidate (self, op, i, id, contact);
            else
                op->starved = true;
}

static bool
is_looked_up (const op_t *op)
{
    const lookup_t *lookup;
    for (unsigned i = 0; i <= REGION_SCANS && (lookup = lookup_of (op, i)) != NULL; i++)
        if (!lookup_done (lookup))
            return false;
    return true;
}

//  When one that was asked turns late.
static int64_t
hedge_ms (const op_t *op)
{
    int64_t earliest_ms = DEADLINE_NEVER;
    const lookup_t *lookup;
    for (unsigned i = 0; i <= REGION_SCANS && (lookup = lookup_of (op, i)) != NULL; i++)
        earliest_ms = earlier (earliest_ms, lookup_hedge_ms (lookup));
    return earliest_ms;
}

static bool
is_putting (const op_t *op)
{
    return op->kind == OP_WRITE && op->write.targets;
}

//  What is to be sent for it now, as far as there is room.
static void
send_more (dht_t *self, op_t *op)
{
    bool found = op->kind == OP_READ && op->read.found;
    if (is_putting (op))
        dht_write_pump (self, op);
    else if (found)
        op->starved = false;        //  It wants to ask nobody any more
    else if (op->region && op->region->chosen)
        dht_region_ask (self, op);
    else
        ask_more (self, op);
}

//  Its next step, which may end it.
static void
step (dht_t *self, op_t *op)
{
    bool found = op->kind == OP_READ && op->read.found;
    op->woken = false;
    send_more (self, op);
    bool over = is_putting (op) || found || is_looked_up (op);
    if (over && !op->starved && (op->extra == 0 || found)) {
        op->woken = !is_putting (op) && !found && dht_region_next (self, op);
        if (!op->woken && op->on_event (self, op, OP_LOOKED_UP))
            return;
    }
    int64_t now_ms = out_now_ms (self->out);
    int64_t end_ms = now_ms < op->partial_ms ? op->partial_ms : op->hard_ms;
    op->wake_ms = earlier (is_putting (op) ? DEADLINE_NEVER : hedge_ms (op), end_ms);
}

static op_t *
next_to_step (const dht_t *self)
{
    for (op_t *op = self->running; op; op = op->next)
        if (op->woken
            || (op->starved
                && dht_query_has_room (self, is_putting (op) ? QUERY_PUT : QUERY_LOOKUP)))
            return op;
    return NULL;
}

void
dht_op_run (dht_t *self)
{
    op_t *op;
    while ((op = next_to_step (self)) != NULL)
        step (self, op);
}

int64_t
dht_op_deadline_ms (const dht_t *self)
{
    int64_t earliest_ms = DEADLINE_NEVER;
    for (const op_t *op = self->running; op; op = op->next)
        earliest_ms = earlier (earliest_ms, op->wake_ms);
    return earliest_ms;
}

void
dht_op_tick (dht_t *self, int64_t now_ms)
{
    op_t *next;
    for (op_t *op = self->running; op; op = next) {
        next = op->next;
        if (now_ms < op->wake_ms)
            continue;
        op->woken = true;
        lookup_t *lookup;
        for (unsigned i = 0; i <= REGION_SCANS && (lookup = lookup_of (op, i)) != NULL; i++)
            lookup_advance (lookup, now_ms);
        if (now_ms >= op->hard_ms)
            op->on_event (self, op, OP_HARD_STOP);
        else if (now_ms >= op->partial_ms)
            op->on_event (self, op, OP_PARTIAL);
    }
    dht_op_run (self);
}

//  ---- answers -----------------------------------------------------------------------------------

size_t
dht_op_closer (dht_t *self, Ggen__Contact *const *named, size_t count, contact_t closer[KBUCKET_K])
{
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < KBUCKET_K; i++)
        if (contact_from_message (&closer[taken], named[i], self->crypto->sha256) == OK)
            taken++;
    return taken;
}

//  More than twice what is asked for: no honest node does that.
static bool
is_too_much (dht_t *self, const query_t *query, size_t count)
{
    if (count <= 2 * KBUCKET_K)
        return false;
    dht_observe (self, &query->contact.key, GGEN__EXPERIENCE__MISBEHAVED, "too many contacts");
    return true;
}

static void
took_step (dht_t *self, op_t *op, const query_t *query, const answer_t *answer)
{
    const Ggen__FindNodeReply *found = (const void *) answer->message;
    const Ggen__GetRecordsReply *got = (const void *) answer->message;
    bool reads = op->kind == OP_READ && query->scan == 0;
    lookup_t *lookup = lookup_of (op, query->scan);
    if (answer->code || is_too_much (self, query, reads ? got->n_closer : found->n_closer)) {
        lookup_failed (lookup, query->candidate);
        return;
    }
    contact_t closer[KBUCKET_K];
    size_t count = reads ? dht_op_closer (self, got->closer, got->n_closer, closer)
                         : dht_op_closer (self, found->closer, found->n_closer, closer);
    if (!self->settings->check_before)
        for (size_t i = 0; i < count; i++)
            kbucket_answered (self->table, &closer[i], (kbucket_news_t) {0}, answer->now_ms);
    lookup_answered (lookup, query->candidate, closer, count);
    if (reads)
        dht_read_answered (self, op, query, answer);
}

void
dht_op_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer)
{
    if (query->kind == QUERY_LOOKUP)
        took_step (self, op, query, answer);
    else if (query->kind == QUERY_PAGE || query->kind == QUERY_REGION) {
        op->extra--;
        if (answer->code == OK)
            dht_read_answered (self, op, query, answer);
    }
    else {
        op->extra--;
        dht_write_answered (self, op, query, answer);
    }
}
