// SPDX-License-Identifier: MIT
#include "runtime/actor/admit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

//  How many messages of this kind, of 'size' bytes each, an idle mailbox takes; and what it says to
//  the next one.
static unsigned
taken (Ggen__Kind kind, size_t size, admit_t *then)
{
    unsigned count = 0;
    while ((*then = admit_message (kind, size, count, count * size)) == ADMIT_TAKE)
        count++;
    return count;
}

static void
assert_bound (Ggen__Kind kind, size_t size, size_t count, admit_t then)
{
    admit_t said;
    assert_int_equal (taken (kind, size, &said), count);
    assert_int_equal (said, then);
}

static void
requests_and_events_may_fill_half_of_it_by_number (void **state)
{
    (void) state;
    assert_bound (GGEN__KIND__REQUEST, 64, MAILBOX_MESSAGES_MAX / 2, ADMIT_BUSY);
    assert_bound (GGEN__KIND__EVENT, 64, MAILBOX_MESSAGES_MAX / 2, ADMIT_DROP);
    assert_bound (GGEN__KIND__PROGRESS, 64, MAILBOX_MESSAGES_MAX / 2, ADMIT_DROP);
}

static void
and_half_of_it_by_bytes (void **state)
{
    (void) state;
    const size_t chunk = 256u << 10;
    assert_bound (GGEN__KIND__REQUEST, chunk, MAILBOX_BYTES_MAX / 2 / chunk, ADMIT_BUSY);
    assert_bound (GGEN__KIND__EVENT, chunk, MAILBOX_BYTES_MAX / 2 / chunk, ADMIT_DROP);
    assert_bound (GGEN__KIND__REQUEST, MAILBOX_BYTES_MAX / 2 + 1, 0, ADMIT_BUSY);
}

static void
replies_may_fill_it_and_one_too_large_is_stripped (void **state)
{
    (void) state;
    const size_t chunk = 256u << 10;
    assert_bound (GGEN__KIND__REPLY, 64, MAILBOX_MESSAGES_MAX, ADMIT_DROP);
    assert_bound (GGEN__KIND__REPLY, chunk, ADMIT_REPLIES_BYTES_MAX / chunk, ADMIT_STRIP);
}

//  What takes the place of a stripped reply is small, and there is room for one for each request
//  that an actor can be waiting for.
static void
what_replaces_a_stripped_reply_always_fits (void **state)
{
    (void) state;
    for (unsigned i = 0; i < PENDING_MAX; i++)
        assert_int_equal (admit_message (GGEN__KIND__REPLY, ADMIT_SMALL_BYTES, i,
                                         ADMIT_REPLIES_BYTES_MAX + i * ADMIT_SMALL_BYTES),
                          ADMIT_TAKE);
}

//  With requests, cancels and news of vanished clients at their bounds there is room for as many
//  replies as an actor can be waiting for.
static void
the_rest_suffices_for_every_reply_that_can_be_awaited (void **state)
{
    (void) state;
    admit_t then;
    unsigned depth = taken (GGEN__KIND__GONE, 64, &then);
    assert_true (taken (GGEN__KIND__CANCEL, 64, &then) < depth);
    assert_true (taken (GGEN__KIND__REQUEST, 64, &then) < taken (GGEN__KIND__CANCEL, 64, &then));
    for (unsigned i = 0; i < PENDING_MAX; i++)
        assert_int_equal (admit_message (GGEN__KIND__REPLY, 64, depth + i, 0), ADMIT_TAKE);
}

static void
no_size_overflows_the_count_of_bytes (void **state)
{
    (void) state;
    assert_int_equal (admit_message (GGEN__KIND__REQUEST, SIZE_MAX, 0, 1), ADMIT_BUSY);
    assert_int_equal (admit_message (GGEN__KIND__REPLY, SIZE_MAX, 0, 1), ADMIT_STRIP);
}

static void
a_message_of_no_kind_is_dropped (void **state)
{
    (void) state;
    assert_bound (GGEN__KIND__KIND_NONE, 0, 0, ADMIT_DROP);
    assert_bound ((Ggen__Kind) 99, 0, 0, ADMIT_DROP);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (requests_and_events_may_fill_half_of_it_by_number),
        cmocka_unit_test (and_half_of_it_by_bytes),
        cmocka_unit_test (replies_may_fill_it_and_one_too_large_is_stripped),
        cmocka_unit_test (what_replaces_a_stripped_reply_always_fits),
        cmocka_unit_test (the_rest_suffices_for_every_reply_that_can_be_awaited),
        cmocka_unit_test (no_size_overflows_the_count_of_bytes),
        cmocka_unit_test (a_message_of_no_kind_is_dropped),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
