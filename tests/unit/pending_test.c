// SPDX-License-Identifier: MIT
#include "runtime/actor/pending.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static uint32_t
add_one (pending_t *pending, uintptr_t mark, int64_t deadline_ms)
{
    ask_t ask = {.to = "peer", .arg = (void *) mark, .parent = 5, .quiet = true};
    return pending_add (pending, &ask, 50, deadline_ms);
}

static void
a_request_remembers_whom_it_asked_and_for_what (void **state)
{
    (void) state;
    pending_t *pending = pending_new ();
    uint32_t number = add_one (pending, 3, 100);
    const waiting_t *waiting = pending_get (pending, number);
    assert_string_equal (waiting->to, "peer");
    assert_int_equal (waiting->parent, 5);
    assert_int_equal (waiting->budget_ms, 50);
    assert_true (waiting->quiet && (uintptr_t) waiting->arg == 3);
    waiting_t taken;
    pending_remove (pending, number, &taken);
    assert_true ((uintptr_t) taken.arg == 3 && taken.parent == 5);
    assert_null (taken.to);
    assert_null (pending_get (pending, number));
    assert_true (pending_earliest_ms (pending) == DEADLINE_NEVER);
    pending_destroy (&pending);
    assert_null (pending);
    pending_destroy (&pending);
}

static void
an_old_number_never_names_the_next_request_of_its_slot (void **state)
{
    (void) state;
    pending_t *pending = pending_new ();
    waiting_t taken;
    uint32_t old = add_one (pending, 1, 10);
    pending_remove (pending, old, &taken);
    uint32_t fresh = add_one (pending, 2, 20);
    assert_int_not_equal (old, fresh);
    assert_null (pending_get (pending, old));
    pending_extend (pending, old, 5);
    pending_remove (pending, old, &taken);
    assert_int_equal (pending_earliest_ms (pending), 20);
    assert_int_equal (pending_count (pending), 1);
    pending_destroy (&pending);
}

static void
zero_and_invented_numbers_name_nothing (void **state)
{
    (void) state;
    pending_t *pending = pending_new ();
    uint32_t number = add_one (pending, 1, 10);
    const uint32_t others[] = {0, UINT32_MAX, number + 1, number + 256, number & 0xFF, 0xFF};
    assert_int_not_equal (number, 0);
    for (unsigned i = 0; i < COUNT_OF (others); i++)
        assert_null (pending_get (pending, others[i]));
    pending_destroy (&pending);
}

static void
at_most_80_wait_and_one_that_ends_makes_room (void **state)
{
    (void) state;
    pending_t *pending = pending_new ();
    waiting_t taken;
    uint32_t first = add_one (pending, 0, 0);
    for (unsigned i = 1; i < PENDING_MAX; i++)
        assert_int_not_equal (add_one (pending, i, i), 0);
    assert_int_equal (add_one (pending, PENDING_MAX, 0), 0);
    assert_int_equal (pending_count (pending), PENDING_MAX);
    pending_remove (pending, first, &taken);
    assert_int_not_equal (add_one (pending, PENDING_MAX, 0), 0);
    pending_destroy (&pending);
}

static void
it_agrees_with_an_array_whatever_is_done (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (8);
    uint32_t numbers[PENDING_MAX] = {0};
    int64_t due_ms[PENDING_MAX];
    waiting_t taken;
    pending_t *pending = pending_new ();
    for (unsigned round = 0; round < 60000; round++) {
        uint64_t i = rng_below (&rng, PENDING_MAX);
        due_ms[i] = (int64_t) rng_below (&rng, 50);
        if (!numbers[i])
            numbers[i] = add_one (pending, i, due_ms[i]);
        else if (rng_below (&rng, 3))
            pending_extend (pending, numbers[i], due_ms[i]);
        else {
            pending_remove (pending, numbers[i], &taken);
            assert_seeded ((uintptr_t) taken.arg == i, round);
            numbers[i] = 0;
        }
        int64_t earliest_ms = DEADLINE_NEVER;
        unsigned count = 0, walked = 0;
        for (unsigned k = 0; k < PENDING_MAX; k++) {
            count += numbers[k] != 0;
            if (numbers[k] && due_ms[k] < earliest_ms)
                earliest_ms = due_ms[k];
            assert_seeded (
                !numbers[k] || (uintptr_t) pending_get (pending, numbers[k])->arg == k, round);
        }
        uint32_t cursor = 0;
        while (pending_next (pending, &cursor))
            walked++;
        assert_seeded (count == pending_count (pending) && count == walked, round);
        assert_seeded (earliest_ms == pending_earliest_ms (pending), round);
        assert_seeded ((pending_due (pending, 25) != 0) == (earliest_ms <= 25), round);
    }
    pending_destroy (&pending);
}

static void
after_a_burst_its_memory_is_given_back_and_none_of_its_numbers_comes_again (void **state)
{
    (void) state;
    pending_t *pending = pending_new ();
    waiting_t taken;
    uint32_t burst[2][PENDING_MAX];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < PENDING_MAX; i++)
            assert_int_not_equal (burst[round][i] = add_one (pending, i, 10 + i), 0);
        for (unsigned i = 0; i < PENDING_MAX; i++)
            pending_remove (pending, burst[round][i], &taken);
        assert_int_equal (pending_count (pending), 0);
        assert_true (pending_earliest_ms (pending) == DEADLINE_NEVER);
        assert_int_equal (pending_due (pending, DEADLINE_NEVER - 1), 0);
    }
    for (unsigned i = 0; i < PENDING_MAX; i++)
        for (unsigned k = 0; k < PENDING_MAX; k++)
            assert_int_not_equal (burst[0][i], burst[1][k]);
    assert_null (pending_get (pending, burst[0][0]));
    pending_destroy (&pending);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_request_remembers_whom_it_asked_and_for_what),
        cmocka_unit_test (an_old_number_never_names_the_next_request_of_its_slot),
        cmocka_unit_test (zero_and_invented_numbers_name_nothing),
        cmocka_unit_test (at_most_80_wait_and_one_that_ends_makes_room),
        cmocka_unit_test (it_agrees_with_an_array_whatever_is_done),
        cmocka_unit_test (
            after_a_burst_its_memory_is_given_back_and_none_of_its_numbers_comes_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
