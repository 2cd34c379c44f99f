// SPDX-License-Identifier: MIT
//  Recordings that a test makes up, played to a toy: it repeats what it is told, asks "other" for
//  what is odd, and says the time every second.
#include "runtime/actor/out.h"
#include "runtime/actor/rehearsal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH    77u
#define START_US 5000000u
#define WALL_US  1790000000000000

//  ---- the toy -------------------------------------------------------------------------------------

typedef struct {
    out_t *out;
    int64_t due_ms;
} toy_t;

static void *
toy_create (const actor_env_t *env)
{
    toy_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->out = env->out;
    self->due_ms = env->now_ms + 1000;
    return self;
}

static code_t
on_other (void *self_, void *ticket, const answer_t *answer)
{
    toy_t *self = self_;
    if (answer->code == OK)
        out_answer (self->out, (ticket_t) (uintptr_t) ticket, answer->message);
    return OK;
}

//  'done' 13 is the end of it.
static code_t
on_progress (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    const Ggen__Progress *told = (const void *) message;
    if (told->done == 13)
        return FATAL;
    if (told->done % 2 == 0)
        return out_reply (at, message);
    ask_t ask = {.to = "other",
                 .message = message,
                 .expect = &ggen__progress__descriptor,
                 .parent = at->ticket,
                 .on_answer = on_other,
                 .arg = (void *) (uintptr_t) at->ticket};
    return out_ask (self->out, &ask);
}

static code_t
toy_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    toy_t *self = self_;
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.total = (uint64_t) (now_ms - wall_ms % 2);
    self->due_ms = now_ms + 1000;
    out_event (self->out, "clock", &progress.base);
    return OK;
}

static int64_t
toy_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->due_ms;
}

static const handler_t rows [] = {{&ggen__progress__descriptor, on_progress, THIS_NODE}, {0}};
static const actor_class_t toy = {.name = "toy",
                                  .create = toy_create,
                                  .destroy = free,
                                  .rows = rows,
                                  .tick = toy_tick,
                                  .deadline_ms = toy_deadline_ms};

//  ---- recordings ----------------------------------------------------------------------------------

typedef struct {
    rehearsal_t *rehearsal;
    uint64_t sequence;
    uint64_t now_us;
} tape_t;

static tape_t
tape_new (void)
{
    tape_t tape = {rehearsal_new (&toy, "toy", NULL), 0, START_US};
    assert_non_null (tape.rehearsal);
    return tape;
}

static void
say (tape_t *self, const char *from, const char *to, Ggen__Kind kind, uint64_t id, uint64_t done)
{
    uint8_t packed [64];
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__TapHeader header = GGEN__TAP_HEADER__INIT;
    body.done = done;
    envelope.kind = kind;
    envelope.id = id;
    envelope.from = (char *) from;
    envelope.type = "Progress";
    envelope.sent_us = self->now_us;
    header.sequence = ++self->sequence;
    header.to = (char *) to;
    header.envelope = &envelope;
    header.at_us = WALL_US + (int64_t) (self->now_us - START_US);
    const bytes_t bytes = {packed, ggen__progress__pack (&body, packed)};
    assert_int_equal (rehearsal_add (self->rehearsal, &header, bytes), OK);
}

static uint64_t
own (uint32_t number)
{
    return (uint64_t) EPOCH << 32 | number;
}

static Ggen__RehearsalReply *
play (tape_t *self)
{
    Ggen__RehearsalReply *reply;
    assert_int_equal (rehearsal_run (self->rehearsal, &reply), OK);
    rehearsal_destroy (&self->rehearsal);
    return reply;
}

//  One question to the toy, its question to "other", both answers.
static void
record_odd (tape_t *tape, uint64_t done, uint64_t own_id)
{
    say (tape, "client-1", "toy", GGEN__KIND__REQUEST, done, done);
    say (tape, "toy", "other", GGEN__KIND__REQUEST, own_id, done);
    say (tape, "other", "toy", GGEN__KIND__REPLY, own_id, done * 10);
    say (tape, "toy", "client-1", GGEN__KIND__REPLY, done, done * 10);
}

//  The number of the first ask of a toy: the id it gives is what a recording has.
static uint64_t
first_id (void)
{
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 1, 1);
    say (&tape, "toy", "other", GGEN__KIND__REQUEST, own (999999), 1);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->differs && reply->played);
    const uint64_t id = reply->played->envelope->id;
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
    return id;
}

//  ---- tests ---------------------------------------------------------------------------------------

static void
what_was_recorded_is_said_again (void **state)
{
    (void) state;
    const uint64_t id = first_id ();
    assert_int_equal (id >> 32, EPOCH);
    tape_t tape = tape_new ();
    say (&tape, "client-1", "elsewhere", GGEN__KIND__REQUEST, 4, 4);
    record_odd (&tape, 1, id);
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 2, 2);
    say (&tape, "toy", "client-1", GGEN__KIND__REPLY, 2, 2);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_false (reply->differs || reply->failed || reply->next_life);
    assert_int_equal (reply->inputs, 3);
    assert_int_equal (reply->outputs, 3);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
the_first_message_that_is_another_one_is_named (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 2, 2);
    say (&tape, "toy", "client-1", GGEN__KIND__REPLY, 2, 2);
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 4, 4);
    say (&tape, "toy", "client-1", GGEN__KIND__REPLY, 4, 5);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->differs);
    assert_int_equal (reply->outputs, 1);
    assert_int_equal (reply->number, 2);
    assert_int_equal (reply->recorded->envelope->id, 4);
    assert_int_equal (reply->played->envelope->id, 4);
    assert_memory_not_equal (reply->recorded->body.data, reply->played->body.data, 2);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
silence_where_something_was_recorded_is_a_difference (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__EVENT, 0, 2);
    say (&tape, "toy", "client-1", GGEN__KIND__REPLY, 2, 2);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->differs && reply->recorded && !reply->played);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
words_that_were_not_recorded_are_a_difference_but_at_the_end (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 2, 2);
    say (&tape, "client-1", "toy", GGEN__KIND__EVENT, 0, 4);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->differs && !reply->recorded && reply->played);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
    tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 2, 2);
    reply = play (&tape);
    assert_false (reply->differs);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
timers_run_by_the_recorded_time (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 2, 2);
    say (&tape, "toy", "client-1", GGEN__KIND__REPLY, 2, 2);
    tape.now_us += 3500000;
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 4, 4);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->differs && !reply->recorded);
    assert_string_equal (reply->played->to, "clock");
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
another_life_ends_the_play (void **state)
{
    (void) state;
    const uint64_t id = first_id ();
    tape_t tape = tape_new ();
    record_odd (&tape, 1, id);
    record_odd (&tape, 3, id + (1ull << 32));
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->next_life && !reply->failed);
    assert_int_equal (reply->outputs, 2);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
    tape = tape_new ();
    record_odd (&tape, 1, id);
    tape.sequence = 0;
    record_odd (&tape, 1, id);
    reply = play (&tape);
    assert_true (reply->next_life && !reply->differs);
    assert_int_equal (reply->outputs, 2);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
an_actor_that_fails_is_told (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    say (&tape, "client-1", "toy", GGEN__KIND__REQUEST, 13, 13);
    Ggen__RehearsalReply *reply = play (&tape);
    assert_true (reply->failed);
    ggen__rehearsal_reply__free_unpacked (reply, NULL);
}

static void
bulk_bytes_and_nothing_at_all_are_refused (void **state)
{
    (void) state;
    tape_t tape = tape_new ();
    Ggen__RehearsalReply *reply;
    assert_int_equal (rehearsal_run (tape.rehearsal, &reply), PACKAGE_NOT_FOUND);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__TapHeader header = GGEN__TAP_HEADER__INIT;
    assert_int_equal (rehearsal_add (tape.rehearsal, &header, (bytes_t) {NULL, 0}), OK);
    header.sequence = 1;
    header.to = "toy";
    header.envelope = &envelope;
    header.attachment_bytes = 5;
    assert_int_equal (rehearsal_add (tape.rehearsal, &header, (bytes_t) {NULL, 0}), VALIDATION);
    rehearsal_destroy (&tape.rehearsal);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_was_recorded_is_said_again),
        cmocka_unit_test (the_first_message_that_is_another_one_is_named),
        cmocka_unit_test (silence_where_something_was_recorded_is_a_difference),
        cmocka_unit_test (words_that_were_not_recorded_are_a_difference_but_at_the_end),
        cmocka_unit_test (timers_run_by_the_recorded_time),
        cmocka_unit_test (another_life_ends_the_play),
        cmocka_unit_test (an_actor_that_fails_is_told),
        cmocka_unit_test (bulk_bytes_and_nothing_at_all_are_refused)};
    cmocka_set_message_output (CM_OUTPUT_TAP);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
