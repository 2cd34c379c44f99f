// SPDX-License-Identifier: MIT
//  The beacon of a local network: its datagram, its times, and how much of what is heard counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/beacon.h"
#include "actors/swarm/connectivity.h"
#include "actors/swarm/lan.h"
#include "lan.pb-c.h"
#include "runtime/actor/deadlines.h"
#include "tests/unit/seeded.h"
#include "tests/unit/swarm_world.h"

#define NO_BYTES ((bytes_t) {NULL, 0})

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- the datagram --------------------------------------------------------------------------------

static const beacon_t sample = {.key = {{1, 2, 3, [31] = 0xFF}}, .port = 0x1234, .asks = true};

static void
a_beacon_is_read_as_it_was_written (void **state)
{
    (void) state;
    static const uint8_t expected[BEACON_SIZE] = {'g', 'g', 'e', 'n', 1, 1, 0x12, 0x34,
                                                  1,   2,   3,   [39] = 0xFF};
    uint8_t bytes[BEACON_SIZE];
    beacon_t read;
    beacon_encode (&sample, bytes);
    assert_memory_equal (bytes, expected, sizeof bytes);
    assert_int_equal (beacon_decode (&read, (bytes_t) {bytes, sizeof bytes}), OK);
    assert_true (peer_key_equal (&read.key, &sample.key));
    assert_int_equal (read.port, sample.port);
    assert_true (read.asks);
}

static void
what_is_no_beacon_is_refused (void **state)
{
    (void) state;
    static const struct { unsigned at; uint8_t byte; } changes[] = {
        {0, 'G'}, {3, 0}, {4, 0}, {4, 2}, {5, 2}, {5, 0x81}};
    uint8_t good[BEACON_SIZE + 1] = {0}, bytes[BEACON_SIZE];
    beacon_t read;
    beacon_encode (&sample, good);
    for (unsigned i = 0; i < COUNT_OF (changes); i++) {
        memcpy (bytes, good, sizeof bytes);
        bytes[changes[i].at] = changes[i].byte;
        assert_int_equal (beacon_decode (&read, (bytes_t) {bytes, sizeof bytes}), VALIDATION);
    }
    for (size_t size = 0; size <= BEACON_SIZE + 1; size++)
        assert_int_equal (beacon_decode (&read, (bytes_t) {good, size}),
                          size == BEACON_SIZE ? OK : VALIDATION);
    beacon_encode (&(beacon_t) {.asks = true}, good);
    assert_int_equal (beacon_decode (&read, (bytes_t) {good, BEACON_SIZE}), OK);
    beacon_encode (&(beacon_t) {.asks = false}, good);
    assert_int_equal (beacon_decode (&read, (bytes_t) {good, BEACON_SIZE}), VALIDATION);
}

static void
any_bytes_are_refused_or_written_again_as_they_were (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    uint8_t bytes[BEACON_SIZE + 8], again[BEACON_SIZE];
    beacon_t read;
    for (unsigned round = 0; round < 20000; round++) {
        beacon_encode (&sample, bytes);
        rng_bytes (&rng, bytes + BEACON_SIZE, 8);
        for (unsigned i = 0; i <= round % 3; i++)
            bytes[rng_below (&rng, BEACON_SIZE)] = (uint8_t) rng_u64 (&rng);
        size_t size = round % 4 ? BEACON_SIZE : rng_below (&rng, sizeof bytes);
        if (beacon_decode (&read, (bytes_t) {bytes, size}) != OK)
            continue;
        beacon_encode (&read, again);
        assert_seeded (memcmp (bytes, again, BEACON_SIZE) == 0, round);
    }
}

//  ---- when it is said -------------------------------------------------------------------------------

static void
three_ask_at_the_start_then_one_is_said_every_half_minute (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    beacon_pace_t pace = {0};
    beacon_pace_start (&pace, &rng, 1000);
    assert_in_range (pace.next_ms, 1001, 1000 + BEACON_FIRST_MS);
    for (unsigned i = 0; i < 3; i++) {
        int64_t now_ms = pace.next_ms;
        assert_true (beacon_pace_sent (&pace, &rng, now_ms));
        if (i < 2)
            assert_int_equal (pace.next_ms, now_ms + BEACON_PAUSE_MS);
    }
    int64_t sum_ms = 0;
    for (unsigned i = 0; i < 100; i++) {
        int64_t now_ms = pace.next_ms;
        assert_false (beacon_pace_sent (&pace, &rng, now_ms));
        assert_in_range (pace.next_ms - now_ms, BEACON_EVERY_MS * 3 / 4, BEACON_EVERY_MS * 5 / 4);
        sum_ms += pace.next_ms - now_ms;
    }
    assert_in_range (sum_ms / 100, BEACON_EVERY_MS * 9 / 10, BEACON_EVERY_MS * 11 / 10);
}

static void
who_is_asked_answers_soon_but_once_a_second_at_most (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    beacon_pace_t pace = {0};
    beacon_pace_start (&pace, &rng, 1000);
    while (beacon_pace_sent (&pace, &rng, pace.next_ms))
        ;
    int64_t now_ms = pace.last_ms + 10000;
    beacon_pace_asked (&pace, &rng, now_ms);
    assert_in_range (pace.next_ms, now_ms + 1, now_ms + BEACON_ANSWER_MS);
    unsigned answers = 0;
    for (int64_t end_ms = now_ms + 10000; now_ms < end_ms; now_ms++) {
        for (unsigned i = 0; i < 10; i++)           //  10,000 a second
            beacon_pace_asked (&pace, &rng, now_ms);
        if (pace.next_ms > now_ms)
            continue;
        assert_false (beacon_pace_sent (&pace, &rng, now_ms));
        answers++;
    }
    assert_in_range (answers, 9, 10);
    pace.next_ms = DEADLINE_NEVER;
    beacon_pace_asked (&pace, &rng, now_ms);
    assert_true (pace.next_ms == DEADLINE_NEVER);
}

//  ---- what is passed on -----------------------------------------------------------------------------

static multiaddr_t
ip4 (uint32_t number)
{
    return (multiaddr_t) {.kind = MULTIADDR_IP4,
                          .ip = {10, (uint8_t) (number >> 16), (uint8_t) (number >> 8),
                                 (uint8_t) number},
                          .port = 4000};
}

//  Of 'count' a millisecond within a minute, each of one of 'sources', so many pass.
static unsigned
passed (beacon_sieve_t *sieve, unsigned count, uint32_t sources, int64_t from_ms)
{
    unsigned through = 0;
    uint32_t number = 0;
    for (int64_t ms = 0; ms < 60000; ms++)
        for (unsigned i = 0; i < count; i++) {
            multiaddr_t source = ip4 (number++ % sources);
            through += beacon_sieve_pass (sieve, &source, from_ms + ms);
        }
    return through;
}

static void
of_a_flood_from_one_address_a_few_a_minute_pass (void **state)
{
    (void) state;
    beacon_sieve_t sieve = {0};
    assert_in_range (passed (&sieve, 10, 1, 5000), BEACON_SOURCE_MAX, 2 * BEACON_SOURCE_MAX);
    assert_in_range (passed (&sieve, 10, 1, 65000), BEACON_SOURCE_MAX / 2, BEACON_SOURCE_MAX);
}

static void
after_a_long_silence_no_more_pass_at_once_than_at_first (void **state)
{
    (void) state;
    beacon_sieve_t sieve = {0};
    const multiaddr_t source = ip4 (1);
    for (int64_t ms = 5000; ms < 10000000; ms += 3600000) {
        unsigned through = 0;
        for (unsigned i = 0; i < 100; i++)
            through += beacon_sieve_pass (&sieve, &source, ms);
        assert_int_equal (through, BEACON_SOURCE_MAX);
    }
}

static void
of_a_flood_from_forged_addresses_no_more_pass_than_of_all (void **state)
{
    (void) state;
    beacon_sieve_t sieve = {0};
    assert_in_range (passed (&sieve, 10, 1u << 24, 5000), BEACON_ALL_MAX, 2 * BEACON_ALL_MAX);
    assert_in_range (passed (&sieve, 10, 1u << 24, 65000), BEACON_ALL_MAX / 2, BEACON_ALL_MAX);
    assert_int_equal (sieve.count, BEACON_SOURCES_MAX);
    assert_true (sizeof sieve <= 4096);
}

static void
one_flood_does_not_silence_another_address (void **state)
{
    (void) state;
    beacon_sieve_t sieve = {0};
    const multiaddr_t other = ip4 (7);
    passed (&sieve, 10, 1, 5000);
    assert_true (beacon_sieve_pass (&sieve, &other, 65000));
}

static void
addresses_of_one_64_of_ipv6_are_one (void **state)
{
    (void) state;
    beacon_sieve_t sieve = {0};
    multiaddr_t source = {.kind = MULTIADDR_IP6, .ip = {0xFD, 1}, .port = 4000};
    unsigned through = 0;
    for (unsigned i = 0; i < 100; i++) {
        source.ip[15] = (uint8_t) i;
        through += beacon_sieve_pass (&sieve, &source, 5000);
    }
    assert_int_equal (through, BEACON_SOURCE_MAX);
    source.ip[7] = 1;
    assert_true (beacon_sieve_pass (&sieve, &source, 5000));
}

//  ---- swarm: who is dialled -------------------------------------------------------------------------

//  A sighting of 'key' at the address of 'at'.
static void
sight (node_t *node, const peer_key_t *key, const node_t *at)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__LanSighting sighting = GGEN__LAN_SIGHTING__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    sighting.peer_key = peer_key_to_field (key);
    sighting.address = (ProtobufCBinaryData) {at->listens.size, (uint8_t *) at->listens.data};
    world_say (node, "beacon", "swarm", &envelope, &sighting.base, NO_BYTES);
}

static const link_t *
session_with (node_t *node, const node_t *peer)
{
    const link_t *link = links_peer (world_swarm (node)->links, peer->text);
    return link && link->state == LINK_SESSION ? link : NULL;
}

static void
a_node_that_is_heard_becomes_a_peer (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    sight (a, &b->key, b);
    world_run (200);
    const link_t *link = session_with (a, b);
    assert_non_null (link);
    assert_true (link->kept && link->lan && !link->inbound);
    assert_non_null (session_with (b, a));
    assert_false (session_with (b, a)->lan);
    sight (b, &a->key, a);
    assert_true (session_with (b, a)->lan);
    assert_int_equal (links_count (world_swarm (a)->links), 1);
}

//  Links that this node has dialled.
static uint64_t
dials_of (const node_t *node, uint64_t before)
{
    return (world_swarm (node)->number - before) / 2;
}

static void
a_forged_key_costs_one_dial_and_then_none_for_a_while (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    uint8_t seed[crypto_sign_SEEDBYTES] = {99}, secret[crypto_sign_SECRETKEYBYTES];
    peer_key_t forged;
    crypto_sign_seed_keypair (forged.bytes, secret, seed);
    world_start (a);
    world_start (b);
    const uint64_t before = world_swarm (a)->number;
    for (unsigned i = 0; i < 100; i++) {
        sight (a, &forged, b);
        world_run (10);
    }
    assert_int_equal (dials_of (a, before), 1);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    world_run (BOOK_RETRY_MAX_MS);
    sight (a, &forged, b);
    assert_int_equal (dials_of (a, before), 2);
    sight (a, &a->key, a);
    world_run (200);
    assert_int_equal (dials_of (a, before), 2);
}

static void
so_many_are_dialled_at_one_time (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    b->silent = true;
    for (unsigned i = 0; i < 50; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t) (100 + i)}, secret[crypto_sign_SECRETKEYBYTES];
        peer_key_t key;
        crypto_sign_seed_keypair (key.bytes, secret, seed);
        sight (a, &key, b);
    }
    assert_int_equal (links_census (world_swarm (a)->links).dials, LAN_DIALS_MAX);
    world_run (DIAL_ALL_MS);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
who_has_enough_peers_near_dials_no_more (void **state)
{
    (void) state;
    node_t *a = world_node (10), *others[LAN_PEERS_WANTED + 3];
    world_start (a);
    for (unsigned i = 0; i < COUNT_OF (others); i++) {
        others[i] = world_node (10);
        world_start (others[i]);
        sight (a, &others[i]->key, others[i]);
        world_run (200);
        assert_int_equal (session_with (a, others[i]) != NULL, i < LAN_PEERS_WANTED);
    }
    a = world_node (10);
    a->settings.min_peers = COUNT_OF (others);
    world_start (a);
    for (unsigned i = 0; i < COUNT_OF (others); i++) {
        sight (a, &others[i]->key, others[i]);
        world_run (200);
        assert_non_null (session_with (a, others[i]));
    }
}

static void
who_is_banned_is_not_dialled_whatever_is_heard (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__BanOrder order = GGEN__BAN_ORDER__INIT;
    world_start (a);
    world_start (b);
    envelope.kind = GGEN__KIND__EVENT;
    order.peer_key = peer_key_to_field (&b->key);
    order.secs = 60;
    world_say (a, "reputation", "swarm", &envelope, &order.base, NO_BYTES);
    sight (a, &b->key, b);
    world_run (200);
    assert_int_equal (world.wires_count, 0);
}

static void
a_sighting_that_is_none_is_passed_over (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__LanSighting sighting = GGEN__LAN_SIGHTING__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    world_say (a, "beacon", "swarm", &envelope, &sighting.base, NO_BYTES);
    sighting.peer_key = peer_key_to_field (&b->key);
    world_say (a, "beacon", "swarm", &envelope, &sighting.base, NO_BYTES);
    sighting.address = (ProtobufCBinaryData) {5, (uint8_t *) "/ip4/"};
    world_say (a, "beacon", "swarm", &envelope, &sighting.base, NO_BYTES);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_beacon_is_read_as_it_was_written),
        cmocka_unit_test (what_is_no_beacon_is_refused),
        cmocka_unit_test (any_bytes_are_refused_or_written_again_as_they_were),
        cmocka_unit_test (three_ask_at_the_start_then_one_is_said_every_half_minute),
        cmocka_unit_test (who_is_asked_answers_soon_but_once_a_second_at_most),
        cmocka_unit_test (of_a_flood_from_one_address_a_few_a_minute_pass),
        cmocka_unit_test (after_a_long_silence_no_more_pass_at_once_than_at_first),
        cmocka_unit_test (of_a_flood_from_forged_addresses_no_more_pass_than_of_all),
        cmocka_unit_test (one_flood_does_not_silence_another_address),
        cmocka_unit_test (addresses_of_one_64_of_ipv6_are_one),
        cmocka_unit_test_teardown (a_node_that_is_heard_becomes_a_peer, teardown),
        cmocka_unit_test_teardown (a_forged_key_costs_one_dial_and_then_none_for_a_while,
                                   teardown),
        cmocka_unit_test_teardown (so_many_are_dialled_at_one_time, teardown),
        cmocka_unit_test_teardown (who_has_enough_peers_near_dials_no_more, teardown),
        cmocka_unit_test_teardown (who_is_banned_is_not_dialled_whatever_is_heard, teardown),
        cmocka_unit_test_teardown (a_sighting_that_is_none_is_passed_over, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
