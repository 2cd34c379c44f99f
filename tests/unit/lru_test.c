// SPDX-License-Identifier: MIT
#include "actors/cache/lru.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static digest_t
digest_of (unsigned number)
{
    digest_t digest = {{0}};
    memcpy (digest.bytes, &number, sizeof number);
    return digest;
}

static void
put (lru_t *lru, unsigned number, uint64_t size_bytes, int64_t now_ms)
{
    digest_t digest = digest_of (number);
    assert_int_equal (lru_put (lru, &digest, size_bytes, now_ms), OK);
}

static void
expect_victim (const lru_t *lru, int64_t before_ms, unsigned number)
{
    digest_t digest = digest_of (number);
    const digest_t *victim = lru_victim (lru, before_ms, NULL, NULL);
    assert_non_null (victim);
    assert_true (digest_equal (victim, &digest));
}

static void
within_its_limits_there_is_no_victim (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {100, 2}, 1);
    put (lru, 1, 60, 10);
    put (lru, 2, 40, 20);
    assert_int_equal (lru_bytes (lru), 100);
    assert_int_equal (lru_count (lru), 2);
    assert_false (lru_exceeded (lru));
    assert_null (lru_victim (lru, INT64_MAX, NULL, NULL));
    lru_destroy (&lru);
    assert_null (lru);
}

static void
the_blob_used_longest_ago_goes_first (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {100, 10}, 1);
    put (lru, 1, 60, 10);
    put (lru, 2, 60, 20);
    expect_victim (lru, INT64_MAX, 1);
    put (lru, 1, 60, 30);
    expect_victim (lru, INT64_MAX, 2);
    lru_destroy (&lru);
}

static void
the_number_of_blobs_is_a_limit_too (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {100, 2}, 1);
    for (unsigned i = 0; i < 3; i++)
        put (lru, i, 1, i);
    expect_victim (lru, INT64_MAX, 0);
    digest_t first = digest_of (0);
    assert_true (lru_remove (lru, &first));
    assert_null (lru_victim (lru, INT64_MAX, NULL, NULL));
    lru_destroy (&lru);
}

static void
a_blob_used_after_the_given_time_stays (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {10, 10}, 1);
    put (lru, 1, 60, 10);
    assert_null (lru_victim (lru, 10, NULL, NULL));
    assert_true (lru_exceeded (lru));
    expect_victim (lru, 11, 1);
    lru_destroy (&lru);
}

static bool
is_pinned (const void *arg, const digest_t *digest)
{
    return digest_equal (arg, digest);
}

static void
a_pinned_blob_stays_and_the_next_one_goes (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {10, 10}, 1);
    put (lru, 1, 60, 10);
    digest_t first = digest_of (1), second = digest_of (2);
    assert_null (lru_victim (lru, INT64_MAX, is_pinned, &first));
    put (lru, 2, 60, 20);
    assert_true (digest_equal (lru_victim (lru, INT64_MAX, is_pinned, &first), &second));
    lru_destroy (&lru);
}

static void
a_blob_put_again_has_its_new_size_once (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {100, 10}, 1);
    put (lru, 1, 60, 10);
    put (lru, 1, 20, 20);
    assert_int_equal (lru_bytes (lru), 20);
    assert_int_equal (lru_count (lru), 1);
    digest_t digest = digest_of (1);
    assert_true (lru_remove (lru, &digest));
    assert_false (lru_remove (lru, &digest));
    assert_int_equal (lru_count (lru), 0);
    assert_int_equal (lru_bytes (lru), 0);
    lru_destroy (&lru);
}

static void
a_full_index_takes_no_more_and_stays_as_it_was (void **state)
{
    (void) state;
    lru_t *lru = lru_new ((lru_limits_t) {UINT64_MAX, LRU_ENTRIES_MAX}, 1);
    for (unsigned i = 0; i < LRU_ENTRIES_MAX; i++)
        put (lru, i, 1, i);
    digest_t more = digest_of (LRU_ENTRIES_MAX);
    assert_int_equal (lru_put (lru, &more, 1, 0), BUSY);
    assert_int_equal (lru_count (lru), LRU_ENTRIES_MAX);
    assert_int_equal (lru_bytes (lru), LRU_ENTRIES_MAX);
    put (lru, 0, 5, 99);
    assert_int_equal (lru_bytes (lru), LRU_ENTRIES_MAX + 4);
    lru_destroy (&lru);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (within_its_limits_there_is_no_victim),
        cmocka_unit_test (the_blob_used_longest_ago_goes_first),
        cmocka_unit_test (the_number_of_blobs_is_a_limit_too),
        cmocka_unit_test (a_blob_used_after_the_given_time_stays),
        cmocka_unit_test (a_pinned_blob_stays_and_the_next_one_goes),
        cmocka_unit_test (a_blob_put_again_has_its_new_size_once),
        cmocka_unit_test (a_full_index_takes_no_more_and_stays_as_it_was),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
