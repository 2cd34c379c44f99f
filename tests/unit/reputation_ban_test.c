// SPDX-License-Identifier: MIT
//  Actor "reputation": whom it bans and for how long, and when swarm hears of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/reputation_rig.h"

#define HOUR_MS 3600000
#define DAY_MS  (24 * INT64_C (3600000))

#define SERVED      GGEN__EXPERIENCE__SERVED
#define FAILED      GGEN__EXPERIENCE__FAILED
#define WRONG_BYTES GGEN__EXPERIENCE__WRONG_BYTES
#define FLOODED     GGEN__EXPERIENCE__FLOODED
#define FORGED      GGEN__EXPERIENCE__FORGED

//  ---- rules -------------------------------------------------------------------------------------

static void
wrong_bytes_ban_for_an_hour_once_the_ban_is_on_disk (void **unused)
{
    (void) unused;
    unsigned urgent = kept.urgent;
    saw (1, WRONG_BYTES);
    assert_true (is_banned (1));
    assert_int_equal (orders_count (), 0);
    rig_settle ();
    assert_int_equal (kept.urgent, urgent + 1);
    assert_int_equal (kept.count, 1);
    assert_int_equal (next_order (1), 3600);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_string_equal (reply->peers[0]->ban_reason, "wrong bytes: chunk 7");
    assert_int_equal (reply->peers[0]->banned_until, WALL_SECS + 3600);
    assert_int_equal (reply->peers[0]->bans_count, 1);
    assert_int_equal (reply->peers[0]->failures, 1);
    puppet_free (reply);
}

static void
ten_failures_in_a_row_ban_and_nine_do_not (void **unused)
{
    (void) unused;
    has_company (3);
    for (unsigned i = 0; i < 9; i++)
        saw (1, FAILED);
    saw (1, SERVED);
    for (unsigned i = 0; i < 9; i++)
        saw (1, FAILED);
    rig_settle ();
    assert_false (is_banned (1));
    saw (1, FAILED);
    rig_settle ();
    assert_true (is_banned (1));
    assert_int_equal (next_order (1), 3600);
}

static void
the_eleventh_flood_bans (void **unused)
{
    (void) unused;
    for (unsigned i = 0; i < 10; i++)
        saw (1, FLOODED);
    assert_false (is_banned (1));
    saw (1, FLOODED);
    rig_settle ();
    assert_true (is_banned (1));
    assert_int_equal (next_order (1), 3600);
}

static void
the_threshold_is_a_setting (void **unused)
{
    (void) unused;
    rig_stop ();
    settings.ban_threshold = 2;
    rig_start ();
    rig_settle ();
    has_company (3);
    saw (1, FAILED);
    assert_false (is_banned (1));
    saw (1, FAILED);
    assert_true (is_banned (1));
}

//  However many chunks were wrong, the attack was one.
static void
what_is_seen_of_a_banned_peer_does_not_ban_it_again (void **unused)
{
    (void) unused;
    for (unsigned i = 0; i < 50; i++)
        saw (1, WRONG_BYTES);
    rig_settle ();
    saw (1, FORGED);
    rig_settle ();
    assert_int_equal (orders_count (), 1);
    assert_int_equal (next_order (1), 3600);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_int_equal (reply->peers[0]->bans_count, 1);
    puppet_free (reply);
}

static void
each_further_ban_is_twice_as_long_until_a_month_has_passed (void **unused)
{
    (void) unused;
    const uint32_t expected[] = {3600, 7200, 14400, 28800};
    for (size_t i = 0; i < COUNT_OF (expected); i++) {
        saw (1, WRONG_BYTES);
        rig_settle ();
        assert_int_equal (next_order (1), expected[i]);
        rig_wait ((int64_t) expected[i] * 1000 - 1);
        assert_true (is_banned (1));
        rig_wait (1);
        assert_false (is_banned (1));
        //  swarm counts by itself
        assert_int_equal (orders_count (), 0);
    }
    rig_wait (30 * DAY_MS + 2 * HOUR_MS);
    saw (1, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
}

static void
the_key_with_the_other_sign_is_the_same_peer (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    peer_t twin = peer (1);
    twin.bytes[31] ^= 0x80;
    ProtobufCBinaryData field = field_of (&twin);
    Ggen__RankRequest ask = GGEN__RANK_REQUEST__INIT;
    ask.peer_keys = &field;
    ask.n_peer_keys = 1;
    puppet_ask (&reputation, &ask.base);
    Ggen__RankReply *reply = puppet_hear (&reputation, &ggen__rank_reply__descriptor);
    assert_true (reply->peers[0]->banned);
    puppet_free (reply);
}

//  ---- is it us? ---------------------------------------------------------------------------------

static void
while_more_than_half_of_our_peers_fail_nobody_is_to_blame (void **unused)
{
    (void) unused;
    has_company (20);
    //  Each of twenty fails 15 times, round after round, as when a cable is pulled.
    for (unsigned round = 0; round < 15; round++)
        for (uint32_t i = 0; i < 20; i++)
            saw (1000 + i, FAILED);
    rig_settle ();
    assert_int_equal (orders_count (), 0);
    for (uint32_t i = 0; i < 20; i++) {
        Ggen__ReputationReply *reply = asked_about (1000 + i);
        assert_int_equal (reply->peers[0]->failures, 0);
        puppet_free (reply);
    }
    //  Half a minute later one that still fails is to blame
    rig_wait (30001);
    for (unsigned i = 0; i < 10; i++)
        saw (1001, FAILED);
    assert_true (is_banned (1001));
    assert_false (is_banned (1000));
}

//  The first six of ten are asked one after the other, ten times each: five are banned before the
//  sixth shows that it is us.
static void
bans_that_rest_on_our_own_outage_are_taken_back (void **unused)
{
    (void) unused;
    has_company (10);
    for (uint32_t i = 0; i < 5; i++)
        for (unsigned k = 0; k < 10; k++)
            saw (1000 + i, FAILED);
    rig_settle ();
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal (next_order (1000 + i), 3600);
    saw (1005, FAILED);
    rig_settle ();
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal (next_order (1000 + i), 0);
        Ggen__ReputationReply *reply = asked_about (1000 + i);
        assert_false (reply->peers[0]->score->banned);
        assert_int_equal (reply->peers[0]->failures, 0);
        assert_int_equal (reply->peers[0]->bans_count, 0);
        puppet_free (reply);
    }
}

static void
an_outage_excuses_no_lie (void **unused)
{
    (void) unused;
    has_company (5);
    saw (1, FAILED);
    saw (1, WRONG_BYTES);
    for (uint32_t i = 0; i < 5; i++)
        saw (1000 + i, FAILED);
    rig_settle ();
    assert_true (is_banned (1));
    saw (2, WRONG_BYTES);
    assert_true (is_banned (2));
    //  What was only a failure is forgiven
    Ggen__ReputationReply *reply = asked_about (1);
    assert_int_equal (reply->peers[0]->failures, 1);
    puppet_free (reply);
}

static void
sessions_that_break_at_once_show_that_it_is_us (void **unused)
{
    (void) unused;
    has_company (10);
    for (unsigned i = 0; i < 9; i++)
        saw (1009, FAILED);
    for (uint32_t i = 0; i < 6; i++)
        goes_down (1000 + i, CONNECTION_FAILED);
    saw (1009, FAILED);
    assert_false (is_banned (1009));
    //  Those that end on purpose show nothing
    rig_wait (30001);
    for (unsigned i = 0; i < 9; i++)
        saw (1009, FAILED);
    goes_down (1006, OK);
    goes_down (1007, BUSY);
    saw (1009, FAILED);
    //  Two sessions are left, 1008 and 1009: half of them is not more than half
    assert_true (is_banned (1009));
}

//  With wifi off the only bootstrap node must not be banned.
static void
the_only_peer_is_not_banned_for_failing (void **unused)
{
    (void) unused;
    comes_up (1);
    for (unsigned i = 0; i < 30; i++)
        saw (1, FAILED);
    assert_false (is_banned (1));
    saw (2, FAILED);
    assert_false (is_banned (2));
}

//  ---- swarm forgets -----------------------------------------------------------------------------

static void
a_banned_peer_that_comes_up_is_banned_again_for_the_rest (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
    rig_wait (1000 * 1000);
    comes_up (1);
    assert_int_equal (next_order (1), 2600);
    comes_up_as (1, false);
    assert_int_equal (next_order (1), 2600);
}

static void
after_a_restart_swarm_is_told_of_the_bans_that_last (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_wait (1800 * 1000);
    saw (2, WRONG_BYTES);
    rig_settle ();
    //  Thirty minutes of which the program runs twenty
    rig_stop ();
    reputation.now_ms += 600 * 1000;
    reputation.wall_ms += 600 * 1000;
    rig_start ();
    rig_settle ();
    rig_wait (0);
    assert_int_equal (orders_count (), 2);
    assert_true (told_all ());
    //  In the order of the keys
    uint32_t left = next_order (1);
    assert_int_equal (left, 1200);
    assert_int_equal (next_order (2), 3000);
    rig_wait (1200 * 1000);
    assert_false (is_banned (1));
    assert_true (is_banned (2));
    assert_int_equal (orders_count (), 0);
}

static void
without_old_bans_swarm_is_told_that_there_are_none (void **unused)
{
    (void) unused;
    rig_restart ();
    assert_true (told_all ());
    assert_false (told_all ());
    assert_int_equal (orders_count (), 0);
}

static void
many_old_bans_are_told_a_few_at_a_time (void **unused)
{
    (void) unused;
    for (uint32_t i = 0; i < 100; i++)
        saw (i, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (orders_count (), 100);
    rig_restart ();
    unsigned told = 0;
    for (unsigned round = 0; round < 4; round++) {
        puppet_wait (&reputation, round ? REPUTATION_ORDERS_MS : 0);
        assert_true (orders_count () - told <= REPUTATION_ORDERS_AT_ONCE);
        told = orders_count ();
        assert_int_equal (told_all (), told == 100);
    }
    assert_int_equal (told, 100);
}

//  ---- clocks ------------------------------------------------------------------------------------

static void
a_clock_that_is_set_neither_frees_nor_locks (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    const int64_t jumps_ms[] = {365 * DAY_MS, -700 * DAY_MS};
    for (size_t i = 0; i < COUNT_OF (jumps_ms); i++) {
        reputation.wall_ms += jumps_ms[i];
        rig_wait (600 * 1000);
        assert_true (is_banned (1));
    }
    rig_wait (2400 * 1000 - 1);
    assert_true (is_banned (1));
    rig_wait (1);
    assert_false (is_banned (1));
}

//  The jump is noticed within the hour, and what is on disk says so then.
static void
after_a_jump_a_restart_still_knows_when_a_ban_ends (void **unused)
{
    (void) unused;
    ask_ban (1, 4 * 3600);
    rig_settle ();
    puppet_free (puppet_hear (&reputation, &ggen__ban_reply__descriptor));
    reputation.wall_ms += 365 * DAY_MS;
    rig_wait (HOUR_MS + LEDGER_DELAY_MS);
    rig_restart ();
    assert_true (is_banned (1));
    rig_wait (3 * HOUR_MS);
    assert_false (is_banned (1));
}

static void
a_clock_that_was_set_back_while_the_program_did_not_run_only_begins_a_ban_anew (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    rig_stop ();
    reputation.wall_ms -= 700 * DAY_MS;
    rig_start ();
    rig_settle ();
    assert_true (is_banned (1));
    rig_wait (HOUR_MS);
    assert_false (is_banned (1));
}

static void
a_ban_that_is_over_stays_over_when_the_clock_is_set_back (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_wait (HOUR_MS);
    assert_false (is_banned (1));
    rig_wait (LEDGER_DELAY_MS);
    rig_stop ();
    reputation.wall_ms -= 700 * DAY_MS;
    rig_start ();
    rig_settle ();
    assert_false (is_banned (1));
}

//  ---- people ------------------------------------------------------------------------------------

static void
a_ban_by_a_person_is_answered_when_it_is_kept_and_swarm_told (void **unused)
{
    (void) unused;
    ask_ban (1, 120);
    assert_true (puppet_silent (&reputation));
    assert_int_equal (orders_count (), 0);
    rig_settle ();
    assert_int_equal (next_order (1), 120);
    Ggen__BanReply *reply = puppet_hear (&reputation, &ggen__ban_reply__descriptor);
    assert_int_equal (reply->until, WALL_SECS + 120);
    puppet_free (reply);
    Ggen__ReputationReply *told = asked_about (1);
    assert_string_equal (told->peers[0]->ban_reason, "I say so");
    assert_int_equal (told->peers[0]->bans_count, 0);
    puppet_free (told);
    rig_wait (120 * 1000);
    assert_false (is_banned (1));
}

static void
a_ban_without_a_length_lasts_an_hour (void **unused)
{
    (void) unused;
    ask_ban (1, 0);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
    puppet_free (puppet_hear (&reputation, &ggen__ban_reply__descriptor));
    Ggen__ReputationReply *told = asked_about (1);
    assert_int_equal (told->peers[0]->bans_count, 0);
    puppet_free (told);
}

static void
an_unban_ends_a_ban_and_pardons_the_former_ones (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
    ask_unban (1);
    rig_settle ();
    assert_int_equal (next_order (1), 0);
    Ggen__UnbanReply *reply = puppet_hear (&reputation, &ggen__unban_reply__descriptor);
    assert_true (reply->was_banned);
    puppet_free (reply);
    assert_false (is_banned (1));
    rig_restart ();
    assert_false (is_banned (1));
    saw (1, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
}

static void
unbanning_one_who_is_not_banned_says_so (void **unused)
{
    (void) unused;
    saw (2, SERVED);
    for (uint32_t number = 1; number <= 2; number++) {
        ask_unban (number);
        Ggen__UnbanReply *reply = puppet_hear (&reputation, &ggen__unban_reply__descriptor);
        assert_false (reply->was_banned);
        puppet_free (reply);
    }
    assert_int_equal (orders_count (), 0);
}

static void
we_do_not_ban_ourselves (void **unused)
{
    (void) unused;
    Ggen__BanRequest ask = GGEN__BAN_REQUEST__INIT;
    ask.peer_key = (ProtobufCBinaryData) {32, identity.key};
    puppet_ask (&reputation, &ask.base);
    expect_failure (VALIDATION);
    ask.peer_key.len = 5;
    puppet_ask (&reputation, &ask.base);
    expect_failure (VALIDATION);
}

//  The second is on its way to disk with the first still there: only what is true in the end is
//  told.
static void
a_ban_and_its_end_on_their_way_to_disk_end_as_asked_last (void **unused)
{
    (void) unused;
    ask_ban (1, 120);
    ask_unban (1);
    rig_settle ();
    puppet_free (puppet_hear (&reputation, &ggen__ban_reply__descriptor));
    puppet_free (puppet_hear (&reputation, &ggen__unban_reply__descriptor));
    assert_int_equal (orders_count (), 1);
    assert_int_equal (next_order (1), 0);
    assert_false (is_banned (1));
}

static void
more_bans_than_wait_at_one_time_are_refused (void **unused)
{
    (void) unused;
    for (uint32_t i = 0; i <= REPUTATION_ASKED_MAX; i++)
        ask_ban (i, 60);
    expect_failure (BUSY);
    rig_settle ();
    for (uint32_t i = 0; i < REPUTATION_ASKED_MAX; i++)
        puppet_free (puppet_hear (&reputation, &ggen__ban_reply__descriptor));
    assert_true (puppet_silent (&reputation));
}

static void
bans_are_bounded_and_the_next_one_is_not_kept (void **unused)
{
    (void) unused;
    rig_stop ();
    settings.peers_max = 8;
    rig_start ();
    rig_settle ();
    for (uint32_t i = 1; i <= 7; i++)
        saw (i, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (orders_count (), 7);
    for (uint32_t i = 1; i <= 6; i++)
        assert_true (is_banned (i));
    assert_false (is_banned (7));
    ask_ban (8, 60);
    expect_failure (STORAGE);
    assert_int_equal (orders_count (), 8);
}

int
main (void)
{
#define rigged(test) cmocka_unit_test_setup_teardown (test, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        rigged (wrong_bytes_ban_for_an_hour_once_the_ban_is_on_disk),
        rigged (ten_failures_in_a_row_ban_and_nine_do_not),
        rigged (the_eleventh_flood_bans),
        rigged (the_threshold_is_a_setting),
        rigged (what_is_seen_of_a_banned_peer_does_not_ban_it_again),
        rigged (each_further_ban_is_twice_as_long_until_a_month_has_passed),
        rigged (the_key_with_the_other_sign_is_the_same_peer),
        rigged (while_more_than_half_of_our_peers_fail_nobody_is_to_blame),
        rigged (bans_that_rest_on_our_own_outage_are_taken_back),
        rigged (an_outage_excuses_no_lie),
        rigged (sessions_that_break_at_once_show_that_it_is_us),
        rigged (the_only_peer_is_not_banned_for_failing),
        rigged (a_banned_peer_that_comes_up_is_banned_again_for_the_rest),
        rigged (after_a_restart_swarm_is_told_of_the_bans_that_last),
        rigged (without_old_bans_swarm_is_told_that_there_are_none),
        rigged (many_old_bans_are_told_a_few_at_a_time),
        rigged (a_clock_that_is_set_neither_frees_nor_locks),
        rigged (after_a_jump_a_restart_still_knows_when_a_ban_ends),
        rigged (a_clock_that_was_set_back_while_the_program_did_not_run_only_begins_a_ban_anew),
        rigged (a_ban_that_is_over_stays_over_when_the_clock_is_set_back),
        rigged (a_ban_by_a_person_is_answered_when_it_is_kept_and_swarm_told),
        rigged (a_ban_without_a_length_lasts_an_hour),
        rigged (an_unban_ends_a_ban_and_pardons_the_former_ones),
        rigged (unbanning_one_who_is_not_banned_says_so),
        rigged (we_do_not_ban_ourselves),
        rigged (a_ban_and_its_end_on_their_way_to_disk_end_as_asked_last),
        rigged (more_bans_than_wait_at_one_time_are_refused),
        rigged (bans_are_bounded_and_the_next_one_is_not_kept),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
