// SPDX-License-Identifier: MIT
//  An actor driven by hand: the test is its clock, its peers and its port. No bus, no thread.
//  For actor_test.c and actor_time_test.c; include cmocka.h first.
#ifndef GGEN_TESTS_ACTOR_WORLD_H
#define GGEN_TESTS_ACTOR_WORLD_H

#include "runtime/actor/out.h"
#include "node.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH     77u
#define START_MS  1000000
#define SENT_MAX  1024u
#define REMOTE    "echo@12D3KooWpeer"

//  ---- what the actor sends ------------------------------------------------------------------------

typedef struct {
    Ggen__Kind kind;
    uint64_t id, trace;
    uint32_t budget_ms;
    char to[ADDRESS_MAX + 1], from[ADDRESS_MAX + 1], type[64];
    bool routed;                //  the envelope says to which node
    code_t code;                //  of a Failure
    uint64_t number;            //  of a Progress
    bool attached;
} sent_t;

typedef struct {
    actor_t *actor;
    int64_t now_ms;
    sent_t sent[SENT_MAX];
    unsigned sent_count;
    uint64_t next_id;
} world_t;

static inline void
world_send (void *context, const parcel_t *parcel)
{
    world_t *world = context;
    assert_true (world->sent_count < SENT_MAX);
    sent_t *sent = &world->sent[world->sent_count++];
    *sent = (sent_t) {.kind = parcel->envelope->kind,
                      .id = parcel->envelope->id,
                      .trace = parcel->envelope->trace,
                      .budget_ms = parcel->envelope->budget_ms,
                      .attached = parcel->attachment != NULL,
                      .routed = strcmp (parcel->envelope->to, parcel->to) == 0};
    snprintf (sent->to, sizeof sent->to, "%s", parcel->to);
    snprintf (sent->from, sizeof sent->from, "%s", parcel->envelope->from);
    snprintf (sent->type, sizeof sent->type, "%s", parcel->envelope->type);
    if (parcel->body && parcel->body->descriptor == &ggen__failure__descriptor)
        sent->code = ((const Ggen__Failure *) parcel->body)->code;
    if (parcel->body && parcel->body->descriptor == &ggen__progress__descriptor)
        sent->number = ((const Ggen__Progress *) parcel->body)->done;
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
}

static inline uint64_t
world_clock_us (void *context)
{
    return (uint64_t) ((const world_t *) context)->now_ms * 1000;
}

//  The only message sent since the last look; none or two fail the test.
static inline sent_t
only_sent (world_t *world)
{
    assert_int_equal (world->sent_count, 1);
    world->sent_count = 0;
    return world->sent[0];
}

static inline void
assert_silent (const world_t *world)
{
    assert_int_equal (world->sent_count, 0);
}

//  ---- the actor under test ------------------------------------------------------------------------
//  Progress is echoed for anybody, Ping for this node; a Detail is an order: key = verb.

typedef struct {
    out_t *out;
    ticket_t held;              //  the last request held
    unsigned ended, progressed, cancels;
    code_t code;                //  how the last ask ended
    char from[ADDRESS_MAX + 1]; //  and who ended it
    code_t asked;               //  what out_ask said last
    code_t answer;              //  what on_answer and tick return
    bool winding;               //  what 'cancelled' says
    bool loading;               //  the opposite of what 'ready' says
    int64_t tick_ms;
    unsigned ticks, freed;
} toy_t;

static inline void *
toy_create (const actor_env_t *env)
{
    if (env->settings)
        return NULL;
    toy_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->out = env->out;
    self->tick_ms = DEADLINE_NEVER;
    return self;
}

static inline code_t
echo (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    return out_reply (at, message);
}

static inline code_t
on_end (void *self_, void *arg, const answer_t *answer)
{
    toy_t *self = self_;
    ticket_t parent = (uintptr_t) arg;
    if (answer->progress) {
        self->progressed++;
        return self->answer;
    }
    self->ended++;
    self->code = answer->code;
    snprintf (self->from, sizeof self->from, "%s", answer->from);
    assert_true ((answer->code == OK) == (answer->message != NULL));
    assert_true ((answer->code == OK) == (answer->failure == NULL));
    if (parent && answer->code == OK)
        out_answer (self->out, parent, answer->message);
    else if (parent)
        out_refuse_as (self->out, parent, answer->failure);
    return self->answer;
}

//  Ask 'to' on behalf of 'parent' (or nobody).
static inline void
ask_of (toy_t *self, const char *to, ticket_t parent, uint32_t budget_ms, bool quiet)
{
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    ask_t ask = {.to = to,
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .budget_ms = budget_ms,
                 .parent = parent,
                 .on_answer = on_end,
                 .arg = (void *) (uintptr_t) parent,
                 .quiet = quiet};
    self->asked = out_ask (self->out, &ask);
}

static inline void
ask_peer (toy_t *self, ticket_t parent, uint32_t budget_ms, bool quiet)
{
    ask_of (self, "peer", parent, budget_ms, quiet);
}

static inline void
count_free (void *data, void *hint)
{
    (*(unsigned *) hint)++;
    free (data);
}

static inline code_t
attach (toy_t *self, const delivery_t *at, ticket_t ticket)
{
    Ggen__Progress reply = GGEN__PROGRESS__INIT;
    delivery_t to = *at;
    to.ticket = ticket;
    return out_reply_with (&to, &reply.base, malloc (10), 10, count_free, &self->freed);
}

//  The same with bulk bytes.
static inline void
ask_attached (toy_t *self, ticket_t parent)
{
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    ask_t ask = {.to = "peer",
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .parent = parent,
                 .on_answer = on_end,
                 .arg = (void *) (uintptr_t) parent,
                 .attachment = malloc (10),
                 .attachment_size = 10,
                 .free_attachment = count_free,
                 .hint = &self->freed};
    self->asked = out_ask (self->out, &ask);
}

static inline code_t
order (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    const char *verb = ((const Ggen__Detail *) message)->key;
    if (strcmp (verb, "hold") == 0)
        self->held = at->ticket;
    else if (strcmp (verb, "ask") == 0)
        ask_peer (self, at->ticket, 0, false);
    else if (strcmp (verb, "ask quietly") == 0)
        ask_peer (self, at->ticket, 0, true);
    else if (strcmp (verb, "ask for 70 ms") == 0)
        ask_peer (self, at->ticket, 70, false);
    else if (strcmp (verb, "ask another node for 70 ms") == 0)
        ask_of (self, REMOTE, at->ticket, 70, false);
    else if (strcmp (verb, "ask alone") == 0)
        ask_peer (self, 0, 0, false);
    else if (strcmp (verb, "ask for the held") == 0)
        ask_peer (self, self->held, 0, false);
    else if (strcmp (verb, "ask attached") == 0)
        ask_attached (self, at->ticket);
    else if (strcmp (verb, "ask attached for the held") == 0)
        ask_attached (self, self->held);
    else if (strcmp (verb, "forget") == 0)
        out_forget (self->out, on_end, NULL);
    else if (strcmp (verb, "attach") == 0)
        return attach (self, at, at->ticket);
    else if (strcmp (verb, "attach twice") == 0)
        return attach (self, at, at->ticket) ? INTERNAL : attach (self, at, at->ticket);
    else if (strcmp (verb, "attach to the held") == 0)
        return attach (self, at, self->held);
    else if (strcmp (verb, "attach and die") == 0)
        return attach (self, at, at->ticket) ? INTERNAL : FATAL;
    else if (strcmp (verb, "say how far") == 0) {
        Ggen__Progress progress = GGEN__PROGRESS__INIT;
        progress.done = 5;
        out_progress (self->out, self->held, &progress);
    }
    else if (strcmp (verb, "answer the held") == 0) {
        Ggen__Progress reply = GGEN__PROGRESS__INIT;
        out_answer (self->out, self->held, &reply.base);
    }
    else if (strcmp (verb, "tell") == 0)
        out_event (self->out, "peer", message);
    else if (strcmp (verb, "fail") == 0)
        return STORAGE;
    else if (strcmp (verb, "answer and fail") == 0) {
        out_answer (self->out, at->ticket, message);
        return STORAGE;
    }
    else if (strcmp (verb, "die") == 0)
        return FATAL;
    return OK;
}

static inline code_t
toy_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    toy_t *self = self_;
    assert_true (self->tick_ms <= now_ms && wall_ms == now_ms + 5);
    self->tick_ms = DEADLINE_NEVER;
    self->ticks++;
    return self->answer;
}

static inline int64_t
toy_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->tick_ms;
}

static inline bool
toy_cancelled (void *self_, ticket_t ticket)
{
    toy_t *self = self_;
    assert_true (ticket != 0 && !out_wanted (self->out, ticket));
    self->cancels++;
    return self->winding;
}

static inline bool
toy_ready (const void *self)
{
    return !((const toy_t *) self)->loading;
}

static inline code_t
toy_job_done (void *self, void *job, int64_t now_ms)
{
    (void) job;
    (void) now_ms;
    return ((const toy_t *) self)->answer;
}

static const handler_t toy_rows[] = {{&ggen__progress__descriptor, echo, ANY_NODE},
                                     {&ggen__ping__descriptor, echo, THIS_NODE},
                                     {&ggen__detail__descriptor, order, THIS_NODE},
                                     {0}};
static const actor_class_t toy_class = {.name = "toy",
                                        .create = toy_create,
                                        .destroy = free,
                                        .rows = toy_rows,
                                        .tick = toy_tick,
                                        .deadline_ms = toy_deadline_ms,
                                        .cancelled = toy_cancelled,
                                        .ready = toy_ready,
                                        .job_done = toy_job_done};

//  ---- speaking to it ------------------------------------------------------------------------------

static inline int
setup (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    world->now_ms = START_MS;
    actor_setup_t actor = {.epoch = EPOCH,
                           .crypto = &crypto_real,
                           .port = {world, world_send, world_clock_us},
                           .now_ms = START_MS,
                           .wall_ms = START_MS + 5};
    world->actor = actor_new (&toy_class, &actor);
    *state = world;
    return world->actor ? 0 : -1;
}

static inline int
teardown (void **state)
{
    world_t *world = *state;
    actor_destroy (&world->actor);
    free (world);
    return 0;
}

static inline toy_t *
toy_of (world_t *world)
{
    return actor_state (world->actor);
}

static inline code_t
deliver_raw (world_t *world, bytes_t envelope, bytes_t body)
{
    mail_t mail = {.envelope = envelope, .body = body};
    return actor_deliver (world->actor, &mail, world->now_ms, world->now_ms + 5);
}

static inline code_t
deliver (world_t *world, Ggen__Envelope *envelope, const ProtobufCMessage *body)
{
    uint8_t packed[1000], packed_body[1000];
    if (body && !*envelope->type)
        envelope->type = (char *) body->descriptor->short_name;
    assert_true (ggen__envelope__get_packed_size (envelope) <= sizeof packed);
    size_t size = ggen__envelope__pack (envelope, packed);
    size_t body_size = body ? protobuf_c_message_pack (body, packed_body) : 0;
    return deliver_raw (world, (bytes_t) {packed, size}, (bytes_t) {packed_body, body_size});
}

//  A request; returns its id. 'budget_ms' 0 = none.
static inline uint64_t
request_from (world_t *world, const char *from, const ProtobufCMessage *body, uint32_t budget_ms)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = ++world->next_id;
    envelope.from = (char *) from;
    envelope.trace = 4711;
    envelope.budget_ms = budget_ms;
    envelope.sent_us = world_clock_us (world);
    assert_int_equal (deliver (world, &envelope, body), OK);
    return envelope.id;
}

static inline uint64_t
order_from (world_t *world, const char *from, const char *verb, uint32_t budget_ms)
{
    Ggen__Detail detail = GGEN__DETAIL__INIT;
    detail.key = (char *) verb;
    return request_from (world, from, &detail.base, budget_ms);
}

//  An order nobody waits for; returns what the actor's end was.
static inline code_t
order_silently (world_t *world, const char *verb)
{
    Ggen__Detail detail = GGEN__DETAIL__INIT;
    detail.key = (char *) verb;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "me";
    return deliver (world, &envelope, &detail.base);
}

static inline code_t
send_kind (world_t *world, Ggen__Kind kind, const char *from, uint64_t id,
           const ProtobufCMessage *body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = id;
    envelope.from = (char *) from;
    return deliver (world, &envelope, body);
}

static inline code_t
progress_from (world_t *world, Ggen__Kind kind, const char *from, uint64_t id, uint64_t number)
{
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.done = number;
    return send_kind (world, kind, from, id, &progress.base);
}

static inline void
cancel (world_t *world, const char *from, uint64_t id)
{
    assert_int_equal (send_kind (world, GGEN__KIND__CANCEL, from, id, NULL), OK);
}

static inline void
pass (world_t *world, int64_t ms)
{
    world->now_ms += ms;
    assert_int_equal (actor_tick (world->actor, world->now_ms, world->now_ms + 5), OK);
}

//  Give an order that makes it ask; returns what it asked.
static inline sent_t
asked_by (world_t *world, const char *verb, uint32_t budget_ms)
{
    order_from (world, "client-1", verb, budget_ms);
    assert_int_equal (toy_of (world)->asked, OK);
    sent_t asked = only_sent (world);
    assert_int_equal (asked.kind, GGEN__KIND__REQUEST);
    return asked;
}

static inline void
assert_answer (sent_t sent, const char *to, uint64_t id, const char *type, code_t code)
{
    assert_int_equal (sent.kind, GGEN__KIND__REPLY);
    assert_string_equal (sent.to, to);
    assert_string_equal (sent.from, "toy");
    assert_int_equal (sent.id, id);
    assert_string_equal (sent.type, type);
    assert_int_equal (sent.code, code);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

#endif
