// SPDX-License-Identifier: MIT
//  An actor driven by hand: the test is its clock, its peers and its port. No bus, no thread.
#include "runtime/actor/out.h"
#include "node.pb-c.h"
#include "registry.pb-c.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

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

static void
world_send (void *context, const parcel_t *parcel)
{
    world_t *world = context;
    assert_true (world->sent_count < SENT_MAX);
    sent_t *sent = &world->sent[world->sent_count++];
    *sent = (sent_t) {.kind = parcel->envelope->kind,
                      .id = parcel->envelope->id,
                      .trace = parcel->envelope->trace,
                      .budget_ms = parcel->envelope->budget_ms,
                      .attached = parcel->attachment != NULL};
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

static uint64_t
world_clock_us (void *context)
{
    return (uint64_t) ((const world_t *) context)->now_ms * 1000;
}

//  The only message sent since the last look; none or two fail the test.
static sent_t
only_sent (world_t *world)
{
    assert_int_equal (world->sent_count, 1);
    world->sent_count = 0;
    return world->sent[0];
}

static void
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
    int64_t tick_ms;
    unsigned ticks, freed;
} toy_t;

static void *
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

static code_t
echo (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    return out_reply (at, message);
}

static code_t
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

//  Ask "peer" on behalf of 'parent' (or nobody).
static void
ask_peer (toy_t *self, ticket_t parent, uint32_t budget_ms, bool quiet)
{
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    ask_t ask = {.to = "peer",
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .budget_ms = budget_ms,
                 .parent = parent,
                 .on_answer = on_end,
                 .arg = (void *) (uintptr_t) parent,
                 .quiet = quiet};
    self->asked = out_ask (self->out, &ask);
}

static void
count_free (void *data, void *hint)
{
    (*(unsigned *) hint)++;
    free (data);
}

static code_t
attach (toy_t *self, const delivery_t *at, ticket_t ticket)
{
    Ggen__Progress reply = GGEN__PROGRESS__INIT;
    delivery_t to = *at;
    to.ticket = ticket;
    return out_reply_with (&to, &reply.base, malloc (10), 10, count_free, &self->freed);
}

static code_t
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
    else if (strcmp (verb, "ask alone") == 0)
        ask_peer (self, 0, 0, false);
    else if (strcmp (verb, "ask for the held") == 0)
        ask_peer (self, self->held, 0, false);
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

static code_t
toy_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    toy_t *self = self_;
    assert_true (self->tick_ms <= now_ms && wall_ms == now_ms + 5);
    self->tick_ms = DEADLINE_NEVER;
    self->ticks++;
    return self->answer;
}

static int64_t
toy_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->tick_ms;
}

static bool
toy_cancelled (void *self_, ticket_t ticket)
{
    toy_t *self = self_;
    assert_true (ticket != 0 && !out_wanted (self->out, ticket));
    self->cancels++;
    return self->winding;
}

static code_t
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
                                        .job_done = toy_job_done};

//  ---- speaking to it ------------------------------------------------------------------------------

static int
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

static int
teardown (void **state)
{
    world_t *world = *state;
    actor_destroy (&world->actor);
    free (world);
    return 0;
}

static toy_t *
toy_of (world_t *world)
{
    return actor_state (world->actor);
}

static code_t
deliver_raw (world_t *world, bytes_t envelope, bytes_t body)
{
    mail_t mail = {.envelope = envelope, .body = body};
    return actor_deliver (world->actor, &mail, world->now_ms, world->now_ms + 5);
}

static code_t
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
static uint64_t
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

static uint64_t
order_from (world_t *world, const char *from, const char *verb, uint32_t budget_ms)
{
    Ggen__Detail detail = GGEN__DETAIL__INIT;
    detail.key = (char *) verb;
    return request_from (world, from, &detail.base, budget_ms);
}

//  An order nobody waits for; returns what the actor's end was.
static code_t
order_silently (world_t *world, const char *verb)
{
    Ggen__Detail detail = GGEN__DETAIL__INIT;
    detail.key = (char *) verb;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "me";
    return deliver (world, &envelope, &detail.base);
}

static code_t
send_kind (world_t *world, Ggen__Kind kind, const char *from, uint64_t id,
           const ProtobufCMessage *body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = id;
    envelope.from = (char *) from;
    return deliver (world, &envelope, body);
}

static code_t
progress_from (world_t *world, Ggen__Kind kind, const char *from, uint64_t id, uint64_t number)
{
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.done = number;
    return send_kind (world, kind, from, id, &progress.base);
}

static void
cancel (world_t *world, const char *from, uint64_t id)
{
    assert_int_equal (send_kind (world, GGEN__KIND__CANCEL, from, id, NULL), OK);
}

static void
pass (world_t *world, int64_t ms)
{
    world->now_ms += ms;
    assert_int_equal (actor_tick (world->actor, world->now_ms, world->now_ms + 5), OK);
}

//  Give an order that makes it ask; returns what it asked.
static sent_t
asked_by (world_t *world, const char *verb, uint32_t budget_ms)
{
    order_from (world, "client-1", verb, budget_ms);
    assert_int_equal (toy_of (world)->asked, OK);
    sent_t asked = only_sent (world);
    assert_int_equal (asked.kind, GGEN__KIND__REQUEST);
    return asked;
}

static void
assert_answer (sent_t sent, const char *to, uint64_t id, const char *type, code_t code)
{
    assert_int_equal (sent.kind, GGEN__KIND__REPLY);
    assert_string_equal (sent.to, to);
    assert_string_equal (sent.from, "toy");
    assert_int_equal (sent.id, id);
    assert_string_equal (sent.type, type);
    assert_int_equal (sent.code, code);
}

//  ---- who may send what ---------------------------------------------------------------------------

static void
a_request_is_answered_to_its_sender_with_its_id_and_trace (void **state)
{
    world_t *world = *state;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 9;
    uint64_t id = request_from (world, "client-1", &body.base, 0);
    sent_t sent = only_sent (world);
    assert_answer (sent, "client-1", id, "Progress", OK);
    assert_int_equal (sent.number, 9);
    assert_int_equal (sent.trace, 4711);
    assert_int_equal (actor_metrics (world->actor).open, 0);
}

static void
an_answer_goes_where_the_asker_wants_it (void **state)
{
    world_t *world = *state;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 5;
    envelope.from = "a";
    envelope.reply_to = "b";
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    assert_answer (only_sent (world), "b", 5, "Progress", OK);
}

static void
a_row_for_this_node_is_refused_to_others_and_one_for_any_node_is_not (void **state)
{
    world_t *world = *state;
    Ggen__Ping ping = GGEN__PING__INIT;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    uint64_t id = request_from (world, REMOTE, &ping.base, 0);
    assert_answer (only_sent (world), REMOTE, id, "Failure", FEATURE_NOT_ENABLED);
    assert_int_equal (actor_metrics (world->actor).handled, 0);
    id = request_from (world, "client-1", &ping.base, 0);
    assert_answer (only_sent (world), "client-1", id, "Ping", OK);
    id = request_from (world, REMOTE, &body.base, 0);
    assert_answer (only_sent (world), REMOTE, id, "Progress", OK);
}

static void
an_event_of_another_node_for_this_node_only_is_dropped (void **state)
{
    world_t *world = *state;
    Ggen__Detail detail = GGEN__DETAIL__INIT;
    detail.key = "die";
    assert_int_equal (send_kind (world, GGEN__KIND__EVENT, REMOTE, 0, &detail.base), OK);
    assert_silent (world);
    assert_int_equal (actor_metrics (world->actor).dropped_invalid, 1);
}

static void
a_message_without_a_row_is_refused_and_one_that_does_not_decode_too (void **state)
{
    world_t *world = *state;
    Ggen__SearchRequest search = GGEN__SEARCH_REQUEST__INIT;
    uint64_t id = request_from (world, "client-1", &search.base, 0);
    assert_answer (only_sent (world), "client-1", id, "Failure", FEATURE_NOT_ENABLED);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.from = "client-1";
    envelope.type = "Progress";
    uint8_t packed[100];
    size_t size = ggen__envelope__pack (&envelope, packed);
    assert_int_equal (
        deliver_raw (world, (bytes_t) {packed, size}, (bytes_t) {(const uint8_t *) "\x0A\x01\xFF", 3}),
        OK);
    assert_answer (only_sent (world), "client-1", 0, "Failure", SERIALIZATION);
    assert_int_equal (actor_metrics (world->actor).open, 0);
}

static void
what_is_no_message_is_dropped_and_counted (void **state)
{
    world_t *world = *state;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    char longest[ADDRESS_MAX + 2];
    memset (longest, 'a', sizeof longest);
    longest[ADDRESS_MAX + 1] = 0;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    envelope.from = longest;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    envelope.from = "a";
    envelope.reply_to = longest;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    envelope.reply_to = "";
    envelope.kind = GGEN__KIND__KIND_NONE;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    envelope.kind = (Ggen__Kind) 99;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    assert_int_equal (
        deliver_raw (world, (bytes_t) {(const uint8_t *) "\xFF", 1}, (bytes_t) {NULL, 0}), OK);
    assert_silent (world);
    assert_int_equal (actor_metrics (world->actor).dropped_invalid, 6);
    assert_int_equal (actor_metrics (world->actor).open, 0);
}

static void
a_body_or_attachment_above_its_bound_is_dropped (void **state)
{
    world_t *world = *state;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.from = "a";
    envelope.type = "Progress";
    uint8_t packed[100], *zeros = calloc (1, BODY_BYTES_MAX + 1);
    bytes_t head = {packed, ggen__envelope__pack (&envelope, packed)};
    mail_t mail = {.envelope = head, .body = {zeros, BODY_BYTES_MAX + 1}};
    assert_int_equal (actor_deliver (world->actor, &mail, START_MS, 0), OK);
    mail = (mail_t) {.envelope = head, .attachment = {zeros, ATTACHMENT_BYTES_MAX + 1}};
    assert_int_equal (actor_deliver (world->actor, &mail, START_MS, 0), OK);
    assert_silent (world);
    mail.attachment.size--;
    assert_int_equal (actor_deliver (world->actor, &mail, START_MS, 0), OK);
    assert_answer (only_sent (world), "a", 0, "Progress", OK);
    free (zeros);
}

static void
a_handlers_code_answers_unless_it_has_answered_itself (void **state)
{
    world_t *world = *state;
    uint64_t id = order_from (world, "client-1", "fail", 0);
    assert_answer (only_sent (world), "client-1", id, "Failure", STORAGE);
    id = order_from (world, "client-1", "answer and fail", 0);
    assert_answer (only_sent (world), "client-1", id, "Detail", OK);
}

static void
an_event_goes_out_with_the_trace_of_what_caused_it (void **state)
{
    world_t *world = *state;
    order_from (world, "client-1", "tell", 0);
    sent_t sent = only_sent (world);
    assert_int_equal (sent.kind, GGEN__KIND__EVENT);
    assert_int_equal (sent.trace, 4711);
    assert_string_equal (sent.to, "peer");
}

//  ---- answers -------------------------------------------------------------------------------------

static void
an_answer_counts_only_from_the_peer_asked (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask alone", 0);
    progress_from (world, GGEN__KIND__REPLY, "other", asked.id, 0);
    progress_from (world, GGEN__KIND__REPLY, "peer@12D3KooWpeer", asked.id, 0);
    assert_int_equal (toy_of (world)->ended, 0);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    assert_int_equal (toy_of (world)->ended, 1);
    assert_string_equal (toy_of (world)->from, "peer");
}

static void
an_answer_counts_only_with_its_epoch_and_number (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask alone", 0);
    assert_int_equal (asked.id >> 32, EPOCH);
    const uint64_t others[] = {asked.id + (1ull << 32), asked.id - (1ull << 32), asked.id + 1,
                               asked.id + 256, asked.id & UINT32_MAX, 0};
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        progress_from (world, GGEN__KIND__REPLY, "peer", others[i], 0);
    assert_int_equal (toy_of (world)->ended, 0);
    assert_int_equal (actor_metrics (world->actor).dropped_invalid, COUNT_OF (others));
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    assert_int_equal (toy_of (world)->ended, 1);
}

static void
a_second_and_a_late_answer_are_ignored (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask alone", 0);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    assert_int_equal (toy_of (world)->ended, 1);

    asked = asked_by (world, "ask alone", 0);
    pass (world, OUT_BUDGET_MS);
    assert_int_equal (toy_of (world)->code, TIMEOUT);
    progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id, 0);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    assert_int_equal (toy_of (world)->ended, 2);
    assert_int_equal (toy_of (world)->progressed, 0);
}

static void
a_failure_ends_an_ask_with_its_code (void **state)
{
    world_t *world = *state;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = SECURITY;
    sent_t asked = asked_by (world, "ask", 0);
    send_kind (world, GGEN__KIND__REPLY, "peer", asked.id, &failure.base);
    assert_int_equal (toy_of (world)->code, SECURITY);
    assert_int_equal (only_sent (world).code, SECURITY);
}

static void
an_answer_of_another_type_or_without_sense_is_serialization (void **state)
{
    world_t *world = *state;
    Ggen__Ping ping = GGEN__PING__INIT;
    sent_t asked = asked_by (world, "ask alone", 0);
    send_kind (world, GGEN__KIND__REPLY, "peer", asked.id, &ping.base);
    assert_int_equal (toy_of (world)->code, SERIALIZATION);
    assert_string_equal (toy_of (world)->from, "peer");
    //  A failure that is none, and one whose code must not be on the wire.
    const int codes[] = {OK, FATAL, FATAL + 1, -1};
    for (unsigned i = 0; i < COUNT_OF (codes); i++) {
        Ggen__Failure failure = GGEN__FAILURE__INIT;
        failure.code = (code_t) codes[i];
        asked = asked_by (world, "ask alone", 0);
        send_kind (world, GGEN__KIND__REPLY, "peer", asked.id, &failure.base);
        assert_int_equal (toy_of (world)->ended, i + 2);
        assert_int_equal (toy_of (world)->code, SERIALIZATION);
    }
}

//  ---- budgets and progress ------------------------------------------------------------------------

static void
an_ask_has_its_own_budget_its_parents_rest_or_the_default (void **state)
{
    world_t *world = *state;
    assert_int_equal (asked_by (world, "ask for 70 ms", 500).budget_ms, 70);
    assert_int_equal (asked_by (world, "ask alone", 500).budget_ms, OUT_BUDGET_MS);
    assert_int_equal (asked_by (world, "ask", 0).budget_ms, 0);
    order_from (world, "client-1", "hold", 500);
    pass (world, 30);
    sent_t asked = asked_by (world, "ask for the held", 0);
    assert_int_equal (asked.budget_ms, 470);
    assert_int_equal (asked.trace, 4711);
}

static void
a_request_whose_budget_has_passed_is_dropped_and_counted (void **state)
{
    world_t *world = *state;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.from = "client-1";
    envelope.budget_ms = 50;
    envelope.sent_us = (START_MS - 50) * 1000ull;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    assert_silent (world);
    assert_int_equal (actor_metrics (world->actor).dropped_late, 1);
    envelope.sent_us = (START_MS - 49) * 1000ull;
    assert_int_equal (deliver (world, &envelope, &body.base), OK);
    assert_string_equal (only_sent (world).type, "Progress");
}

//  Its monotonic clock began when its machine did.
static void
another_nodes_clock_does_not_count (void **state)
{
    world_t *world = *state;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.from = REMOTE;
    envelope.budget_ms = 50;
    const uint64_t clocks_us[] = {1000, (START_MS - 60) * 1000ull, (START_MS + 60) * 1000ull,
                                  UINT64_MAX};
    for (unsigned i = 0; i < COUNT_OF (clocks_us); i++) {
        envelope.sent_us = clocks_us[i];
        assert_int_equal (deliver (world, &envelope, &body.base), OK);
        assert_string_equal (only_sent (world).type, "Progress");
    }
}

static void
a_request_that_is_not_done_in_its_budget_ends_with_timeout (void **state)
{
    world_t *world = *state;
    uint64_t id = order_from (world, "client-1", "hold", 50);
    assert_int_equal (actor_deadline_ms (world->actor), START_MS + 50);
    pass (world, 49);
    assert_silent (world);
    pass (world, 1);
    assert_answer (only_sent (world), "client-1", id, "Failure", TIMEOUT);
    assert_int_equal (actor_metrics (world->actor).open, 0);
    order_silently (world, "answer the held");
    assert_silent (world);
}

static void
an_ask_that_is_not_answered_in_its_budget_ends_with_timeout (void **state)
{
    world_t *world = *state;
    asked_by (world, "ask for 70 ms", 0);
    pass (world, 69);
    assert_int_equal (toy_of (world)->ended, 0);
    pass (world, 1);
    assert_int_equal (toy_of (world)->ended, 1);
    assert_int_equal (toy_of (world)->code, TIMEOUT);
    assert_string_equal (toy_of (world)->from, "peer");
    assert_int_equal (only_sent (world).code, TIMEOUT);
    assert_true (actor_deadline_ms (world->actor) == DEADLINE_NEVER);
}

static void
progress_extends_both_deadlines_and_is_passed_on (void **state)
{
    world_t *world = *state;
    uint64_t id = world->next_id + 1;
    sent_t asked = asked_by (world, "ask", 100);
    for (unsigned i = 1; i <= 5; i++) {
        pass (world, 90);
        assert_silent (world);
        progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id, i);
        sent_t sent = only_sent (world);
        assert_int_equal (sent.kind, GGEN__KIND__PROGRESS);
        assert_string_equal (sent.to, "client-1");
        assert_int_equal (sent.id, id);
        assert_int_equal (sent.number, i);
        assert_int_equal (actor_deadline_ms (world->actor), world->now_ms + 100);
    }
    assert_int_equal (toy_of (world)->progressed, 5);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 6);
    assert_answer (only_sent (world), "client-1", id, "Progress", OK);
}

static void
progress_of_a_quiet_ask_stays_here (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask quietly", 100);
    progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id, 1);
    assert_silent (world);
    assert_int_equal (toy_of (world)->progressed, 1);
}

static void
progress_counts_only_from_the_peer_asked (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask", 100);
    pass (world, 90);
    progress_from (world, GGEN__KIND__PROGRESS, "other", asked.id, 1);
    progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id + (1ull << 32), 1);
    assert_int_equal (toy_of (world)->progressed, 0);
    assert_int_equal (actor_deadline_ms (world->actor), START_MS + 100);
}

static void
progress_of_its_own_extends_what_it_owes (void **state)
{
    world_t *world = *state;
    order_from (world, "client-1", "hold", 100);
    pass (world, 90);
    order_silently (world, "say how far");
    assert_int_equal (only_sent (world).number, 5);
    assert_int_equal (actor_deadline_ms (world->actor), START_MS + 190);
}

//  ---- cancelling ----------------------------------------------------------------------------------

static void
a_cancel_without_work_to_wind_down_is_answered_at_once (void **state)
{
    world_t *world = *state;
    uint64_t id = order_from (world, "client-1", "hold", 0);
    cancel (world, "client-1", id);
    assert_answer (only_sent (world), "client-1", id, "Failure", CANCELLED);
    assert_int_equal (toy_of (world)->cancels, 1);
    order_silently (world, "answer the held");
    assert_silent (world);
}

static void
only_the_asker_can_cancel_and_only_what_it_asked (void **state)
{
    world_t *world = *state;
    uint64_t id = order_from (world, "client-1", "hold", 0);
    cancel (world, "client-2", id);
    cancel (world, "client-1@12D3KooWpeer", id);
    cancel (world, "client-1", id + 1);
    assert_silent (world);
    assert_int_equal (toy_of (world)->cancels, 0);
    assert_int_equal (actor_metrics (world->actor).open, 1);
}

static void
a_cancel_reaches_those_asked_and_the_end_still_comes (void **state)
{
    world_t *world = *state;
    uint64_t id = world->next_id + 1;
    sent_t asked = asked_by (world, "ask", 0);
    cancel (world, "client-1", id);
    sent_t sent = only_sent (world);
    assert_int_equal (sent.kind, GGEN__KIND__CANCEL);
    assert_string_equal (sent.to, "peer");
    assert_int_equal (sent.id, asked.id);
    //  Nothing more is said on the way.
    progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id, 1);
    assert_silent (world);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = CANCELLED;
    send_kind (world, GGEN__KIND__REPLY, "peer", asked.id, &failure.base);
    assert_int_equal (toy_of (world)->code, CANCELLED);
    assert_answer (only_sent (world), "client-1", id, "Failure", CANCELLED);
}

static void
an_answer_faster_than_the_cancel_is_still_given (void **state)
{
    world_t *world = *state;
    uint64_t id = world->next_id + 1;
    sent_t asked = asked_by (world, "ask", 0);
    cancel (world, "client-1", id);
    only_sent (world);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 3);
    assert_answer (only_sent (world), "client-1", id, "Progress", OK);
}

static void
a_second_cancel_does_not_lose_the_end (void **state)
{
    world_t *world = *state;
    uint64_t id = world->next_id + 1;
    sent_t asked = asked_by (world, "ask", 0);
    cancel (world, "client-1", id);
    only_sent (world);
    cancel (world, "client-1", id);
    assert_silent (world);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 3);
    assert_answer (only_sent (world), "client-1", id, "Progress", OK);
}

static void
one_who_does_not_answer_a_cancel_is_given_ten_seconds (void **state)
{
    world_t *world = *state;
    uint64_t id = world->next_id + 1;
    asked_by (world, "ask", 0);
    cancel (world, "client-1", id);
    only_sent (world);
    pass (world, 9999);
    assert_silent (world);
    pass (world, 1);
    assert_int_equal (toy_of (world)->code, TIMEOUT);
    assert_answer (only_sent (world), "client-1", id, "Failure", TIMEOUT);
}

static void
an_actor_that_winds_down_answers_when_it_has (void **state)
{
    world_t *world = *state;
    toy_of (world)->winding = true;
    uint64_t id = order_from (world, "client-1", "hold", 50);
    cancel (world, "client-1", id);
    pass (world, 5000);
    assert_silent (world);
    assert_int_equal (toy_of (world)->cancels, 1);
    order_silently (world, "answer the held");
    assert_answer (only_sent (world), "client-1", id, "Progress", OK);
}

static void
an_actor_that_never_winds_down_is_answered_for_after_twenty_seconds (void **state)
{
    world_t *world = *state;
    toy_of (world)->winding = true;
    uint64_t id = order_from (world, "client-1", "hold", 0);
    cancel (world, "client-1", id);
    pass (world, 19999);
    assert_silent (world);
    pass (world, 1);
    assert_answer (only_sent (world), "client-1", id, "Failure", TIMEOUT);
    assert_int_equal (toy_of (world)->cancels, 1);
    order_silently (world, "answer the held");
    assert_silent (world);
}

static void
nothing_is_asked_for_one_who_no_longer_wants_it (void **state)
{
    world_t *world = *state;
    toy_of (world)->winding = true;
    uint64_t id = order_from (world, "client-1", "hold", 0);
    cancel (world, "client-1", id);
    order_silently (world, "ask for the held");
    assert_int_equal (toy_of (world)->asked, CANCELLED);
    assert_silent (world);
    assert_int_equal (actor_metrics (world->actor).pending, 0);
}

static void
a_vanished_client_ends_all_it_asked_and_nothing_else (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask", 0);
    uint64_t held = order_from (world, "client-1", "hold", 0);
    order_from (world, "client-2", "hold", 0);
    assert_int_equal (send_kind (world, GGEN__KIND__GONE, "client-1@12D3KooWpeer", 0, NULL), OK);
    assert_silent (world);
    assert_int_equal (send_kind (world, GGEN__KIND__GONE, "client-1", 0, NULL), OK);
    assert_int_equal (world->sent_count, 2);
    assert_int_equal (world->sent[0].kind, GGEN__KIND__CANCEL);
    assert_int_equal (world->sent[0].id, asked.id);
    assert_answer (world->sent[1], "client-1", held, "Failure", CANCELLED);
    assert_int_equal (actor_metrics (world->actor).open, 2);
}

//  ---- bounds --------------------------------------------------------------------------------------

static void
more_requests_than_it_may_owe_are_busy_until_one_ends (void **state)
{
    world_t *world = *state;
    for (unsigned i = 0; i < OPEN_MAX; i++)
        order_from (world, "client-1", "hold", 0);
    assert_silent (world);
    uint64_t id = order_from (world, "client-2", "hold", 0);
    assert_answer (only_sent (world), "client-2", id, "Failure", BUSY);
    assert_int_equal (actor_metrics (world->actor).refused_busy, 1);
    assert_int_equal (actor_metrics (world->actor).open, OPEN_MAX);
    order_silently (world, "answer the held");
    only_sent (world);
    order_from (world, "client-2", "hold", 0);
    assert_silent (world);
}

static void
more_asks_than_may_wait_are_busy_until_one_ends (void **state)
{
    world_t *world = *state;
    sent_t asked = {0};
    for (unsigned i = 0; i < PENDING_MAX; i++)
        asked = asked_by (world, "ask alone", 0);
    order_silently (world, "ask alone");
    assert_int_equal (toy_of (world)->asked, BUSY);
    assert_silent (world);
    assert_int_equal (actor_metrics (world->actor).pending, PENDING_MAX);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0);
    asked_by (world, "ask alone", 0);
}

//  ---- ends ----------------------------------------------------------------------------------------

static void
an_actor_that_fails_leaves_no_request_unanswered (void **state)
{
    world_t *world = *state;
    uint64_t first = order_from (world, "client-1", "hold", 0);
    uint64_t second = order_from (world, "client-2", "hold", 0);
    assert_int_equal (order_silently (world, "die"), FATAL);
    assert_silent (world);
    actor_abandon (world->actor);
    assert_int_equal (world->sent_count, 2);
    assert_answer (world->sent[0], "client-1", first, "Failure", INTERNAL);
    assert_answer (world->sent[1], "client-2", second, "Failure", INTERNAL);
    actor_abandon (world->actor);
    assert_int_equal (world->sent_count, 2);
}

static void
fatal_comes_through_every_door (void **state)
{
    world_t *world = *state;
    toy_t *toy = toy_of (world);
    toy->answer = FATAL;
    sent_t asked = asked_by (world, "ask alone", 0);
    assert_int_equal (progress_from (world, GGEN__KIND__PROGRESS, "peer", asked.id, 0), FATAL);
    assert_int_equal (progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 0), FATAL);
    asked_by (world, "ask for 70 ms", 0);
    assert_int_equal (actor_tick (world->actor, START_MS + 70, START_MS + 75), FATAL);
    toy->tick_ms = START_MS + 80;
    assert_int_equal (actor_tick (world->actor, START_MS + 80, START_MS + 85), FATAL);
    assert_int_equal (actor_job_done (world->actor, NULL, START_MS + 80, START_MS + 85), FATAL);
    toy->answer = STORAGE;
    assert_int_equal (actor_job_done (world->actor, NULL, START_MS + 80, START_MS + 85), OK);
}

static void
ticks_come_when_they_are_due (void **state)
{
    world_t *world = *state;
    toy_t *toy = toy_of (world);
    assert_true (actor_deadline_ms (world->actor) == DEADLINE_NEVER);
    toy->tick_ms = START_MS + 40;
    order_from (world, "client-1", "hold", 50);
    assert_int_equal (actor_deadline_ms (world->actor), START_MS + 40);
    pass (world, 39);
    assert_int_equal (toy->ticks, 0);
    pass (world, 1);
    assert_int_equal (toy->ticks, 1);
    assert_int_equal (actor_deadline_ms (world->actor), START_MS + 50);
}

static void
an_actor_whose_create_fails_is_not_born (void **state)
{
    (void) state;
    actor_setup_t setup_bad = {.settings = "bad"};
    assert_null (actor_new (&toy_class, &setup_bad));
}

static void
an_attachment_is_freed_exactly_once_on_every_path (void **state)
{
    world_t *world = *state;
    toy_t *toy = toy_of (world);
    order_from (world, "client-1", "attach", 0);
    assert_true (only_sent (world).attached);
    assert_int_equal (toy->freed, 1);
    //  The second answer to one request, an answer to an event, and one that came too late.
    order_from (world, "client-1", "attach twice", 0);
    only_sent (world);
    assert_int_equal (toy->freed, 3);
    order_silently (world, "attach");
    assert_int_equal (toy->freed, 4);
    cancel (world, "client-1", order_from (world, "client-1", "hold", 0));
    only_sent (world);
    order_silently (world, "attach to the held");
    assert_int_equal (toy->freed, 5);
    assert_silent (world);
    //  From an actor that then fails.
    assert_int_equal (order_silently (world, "attach and die"), FATAL);
    assert_int_equal (toy->freed, 6);
}

//  ---- classes -------------------------------------------------------------------------------------

static void
a_class_is_checked_for_double_and_missing_rows (void **state)
{
    (void) state;
    char why[200] = "";
    assert_int_equal (actor_class_check (&toy_class, why, sizeof why), OK);
    const handler_t twice[] = {{&ggen__ping__descriptor, echo, THIS_NODE},
                               {&ggen__ping__descriptor, echo, ANY_NODE},
                               {0}};
    actor_class_t class = {.name = "bad", .rows = twice};
    assert_int_equal (actor_class_check (&class, why, sizeof why), INTERNAL);
    assert_string_equal (why, "bad has two rows for Ping");
    handler_t all[16] = {{0}};
    const ProtobufCServiceDescriptor *service = &ggen__registry__descriptor;
    assert_int_equal (service->n_methods, 8);
    for (unsigned i = 0; i < service->n_methods; i++)
        all[i] = (handler_t) {service->methods[i].input, echo, THIS_NODE};
    class = (actor_class_t) {.name = "whole", .rows = all, .service = service};
    assert_int_equal (actor_class_check (&class, why, sizeof why), OK);
    all[service->n_methods - 1] = (handler_t) {0};
    assert_int_equal (actor_class_check (&class, why, sizeof why), INTERNAL);
    assert_string_equal (why, "whole offers Registry but has no row for Metadata");
}

//  ---- hostile messages ----------------------------------------------------------------------------

//  Flip bits of messages of every kind at an actor that owes and waits; it must live, and what it
//  owes must stay within its bounds.
static void
flipped_bits_never_crash_it (void **state)
{
    world_t *world = *state;
    rng_t rng = seeded_rng (9);
    sent_t asked = asked_by (world, "ask", 0);
    order_from (world, "client-1", "hold", 0);
    for (unsigned round = 0; round < 20000; round++) {
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = (Ggen__Kind) rng_below (&rng, GGEN__KIND__GONE + 2);
        envelope.id = rng_below (&rng, 2) ? asked.id : world->next_id;
        envelope.from = rng_below (&rng, 2) ? "peer" : rng_below (&rng, 2) ? REMOTE : "client-1";
        envelope.type = rng_below (&rng, 2) ? "Progress" : "Failure";
        envelope.budget_ms = (uint32_t) rng_below (&rng, 3) * 1000;
        envelope.trace = rng_u64 (&rng);
        uint8_t packed[200], body[64];
        size_t size = ggen__envelope__pack (&envelope, packed);
        size_t body_size = rng_below (&rng, sizeof body);
        rng_bytes (&rng, body, body_size);
        for (size_t i = 0; i < body_size && round % 2; i++)
            body[i] &= 0x1F;
        for (uint64_t flips = rng_below (&rng, 4); flips > 0; flips--)
            packed[rng_below (&rng, size)] ^= (uint8_t) (1u << rng_below (&rng, 8));
        (void) !deliver_raw (world, (bytes_t) {packed, size}, (bytes_t) {body, body_size});
        pass (world, (int64_t) rng_below (&rng, 50));
        assert_seeded (world->sent_count < 10, round);
        assert_seeded (actor_metrics (world->actor).open <= OPEN_MAX, round);
        assert_seeded (actor_metrics (world->actor).pending <= PENDING_MAX, round);
        world->sent_count = 0;
        if (actor_metrics (world->actor).pending == 0)
            asked = asked_by (world, "ask", 0);
    }
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD (a_request_is_answered_to_its_sender_with_its_id_and_trace),
        IN_WORLD (an_answer_goes_where_the_asker_wants_it),
        IN_WORLD (a_row_for_this_node_is_refused_to_others_and_one_for_any_node_is_not),
        IN_WORLD (an_event_of_another_node_for_this_node_only_is_dropped),
        IN_WORLD (a_message_without_a_row_is_refused_and_one_that_does_not_decode_too),
        IN_WORLD (what_is_no_message_is_dropped_and_counted),
        IN_WORLD (a_body_or_attachment_above_its_bound_is_dropped),
        IN_WORLD (a_handlers_code_answers_unless_it_has_answered_itself),
        IN_WORLD (an_event_goes_out_with_the_trace_of_what_caused_it),
        IN_WORLD (an_answer_counts_only_from_the_peer_asked),
        IN_WORLD (an_answer_counts_only_with_its_epoch_and_number),
        IN_WORLD (a_second_and_a_late_answer_are_ignored),
        IN_WORLD (a_failure_ends_an_ask_with_its_code),
        IN_WORLD (an_answer_of_another_type_or_without_sense_is_serialization),
        IN_WORLD (an_ask_has_its_own_budget_its_parents_rest_or_the_default),
        IN_WORLD (a_request_whose_budget_has_passed_is_dropped_and_counted),
        IN_WORLD (another_nodes_clock_does_not_count),
        IN_WORLD (a_request_that_is_not_done_in_its_budget_ends_with_timeout),
        IN_WORLD (an_ask_that_is_not_answered_in_its_budget_ends_with_timeout),
        IN_WORLD (progress_extends_both_deadlines_and_is_passed_on),
        IN_WORLD (progress_of_a_quiet_ask_stays_here),
        IN_WORLD (progress_counts_only_from_the_peer_asked),
        IN_WORLD (progress_of_its_own_extends_what_it_owes),
        IN_WORLD (a_cancel_without_work_to_wind_down_is_answered_at_once),
        IN_WORLD (only_the_asker_can_cancel_and_only_what_it_asked),
        IN_WORLD (a_cancel_reaches_those_asked_and_the_end_still_comes),
        IN_WORLD (an_answer_faster_than_the_cancel_is_still_given),
        IN_WORLD (a_second_cancel_does_not_lose_the_end),
        IN_WORLD (one_who_does_not_answer_a_cancel_is_given_ten_seconds),
        IN_WORLD (an_actor_that_winds_down_answers_when_it_has),
        IN_WORLD (an_actor_that_never_winds_down_is_answered_for_after_twenty_seconds),
        IN_WORLD (nothing_is_asked_for_one_who_no_longer_wants_it),
        IN_WORLD (a_vanished_client_ends_all_it_asked_and_nothing_else),
        IN_WORLD (more_requests_than_it_may_owe_are_busy_until_one_ends),
        IN_WORLD (more_asks_than_may_wait_are_busy_until_one_ends),
        IN_WORLD (an_actor_that_fails_leaves_no_request_unanswered),
        IN_WORLD (fatal_comes_through_every_door),
        IN_WORLD (ticks_come_when_they_are_due),
        IN_WORLD (an_attachment_is_freed_exactly_once_on_every_path),
        IN_WORLD (flipped_bits_never_crash_it),
        cmocka_unit_test (an_actor_whose_create_fails_is_not_born),
        cmocka_unit_test (a_class_is_checked_for_double_and_missing_rows),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
