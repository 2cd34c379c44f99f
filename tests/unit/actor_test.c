// SPDX-License-Identifier: MIT
//  Who may send an actor what, whose answers count, its bounds and its ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actor_world.h"
#include "registry.pb-c.h"
#include "seeded.h"

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
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    id = request_from (world, REMOTE, &body.base, 0);
    sent_t sent = only_sent (world);
    assert_answer (sent, REMOTE, id, "Failure", BUSY);
    assert_true (sent.routed);
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
an_actor_that_fails_before_it_is_ready_leaves_no_request_unanswered (void **state)
{
    world_t *world = *state;
    toy_of (world)->loading = true;
    uint64_t first = order_from (world, "client-1", "hold", 0);
    uint64_t second = order_from (world, "client-2", "hold", 0);
    assert_silent (world);
    actor_abandon (world->actor);
    assert_int_equal (world->sent_count, 2);
    assert_answer (world->sent[0], "client-1", first, "Failure", INTERNAL);
    assert_answer (world->sent[1], "client-2", second, "Failure", INTERNAL);
    actor_abandon (world->actor);
    assert_int_equal (world->sent_count, 2);
}

static void
as_many_as_may_wait_for_an_actor_are_handled_in_their_order_and_one_more_is_busy (void **state)
{
    world_t *world = *state;
    uint64_t first = world->next_id + 1;
    toy_of (world)->loading = true;
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    for (unsigned i = 0; i < HELD_MAX; i++)
        request_from (world, "client-1", &progress.base, 0);
    assert_silent (world);
    uint64_t late = request_from (world, "client-1", &progress.base, 0);
    assert_answer (only_sent (world), "client-1", late, "Failure", BUSY);
    toy_of (world)->loading = false;
    pass (world, 1);
    assert_int_equal (world->sent_count, HELD_MAX);
    for (unsigned i = 0; i < HELD_MAX; i++)
        assert_answer (world->sent[i], "client-1", first + i, "Progress", OK);
}

static void
a_request_that_is_cancelled_before_the_actor_is_ready_is_never_handled (void **state)
{
    world_t *world = *state;
    toy_of (world)->loading = true;
    uint64_t id = order_from (world, "client-1", "ask", 0);
    uint64_t other = order_from (world, "client-1", "attach", 0);
    cancel (world, "client-2", id);
    assert_silent (world);
    cancel (world, "client-1", id);
    assert_answer (only_sent (world), "client-1", id, "Failure", CANCELLED);
    toy_of (world)->loading = false;
    pass (world, 1);
    assert_answer (only_sent (world), "client-1", other, "Progress", OK);
}

static void
requests_of_an_asker_who_goes_before_the_actor_is_ready_are_never_handled (void **state)
{
    world_t *world = *state;
    toy_of (world)->loading = true;
    uint64_t gone = order_from (world, "client-1", "ask", 0);
    uint64_t stays = order_from (world, "client-2", "attach", 0);
    assert_int_equal (send_kind (world, GGEN__KIND__GONE, "client-1", 0, NULL), OK);
    assert_answer (only_sent (world), "client-1", gone, "Failure", CANCELLED);
    toy_of (world)->loading = false;
    pass (world, 1);
    assert_answer (only_sent (world), "client-2", stays, "Progress", OK);
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

static void
an_ask_takes_its_attachment_whether_it_is_sent_or_not (void **state)
{
    world_t *world = *state;
    toy_t *toy = toy_of (world);
    order_from (world, "client-1", "ask attached", 0);
    assert_int_equal (toy->asked, OK);
    assert_true (only_sent (world).attached);
    assert_int_equal (toy->freed, 1);
    //  For a request that is over; and when too many wait.
    cancel (world, "client-1", order_from (world, "client-1", "hold", 0));
    only_sent (world);
    order_silently (world, "ask attached for the held");
    assert_int_equal (toy->asked, CANCELLED);
    assert_int_equal (toy->freed, 2);
    for (unsigned i = 0; i < PENDING_MAX; i++)
        order_silently (world, "ask alone");
    world->sent_count = 0;
    order_silently (world, "ask attached");
    assert_int_equal (toy->asked, BUSY);
    assert_int_equal (toy->freed, 3);
    assert_silent (world);
}

static void
what_was_asked_and_is_forgotten_is_cancelled_and_never_answered (void **state)
{
    world_t *world = *state;
    sent_t kept = asked_by (world, "ask", 0);
    order_silently (world, "ask alone");
    sent_t asked = only_sent (world);
    order_silently (world, "forget");
    sent_t cancelled = only_sent (world);
    assert_int_equal (cancelled.kind, GGEN__KIND__CANCEL);
    assert_int_equal (cancelled.id, asked.id);
    assert_string_equal (cancelled.to, "peer");
    assert_int_equal (actor_metrics (world->actor).pending, 1);
    progress_from (world, GGEN__KIND__REPLY, "peer", asked.id, 1);
    assert_int_equal (toy_of (world)->ended, 0);
    progress_from (world, GGEN__KIND__REPLY, "peer", kept.id, 1);
    assert_int_equal (toy_of (world)->ended, 1);
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
        IN_WORLD (more_requests_than_it_may_owe_are_busy_until_one_ends),
        IN_WORLD (more_asks_than_may_wait_are_busy_until_one_ends),
        IN_WORLD (an_actor_that_fails_leaves_no_request_unanswered),
        IN_WORLD (an_actor_that_fails_before_it_is_ready_leaves_no_request_unanswered),
        IN_WORLD (as_many_as_may_wait_for_an_actor_are_handled_in_their_order_and_one_more_is_busy),
        IN_WORLD (a_request_that_is_cancelled_before_the_actor_is_ready_is_never_handled),
        IN_WORLD (requests_of_an_asker_who_goes_before_the_actor_is_ready_are_never_handled),
        IN_WORLD (fatal_comes_through_every_door),
        IN_WORLD (ticks_come_when_they_are_due),
        IN_WORLD (an_actor_whose_create_fails_is_not_born),
        IN_WORLD (an_attachment_is_freed_exactly_once_on_every_path),
        IN_WORLD (an_ask_takes_its_attachment_whether_it_is_sent_or_not),
        IN_WORLD (what_was_asked_and_is_forgotten_is_cancelled_and_never_answered),
        IN_WORLD (a_class_is_checked_for_double_and_missing_rows),
        IN_WORLD (flipped_bits_never_crash_it),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
