// SPDX-License-Identifier: MIT
#include "runtime/actor/deadlines.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLOTS_MAX 70u

static void
nothing_is_due_where_nothing_is_set (void **state)
{
    (void) state;
    deadlines_t *deadlines = deadlines_new (4);
    uint32_t slot;
    assert_true (deadlines_earliest_ms (deadlines) == DEADLINE_NEVER);
    assert_false (deadlines_due (deadlines, INT64_MAX, &slot));
    assert_true (deadlines_get (deadlines, 3) == DEADLINE_NEVER);
    deadlines_destroy (&deadlines);
    assert_null (deadlines);
    deadlines_destroy (&deadlines);
}

static void
a_slot_is_due_at_its_millisecond_and_stays_due_until_it_is_cleared (void **state)
{
    (void) state;
    deadlines_t *deadlines = deadlines_new (4);
    uint32_t slot = 99;
    deadlines_set (deadlines, 2, 100);
    assert_false (deadlines_due (deadlines, 99, &slot));
    assert_int_equal (slot, 99);
    assert_true (deadlines_due (deadlines, 100, &slot));
    assert_true (deadlines_due (deadlines, 100, &slot));
    assert_int_equal (slot, 2);
    deadlines_set (deadlines, 2, DEADLINE_NEVER);
    assert_false (deadlines_due (deadlines, 100, &slot));
    deadlines_destroy (&deadlines);
}

static void
of_equal_times_the_lower_slot_is_first (void **state)
{
    (void) state;
    deadlines_t *deadlines = deadlines_new (8);
    const uint32_t order[] = {5, 1, 7, 0, 3};
    for (unsigned i = 0; i < COUNT_OF (order); i++)
        deadlines_set (deadlines, order[i], 10);
    const uint32_t expected[] = {0, 1, 3, 5, 7};
    for (unsigned i = 0; i < COUNT_OF (expected); i++) {
        uint32_t slot;
        assert_true (deadlines_due (deadlines, 10, &slot));
        assert_int_equal (slot, expected[i]);
        deadlines_set (deadlines, slot, DEADLINE_NEVER);
    }
    deadlines_destroy (&deadlines);
}

static void
growing_keeps_what_is_set_and_never_shrinks (void **state)
{
    (void) state;
    deadlines_t *deadlines = deadlines_new (1);
    deadlines_set (deadlines, 0, 7);
    assert_int_equal (deadlines_grow (deadlines, 3), OK);
    assert_int_equal (deadlines_grow (deadlines, 2), OK);
    assert_int_equal (deadlines_grow (deadlines, DEADLINES_SLOTS_MAX + 1), BUSY);
    deadlines_set (deadlines, 2, -7);
    assert_true (deadlines_get (deadlines, 0) == 7);
    assert_true (deadlines_get (deadlines, 1) == DEADLINE_NEVER);
    assert_true (deadlines_earliest_ms (deadlines) == -7);
    deadlines_destroy (&deadlines);
}

//  Each slot has a number and a place in the heap; the last of either is none that means "nowhere".
static void
as_many_slots_as_there_may_be_come_out_in_order (void **state)
{
    (void) state;
    deadlines_t *deadlines = deadlines_new (1);
    assert_int_equal (deadlines_grow (deadlines, DEADLINES_SLOTS_MAX), OK);
    for (uint32_t slot = 0; slot < DEADLINES_SLOTS_MAX; slot++)
        deadlines_set (deadlines, slot, slot);
    deadlines_set (deadlines, DEADLINES_SLOTS_MAX - 1, DEADLINE_NEVER);
    for (uint32_t expected = 0; expected < DEADLINES_SLOTS_MAX - 1; expected++) {
        uint32_t slot;
        assert_true (deadlines_due (deadlines, DEADLINES_SLOTS_MAX, &slot));
        assert_int_equal (slot, expected);
        deadlines_set (deadlines, slot, DEADLINE_NEVER);
    }
    assert_true (deadlines_earliest_ms (deadlines) == DEADLINE_NEVER);
    deadlines_destroy (&deadlines);
    assert_null (deadlines_new (DEADLINES_SLOTS_MAX + 1));
}

//  Their places in the heap are as far back as their numbers.
static void
slots_far_back_are_moved_and_cleared_as_those_in_front (void **state)
{
    (void) state;
    enum { MANY = 1000 };
    deadlines_t *deadlines = deadlines_new (MANY);
    for (uint32_t slot = 0; slot < MANY; slot++)
        deadlines_set (deadlines, slot, slot);
    for (uint32_t slot = 1; slot < MANY; slot += 2)
        deadlines_set (deadlines, slot, slot % 3 ? DEADLINE_NEVER : (int64_t) slot + MANY);
    int64_t last_ms = -1;
    uint32_t slot, count = 0;
    for (; deadlines_due (deadlines, 2 * MANY, &slot); count++) {
        assert_true (deadlines_get (deadlines, slot) > last_ms);
        assert_true (deadlines_get (deadlines, slot) == (slot % 2 ? (int64_t) slot + MANY : slot));
        last_ms = deadlines_get (deadlines, slot);
        deadlines_set (deadlines, slot, DEADLINE_NEVER);
    }
    assert_int_equal (count, MANY / 2 + 167);
    deadlines_destroy (&deadlines);
}

//  ---- against an array that is searched -----------------------------------------------------------

static uint32_t
earliest_of (const int64_t *at_ms, uint32_t slots_count)
{
    uint32_t best = 0;
    for (uint32_t slot = 1; slot < slots_count; slot++)
        if (at_ms[slot] < at_ms[best])
            best = slot;
    return best;
}

static void
it_agrees_with_a_searched_array_whatever_is_done (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    int64_t model[SLOTS_MAX];
    uint32_t slots_count = 1;
    deadlines_t *deadlines = deadlines_new (slots_count);
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        model[i] = DEADLINE_NEVER;
    for (unsigned round = 0; round < 100000; round++) {
        if (slots_count < SLOTS_MAX && rng_below (&rng, 500) == 0)
            assert_int_equal (deadlines_grow (deadlines, ++slots_count), OK);
        uint32_t slot = (uint32_t) rng_below (&rng, slots_count);
        //  Few different times, so that equal ones are common.
        bool clear = rng_below (&rng, 4) == 0;
        int64_t at_ms = clear ? DEADLINE_NEVER : (int64_t) rng_below (&rng, 40) - 20;
        deadlines_set (deadlines, slot, at_ms);
        model[slot] = at_ms;

        uint32_t first = earliest_of (model, slots_count), due;
        int64_t now_ms = (int64_t) rng_below (&rng, 40) - 20;
        assert_seeded (deadlines_get (deadlines, slot) == at_ms, round);
        assert_seeded (deadlines_earliest_ms (deadlines) == model[first], round);
        bool is_due = deadlines_due (deadlines, now_ms, &due);
        assert_seeded (is_due == (model[first] <= now_ms), round);
        assert_seeded (!is_due || due == first, round);
    }
    deadlines_destroy (&deadlines);
}

//  Set all, clear some in the middle of the heap, then take out the rest: it comes sorted.
static void
what_is_taken_out_comes_in_order_after_clearing_any (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (6);
    deadlines_t *deadlines = deadlines_new (SLOTS_MAX);
    for (unsigned round = 0; round < 2000; round++) {
        for (uint32_t slot = 0; slot < SLOTS_MAX; slot++)
            deadlines_set (deadlines, slot, (int64_t) rng_below (&rng, 1000));
        unsigned left = SLOTS_MAX;
        for (unsigned i = 0; i < SLOTS_MAX / 2; i++) {
            uint32_t slot = (uint32_t) rng_below (&rng, SLOTS_MAX);
            left -= deadlines_get (deadlines, slot) != DEADLINE_NEVER;
            deadlines_set (deadlines, slot, DEADLINE_NEVER);
        }
        int64_t last_ms = 0;
        uint32_t slot;
        for (; deadlines_due (deadlines, 1000, &slot); left--) {
            assert_seeded (deadlines_get (deadlines, slot) >= last_ms, round);
            last_ms = deadlines_get (deadlines, slot);
            deadlines_set (deadlines, slot, DEADLINE_NEVER);
        }
        assert_seeded (left == 0, round);
    }
    deadlines_destroy (&deadlines);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (nothing_is_due_where_nothing_is_set),
        cmocka_unit_test (a_slot_is_due_at_its_millisecond_and_stays_due_until_it_is_cleared),
        cmocka_unit_test (of_equal_times_the_lower_slot_is_first),
        cmocka_unit_test (growing_keeps_what_is_set_and_never_shrinks),
        cmocka_unit_test (as_many_slots_as_there_may_be_come_out_in_order),
        cmocka_unit_test (slots_far_back_are_moved_and_cleared_as_those_in_front),
        cmocka_unit_test (it_agrees_with_a_searched_array_whatever_is_done),
        cmocka_unit_test (what_is_taken_out_comes_in_order_after_clearing_any),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
