// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *
counter_of (dht_t *self, query_kind_t kind)
{
    switch (kind) {
    case QUERY_PUT:
        return &self->puts;
    case QUERY_CHECK:
    case QUERY_DEAD:
        return &self->checks;
    default:
        return &self->asks;
    }
}

bool
dht_query_has_room (const dht_t *self, query_kind_t kind)
{
    uint8_t count = *counter_of ((dht_t *) self, kind);
    switch (kind) {
    case QUERY_PUT:
        return count < DHT_PUTS_MAX;
    case QUERY_CHECK:
        return count < DHT_CHECKS_MAX;
    case QUERY_DEAD:
        return count < DHT_DEAD_CHECKS_MAX;
    default:
        return count < DHT_ASKS_MAX;
    }
}

void
dht_query_forget (dht_t *self, const op_t *op)
{
    for (query_t *query = self->waiting; query; query = query->next)
        if (query->op == op)
            query->op = NULL;
}

void
dht_query_drop_all (dht_t *self)
{
    while (self->waiting) {
        query_t *query = self->waiting;
        self->waiting = query->next;
        free (query);
    }
}

static void
take_out (query_t *query)
{
    *query->link = query->next;
    if (query->next)
        query->next->link = query->link;
}

static void
put_in (dht_t *self, query_t *query)
{
    query->next = self->waiting;
    query->link = &self->waiting;
    if (query->next)
        query->next->link = &query->next;
    self->waiting = query;
}

//  ---- what an answer says of the node -----------------------------------------------------------

//  It cannot be reached. Anything else that it, or swarm, says is no failure of the node's.
static bool
is_unreachable (code_t code)
{
    return code == NETWORK || code == CONNECTION_FAILED || code == TIMEOUT;
}

static void
note_failure (dht_t *self, const contact_t *contact, int64_t now_ms)
{
    pace_failed (&self->pace, now_ms);
    if (self->offline || pace_is_our_fault (&self->pace, now_ms))
        return;
    if (kbucket_failed (self->table, &contact->key, contact->place))
        dht_upkeep_left (self, contact->place);
}

static uint32_t
up_secs_of (const ProtobufCMessage *message)
{
    if (message->descriptor == &ggen__find_node_reply__descriptor)
        return ((const Ggen__FindNodeReply *) message)->up_secs;
    return ((const Ggen__GetRecordsReply *) message)->up_secs;
}

static void
note_answer (dht_t *self, const query_t *query, const answer_t *answer)
{
    int64_t took_ms = answer->now_ms - query->sent_ms;
    uint32_t up_secs = up_secs_of (answer->message);
    const dht_settings_t *settings = self->settings;
    kbucket_news_t news = {.rtt_ms = (uint16_t) (took_ms < 1 ? 1 : took_ms > 60000 ? 60000 : took_ms),
                           .young = up_secs > 0 && up_secs < settings->young_ms / 1000
                                    && self->nodes_estimate > settings->young_nodes};
    pace_answered (&self->pace, news.rtt_ms, answer->now_ms);
    if (kbucket_answered (self->table, &query->contact, news, answer->now_ms) == KBUCKET_ENTERED)
        dht_upkeep_entered (self, &query->contact);
}

static void
note (dht_t *self, const query_t *query, const answer_t *answer)
{
    bool is_find = query->kind != QUERY_PUT;
    if (is_unreachable (answer->code))
        note_failure (self, &query->contact, answer->now_ms);
    else if (answer->code == FEATURE_NOT_ENABLED) {
        while (kbucket_get (self->table, &query->contact.key, query->contact.place))
            if (kbucket_failed (self->table, &query->contact.key, query->contact.place))
                break;
    }
    else if (answer->code == OK && is_find)
        note_answer (self, query, answer);
}

//  ---- asking ------------------------------------------------------------------------------------

static code_t
on_answer (void *self_, void *query_, const answer_t *answer)
{
    dht_t *self = self_;
    query_t *query = query_;
    if (answer->progress)
        return OK;
    take_out (query);
    --*counter_of (self, query->kind);
    note (self, query, answer);
    if (answer->code)
        self->queries_failed++;
    if (query->kind == QUERY_DEAD)
        dht_serve_checked_dead (self, query, is_unreachable (answer->code));
    op_t *op = query->op;
    if (op) {
        op->woken = true;
        dht_op_answered (self, op, query, answer);
    }
    free (query);
    dht_op_run (self);
    dht_upkeep_run (self);
    return OK;
}

bool
dht_query_send (dht_t *self, const query_ask_t *ask)
{
    query_t *query = calloc (1, sizeof *query);
    if (!query)
        return false;
    char to[ADDRESS_MAX + 1];
    uint8_t route[CONTACT_ROUTE_MAX];
    query->contact = *ask->contact;
    query->sent_ms = out_now_ms (self->out);
    query->candidate = ask->candidate;
    query->scan = ask->scan;
    query->kind = (uint8_t) ask->kind;
    if (ask->key)
        query->key = *ask->key;
    peer_id_address (&ask->contact->key, "dht", to);
    ask_t out = {.to = to,
                 .message = ask->message,
                 .expect = ask->expect,
                 .budget_ms = DHT_ASK_MS,
                 .on_answer = on_answer,
                 .arg = query,
                 .route = contact_route (ask->contact, route),
                 .quiet = true};
    if (out_ask (self->out, &out) != OK) {
        free (query);
        return false;
    }
    query->op = ask->op;
    put_in (self, query);
    ++*counter_of (self, ask->kind);
    self->queries++;
    if (ask->op)
        ask->op->messages++;
    return true;
}
