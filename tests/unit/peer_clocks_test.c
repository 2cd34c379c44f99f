// SPDX-License-Identifier: MIT
//  What time it is for others, whoever lies about it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/peer_clocks.h"
#include "tests/unit/seeded.h"

#include <stdlib.h>
#include <string.h>

#define NOW_MS  INT64_C (5000000)
#define WALL_MS INT64_C (1763600000000)
#define HOUR_MS INT64_C (3600000)

static peer_clocks_t clocks;

static int
setup (void **state)
{
    (void) state;
    peer_clocks_watch (&clocks, NOW_MS, WALL_MS);
    return 0;
}

static int
teardown (void **state)
{
    (void) state;
    peer_clocks_clear (&clocks);
    return 0;
}

static peer_key_t
peer_of (unsigned number)
{
    peer_key_t peer = {{0}};
    memcpy (peer.bytes, &number, sizeof number);
    return peer;
}

//  Peer 'number' shows 'wall_ms' at NOW_MS.
static void
shows (unsigned number, int64_t wall_ms)
{
    const peer_key_t peer = peer_of (number);
    peer_clocks_add (&clocks, &peer, true, wall_ms, NOW_MS);
}

//  Its session does.
static void
ends (unsigned number)
{
    const peer_key_t peer = peer_of (number);
    peer_clocks_down (&clocks, &peer);
}

static void
nobody_is_told_of_a_clock_that_is_right (void **state)
{
    (void) state;
    int64_t skew_ms;
    for (unsigned i = 0; i < 100; i++) {
        shows (i, WALL_MS + (i % 3) * 2000);
        assert_false (peer_clocks_news (&clocks, &skew_ms));
    }
    assert_int_equal (clocks.count, PEER_CLOCKS_MAX);
    assert_in_range (peer_clocks_skew_ms (&clocks), 0, 4000);
}

static void
a_clock_that_is_wrong_is_corrected_by_the_median_of_the_peers (void **state)
{
    (void) state;
    int64_t skew_ms = 0;
    shows (1, WALL_MS + HOUR_MS);
    shows (2, WALL_MS + HOUR_MS + 1000);
    assert_false (peer_clocks_news (&clocks, &skew_ms));
    shows (3, WALL_MS + HOUR_MS - 1000);
    assert_true (peer_clocks_news (&clocks, &skew_ms));
    assert_int_equal (skew_ms, HOUR_MS);
    assert_false (peer_clocks_news (&clocks, &skew_ms));
}

static void
given_less_than_half_lie_all_one_way_the_median_stays_with_the_others (void **state)
{
    (void) state;
    int64_t skew_ms;
    rng_t rng = seeded_rng (1);
    static const int64_t lies[] = {INT64_MAX, INT64_MIN, WALL_MS + 48 * HOUR_MS, 0};
    for (unsigned lie = 0; lie < COUNT_OF (lies); lie++) {
        unsigned liars = 0;
        for (unsigned i = 0; i < PEER_CLOCKS_MAX; i++) {
            bool lies_now = liars < PEER_CLOCKS_MAX / 2 - 1 && rng_below (&rng, 2) == 0;
            liars += lies_now;
            shows (i, lies_now ? lies[lie] : WALL_MS + (int64_t) rng_below (&rng, 4000) - 2000);
        }
        assert_seeded (llabs (peer_clocks_skew_ms (&clocks)) <= 2000, lie);
        assert_seeded (!peer_clocks_news (&clocks, &skew_ms), lie);
    }
}

static void
given_half_of_the_peers_are_wrong_our_own_clock_decides (void **state)
{
    (void) state;
    int64_t skew_ms;
    for (int way = -1; way <= 1; way += 2) {
        setup (NULL);
        for (unsigned i = 0; i < 4; i++)
            shows (i, WALL_MS + (i % 2 ? way * HOUR_MS : 0));
        assert_false (peer_clocks_news (&clocks, &skew_ms));
        assert_int_equal (peer_clocks_skew_ms (&clocks), 0);
        peer_clocks_clear (&clocks);
    }
}

static void
those_who_dial_us_count_only_while_we_dialled_too_few (void **state)
{
    (void) state;
    for (unsigned i = 0; i < 100; i++) {
        const peer_key_t peer = peer_of (i);
        peer_clocks_add (&clocks, &peer, false, WALL_MS + HOUR_MS, NOW_MS);
    }
    assert_int_equal (peer_clocks_skew_ms (&clocks), HOUR_MS);
    for (unsigned i = 100; i < 100 + PEER_CLOCKS_MIN; i++)
        shows (i, WALL_MS);
    assert_int_equal (peer_clocks_skew_ms (&clocks), 0);
    for (unsigned i = 200; i < 300; i++) {
        const peer_key_t peer = peer_of (i);
        peer_clocks_add (&clocks, &peer, false, WALL_MS + HOUR_MS, NOW_MS);
    }
    assert_int_equal (peer_clocks_skew_ms (&clocks), 0);
}

//  Else strangers who dial us push out all whom we chose.
static void
given_no_room_those_who_dial_us_go_before_those_we_dialled (void **state)
{
    (void) state;
    for (unsigned i = 0; i < PEER_CLOCKS_MIN; i++) {
        shows (i, WALL_MS);
        ends (i);
    }
    for (unsigned i = 100; i < 100 + 2 * PEER_CLOCKS_MAX; i++) {
        const peer_key_t peer = peer_of (i);
        peer_clocks_add (&clocks, &peer, false, WALL_MS + HOUR_MS, NOW_MS);
    }
    assert_int_equal (clocks.count, PEER_CLOCKS_MAX);
    assert_int_equal (peer_clocks_skew_ms (&clocks), 0);
}

static void
one_peer_has_one_voice_however_often_it_speaks (void **state)
{
    (void) state;
    for (unsigned i = 0; i < 4; i++)
        shows (i, WALL_MS);
    for (unsigned i = 0; i < 100; i++)
        shows (9, WALL_MS + HOUR_MS);
    assert_int_equal (clocks.count, 5);
    assert_int_equal (peer_clocks_skew_ms (&clocks), 0);
}

static void
given_our_clock_is_set_those_with_a_session_say_so_at_once (void **state)
{
    (void) state;
    int64_t skew_ms;
    for (unsigned i = 0; i < 7; i++)
        shows (i, WALL_MS);
    for (unsigned i = 4; i < 7; i++)
        ends (i);
    assert_int_equal (clocks.count, 7);
    peer_clocks_watch (&clocks, NOW_MS + 1000, WALL_MS + 1000 + HOUR_MS);
    assert_int_equal (clocks.count, 4);
    assert_true (peer_clocks_news (&clocks, &skew_ms));
    assert_int_equal (skew_ms, -HOUR_MS);
}

//  The monotonic clock stood still, the wall clock did not: both were right, and are.
static void
given_the_machine_slept_samples_end_with_their_sessions (void **state)
{
    (void) state;
    int64_t skew_ms;
    for (unsigned i = 0; i < 5; i++)
        shows (i, WALL_MS);
    peer_clocks_watch (&clocks, NOW_MS + 1, WALL_MS + HOUR_MS);
    assert_true (peer_clocks_news (&clocks, &skew_ms));
    shows (0, WALL_MS + HOUR_MS);
    for (unsigned i = 0; i < 5; i++)
        ends (i);
    assert_int_equal (clocks.count, 1);
    assert_true (peer_clocks_news (&clocks, &skew_ms));
    assert_int_equal (skew_ms, 0);
}

static void
given_our_clock_drifts_away_bit_by_bit_that_is_told_when_it_is_a_minute (void **state)
{
    (void) state;
    int64_t skew_ms = 0;
    unsigned told = 0;
    for (unsigned i = 0; i < 5; i++)
        shows (i, WALL_MS);
    for (int64_t s = 1; s <= 100; s++) {
        peer_clocks_watch (&clocks, NOW_MS + 10000 * s, WALL_MS + 9000 * s);
        told += peer_clocks_news (&clocks, &skew_ms);
    }
    assert_int_equal (told, 1);
    assert_int_equal (skew_ms, 60000);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (nobody_is_told_of_a_clock_that_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown (
            a_clock_that_is_wrong_is_corrected_by_the_median_of_the_peers, setup, teardown),
        cmocka_unit_test_setup_teardown (
            given_less_than_half_lie_all_one_way_the_median_stays_with_the_others, setup,
            teardown),
        cmocka_unit_test_setup_teardown (given_half_of_the_peers_are_wrong_our_own_clock_decides,
                                         setup, teardown),
        cmocka_unit_test_setup_teardown (those_who_dial_us_count_only_while_we_dialled_too_few,
                                         setup, teardown),
        cmocka_unit_test_setup_teardown (given_no_room_those_who_dial_us_go_before_those_we_dialled,
                                         setup, teardown),
        cmocka_unit_test_setup_teardown (one_peer_has_one_voice_however_often_it_speaks, setup,
                                         teardown),
        cmocka_unit_test_setup_teardown (
            given_our_clock_is_set_those_with_a_session_say_so_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown (given_the_machine_slept_samples_end_with_their_sessions,
                                         setup, teardown),
        cmocka_unit_test_setup_teardown (
            given_our_clock_drifts_away_bit_by_bit_that_is_told_when_it_is_a_minute, setup,
            teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
