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

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (forty_nodes_hear_each_announcement_in_one_hop_and_once),
        cmocka_unit_test (three_hundred_nodes_hear_all_at_few_bodies_a_hearing),
        cmocka_unit_test (nothing_is_lost_when_one_message_in_thirty_is),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
