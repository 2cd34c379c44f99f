// SPDX-License-Identifier: MIT
//  Actor "reputation": what of it is on disk, what a disk that fails makes of it, and that swarm
//  always knows what is true.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/reputation_rig.h"
#include "tests/unit/seeded.h"

#define HOUR_MS 3600000

#define SERVED      GGEN__EXPERIENCE__SERVED
#define FAILED      GGEN__EXPERIENCE__FAILED
#define WRONG_BYTES GGEN__EXPERIENCE__WRONG_BYTES

//  ---- the disk ----------------------------------------------------------------------------------

static void
a_ban_that_cannot_be_kept_is_obeyed_all_the_same (void **unused)
{
    (void) unused;
    kept.put_code = STORAGE;
    saw (1, WRONG_BYTES);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
    ask_ban (2, 60);
    rig_settle ();
    assert_int_equal (next_order (2), 60);
    expect_failure (STORAGE);
    assert_true (is_banned (2));
    assert_int_equal (kept.count, 0);
    //  Later there is room on the disk again
    kept.put_code = OK;
    rig_wait (LEDGER_DELAY_MS);
    assert_int_equal (kept.count, 2);
    rig_restart ();
    assert_true (is_banned (1));
}

//  It does not try without pause, either.
static void
a_disk_that_fails_is_tried_twice_a_minute (void **unused)
{
    (void) unused;
    kept.put_code = STORAGE;
    saw (1, SERVED);
    unsigned puts = kept.puts;
    rig_wait (60 * 60 * 1000);
    assert_in_range (kept.puts - puts, 60, 121);
}

static void
what_it_knows_survives_a_restart (void **unused)
{
    (void) unused;
    has_company (3);
    for (unsigned i = 0; i < 20; i++)
        saw_package (1, SERVED, 100 + i, 1 + i);
    saw (1, FAILED);
    says_where (1, 52.4, 13.1);
    saw (2, SERVED);
    comes_up (3);
    rig_wait (LEDGER_DELAY_MS);
    Ggen__ReputationReply *before = asked_about (1);
    rig_restart ();
    Ggen__ReputationReply *after = asked_about (1);
    const Ggen__PeerReputation *a = before->peers[0], *b = after->peers[0];
    assert_int_equal (a->successes, b->successes);
    assert_int_equal (a->failures, b->failures);
    assert_true (a->average_ms == b->average_ms);
    assert_int_equal (a->packages, b->packages);
    assert_int_equal (a->last_seen, b->last_seen);
    assert_true (b->located && a->latitude == b->latitude && a->longitude == b->longitude);
    assert_int_equal (a->n_history, b->n_history);
    assert_true (a->score->score == b->score->score);
    puppet_free (before);
    puppet_free (after);
    //  One that was only seen is not worth the disk
    after = asked_about_all ();
    assert_int_equal (after->n_peers, 2);
    puppet_free (after);
}

static void
failures_in_a_row_go_on_after_a_restart (void **unused)
{
    (void) unused;
    has_company (3);
    for (unsigned i = 0; i < 9; i++)
        saw (1, FAILED);
    rig_wait (LEDGER_DELAY_MS);
    rig_restart ();
    has_company (3);
    saw (1, FAILED);
    assert_true (is_banned (1));
}

static void
changes_are_written_together (void **unused)
{
    (void) unused;
    unsigned puts = kept.puts;
    for (uint32_t i = 0; i < 50; i++)
        for (unsigned k = 0; k < 10; k++)
            saw (i, SERVED);
    rig_wait (LEDGER_DELAY_MS - 1);
    assert_int_equal (kept.puts, puts);
    rig_wait (1);
    assert_int_equal (kept.puts, puts + 1);
    assert_int_equal (kept.count, 50);
    rig_wait (10 * LEDGER_DELAY_MS);
    assert_int_equal (kept.puts, puts + 1);
    //  More than one put takes: one after the other, at once
    for (uint32_t i = 0; i < 2 * LEDGER_BATCH_MAX + 1; i++)
        saw (i, SERVED);
    rig_wait (LEDGER_DELAY_MS);
    assert_int_equal (kept.puts, puts + 4);
    assert_int_equal (kept.count, 2 * LEDGER_BATCH_MAX + 1);
}

static void
what_is_seen_while_it_loads_is_added_to_what_was_kept (void **unused)
{
    (void) unused;
    for (unsigned i = 0; i < 5; i++)
        saw_package (1, SERVED, 100, 1 + i);
    rig_wait (LEDGER_DELAY_MS);
    rig_stop ();
    rig_start ();
    //  The page has not come yet, and requests wait for it
    saw (1, SERVED);
    peer_t key = peer (1);
    ProtobufCBinaryData field = field_of (&key);
    Ggen__ReputationRequest ask = GGEN__REPUTATION_REQUEST__INIT;
    ask.peer_keys = &field;
    ask.n_peer_keys = 1;
    puppet_ask (&reputation, &ask.base);
    assert_true (puppet_silent (&reputation));
    rig_settle ();
    Ggen__ReputationReply *reply = puppet_hear (&reputation, &ggen__reputation_reply__descriptor);
    assert_int_equal (reply->peers[0]->successes, 6);
    assert_int_equal (reply->peers[0]->packages, 5);
    puppet_free (reply);
}

static void
a_ban_while_it_loads_waits_for_the_rows_and_is_one_more (void **unused)
{
    (void) unused;
    ask_ban (1, 600);
    rig_settle ();
    saw (2, WRONG_BYTES);
    rig_settle ();
    rig_stop ();
    rig_start ();
    saw (1, WRONG_BYTES);
    saw (2, GGEN__EXPERIENCE__FORGED);
    //  Nothing is said but the load: the row must not be written over
    assert_int_equal (reputation.said_count, 1);
    rig_settle ();
    assert_int_equal (next_order (1), 3600);
    assert_int_equal (next_order (2), 3600);
    Ggen__ReputationReply *reply = asked_about (2);
    assert_string_equal (reply->peers[0]->ban_reason, "a forged signature: chunk 7");
    assert_int_equal (reply->peers[0]->bans_count, 2);
    puppet_free (reply);
}

//  Forgotten for want of room and met again before that is on disk: the row stays.
static void
one_that_is_forgotten_and_returns_keeps_its_row (void **unused)
{
    (void) unused;
    settings.peers_max = 4;
    rig_restart ();
    saw (1, SERVED);
    rig_wait (LEDGER_DELAY_MS);
    for (uint32_t i = 2; i <= 5; i++)
        saw (i, SERVED);
    saw (1, SERVED);
    rig_wait (LEDGER_DELAY_MS);
    rig_restart ();
    Ggen__ReputationReply *reply = asked_about (1);
    assert_int_equal (reply->peers[0]->successes, 1);
    puppet_free (reply);
    assert_int_equal (kept.count, 4);
}

static void
a_state_that_cannot_be_read_does_not_stop_it (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    rig_stop ();
    kept.load_code = STORAGE;
    rig_start ();
    rig_wait (LEDGER_TRIES * LEDGER_RETRY_MS);
    assert_false (is_banned (1));
    saw (2, SERVED);
    rig_wait (60000);
    //  Nothing is written over what cannot be read
    assert_int_equal (kept.count, 1);
    kept.load_code = OK;
    rig_wait (LEDGER_AGAIN_MS + LEDGER_DELAY_MS);
    assert_true (is_banned (1));
    assert_int_equal (kept.count, 2);
}

static void
a_load_that_fails_half_way_takes_no_row_twice (void **unused)
{
    (void) unused;
    for (uint32_t i = 0; i < 10; i++)
        saw (i, SERVED);
    rig_wait (LEDGER_DELAY_MS);
    rig_stop ();
    kept.page_max = 3;
    rig_start ();
    puppet_relay (&reputation, &state);
    kept.load_code = STORAGE;
    puppet_relay (&reputation, &state);
    kept.load_code = OK;
    rig_wait (LEDGER_RETRY_MS);
    Ggen__ReputationReply *reply = asked_about_all ();
    assert_int_equal (reply->n_peers, 10);
    for (size_t i = 0; i < reply->n_peers; i++)
        assert_int_equal (reply->peers[i]->successes, 1);
    puppet_free (reply);
}

//  Before the rest is there, bans of the rows that came are in force, end, and can be ended.
static void
half_a_load_is_of_use (void **unused)
{
    (void) unused;
    settings.peers_max = 4;
    rig_restart ();
    for (uint32_t i = 0; i < 3; i++)
        saw (i, WRONG_BYTES);
    rig_settle ();
    rig_stop ();
    kept.page_max = 2;
    rig_start ();
    puppet_relay (&reputation, &state);
    kept.load_code = STORAGE;
    rig_wait (LEDGER_TRIES * LEDGER_RETRY_MS);
    assert_true (is_banned (0) && is_banned (1));
    ask_unban (0);
    rig_settle ();
    puppet_free (puppet_hear (&reputation, &ggen__unban_reply__descriptor));
    //  Three bans are as many as four peers may have
    saw (5, WRONG_BYTES);
    saw (6, WRONG_BYTES);
    assert_true (is_banned (5) && is_banned (6));
    rig_wait (3600 * 1000);
    assert_false (is_banned (1) || is_banned (5));
    kept.load_code = OK;
    rig_wait (LEDGER_AGAIN_MS);
    assert_false (is_banned (0));
}

static void
a_smaller_table_takes_what_fits_and_drops_the_other_rows (void **unused)
{
    (void) unused;
    for (uint32_t i = 0; i < 40; i++)
        saw (i, SERVED);
    rig_wait (LEDGER_DELAY_MS);
    settings.peers_max = 16;
    rig_restart ();
    rig_wait (LEDGER_DELAY_MS);
    assert_int_equal (kept.count, 16);
}

//  Found by fuzzing: what is not UTF-8 must not leave in a message.
static void
a_reason_that_is_no_text_is_none (void **unused)
{
    (void) unused;
    saw (1, WRONG_BYTES);
    rig_settle ();
    uint8_t *found = memmem (kept.entries[0].value, kept.entries[0].value_size, "wrong bytes", 11);
    assert_non_null (found);
    found[3] = 0xFF;
    rig_restart ();
    Ggen__ReputationReply *reply = asked_about (1);
    assert_true (reply->peers[0]->score->banned);
    assert_string_equal (reply->peers[0]->ban_reason, "");
    puppet_free (reply);
}

//  Whatever is on disk, no byte of it stops the actor.
static void
rows_of_any_bytes_are_survived (void **unused)
{
    (void) unused;
    has_company (3);
    for (uint32_t i = 0; i < 8; i++)
        for (uint32_t k = 0; k < 20; k++)
            saw_package (i, SERVED, 100, 1 + k);
    saw (8, WRONG_BYTES);
    rig_wait (LEDGER_DELAY_MS);
    rng_t rng = seeded_rng (21);
    for (unsigned round = 0; round < 300; round++) {
        memory_entry_t *entry = &kept.entries[rng_below (&rng, kept.count)];
        uint8_t damage = (uint8_t) (1 + rng_below (&rng, 255));
        if (entry->value_size > 0)
            entry->value[rng_below (&rng, entry->value_size)] ^= damage;
        rig_restart ();
        puppet_free (asked_about_all ());
        rig_wait (LEDGER_DELAY_MS);
    }
}

//  ---- anything ----------------------------------------------------------------------------------

static void
do_something (rng_t *rng)
{
    uint32_t number = (uint32_t) rng_below (rng, 60);
    switch (rng_below (rng, 12)) {
    case 0:
        comes_up_as (number, rng_below (rng, 2));
        break;
    case 1:
        goes_down (number, rng_below (rng, 2) ? OK : NETWORK);
        break;
    case 2:
        rig_wait ((int64_t) rng_below (rng, 40000));
        break;
    case 3:
        ask_ban (number, (uint32_t) rng_below (rng, 4000));
        break;
    case 4:
        ask_unban (number);
        break;
    case 5:
        rig_settle ();
        break;
    case 6:
        kept.put_code = rng_below (rng, 8) ? OK : STORAGE;
        break;
    case 7:
        if (rng_below (rng, 10) == 0)
            rig_restart ();
        break;
    case 8:
        says_where (number, (double) rng_below (rng, 100) - 50, 0);
        break;
    case 9:
        if (rng_below (rng, 20) == 0)
            rig_wait (3 * HOUR_MS);
        break;
    default:
        saw_package (number, (Ggen__Experience) (1 + rng_below (rng, 6)),
                     (uint32_t) rng_below (rng, 3000), (uint32_t) rng_below (rng, 50));
    }
}

//  What swarm was told last of each peer is what is true of it, when all has settled; and nobody
//  with a ban was evicted from a table that is always full.
static void
swarm_is_told_what_is_true (void **unused)
{
    (void) unused;
    rng_t rng = seeded_rng (22);
    settings.peers_max = 24;
    rig_restart ();
    int64_t until_ms[60] = {0};
    for (unsigned round = 0; round < 20000; round++) {
        do_something (&rng);
        said_t said = {0};
        while (puppet_take (&reputation, PUPPET_TESTER, &said))
            said_free (&said);
        told_all ();
        while (puppet_take (&reputation, "swarm", &said)) {
            Ggen__BanOrder *order = ggen__ban_order__unpack (NULL, said.body_size, said.body);
            uint32_t number;
            memcpy (&number, order->peer_key.data + 4, sizeof number);
            until_ms[number] = reputation.now_ms + (int64_t) order->secs * 1000;
            ggen__ban_order__free_unpacked (order, NULL);
            said_free (&said);
        }
        if (round % 100 != 0)
            continue;
        kept.put_code = OK;
        rig_wait (0);
        while (puppet_take (&reputation, PUPPET_TESTER, &said))
            said_free (&said);
        if (orders_count () > 0)
            continue;
        for (uint32_t number = 0; number < 60; number++)
            if (is_banned (number))
                assert_seeded (until_ms[number] > reputation.now_ms, round);
    }
}

int
main (void)
{
#define rigged(test) cmocka_unit_test_setup_teardown (test, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        rigged (a_ban_that_cannot_be_kept_is_obeyed_all_the_same),
        rigged (a_disk_that_fails_is_tried_twice_a_minute),
        rigged (what_it_knows_survives_a_restart),
        rigged (failures_in_a_row_go_on_after_a_restart),
        rigged (changes_are_written_together),
        rigged (what_is_seen_while_it_loads_is_added_to_what_was_kept),
        rigged (a_ban_while_it_loads_waits_for_the_rows_and_is_one_more),
        rigged (one_that_is_forgotten_and_returns_keeps_its_row),
        rigged (a_state_that_cannot_be_read_does_not_stop_it),
        rigged (a_load_that_fails_half_way_takes_no_row_twice),
        rigged (half_a_load_is_of_use),
        rigged (a_smaller_table_takes_what_fits_and_drops_the_other_rows),
        rigged (a_reason_that_is_no_text_is_none),
        rigged (rows_of_any_bytes_are_survived),
        rigged (swarm_is_told_what_is_true),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
