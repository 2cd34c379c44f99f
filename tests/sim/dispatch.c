// SPDX-License-Identifier: MIT
//  runtime/actor alone, under the simulator's clock, with four classes made to do what the real
//  ones rarely do: ask somebody who is not there, keep requests until their budget ends, fail in
//  the middle of a handler. The real classes are in purity.c.
#include "lib/world.h"
#include "runtime/actor/out.h"
#include "node.pb-c.h"
#include "tests/unit/seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define CLIENTS_COUNT 4u
#define RUN_MS        20000
#define BUDGET_MS     30000u

//  ---- the classes ---------------------------------------------------------------------------------

typedef struct {
    out_t *out;
    rng_t *rng;
    int64_t next_ms;
    uint64_t heard;
} toy_t;

static void *
toy_create (const actor_env_t *env)
{
    toy_t *self = calloc (1, sizeof *self);
    if (self)
        *self = (toy_t) {env->out, env->rng, env->now_ms + 1, 0};
    return self;
}

//  Answers with what it has heard so far and a random number.
static code_t
echo (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    (void) message;
    Ggen__Progress reply = GGEN__PROGRESS__INIT;
    reply.done = ++self->heard;
    reply.total = rng_u64 (self->rng);
    return out_reply (at, &reply.base);
}

static const handler_t echo_rows[] = {{&ggen__progress__descriptor, echo, THIS_NODE}, {0}};
static const actor_class_t echo_class = {
    .name = "echo", .create = toy_create, .destroy = free, .rows = echo_rows};

//  Asks "echo", or one time in four somebody who is not there, and passes the answer on.
static code_t
on_relayed (void *self_, void *arg, const answer_t *answer)
{
    toy_t *self = self_;
    ticket_t parent = (uintptr_t) arg;
    if (answer->progress)
        return OK;
    if (answer->code == OK)
        out_answer (self->out, parent, answer->message);
    else
        out_refuse_as (self->out, parent, answer->failure);
    return OK;
}

static code_t
relay (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    ask_t ask = {.to = rng_below (self->rng, 4) ? "echo" : "nobody@12D3KooWpeer",
                 .message = message,
                 .expect = &ggen__progress__descriptor,
                 .parent = at->ticket,
                 .on_answer = on_relayed,
                 .arg = (void *) (uintptr_t) at->ticket};
    out_progress (self->out, at->ticket, (const Ggen__Progress *) message);
    return at->ticket ? out_ask (self->out, &ask) : OK;
}

static const handler_t relay_rows[] = {{&ggen__progress__descriptor, relay, THIS_NODE}, {0}};
static const actor_class_t relay_class = {
    .name = "relay", .create = toy_create, .destroy = free, .rows = relay_rows};

//  Speaks by itself now and then, and holds each request until its budget ends it.
static code_t
hold (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    ((toy_t *) self)->heard += at->ticket != 0;
    return OK;
}

static code_t
chatter (void *self_, int64_t now_ms, int64_t wall_ms)
{
    toy_t *self = self_;
    Ggen__Progress word = GGEN__PROGRESS__INIT;
    word.done = (uint64_t) now_ms;
    word.total = (uint64_t) wall_ms;
    const char *peers[] = {"echo", "relay", "mortal"};
    out_event (self->out, peers[rng_below (self->rng, COUNT_OF (peers))], &word.base);
    self->next_ms = now_ms + 1 + (int64_t) rng_below (self->rng, 50);
    return OK;
}

static int64_t
chatter_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->next_ms;
}

static const handler_t chatter_rows[] = {{&ggen__progress__descriptor, hold, THIS_NODE}, {0}};
static const actor_class_t chatter_class = {.name = "chatter",
                                            .create = toy_create,
                                            .destroy = free,
                                            .rows = chatter_rows,
                                            .tick = chatter,
                                            .deadline_ms = chatter_deadline_ms};

//  Fails for good one time in twenty.
static code_t
risk (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    return rng_below (self->rng, 20) ? echo (self, at, message) : FATAL;
}

static const handler_t mortal_rows[] = {{&ggen__progress__descriptor, risk, THIS_NODE}, {0}};
static const actor_class_t mortal_class = {
    .name = "mortal", .create = toy_create, .destroy = free, .rows = mortal_rows};

//  ---- who takes part: one line a class -------------------------------------------------------------

typedef struct {
    const actor_class_t *class;
    const void *settings;
} part_t;

static const part_t parts[] = {
    {&echo_class, NULL},
    {&relay_class, NULL},
    {&chatter_class, NULL},
    {&mortal_class, NULL},
};

//  ---- clients who ask everybody everything ---------------------------------------------------------

typedef struct {
    world_t *world;
    rng_t rng;
    unsigned asked, ended, progressed;
    uint64_t last_id[CLIENTS_COUNT];
    uint8_t *open;              //  by id: 1 = waits for its end
    size_t open_size;
} run_t;

static void
heard (void *context, world_t *world, const note_t *note)
{
    run_t *run = context;
    uint32_t client;
    (void) world;
    if (!world_client (note, &client))
        return;
    if (note->kind == GGEN__KIND__PROGRESS)
        run->progressed++;
    if (note->kind != GGEN__KIND__REPLY)
        return;
    Ggen__Envelope *envelope = world_envelope (note);
    assert_non_null (envelope);
    assert_true (envelope->id > 0 && envelope->id <= run->asked);
    assert_int_equal (run->open[envelope->id], 1);
    run->open[envelope->id] = 0;
    run->ended++;
    ggen__envelope__free_unpacked (envelope, NULL);
}

//  A request without content, of a random row of a random class.
static void
ask (run_t *run)
{
    const actor_class_t *class = parts[rng_below (&run->rng, COUNT_OF (parts))].class;
    size_t rows_count = 0;
    while (class->rows[rows_count].message)
        rows_count++;
    const ProtobufCMessageDescriptor *descriptor =
        class->rows[rng_below (&run->rng, rows_count)].message;
    ProtobufCMessage *message = calloc (1, descriptor->sizeof_message);
    assert_non_null (message);
    protobuf_c_message_init (descriptor, message);

    uint64_t client = rng_below (&run->rng, CLIENTS_COUNT);
    char from[16];
    snprintf (from, sizeof from, "client-%u", (unsigned) client);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.from = from;
    envelope.trace = rng_u64 (&run->rng);
    if (rng_below (&run->rng, 10) == 0 && run->last_id[client]) {
        envelope.kind = GGEN__KIND__CANCEL;
        envelope.id = run->last_id[client];
        world_post (run->world, 0, class->name, &envelope, NULL);
    }
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = run->last_id[client] = ++run->asked;
    envelope.budget_ms = BUDGET_MS;
    assert_true (envelope.id < run->open_size);
    run->open[envelope.id] = 1;
    world_post (run->world, 0, class->name, &envelope, message);
    free (message);
}

static void
compose (void *context, world_t *world, uint32_t node, node_plan_t *plan)
{
    (void) context, (void) world, (void) node;
    for (unsigned i = 0; i < COUNT_OF (parts); i++) {
        world_plan_add (plan, parts[i].class, parts[i].settings);
        plan->seats[i].service_us_min = 1;
        plan->seats[i].service_us_max = 800;
    }
}

static void
run_open (run_t *run, uint64_t seed)
{
    *run = (run_t) {.open_size = 100000};
    run->open = calloc (1, run->open_size);
    assert_non_null (run->open);
    uint8_t key[RNG_KEY_BYTES] = {1};
    memcpy (key + 8, &seed, sizeof seed);
    rng_init (&run->rng, key);
    world_setup_t setup = {.seed = seed, .real_crypto = true, .compose = compose};
    observer_t observer = {.context = run, .arrives = heard};
    run->world = world_new (&setup);
    world_observe (run->world, &observer);
    world_start (run->world, world_add (run->world, NULL));
}

static void
run_close (run_t *run)
{
    world_destroy (&run->world);
    free (run->open);
}

static void
pass (run_t *run, int64_t ms)
{
    world_run (run->world, world_now_us (run->world) + ms * 1000);
}

//  Quiet times and bursts, then silence until every budget and every wind-down has passed.
static void
run_all (run_t *run)
{
    int64_t end_us = world_now_us (run->world) + RUN_MS * 1000;
    while (world_now_us (run->world) < end_us) {
        uint64_t burst = rng_below (&run->rng, 10) ? rng_below (&run->rng, 4) : 100;
        for (uint64_t i = 0; i < burst; i++)
            ask (run);
        pass (run, (int64_t) rng_below (&run->rng, 100));
    }
    pass (run, 4 * BUDGET_MS);
}

static void
digest_of (uint64_t seed, uint8_t digest[WORLD_DIGEST_SIZE])
{
    run_t run;
    run_open (&run, seed);
    run_all (&run);
    world_digest (run.world, digest);
    run_close (&run);
}

//  ---- tests ----------------------------------------------------------------------------------------

static void
the_same_seed_is_the_same_run (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    digest_of (seed_of_run (), first);
    //  Memory lies elsewhere the second time.
    void *ballast[100];
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        ballast[i] = malloc (17 * i + 1);
    digest_of (seed_of_run (), second);
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        free (ballast[i]);
    assert_memory_equal (first, second, sizeof first);
}

static void
another_seed_is_another_run (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    digest_of (seed_of_run (), first);
    digest_of (seed_of_run () + 1, second);
    assert_memory_not_equal (first, second, sizeof first);
}

static void
every_request_ends_exactly_once_and_nothing_stays_owed (void **state)
{
    (void) state;
    for (unsigned round = 0; round < 5; round++) {
        run_t run;
        run_open (&run, seed_of_run () + round);
        run_all (&run);
        world_counts_t counts = world_counts (run.world);
        uint32_t open, pending;
        world_debts (run.world, &open, &pending);
        assert_seeded (run.ended == run.asked, round);
        assert_seeded (open == 0 && pending == 0, round);
        //  It was a run worth the name.
        assert_seeded (run.asked > 1000 && run.progressed > 100, round);
        assert_seeded (counts.incarnations > 5 && counts.letters > 5000, round);
        run_close (&run);
    }
}

static void
a_mailbox_is_bounded_and_who_comes_too_late_is_told_busy (void **state)
{
    (void) state;
    run_t run;
    run_open (&run, seed_of_run ());
    for (unsigned i = 0; i < 20 * MAILBOX_MESSAGES_MAX; i++)
        ask (&run);
    pass (&run, 4 * BUDGET_MS);
    world_counts_t counts = world_counts (run.world);
    assert_true (counts.busy > 0);
    assert_in_range (counts.depth_max, MAILBOX_MESSAGES_MAX / 2, MAILBOX_MESSAGES_MAX);
    assert_int_equal (run.ended, run.asked);
    run_close (&run);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_same_seed_is_the_same_run),
        cmocka_unit_test (another_seed_is_another_run),
        cmocka_unit_test (every_request_ends_exactly_once_and_nothing_stays_owed),
        cmocka_unit_test (a_mailbox_is_bounded_and_who_comes_too_late_is_told_busy),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
