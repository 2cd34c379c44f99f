// SPDX-License-Identifier: MIT
//  Nodes that fetch from, serve, and keep for each other over the simulator's network: the real "swarm"
//  and "transfer", some of them liars.
//
//  SEED=7 ROUNDS=1 build/tests/sim/transfer repeats the random runs of seed 7.
#include "lib/transfer_stage.h"
#include "lib/network.h"
#include "tests/unit/seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define MIB (1024u * 1024u)
#define KIB 1024u

static const transfer_settings_t defaults = TRANSFER_SETTINGS_DEFAULT;

static void
assert_faultless (const stage_t *stage)
{
    const char *fault = world_fault (stage->world);
    if (fault)
        fail_msg ("%s", fault);
    for (uint32_t i = 0; i < stage->nodes_count; i++)
        assert_int_equal (sim_parts_wrong (stage->disks[i]), 0);
}

static void
assert_fetched (const stage_t *stage, uint32_t number)
{
    const stage_fetch_t *fetch = &stage->fetches[number];
    assert_true (fetch->ended);
    assert_int_equal (fetch->code, OK);
    assert_true (stage_has (stage, fetch->node, fetch->package));
    assert_faultless (stage);
}

//  ---- fetching --------------------------------------------------------------------------------------

static void
a_large_package_comes_from_several_nodes_at_once (void **state)
{
    (void) state;
    stage_t stage = {.uplink_bytes_s = 2500000};
    stage_open (&stage, seed_of_run (), 6, &defaults);
    uint32_t package = stage_package (&stage, 10 * MIB + 17);
    for (uint32_t i = 0; i < 4; i++)
        stage_publish (&stage, i, package, 0);
    stage_run (&stage, 1000);
    uint32_t fetch = stage_fetch (&stage, 5, package, 600000);
    assert_true (stage_finish (&stage, 600000));
    assert_fetched (&stage, fetch);
    assert_int_equal (stage.fetches[fetch].peers, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal (stage_seen (&stage, i, GGEN__EXPERIENCE__SERVED), 1);
    //  One of them alone would need more than four seconds.
    assert_in_range (stage.fetches[fetch].took_ms, 1000, 2000);
    stage_close (&stage);
}

static void
a_small_package_costs_one_node_one_chunk (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 5, &defaults);
    uint32_t package = stage_package (&stage, 1);
    for (uint32_t i = 0; i < 4; i++)
        stage_publish (&stage, i, package, 0);
    stage_run (&stage, 1000);
    uint32_t fetch = stage_fetch (&stage, 4, package, 60000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    assert_int_equal (stage.fetches[fetch].peers, 1);
    stage_close (&stage);
}

//  ---- those who lie ---------------------------------------------------------------------------------

//  Nodes 0 to 2 are of one manner, node 3 is honest; all claim to have it. Reputation does not know
//  yet, and names the liars first.
static stage_fetch_t
fetch_among (stage_t *stage, stage_manner_t manner, uint64_t size_bytes)
{
    for (uint32_t i = 0; i < 3; i++)
        stage->manners[i] = manner;
    stage->uplink_bytes_s = 5000000;
    stage_open (stage, seed_of_run (), 5, &defaults);
    uint32_t package = stage_package (stage, size_bytes);
    for (uint32_t i = 0; i < 3; i++)
        stage_claim (stage, i, package);
    stage_publish (stage, 3, package, 0);
    stage_run (stage, 1000);
    uint32_t fetch = stage_fetch (stage, 4, package, 600000);
    assert_true (stage_finish (stage, 600000));
    assert_fetched (stage, fetch);
    return stage->fetches[fetch];
}

static void
who_sends_wrong_bytes_is_reported_and_another_one_is_asked (void **state)
{
    (void) state;
    static const stage_manner_t manners[] = {STAGE_WRONG, STAGE_SHORT};
    for (unsigned m = 0; m < COUNT_OF (manners); m++) {
        stage_t stage = {0};
        stage_fetch_t fetch = fetch_among (&stage, manners[m], 6 * MIB);
        assert_int_equal (fetch.wrong_chunks, 3);
        assert_int_equal (fetch.peers, 1);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal (stage_seen (&stage, i, GGEN__EXPERIENCE__WRONG_BYTES), 1);
            assert_int_equal (stage_seen (&stage, i, GGEN__EXPERIENCE__SERVED), 0);
        }
        assert_int_equal (stage_seen (&stage, 3, GGEN__EXPERIENCE__WRONG_BYTES), 0);
        assert_int_equal (stage_seen (&stage, 3, GGEN__EXPERIENCE__SERVED), 1);
        stage_close (&stage);
    }
}

static void
who_has_nothing_of_what_he_claims_costs_two_round_trips (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_fetch_t fetch = fetch_among (&stage, STAGE_EMPTY, 100 * KIB);
    assert_int_equal (fetch.peers, 1);
    assert_in_range (fetch.took_ms, 0, 1000);
    assert_int_equal (stage_seen (&stage, 0, GGEN__EXPERIENCE__FAILED), 1);
    stage_close (&stage);
}

static void
slow_drips_and_silence_hold_nobody_up_for_long (void **state)
{
    (void) state;
    static const stage_manner_t manners[] = {STAGE_DRIP, STAGE_SILENT};
    static const uint64_t sizes[] = {1000, 6 * MIB};
    for (unsigned m = 0; m < COUNT_OF (manners); m++)
        for (unsigned s = 0; s < COUNT_OF (sizes); s++) {
            stage_t stage = {0};
            stage_fetch_t fetch = fetch_among (&stage, manners[m], sizes[s]);
            assert_int_equal (fetch.peers, 1);
            //  1.5 s for each of the three that is asked first.
            assert_in_range (fetch.took_ms, 0, 6500);
            stage_close (&stage);
        }
}

static void
when_all_lie_it_ends_naming_each_of_them (void **state)
{
    (void) state;
    stage_t stage = {.manners = {STAGE_WRONG, STAGE_EMPTY, STAGE_SHORT, STAGE_SILENT}};
    stage_open (&stage, seed_of_run (), 5, &defaults);
    uint32_t package = stage_package (&stage, 3 * MIB);
    for (uint32_t i = 0; i < 4; i++)
        stage_claim (&stage, i, package);
    uint32_t fetch = stage_fetch (&stage, 4, package, 600000);
    assert_true (stage_finish (&stage, 600000));
    assert_int_equal (stage.fetches[fetch].code, ALL_PROVIDERS_FAILED);
    assert_int_equal (stage.fetches[fetch].details, 4);
    assert_false (stage_has (&stage, 4, package));
    assert_faultless (&stage);
    stage_close (&stage);
}

static void
what_nobody_has_ends_at_once (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 2, &defaults);
    uint32_t package = stage_package (&stage, 3 * MIB);
    uint32_t fetch = stage_fetch (&stage, 1, package, 600000);
    assert_true (stage_finish (&stage, 1000));
    assert_int_equal (stage.fetches[fetch].code, ALL_PROVIDERS_FAILED);
    stage_close (&stage);
}

//  ---- what breaks off -------------------------------------------------------------------------------

static void
when_a_provider_dies_the_others_finish (void **state)
{
    (void) state;
    stage_t stage = {.uplink_bytes_s = 1000000};
    stage_open (&stage, seed_of_run (), 4, &defaults);
    uint32_t package = stage_package (&stage, 8 * MIB);
    for (uint32_t i = 0; i < 3; i++)
        stage_publish (&stage, i, package, 0);
    stage_run (&stage, 1000);
    uint32_t fetch = stage_fetch (&stage, 3, package, 600000);
    stage_run (&stage, 1500);
    assert_false (stage.fetches[fetch].ended);
    world_kill (stage.world, 0);
    world_vanish (stage.world, 1);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    assert_int_equal (stage.fetches[fetch].peers, 3);
    stage_close (&stage);
}

static void
a_fetch_goes_on_after_a_crash_where_it_was (void **state)
{
    (void) state;
    stage_t stage = {.uplink_bytes_s = 1000000};
    stage_open (&stage, seed_of_run (), 2, &defaults);
    uint32_t package = stage_package (&stage, 8 * MIB);
    stage_publish (&stage, 0, package, 0);
    stage_run (&stage, 1000);
    stage_fetch (&stage, 1, package, 600000);
    stage_run (&stage, 5000);
    const digest_t *sha256 = &stage.packages[package].content->sha256;
    uint32_t done = sim_parts_done (stage.disks[1], sha256);
    assert_in_range (done, 8, 31);
    world_kill (stage.world, 1);
    stage_run (&stage, 1000);
    assert_true (sim_parts_done (stage.disks[1], sha256) >= done);
    world_start (stage.world, 1);
    stage_run (&stage, 1000);
    uint64_t before = network_received_bytes (stage.world, 1);
    uint32_t fetch = stage_fetch (&stage, 1, package, 600000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    uint64_t missing = (uint64_t) (32 - done) * 256 * KIB;
    assert_in_range (network_received_bytes (stage.world, 1) - before, missing / 2,
                     missing + 64 * KIB);
    stage_close (&stage);
}

static void
a_full_disk_ends_a_fetch (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 2, &defaults);
    uint32_t package = stage_package (&stage, 2 * MIB);
    stage_publish (&stage, 0, package, 0);
    stage_run (&stage, 1000);
    sim_parts_fill (stage.disks[1], true);
    uint32_t fetch = stage_fetch (&stage, 1, package, 600000);
    assert_true (stage_finish (&stage, 5000));
    assert_int_equal (stage.fetches[fetch].code, INSUFFICIENT_DISK_SPACE);
    sim_parts_fill (stage.disks[1], false);
    fetch = stage_fetch (&stage, 1, package, 600000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    stage_close (&stage);
}

static void
what_a_disk_spoilt_is_not_sent_and_is_served_no_longer (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 4, &defaults);
    uint32_t package = stage_package (&stage, MIB);
    for (uint32_t i = 0; i < 2; i++)
        stage_publish (&stage, i, package, 0);
    stage_run (&stage, 1000);
    sim_parts_damage (stage.disks[0], &stage.packages[package].content->sha256, 1);
    uint32_t fetch = stage_fetch (&stage, 3, package, 60000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    assert_int_equal (stage.fetches[fetch].wrong_chunks, 0);
    assert_int_equal (stage_seen (&stage, 0, GGEN__EXPERIENCE__WRONG_BYTES), 0);
    assert_int_equal (stage.packages[package].providers, 2);
    assert_false (stage_has (&stage, 0, package));
    stage_close (&stage);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_large_package_comes_from_several_nodes_at_once),
        cmocka_unit_test (a_small_package_costs_one_node_one_chunk),
        cmocka_unit_test (who_sends_wrong_bytes_is_reported_and_another_one_is_asked),
        cmocka_unit_test (who_has_nothing_of_what_he_claims_costs_two_round_trips),
        cmocka_unit_test (slow_drips_and_silence_hold_nobody_up_for_long),
        cmocka_unit_test (when_all_lie_it_ends_naming_each_of_them),
        cmocka_unit_test (what_nobody_has_ends_at_once),
        cmocka_unit_test (when_a_provider_dies_the_others_finish),
        cmocka_unit_test (a_fetch_goes_on_after_a_crash_where_it_was),
        cmocka_unit_test (a_full_disk_ends_a_fetch),
        cmocka_unit_test (what_a_disk_spoilt_is_not_sent_and_is_served_no_longer),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
