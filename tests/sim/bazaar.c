// SPDX-License-Identifier: MIT
//  A small network of whole nodes (lib/bazaar.h): what one publishes all hear of, find, look up and can
//  have, also when the network was split, and when its publisher has left.
#include "lib/bazaar.h"
#include "lib/clients.h"
#include "lib/network.h"
#include "swarm.pb-c.h"
#include "tests/unit/seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define NODES_COUNT 24u
#define BOOTSTRAPS  4u
#define SECOND      INT64_C (1000000)

static honest_t *honest;
static bazaar_t *bazaar;
static world_t *world;

static int
set_up (void **state)
{
    (void) state;
    honest_options_t options = {
        .nodes_max = NODES_COUNT, .bootstraps = BOOTSTRAPS, .market = true};
    honest = honest_new (&options);
    bazaar = bazaar_new (honest);
    world_setup_t setup = {.seed = 7,
                           .compose = honest_compose,
                           .context = honest,
                           .skew_ms_max = 2000};
    world = world_new (&setup);
    for (uint32_t i = 0; i < NODES_COUNT; i++)
        world_start (world, honest_add (honest, world));
    world_run (world, 90 * SECOND);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    const char *fault = world_fault (world);
    bool failed = fault != NULL;
    if (fault)
        print_error ("%s\n", fault);
    world_destroy (&world);
    bazaar_destroy (&bazaar);
    honest_destroy (&honest);
    return failed;
}

static void
wait (int64_t seconds)
{
    world_run (world, world_now_us (world) + seconds * SECOND);
}

static void
ask_all (const bazaar_package_t *package)
{
    for (uint32_t node = 0; node < NODES_COUNT; node++) {
        bazaar_search (bazaar, world, node, package);
        bazaar_get (bazaar, world, node, package);
    }
}

static void
expect_found (const bazaar_count_t *count, const char *what)
{
    if (count->found != count->asked || count->wrong > 0)
        fail_msg ("%s: %llu asked, %llu answered, %llu found, %llu wrong", what,
                  (unsigned long long) count->asked, (unsigned long long) count->answered,
                  (unsigned long long) count->found, (unsigned long long) count->wrong);
}

static void
what_one_publishes_all_hear_find_and_get (void **state)
{
    (void) state;
    bazaar_package_t *package = bazaar_publish (bazaar, world, 10, "carpet-red", 700000);
    wait (15);
    assert_int_equal (package->code, OK);
    assert_int_equal (package->acknowledged, 3);
    assert_true (bazaar_heard (bazaar, world, package) >= NODES_COUNT - 1);
    ask_all (package);
    wait (30);
    expect_found (&bazaar_counts (bazaar)->searches, "searches");
    expect_found (&bazaar_counts (bazaar)->gets, "look-ups");
    bazaar_fetch (bazaar, world, 3, package);
    bazaar_fetch (bazaar, world, 17, package);
    wait (30);
    expect_found (&bazaar_counts (bazaar)->fetches, "fetches");
    assert_true (sim_parts_has (honest_settings (honest, world, 17)->market->blobs,
                                &package->contents[0]->sha256));
}

static void
what_was_never_announced_to_a_node_is_found_by_it (void **state)
{
    (void) state;
    bazaar_package_t *package = bazaar_publish (bazaar, world, 5, "lantern-brass", 5000);
    wait (15);
    //  It begins with nothing, and gossip's history has gone by.
    wait (60);
    uint32_t late = 20;
    world_kill (world, late);
    storage_t *storage = world_storage (world, late);
    storage_fail (storage, STORAGE, OK);
    world_start (world, late);
    wait (40);
    bazaar_search (bazaar, world, late, package);
    bazaar_get (bazaar, world, late, package);
    wait (30);
    expect_found (&bazaar_counts (bazaar)->searches, "searches");
    expect_found (&bazaar_counts (bazaar)->gets, "look-ups");
}

static void
a_publisher_who_leaves_leaves_his_package (void **state)
{
    (void) state;
    bazaar_package_t *package = bazaar_publish (bazaar, world, 9, "kettle-copper", 300000);
    wait (15);
    assert_int_equal (package->acknowledged, 3);
    world_vanish (world, 9);
    wait (120);
    bazaar_fetch (bazaar, world, 2, package);
    bazaar_search (bazaar, world, 14, package);
    wait (60);
    expect_found (&bazaar_counts (bazaar)->fetches, "fetches");
    expect_found (&bazaar_counts (bazaar)->searches, "searches");
}

//  Somebody dials across.
static void
meet (void)
{
    for (uint32_t i = 0; i < NODES_COUNT; i += 2) {
        uint8_t bytes[WORLD_ADDRESS_BYTES];
        Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
        request.address =
            (ProtobufCBinaryData) {world_address (world, i + 1, bytes), bytes};
        request.peer_key = (ProtobufCBinaryData) {
            CRYPTO_KEY_BYTES, (uint8_t *) world_identity (world, i + 1)->key};
        clients_ask (world, i, "swarm", &request.base, 10000, NULL, NULL);
    }
}

static void
two_halves_that_publish_hear_of_each_other_soon_after_they_meet (void **state)
{
    (void) state;
    for (uint32_t node = 0; node < NODES_COUNT; node++)
        network_group (world, node, node % 2);
    network_cut (world, 0, 1, true);
    network_cut (world, 1, 0, true);
    wait (120);
    bazaar_package_t *even = bazaar_publish (bazaar, world, 10, "carpet-even", 5000);
    bazaar_package_t *odd = bazaar_publish (bazaar, world, 11, "carpet-odd", 5000);
    wait (300);
    assert_in_range (bazaar_heard (bazaar, world, even), 1, NODES_COUNT / 2);
    assert_in_range (bazaar_heard (bazaar, world, odd), 1, NODES_COUNT / 2);
    network_heal (world);
    meet ();
    wait (10);
    assert_int_equal (bazaar_heard (bazaar, world, even), NODES_COUNT);
    assert_int_equal (bazaar_heard (bazaar, world, odd), NODES_COUNT);
    bazaar_get (bazaar, world, 4, odd);
    bazaar_get (bazaar, world, 5, even);
    wait (30);
    expect_found (&bazaar_counts (bazaar)->gets, "look-ups");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (what_one_publishes_all_hear_find_and_get),
        TEST (what_was_never_announced_to_a_node_is_found_by_it),
        TEST (a_publisher_who_leaves_leaves_his_package),
        TEST (two_halves_that_publish_hear_of_each_other_soon_after_they_meet),
    };
    return cmocka_run_group_tests_name ("bazaar", tests, NULL, NULL);
}
