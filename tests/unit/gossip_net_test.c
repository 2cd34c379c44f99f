// SPDX-License-Identifier: MIT
//  Networks of gossip actors: who hears what, how fast, at what price, and what liars can do to it.
//  Seeded: SEED=7 repeats a failure.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/gossip_net.h"
#include "tests/unit/seeded.h"

static double
bodies_per_hearing (const net_t *net)
{
    return (double) net->bodies / (double) net->heard;
}

static void
forty_nodes_hear_each_announcement_in_one_hop_and_once (void **state)
{
    (void) state;
    net_t *net = net_new (40, seed_of_run (), 60);
    net_start_all (net, 39);
    net_run (net, 5000);
    for (uint32_t i = 0; i < 60; i++) {
        net_announce (net, i % 40, i);
        net_run (net, 100);
    }
    net_run (net, 5000);
    assert_int_equal (net_missing (net, 0, 60), 0);
    assert_int_equal (net->heard_again, 0);
    assert_int_equal (net->bodies, net->heard);
    assert_int_equal (net->acknowledged, 60 * 39);
    assert_true (net_percentile_ms (net, 1000) < 2 + 150 * 1.42 + 10);
    net_destroy (&net);
}

static void
three_hundred_nodes_hear_all_at_few_bodies_a_hearing (void **state)
{
    (void) state;
    net_t *net = net_new (300, seed_of_run (), 100);
    net_start_all (net, 10);
    net_run (net, 5000);
    for (uint32_t i = 0; i < 100; i++) {
        net_announce (net, (unsigned) rng_below (&net->rng, 300), i);
        net_run (net, 300);
    }
    net_run (net, 5000);
    assert_int_equal (net_missing (net, 0, 100), 0);
    assert_int_equal (net->heard_again, 0);
    assert_true (bodies_per_hearing (net) < 1.5);
    assert_true (net_percentile_ms (net, 990) < 1500);
    net_destroy (&net);
}

static void
nothing_is_lost_when_one_message_in_thirty_is (void **state)
{
    (void) state;
    net_t *net = net_new (100, seed_of_run (), 100);
    net_start_all (net, 8);
    net_run (net, 5000);
    net->loss = 0.033;
    for (uint32_t i = 0; i < 100; i++) {
        net_announce (net, (unsigned) rng_below (&net->rng, 100), i);
        net_run (net, 200);
    }
    net_run (net, 15000);
    assert_int_equal (net_missing (net, 0, 100), 0);
    assert_int_equal (net->heard_again, 0);
    net_destroy (&net);
}

static void
who_follows_one_category_hears_that_one (void **state)
{
    (void) state;
    net_t *net = net_new (60, seed_of_run (), 40);
    static const char *const topics [] = {NET_TOPIC "/games", NET_TOPIC "/tools"};
    for (unsigned i = 0; i < 60; i++) {
        net_start (net, i);
        net_follow (&net->nodes [i], topics [i % 2]);
    }
    for (unsigned i = 0; i < 60; i++)
        net_dial (net, i, 10);
    net_run (net, 5000);
    for (uint32_t i = 0; i < 40; i++) {
        net_announce_on (net, (unsigned) rng_below (&net->rng, 60), topics [i % 2], i, 300);
        net_run (net, 300);
    }
    net_run (net, 5000);
    for (unsigned i = 0; i < 60; i++)
        for (uint32_t number = 0; number < 40; number++)
            assert_seeded (net->nodes [i].heard [number]
                               == (number % 2 == i % 2 || net->announced_by [number] == i),
                number);
    net_destroy (&net);
}

//  Three know everybody, the others know those three only.
static void
given_most_know_only_a_few_hubs_all_hear_all (void **state)
{
    (void) state;
    net_t *net = net_new (110, seed_of_run (), 40);
    for (unsigned i = 0; i < 110; i++) {
        net_start (net, i);
        net_follow (&net->nodes [i], NET_TOPIC);
        for (unsigned hub = 0; hub < 3; hub++)
            net_connect (net, i, hub);
    }
    net_run (net, 70000);
    for (uint32_t i = 0; i < 40; i++) {
        net_announce (net, (unsigned) rng_below (&net->rng, 110), i);
        net_run (net, 3000);
    }
    net_run (net, 5000);
    assert_int_equal (net_missing (net, 0, 40), 0);
    assert_true (net_percentile_ms (net, 1000) < 3000);
    net_destroy (&net);
}

//  ---- members come and go -----------------------------------------------------------------------

static void
crossing_sixty_four_and_eighty_members_under_load_loses_nothing (void **state)
{
    (void) state;
    net_t *net = net_new (95, seed_of_run (), 600);
    for (unsigned i = 0; i < 95; i++)
        net->nodes [i].settings.history_bytes_max = 1u << 20;
    unsigned running = 0;
    uint32_t next = 0;
    while (running < 60)
        net_start (net, running++);
    for (unsigned i = 0; i < 60; i++) {
        net_follow (&net->nodes [i], NET_TOPIC);
        for (unsigned k = 0; k < i; k++)
            net_connect (net, i, k);
    }
    net_run (net, 3000);
    for (unsigned round = 0; round < 140; round++) {
        bool grow = round % 70 < 35;
        if (grow) {
            net_start (net, running);
            net_follow (&net->nodes [running], NET_TOPIC);
            for (unsigned k = 0; k < running; k++)
                net_connect (net, running, k);
            running++;
        } else {
            net_stop (net, --running);
            memset (net->nodes [running].heard, 0, 600);
        }
        for (unsigned i = 0; i < 4; i++) {
            net_announce (net, (unsigned) rng_below (&net->rng, 55), next++);
            net_run (net, 50);
        }
    }
    net_run (net, 10000);
    assert_int_equal (net_missing (net, 0, next), 0);
    assert_int_equal (net->heard_again, 0);
    assert_true (bodies_per_hearing (net) < 1.5);
    net_destroy (&net);
}

static void
given_churn_all_that_run_have_heard_all_of_the_last_minutes (void **state)
{
    (void) state;
    net_t *net = net_new (120, seed_of_run (), 120);
    net_start_all (net, 8);
    net_run (net, 5000);
    for (uint32_t i = 0; i < 120; i++) {
        unsigned gone = 40 + (unsigned) rng_below (&net->rng, 80);
        net_stop (net, gone);
        memset (net->nodes [gone].heard, 0, 120);
        net_announce (net, (unsigned) rng_below (&net->rng, 40), i);
        net_run (net, 500);
        net_start (net, gone);
        net_follow (&net->nodes [gone], NET_TOPIC);
        net_dial (net, gone, 8);
    }
    net_run (net, 10000);
    assert_int_equal (net_missing (net, 0, 120), 0);
    assert_int_equal (net->heard_again, 0);
    net_destroy (&net);
}

static void
two_halves_hear_of_each_other_within_ten_seconds_of_healing (void **state)
{
    (void) state;
    net_t *net = net_new (160, seed_of_run (), 60);
    for (unsigned i = 0; i < 160; i++) {
        net_start (net, i);
        net_follow (&net->nodes [i], NET_TOPIC);
    }
    for (unsigned i = 0; i < 160; i++)
        for (unsigned dials = 0; dials < 8;)
            dials += net_connect (net, i, i / 80 * 80 + (unsigned) rng_below (&net->rng, 80));
    for (uint32_t i = 0; i < 60; i++) {
        net_announce (net, i % 2 * 80 + (unsigned) rng_below (&net->rng, 80), i);
        net_run (net, 5000);
    }
    assert_int_equal (net_missing (net, 0, 60), 60 * 80);
    for (unsigned i = 0; i < 4; i++)
        net_connect (net, (unsigned) rng_below (&net->rng, 80),
            80 + (unsigned) rng_below (&net->rng, 80));
    net_run (net, 10000);
    assert_int_equal (net_missing (net, 0, 60), 0);
    assert_int_equal (net->heard_again, 0);
    net_destroy (&net);
}

//  ---- liars -------------------------------------------------------------------------------------

//  'liars' nodes send junk to all their neighbours, 'rate' a second each, while the others announce.
static net_t *
flooded (unsigned count, unsigned liars, unsigned rate, bool valid, uint32_t items)
{
    net_t *net = net_new (count, seed_of_run (), items);
    net_start_all (net, 8);
    for (unsigned i = 0; i < liars; i++)
        net->nodes [i].liar = true;
    net_run (net, 5000);
    for (unsigned step = 0; step < 100 * items / 2; step++) {
        for (unsigned i = 0; i < liars; i++)
            for (unsigned k = 0; k < rate / 100; k++) {
                size_t size;
                uint8_t *junk = net_junk (net, i, valid, &size);
                for (unsigned link = 0; link < net->nodes [i].links_count; link++)
                    net_inject_body (net, i, net->nodes [i].links [link], junk, size);
                free (junk);
            }
        if (step % 50 == 0)
            net_announce (net,
                liars + (unsigned) rng_below (&net->rng, count - liars), step / 50);
        net_run (net, 10);
    }
    net_run (net, 5000);
    return net;
}

static void
ten_liars_that_flood_with_their_own_signatures_delay_nobody_by_two_seconds (void **state)
{
    (void) state;
    net_t *net = flooded (60, 10, 500, true, 10);
    assert_int_equal (net_missing (net, 0, 10), 0);
    assert_true (net_percentile_ms (net, 1000) < 2000);
    assert_true (net->observations [GGEN__EXPERIENCE__FLOODED] > 0);
    assert_int_equal (net->observations [GGEN__EXPERIENCE__FORGED], 0);
    net_destroy (&net);
}

static void
ten_liars_that_forge_are_heard_once_each_by_each_neighbour (void **state)
{
    (void) state;
    net_t *net = flooded (60, 10, 200, false, 10);
    assert_int_equal (net_missing (net, 0, 10), 0);
    assert_true (net_percentile_ms (net, 1000) < 2000);
    unsigned links = 0;
    for (unsigned i = 0; i < 10; i++)
        links += net->nodes [i].links_count;
    assert_int_equal (net->observations [GGEN__EXPERIENCE__FORGED], links);
    net_destroy (&net);
}

static void
given_a_quarter_offers_and_does_not_deliver_all_hear_all (void **state)
{
    (void) state;
    net_t *net = net_new (120, seed_of_run (), 60);
    net_start_all (net, 8);
    for (unsigned i = 0; i < 30; i++)
        net->nodes [i].liar = net->nodes [i].withholds = true;
    net_run (net, 5000);
    for (uint32_t i = 0; i < 60; i++) {
        net_announce (net, 30 + (unsigned) rng_below (&net->rng, 90), i);
        net_run (net, 500);
    }
    net_run (net, 10000);
    assert_int_equal (net_missing (net, 0, 60), 0);
    assert_true (net_percentile_ms (net, 990) < 3000);
    net_destroy (&net);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (forty_nodes_hear_each_announcement_in_one_hop_and_once),
        cmocka_unit_test (three_hundred_nodes_hear_all_at_few_bodies_a_hearing),
        cmocka_unit_test (nothing_is_lost_when_one_message_in_thirty_is),
        cmocka_unit_test (who_follows_one_category_hears_that_one),
        cmocka_unit_test (given_most_know_only_a_few_hubs_all_hear_all),
        cmocka_unit_test (crossing_sixty_four_and_eighty_members_under_load_loses_nothing),
        cmocka_unit_test (given_churn_all_that_run_have_heard_all_of_the_last_minutes),
        cmocka_unit_test (two_halves_hear_of_each_other_within_ten_seconds_of_healing),
        cmocka_unit_test (ten_liars_that_flood_with_their_own_signatures_delay_nobody_by_two_seconds),
        cmocka_unit_test (ten_liars_that_forge_are_heard_once_each_by_each_neighbour),
        cmocka_unit_test (given_a_quarter_offers_and_does_not_deliver_all_hear_all),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
