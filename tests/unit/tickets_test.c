// SPDX-License-Identifier: MIT
#include "runtime/actor/tickets.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static ticket_t
open_one (tickets_t *tickets, uint64_t id, int64_t deadline_ms)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.from = "client-1";
    envelope.id = id;
    envelope.trace = id + 1;
    envelope.budget_ms = 50;
    return tickets_open (tickets, &envelope, deadline_ms);
}

static void
a_ticket_remembers_who_asked_what (void **state)
{
    (void) state;
    tickets_t *tickets = tickets_new ();
    char from[] = "client-1";
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.from = from;
    envelope.reply_to = "elsewhere";
    envelope.id = 7;
    ticket_t ticket = tickets_open (tickets, &envelope, 100);
    memset (from, 'x', sizeof from - 1);
    const open_request_t *request = tickets_get (tickets, ticket);
    assert_string_equal (request->from, "client-1");
    assert_string_equal (request->reply_to, "elsewhere");
    assert_int_equal (request->id, 7);
    assert_int_equal (tickets_deadline_ms (tickets, ticket), 100);

    request = tickets_get (tickets, open_one (tickets, 8, DEADLINE_NEVER));
    assert_string_equal (request->reply_to, "client-1");
    assert_int_equal (request->trace, 9);
    assert_int_equal (request->budget_ms, 50);
    tickets_destroy (&tickets);
    assert_null (tickets);
    tickets_destroy (&tickets);
}

static void
an_ended_ticket_never_names_the_next_request_of_its_slot (void **state)
{
    (void) state;
    tickets_t *tickets = tickets_new ();
    ticket_t old = open_one (tickets, 1, 10);
    tickets_close (tickets, old);
    tickets_close (tickets, old);
    ticket_t fresh = open_one (tickets, 2, 20);
    assert_true (old != fresh);
    assert_null (tickets_get (tickets, old));
    tickets_extend (tickets, old, 5);
    tickets_close (tickets, old);
    assert_non_null (tickets_get (tickets, fresh));
    assert_true (tickets_deadline_ms (tickets, old) == DEADLINE_NEVER);
    assert_int_equal (tickets_earliest_ms (tickets), 20);
    assert_int_equal (tickets_count (tickets), 1);
    tickets_destroy (&tickets);
}

static void
no_ticket_is_zero_and_zero_and_invented_ones_name_nothing (void **state)
{
    (void) state;
    tickets_t *tickets = tickets_new ();
    ticket_t ticket = open_one (tickets, 1, 10);
    assert_true (ticket != 0);
    const ticket_t others[] = {0,          UINT64_MAX,           UINT32_MAX,
                               ticket + 1, ticket + (1ull << 32), ticket & UINT32_MAX};
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        assert_null (tickets_get (tickets, others[i]));
    tickets_destroy (&tickets);
}

static void
at_most_192_are_open_and_one_that_ends_makes_room (void **state)
{
    (void) state;
    tickets_t *tickets = tickets_new ();
    ticket_t first = open_one (tickets, 0, 0);
    for (unsigned i = 1; i < OPEN_MAX; i++)
        assert_true (open_one (tickets, i, i) != 0);
    assert_true (open_one (tickets, OPEN_MAX, 0) == 0);
    assert_int_equal (tickets_count (tickets), OPEN_MAX);
    tickets_close (tickets, first);
    assert_true (open_one (tickets, OPEN_MAX, 0) != 0);
    tickets_destroy (&tickets);
}

static void
it_agrees_with_an_array_whatever_is_done (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (7);
    ticket_t open[OPEN_MAX] = {0};
    int64_t due_ms[OPEN_MAX];
    tickets_t *tickets = tickets_new ();
    for (unsigned round = 0; round < 30000; round++) {
        uint64_t i = rng_below (&rng, OPEN_MAX);
        due_ms[i] = (int64_t) rng_below (&rng, 50);
        if (!open[i])
            open[i] = open_one (tickets, i, due_ms[i]);
        else if (rng_below (&rng, 3))
            tickets_extend (tickets, open[i], due_ms[i]);
        else {
            tickets_close (tickets, open[i]);
            open[i] = 0;
        }
        int64_t earliest_ms = DEADLINE_NEVER;
        unsigned count = 0, walked = 0;
        for (unsigned k = 0; k < OPEN_MAX; k++) {
            count += open[k] != 0;
            if (open[k] && due_ms[k] < earliest_ms)
                earliest_ms = due_ms[k];
            assert_seeded (!open[k] || tickets_get (tickets, open[k])->id == k, round);
        }
        uint32_t cursor = 0;
        while (tickets_next (tickets, &cursor))
            walked++;
        assert_seeded (count == tickets_count (tickets) && count == walked, round);
        assert_seeded (earliest_ms == tickets_earliest_ms (tickets), round);
        ticket_t due = tickets_due (tickets, 25);
        assert_seeded ((due != 0) == (earliest_ms <= 25), round);
        assert_seeded (!due || tickets_deadline_ms (tickets, due) == earliest_ms, round);
    }
    tickets_destroy (&tickets);
}

static void
after_a_burst_its_memory_is_given_back_and_none_of_its_tickets_comes_again (void **state)
{
    (void) state;
    tickets_t *tickets = tickets_new ();
    ticket_t burst[2][OPEN_MAX];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < OPEN_MAX; i++)
            assert_true ((burst[round][i] = open_one (tickets, i, 10 + i)) != 0);
        assert_int_equal (open_one (tickets, 0, 0), 0);
        for (unsigned i = 0; i < OPEN_MAX; i++)
            tickets_close (tickets, burst[round][i]);
        assert_int_equal (tickets_count (tickets), 0);
        assert_true (tickets_earliest_ms (tickets) == DEADLINE_NEVER);
        assert_int_equal (tickets_due (tickets, DEADLINE_NEVER - 1), 0);
    }
    for (unsigned i = 0; i < OPEN_MAX; i++)
        for (unsigned k = 0; k < OPEN_MAX; k++)
            assert_true (burst[0][i] != burst[1][k]);
    assert_null (tickets_get (tickets, burst[0][0]));
    tickets_destroy (&tickets);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_ticket_remembers_who_asked_what),
        cmocka_unit_test (an_ended_ticket_never_names_the_next_request_of_its_slot),
        cmocka_unit_test (no_ticket_is_zero_and_zero_and_invented_ones_name_nothing),
        cmocka_unit_test (at_most_192_are_open_and_one_that_ends_makes_room),
        cmocka_unit_test (it_agrees_with_an_array_whatever_is_done),
        cmocka_unit_test (
            after_a_burst_its_memory_is_given_back_and_none_of_its_tickets_comes_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
