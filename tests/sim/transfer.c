// SPDX-License-Identifier: MIT
//  Nodes that fetch from, serve, and keep for each other over the simulator's network: the real
//  "swarm" and "transfer", some of them liars.
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

//  ---- fetching ----------------------------------------------------------------------------------

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

static void
a_crowd_that_comes_at_once_is_served (void **state)
{
    (void) state;
    for (unsigned shares = 0; shares < 2; shares++) {
        stage_t stage = {.uplink_bytes_s = 5000000};
        transfer_settings_t settings = defaults;
        settings.share_installed = shares;
        stage_open (&stage, seed_of_run (), 50, &settings);
        uint32_t package = stage_package (&stage, 2 * MIB);
        stage_publish (&stage, 0, package, 0);
        stage_run (&stage, 1000);
        for (uint32_t i = 1; i < 50; i++)
            stage_fetch (&stage, i, package, 120000);
        assert_true (stage_finish (&stage, 200000));
        int64_t longest_ms = 0;
        for (uint32_t i = 0; i < 49; i++) {
            assert_fetched (&stage, i);
            if (stage.fetches[i].took_ms > longest_ms)
                longest_ms = stage.fetches[i].took_ms;
        }
        //  98 MiB through 5 MB/s are 20 s; a mailbox that overflows costs some a silence of 20 s.
        assert_in_range (longest_ms, 10000, 45000);
        stage_close (&stage);
    }
}

//  ---- those who lie -----------------------------------------------------------------------------

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

//  ---- what breaks off ---------------------------------------------------------------------------

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

//  ---- keeping for others ------------------------------------------------------------------------

static void
what_is_published_is_stored_on_three_others_even_by_one_nobody_can_dial (void **state)
{
    (void) state;
    stage_t stage = {.natted = {true}};
    stage_open (&stage, seed_of_run (), 8, &defaults);
    uint32_t package = stage_package (&stage, 700 * KIB);
    stage_publish (&stage, 0, package, 3);
    stage_run (&stage, 30000);
    assert_int_equal (stage.replicated, 1);
    assert_int_equal (stage.replicated_code, OK);
    assert_int_equal (stage.replicated_stored, 3);
    assert_int_equal (stage_copies (&stage, package), 4);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal (sim_parts_held (stage.disks[i],
                                          &stage.packages[package].content->sha256),
                          stage_has (&stage, i, package));
    //  The publisher goes; it can be had all the same.
    world_vanish (stage.world, 0);
    uint32_t last = 7;
    while (stage_has (&stage, last, package))
        last--;
    uint32_t fetch = stage_fetch (&stage, last, package, 60000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    stage_close (&stage);
}

static void
stored_is_counted_as_it_is (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 3, &defaults);
    uint32_t package = stage_package (&stage, 100);
    world_kill (stage.world, 2);
    stage_publish (&stage, 0, package, 3);
    stage_run (&stage, 100000);
    assert_int_equal (stage.replicated_code, OK);
    assert_int_equal (stage.replicated_stored, 1);
    assert_int_equal (stage.replicated_asked, 2);
    stage_close (&stage);
}

static void
holders_that_go_are_replaced (void **state)
{
    (void) state;
    stage_t stage = {0};
    transfer_settings_t settings = defaults;
    settings.check_secs = 600;
    stage_open (&stage, seed_of_run (), 12, &settings);
    uint32_t package = stage_package (&stage, 300 * KIB);
    stage_publish (&stage, 0, package, 3);
    stage_run (&stage, 60000);
    assert_int_equal (stage_copies (&stage, package), 4);
    for (uint32_t round = 0; round < 3; round++) {
        //  All but one of those that have it.
        bool spared = false;
        for (uint32_t i = 0; i < 12; i++)
            if (world_node_state (stage.world, i) == NODE_ON && stage_has (&stage, i, package)) {
                if (spared)
                    world_vanish (stage.world, i);
                spared = true;
            }
        assert_int_equal (stage_copies (&stage, package), 1);
        stage_run (&stage, 7200000);
        if (round < 2)
            assert_in_range (stage_copies (&stage, package), 4, 6);
    }
    assert_faultless (&stage);
    stage_close (&stage);
}

static void
a_hosts_bounds_hold (void **state)
{
    (void) state;
    stage_t stage = {0};
    transfer_settings_t settings = defaults;
    settings.host_max_bytes = 1000 * KIB;
    settings.host_signer_max_bytes = 600 * KIB;
    stage_open (&stage, seed_of_run (), 2, &settings);
    for (uint32_t i = 0; i < 4; i++) {
        stage_publish (&stage, 0, stage_package (&stage, 250 * KIB), 1);
        stage_run (&stage, 10000);
        assert_int_equal (stage.replicated_stored, i < 2);
    }
    assert_int_equal (sim_parts_bytes (stage.disks[1]), 500 * KIB);
    stage_close (&stage);
    //  Of all signers together.
    stage = (stage_t) {0};
    settings.host_signer_max_bytes = 5000 * KIB;
    stage_open (&stage, seed_of_run (), 2, &settings);
    for (uint32_t i = 0; i < 5; i++) {
        stage_publish (&stage, 0, stage_package (&stage, 250 * KIB), 1);
        stage_run (&stage, 10000);
        assert_int_equal (stage.replicated_stored, i < 4);
    }
    stage_close (&stage);
}

static void
a_full_host_lets_go_of_what_many_others_have (void **state)
{
    (void) state;
    stage_t stage = {0};
    transfer_settings_t settings = defaults;
    settings.share_installed = true;
    settings.check_secs = 60;
    settings.replicas = 1;
    settings.hosts = false;
    stage_open (&stage, seed_of_run (), 6, &settings);
    stage.settings[1].hosts = true;
    stage.settings[1].host_max_bytes = 600 * KIB;
    uint32_t packages[3];
    for (uint32_t i = 0; i < 3; i++)
        packages[i] = stage_package (&stage, 300 * KIB);
    for (uint32_t i = 0; i < 2; i++) {
        stage_publish (&stage, 0, packages[i], 1);
        stage_run (&stage, 10000);
        assert_int_equal (stage.replicated_stored, 1);
    }
    //  Four more have the first one; the next round of checks sees it.
    for (uint32_t i = 2; i < 6; i++)
        stage_fetch (&stage, i, packages[0], 60000);
    assert_true (stage_finish (&stage, 60000));
    stage_run (&stage, 300000);
    stage_publish (&stage, 0, packages[2], 1);
    stage_run (&stage, 10000);
    assert_int_equal (stage.replicated_stored, 1);
    assert_true (stage_has (&stage, 1, packages[1]) && stage_has (&stage, 1, packages[2]));
    assert_false (sim_parts_held (stage.disks[1],
                                  &stage.packages[packages[0]].content->sha256));
    assert_false (stage.packages[packages[0]].providers & 2);
    stage_close (&stage);
}

static void
what_a_node_served_it_serves_after_a_crash (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run (), 3, &defaults);
    uint32_t package = stage_package (&stage, 300 * KIB);
    stage_publish (&stage, 0, package, 0);
    stage_run (&stage, 2000);
    assert_int_equal (stage.replicated, 1);
    world_kill (stage.world, 0);
    stage_run (&stage, 1000);
    world_start (stage.world, 0);
    stage_run (&stage, 1000);
    uint32_t fetch = stage_fetch (&stage, 2, package, 60000);
    assert_true (stage_finish (&stage, 60000));
    assert_fetched (&stage, fetch);
    stage_close (&stage);
}

static void
who_shares_what_is_installed_serves_it_and_who_does_not_does_not (void **state)
{
    (void) state;
    for (unsigned shares = 0; shares < 2; shares++) {
        stage_t stage = {0};
        transfer_settings_t settings = defaults;
        settings.share_installed = shares;
        stage_open (&stage, seed_of_run (), 3, &settings);
        uint32_t package = stage_package (&stage, 300 * KIB);
        stage_publish (&stage, 0, package, 0);
        stage_run (&stage, 2000);
        uint32_t fetch = stage_fetch (&stage, 1, package, 60000);
        assert_true (stage_finish (&stage, 60000));
        assert_fetched (&stage, fetch);
        stage_run (&stage, 1000);
        assert_int_equal (stage.packages[package].providers, shares ? 3 : 1);
        world_vanish (stage.world, 0);
        fetch = stage_fetch (&stage, 2, package, 600000);
        assert_true (stage_finish (&stage, 200000));
        assert_int_equal (stage.fetches[fetch].code, shares ? OK : ALL_PROVIDERS_FAILED);
        stage_close (&stage);
    }
}

static void
private_packages_are_neither_fetched_nor_given (void **state)
{
    (void) state;
    static const char *const patterns[] = {"other", "pack*-*"};
    stage_t stage = {0};
    transfer_settings_t settings = defaults;
    settings.private_patterns = patterns;
    settings.private_count = COUNT_OF (patterns);
    stage_open (&stage, seed_of_run (), 2, &settings);
    uint32_t package = stage_package (&stage, 300);
    stage_publish (&stage, 0, package, 1);
    uint32_t fetch = stage_fetch (&stage, 1, package, 60000);
    assert_true (stage_finish (&stage, 5000));
    assert_int_equal (stage.fetches[fetch].code, PERMISSION_DENIED);
    assert_int_equal (stage.replicated_code, PERMISSION_DENIED);
    assert_int_equal (stage.packages[package].providers, 0);
    stage_close (&stage);
}

//  ---- by chance ---------------------------------------------------------------------------------

static unsigned
rounds (void)
{
    const char *text = getenv ("ROUNDS");
    return text ? (unsigned) strtoul (text, NULL, 10) : 12;
}

static void
do_something (stage_t *stage, rng_t *rng)
{
    uint32_t node = (uint32_t) rng_below (rng, stage->nodes_count);
    uint32_t package = (uint32_t) rng_below (rng, stage->packages_count);
    node_state_t state = world_node_state (stage->world, node);
    uint64_t what = rng_below (rng, 100);
    //  Node 0 has everything, and lives.
    if (what < 4 && node > 0 && state == NODE_ON)
        world_kill (stage->world, node);
    else if (what < 6 && node > 0 && state == NODE_ON)
        world_vanish (stage->world, node);
    else if (what < 8 && node > 0 && state == NODE_ON)
        world_freeze (stage->world, node, 5000);
    else if (what < 30 && state != NODE_ON && state != NODE_FROZEN)
        world_start (stage->world, node);
    else if (what < 34)
        network_break (stage->world, 3);
    else if (what < 36 && node > 0)
        sim_parts_damage (stage->disks[node], &stage->packages[package].content->sha256, 0);
    else if (what < 60 && state == NODE_ON && node > 0 && stage->manners[node] == STAGE_HONEST
             && stage->fetches_count < STAGE_FETCHES_MAX)
        stage_fetch (stage, node, package, 300000);
}

//  What must hold of every fetch of a run that went through all this.
static void
assert_ended_well (const stage_t *stage, uint64_t seed, unsigned *good_p)
{
    for (uint32_t i = 0; i < stage->fetches_count; i++) {
        const stage_fetch_t *fetch = &stage->fetches[i];
        //  Node 0 always has it; only who asks may have gone meanwhile.
        if (fetch->code == OK)
            ++*good_p;
        else if (fetch->code != NODE_NOT_STARTED && fetch->code != TIMEOUT)
            fail_msg ("fetch %u ended with %s after %lld ms: %s; repeat with SEED=%llu ROUNDS=1", i,
                      code_name (fetch->code), (long long) fetch->took_ms, fetch->why,
                      (unsigned long long) seed);
    }
    //  Only those that lie were said to.
    for (uint32_t i = 0; i < stage->nodes_count; i++)
        if (stage->manners[i] != STAGE_WRONG && stage->manners[i] != STAGE_SHORT)
            assert_int_equal (stage_seen (stage, i, GGEN__EXPERIENCE__WRONG_BYTES), 0);
}

static void
random_run (uint64_t seed, unsigned *good_p, uint8_t digest[WORLD_DIGEST_SIZE])
{
    uint8_t key[RNG_KEY_BYTES] = {0};
    rng_t rng;
    memcpy (key, &seed, sizeof seed);
    rng_init (&rng, key);
    stage_t stage = {0};
    transfer_settings_t settings = defaults;
    settings.share_installed = rng_below (&rng, 2);
    settings.check_secs = 60;
    const uint32_t nodes = 4 + (uint32_t) rng_below (&rng, 10);
    for (uint32_t i = 1; i < nodes; i++)
        if (rng_below (&rng, 3) == 0)
            stage.manners[i] = (stage_manner_t) rng_below (&rng, STAGE_MANNERS_COUNT);
    stage_open (&stage, seed, nodes, &settings);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t package = stage_package (&stage, 1 + rng_below (&rng, 3 * MIB));
        stage_publish (&stage, 0, package, (uint32_t) rng_below (&rng, 4));
        for (uint32_t node = 1; node < nodes; node++)
            if (stage.manners[node] != STAGE_HONEST)
                stage_claim (&stage, node, package);
    }
    stage_run (&stage, 3000);
    for (unsigned i = 0; i < 100; i++) {
        do_something (&stage, &rng);
        stage_run (&stage, (int64_t) rng_below (&rng, 1000));
    }
    for (uint32_t i = 0; i < nodes; i++)
        world_start (stage.world, i);
    assert_true (stage_finish (&stage, 900000));
    assert_faultless (&stage);
    assert_ended_well (&stage, seed, good_p);
    world_digest (stage.world, digest);
    stage_close (&stage);
}

static void
whatever_happens_every_fetch_ends_and_what_it_gives_is_right (void **state)
{
    (void) state;
    uint8_t digest[WORLD_DIGEST_SIZE], again[WORLD_DIGEST_SIZE];
    unsigned good = 0;
    for (uint64_t seed = seed_of_run (); seed < seed_of_run () + rounds (); seed++)
        random_run (seed, &good, digest);
    assert_true (good > 3 * rounds () || rounds () < 10);
    random_run (seed_of_run () + rounds () - 1, &good, again);
    assert_memory_equal (digest, again, sizeof digest);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_large_package_comes_from_several_nodes_at_once),
        cmocka_unit_test (a_small_package_costs_one_node_one_chunk),
        cmocka_unit_test (a_crowd_that_comes_at_once_is_served),
        cmocka_unit_test (who_sends_wrong_bytes_is_reported_and_another_one_is_asked),
        cmocka_unit_test (who_has_nothing_of_what_he_claims_costs_two_round_trips),
        cmocka_unit_test (slow_drips_and_silence_hold_nobody_up_for_long),
        cmocka_unit_test (when_all_lie_it_ends_naming_each_of_them),
        cmocka_unit_test (what_nobody_has_ends_at_once),
        cmocka_unit_test (when_a_provider_dies_the_others_finish),
        cmocka_unit_test (a_fetch_goes_on_after_a_crash_where_it_was),
        cmocka_unit_test (a_full_disk_ends_a_fetch),
        cmocka_unit_test (what_a_disk_spoilt_is_not_sent_and_is_served_no_longer),
        cmocka_unit_test (what_is_published_is_stored_on_three_others_even_by_one_nobody_can_dial),
        cmocka_unit_test (stored_is_counted_as_it_is),
        cmocka_unit_test (holders_that_go_are_replaced),
        cmocka_unit_test (a_hosts_bounds_hold),
        cmocka_unit_test (a_full_host_lets_go_of_what_many_others_have),
        cmocka_unit_test (what_a_node_served_it_serves_after_a_crash),
        cmocka_unit_test (who_shares_what_is_installed_serves_it_and_who_does_not_does_not),
        cmocka_unit_test (private_packages_are_neither_fetched_nor_given),
        cmocka_unit_test (whatever_happens_every_fetch_ends_and_what_it_gives_is_right),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
