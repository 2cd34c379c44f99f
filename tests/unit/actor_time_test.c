// SPDX-License-Identifier: MIT
//  An actor and time: budgets, progress that extends them, and cancelling.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actor_world.h"

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

//  It could keep us waiting for ever by it.
static void
progress_of_another_node_is_told_and_extends_nothing (void **state)
{
    world_t *world = *state;
    sent_t asked = asked_by (world, "ask another node for 70 ms", 500);
    pass (world, 60);
    progress_from (world, GGEN__KIND__PROGRESS, REMOTE, asked.id, 1);
    assert_int_equal (only_sent (world).kind, GGEN__KIND__PROGRESS);
    assert_int_equal (toy_of (world)->progressed, 1);
    pass (world, 9);
    assert_int_equal (toy_of (world)->ended, 0);
    pass (world, 1);
    assert_int_equal (toy_of (world)->ended, 1);
    assert_int_equal (toy_of (world)->code, TIMEOUT);
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

int
main (void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD (an_ask_has_its_own_budget_its_parents_rest_or_the_default),
        IN_WORLD (a_request_whose_budget_has_passed_is_dropped_and_counted),
        IN_WORLD (another_nodes_clock_does_not_count),
        IN_WORLD (a_request_that_is_not_done_in_its_budget_ends_with_timeout),
        IN_WORLD (an_ask_that_is_not_answered_in_its_budget_ends_with_timeout),
        IN_WORLD (progress_extends_both_deadlines_and_is_passed_on),
        IN_WORLD (progress_of_another_node_is_told_and_extends_nothing),
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
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
