// SPDX-License-Identifier: MIT
//  The bounded table of peers, against a plain list; who is banned for what; whose outage it is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "actors/reputation/bans.h"
#include "actors/reputation/known.h"
#include "actors/reputation/outage.h"
#include "tests/unit/seeded.h"

#include <malloc.h>

#define HOUR_MS 3600000
#define WALL_MS INT64_C (1763600000000)

static void
make_key (uint8_t key[KNOWN_KEY_BYTES], uint32_t number)
{
    memset (key, 0, KNOWN_KEY_BYTES);
    memcpy (key, &number, sizeof number);
}

//  ---- the table ---------------------------------------------------------------------------------

#define MODEL_KEYS 300

//  Add and remove at random; after each step the table has what the list has.
static void
the_table_is_a_map_of_keys (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (11);
    known_t *known = known_new (200, &rng);
    bool there[MODEL_KEYS] = {false};
    uint32_t count = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t number = (uint32_t) rng_below (&rng, MODEL_KEYS);
        uint8_t key[KNOWN_KEY_BYTES];
        make_key (key, number);
        known_peer_t *peer = known_find (known, key);
        assert_seeded ((peer != NULL) == there[number], round);
        if (peer) {
            assert_seeded (peer->successes == number, round);
            known_remove (known, peer);
            there[number] = false;
            count--;
        } else if ((peer = known_add (known, key))) {
            peer->successes = number;
            assert_non_null (known_more (peer));
            there[number] = true;
            count++;
        } else
            assert_seeded (count == 200, round);
        assert_seeded (known_count (known) == count, round);
    }
    for (uint32_t i = 0; i < known_count (known); i++)
        assert_true (there[known_at (known, i)->successes]);
    known_destroy (&known);
}

static void
keys_that_differ_in_the_sign_bit_are_one_peer (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (12);
    known_t *known = known_new (10, &rng);
    uint8_t key[KNOWN_KEY_BYTES];
    make_key (key, 7);
    known_peer_t *peer = known_add (known, key);
    key[KNOWN_KEY_BYTES - 1] ^= 0x80;
    assert_ptr_equal (known_find (known, key), peer);
    key[KNOWN_KEY_BYTES - 1] ^= 0x40;
    assert_null (known_find (known, key));
    known_destroy (&known);
}

//  64 bytes each, a slot of the index, and what the allocator adds to the blocks.
static void
a_peer_seldom_seen_costs_about_64_bytes (void **state)
{
    (void) state;
#ifndef GGEN_INSTRUMENTED
    rng_t rng = seeded_rng (13);
    size_t before = mallinfo2 ().uordblks;
    known_t *known = known_new (KNOWN_PEERS_MAX, &rng);
    for (uint32_t i = 0; i < 3000; i++) {
        uint8_t key[KNOWN_KEY_BYTES];
        make_key (key, i);
        assert_non_null (known_add (known, key));
    }
    size_t bytes = mallinfo2 ().uordblks - before;
    assert_true (bytes <= 3000 * 72);
    known_destroy (&known);
#endif
}

//  ---- bans --------------------------------------------------------------------------------------

//  3600 s, then twice as long each time, to a week.
static void
bans_double_up_to_a_week (void **state)
{
    (void) state;
    const uint32_t expected[] = {3600, 7200, 14400, 28800, 57600, 115200, 230400, 460800, 604800};
    for (uint32_t i = 0; i < COUNT_OF (expected); i++)
        assert_int_equal (bans_secs (i), expected[i]);
    assert_int_equal (bans_secs (UINT32_MAX), 604800);
}

static known_peer_t
stranger (void)
{
    return (known_peer_t) {.average_ms = -1};
}

static void
ten_failures_in_a_row_ban_and_a_success_between_them_begins_anew (void **state)
{
    (void) state;
    known_peer_t peer = stranger ();
    for (unsigned i = 0; i < 9; i++)
        assert_false (bans_count (&peer, GGEN__EXPERIENCE__FAILED, 10, 0));
    assert_false (bans_count (&peer, GGEN__EXPERIENCE__SERVED, 10, 0));
    for (unsigned i = 0; i < 9; i++)
        assert_false (bans_count (&peer, GGEN__EXPERIENCE__FAILED, 10, 0));
    assert_true (bans_count (&peer, GGEN__EXPERIENCE__FAILED, 10, 0));
}

static void
more_than_ten_floods_ban_unless_an_hour_is_between (void **state)
{
    (void) state;
    known_peer_t peer = stranger ();
    for (unsigned i = 0; i < 10; i++)
        assert_false (bans_count (&peer, GGEN__EXPERIENCE__FLOODED, 10, i * 1000));
    assert_true (bans_count (&peer, GGEN__EXPERIENCE__FLOODED, 10, 59 * 60000));
    peer = stranger ();
    for (unsigned i = 0; i < 10; i++)
        assert_false (bans_count (&peer, GGEN__EXPERIENCE__FLOODED, 10, 0));
    assert_false (bans_count (&peer, GGEN__EXPERIENCE__FLOODED, 10, HOUR_MS));
}

static void
one_lie_bans (void **state)
{
    (void) state;
    const Ggen__Experience lies[] = {GGEN__EXPERIENCE__WRONG_BYTES, GGEN__EXPERIENCE__FORGED,
                                     GGEN__EXPERIENCE__MISBEHAVED};
    for (size_t i = 0; i < COUNT_OF (lies); i++) {
        known_peer_t peer = stranger ();
        assert_true (bans_count (&peer, lies[i], 10, 0));
    }
}

//  A peer with a ban must be in a table: it owns memory.
typedef struct {
    known_t *known;
    known_peer_t *peer;
} banned_t;

static banned_t
one_peer (void)
{
    rng_t rng = seeded_rng (14);
    uint8_t key[KNOWN_KEY_BYTES];
    make_key (key, 1);
    known_t *known = known_new (4, &rng);
    return (banned_t) {known, known_add (known, key)};
}

static void
a_ban_is_measured_by_the_monotonic_clock_and_told_by_the_other (void **state)
{
    (void) state;
    banned_t it = one_peer ();
    assert_int_equal (bans_begin (it.peer, GGEN__EXPERIENCE__WRONG_BYTES, 0, "why", 1000), OK);
    assert_int_equal (bans_left_secs (it.peer, 1000), 3600);
    assert_int_equal (bans_left_secs (it.peer, 1001), 3600);
    assert_int_equal (bans_left_secs (it.peer, 1000 + HOUR_MS - 1), 1);
    assert_int_equal (bans_left_secs (it.peer, 1000 + HOUR_MS), 0);
    //  The wall clock was set a year ahead: still an hour from now
    int64_t later_ms = WALL_MS + INT64_C (365) * 24 * HOUR_MS;
    assert_int_equal (bans_until (it.peer, 1000, later_ms), later_ms / 1000 + 3600);
    bans_end (it.peer, WALL_MS);
    assert_int_equal (bans_until (it.peer, 1000, later_ms), WALL_MS / 1000);
    known_destroy (&it.known);
}

static void
a_ban_of_an_earlier_run_goes_on_but_never_for_longer_than_it_was (void **state)
{
    (void) state;
    const struct {
        int64_t until_secs;     //  from now, by the wall clock
        uint32_t left_secs;
    } cases[] = {{1800, 1800}, {0, 0}, {-5, 0}, {3600, 3600}, {3601, 3600}, {100000000, 3600}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        banned_t it = one_peer ();
        known_ban_new (it.peer)->secs = 3600;
        bans_resume (it.peer, WALL_MS / 1000 + cases[i].until_secs, 777, WALL_MS);
        assert_int_equal (bans_left_secs (it.peer, 777), cases[i].left_secs);
        assert_int_equal ((it.peer->flags & KNOWN_BANNED) != 0, cases[i].left_secs > 0);
        known_destroy (&it.known);
    }
}

static void
bans_by_rules_count_and_those_of_people_do_not (void **state)
{
    (void) state;
    banned_t it = one_peer ();
    const uint32_t expected[] = {3600, 7200, 14400};
    for (size_t i = 0; i < COUNT_OF (expected); i++) {
        assert_int_equal (bans_begin (it.peer, GGEN__EXPERIENCE__FORGED, 0, "", 0), OK);
        assert_int_equal (bans_left_secs (it.peer, 0), expected[i]);
        bans_end (it.peer, WALL_MS);
        assert_int_equal (bans_begin (it.peer, GGEN__EXPERIENCE__EXPERIENCE_NONE, 60, "", 0), OK);
        assert_int_equal (bans_left_secs (it.peer, 0), 60);
        bans_end (it.peer, WALL_MS);
    }
    int64_t month_ms = INT64_C (30) * 24 * HOUR_MS;
    assert_false (bans_forgotten (it.peer, WALL_MS + month_ms));
    assert_true (bans_forgotten (it.peer, WALL_MS + month_ms + 1000));
    known_destroy (&it.known);
}

static void
a_ban_taken_back_was_none (void **state)
{
    (void) state;
    banned_t it = one_peer ();
    assert_int_equal (bans_begin (it.peer, GGEN__EXPERIENCE__FAILED, 0, "", 0), OK);
    bans_take_back (it.peer, WALL_MS);
    assert_null (known_ban (it.peer));
    assert_int_equal (it.peer->flags & KNOWN_BANNED, 0);
    known_destroy (&it.known);
}

static void
a_reason_is_cut_at_a_whole_character (void **state)
{
    (void) state;
    banned_t it = one_peer ();
    char reason[KNOWN_REASON_MAX + 10];
    memset (reason, 'a', sizeof reason);
    memcpy (reason + KNOWN_REASON_MAX - 1, "\xC3\xA4", 3);
    assert_int_equal (bans_begin (it.peer, GGEN__EXPERIENCE__FAILED, 0, reason, 0), OK);
    assert_int_equal (strlen (known_ban (it.peer)->reason), KNOWN_REASON_MAX - 1);
    known_destroy (&it.known);
}

//  ---- outages -----------------------------------------------------------------------------------

static void
it_is_us_when_more_than_half_fail_within_thirty_seconds (void **state)
{
    (void) state;
    outage_t outage = {0};
    uint8_t key[OUTAGE_PEER_BYTES];
    for (uint32_t i = 0; i < 5; i++) {
        make_key (key, i);
        outage_failed (&outage, key, true, i * 1000);
        assert_false (outage_is_ours (&outage, 10, i * 1000));
    }
    make_key (key, 5);
    outage_failed (&outage, key, true, 29000);
    assert_true (outage_is_ours (&outage, 10, 29000));
    assert_true (outage_is_ours (&outage, 10, 30000));
    //  The first of them failed more than thirty seconds ago
    assert_false (outage_is_ours (&outage, 10, 30001));
    outage_clear (&outage);
}

static void
a_peer_that_fails_often_is_one_peer_and_one_that_serves_is_none (void **state)
{
    (void) state;
    outage_t outage = {0};
    uint8_t a[OUTAGE_PEER_BYTES], b[OUTAGE_PEER_BYTES];
    make_key (a, 1);
    make_key (b, 2);
    for (unsigned i = 0; i < 100; i++)
        outage_failed (&outage, a, true, 0);
    assert_false (outage_is_ours (&outage, 3, 0));
    outage_failed (&outage, b, true, 0);
    assert_true (outage_is_ours (&outage, 3, 0));
    outage_served (&outage, a);
    assert_false (outage_is_ours (&outage, 3, 0));
    outage_clear (&outage);
}

//  Three sessions of which two fail is more than half; when one of these two ends, there are still
//  three peers that count: two with a session and the one that failed.
static void
peers_that_went_with_the_outage_still_count (void **state)
{
    (void) state;
    outage_t outage = {0};
    uint8_t a[OUTAGE_PEER_BYTES];
    make_key (a, 1);
    outage_failed (&outage, a, true, 0);
    assert_false (outage_is_ours (&outage, 2, 0));
    outage_session (&outage, a, false);
    assert_false (outage_is_ours (&outage, 1, 0));
    assert_true (outage_is_ours (&outage, 0, 0));
    outage_clear (&outage);
}

static void
what_was_counted_last_can_be_taken_back_once (void **state)
{
    (void) state;
    outage_t outage = {0};
    uint8_t a[OUTAGE_PEER_BYTES];
    const uint8_t *key;
    uint32_t counted;
    make_key (a, 1);
    //  Every ten seconds for two minutes: it never stops failing, but only the last window counts.
    for (int64_t ms = 0; ms <= 120000; ms += 10000) {
        outage_failed (&outage, a, true, ms);
        outage_counted (&outage, a, ms);
    }
    assert_true (outage_take (&outage, &key, &counted));
    assert_memory_equal (key, a, sizeof a);
    assert_true (counted >= 1 && counted <= 4);
    assert_false (outage_take (&outage, &key, &counted));
    outage_clear (&outage);
}

static void
those_who_fail_are_bounded (void **state)
{
    (void) state;
    outage_t outage = {0};
    uint8_t key[OUTAGE_PEER_BYTES];
    for (uint32_t i = 0; i < 2 * OUTAGE_PEERS_MAX; i++) {
        make_key (key, i);
        outage_failed (&outage, key, false, i);
        assert_true (outage.count <= OUTAGE_PEERS_MAX);
    }
    //  The newest is among them, the oldest is not
    outage_served (&outage, key);
    assert_int_equal (outage.count, OUTAGE_PEERS_MAX - 1);
    make_key (key, 0);
    outage_served (&outage, key);
    assert_int_equal (outage.count, OUTAGE_PEERS_MAX - 1);
    outage_clear (&outage);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_table_is_a_map_of_keys),
        cmocka_unit_test (keys_that_differ_in_the_sign_bit_are_one_peer),
        cmocka_unit_test (a_peer_seldom_seen_costs_about_64_bytes),
        cmocka_unit_test (bans_double_up_to_a_week),
        cmocka_unit_test (ten_failures_in_a_row_ban_and_a_success_between_them_begins_anew),
        cmocka_unit_test (more_than_ten_floods_ban_unless_an_hour_is_between),
        cmocka_unit_test (one_lie_bans),
        cmocka_unit_test (a_ban_is_measured_by_the_monotonic_clock_and_told_by_the_other),
        cmocka_unit_test (a_ban_of_an_earlier_run_goes_on_but_never_for_longer_than_it_was),
        cmocka_unit_test (bans_by_rules_count_and_those_of_people_do_not),
        cmocka_unit_test (a_ban_taken_back_was_none),
        cmocka_unit_test (a_reason_is_cut_at_a_whole_character),
        cmocka_unit_test (it_is_us_when_more_than_half_fail_within_thirty_seconds),
        cmocka_unit_test (a_peer_that_fails_often_is_one_peer_and_one_that_serves_is_none),
        cmocka_unit_test (peers_that_went_with_the_outage_still_count),
        cmocka_unit_test (what_was_counted_last_can_be_taken_back_once),
        cmocka_unit_test (those_who_fail_are_bounded),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
