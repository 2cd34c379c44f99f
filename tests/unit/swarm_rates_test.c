// SPDX-License-Identifier: MIT
//  What one peer may cost, and the small parts of the swarm: envelopes of others, addresses,
//  requests in flight, what waits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/frame.h"
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

//  ---- costs -------------------------------------------------------------------------------------

static void
verifying_and_storing_cost_more_than_reading (void **state)
{
    (void) state;
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "FindNodeRequest", 100), 1);
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "PushRequest", 100), 10);
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "PutRecordRequest", 100), 15);
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "HostRequest", 100), 15);
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "DialBackRequest", 100), 10);
    assert_int_equal (rates_cost (GGEN__KIND__REPLY, "PutRecordRequest", 100), 1);
    assert_int_equal (rates_cost (GGEN__KIND__EVENT, "GossipFrame", 100), 20);
    assert_int_equal (rates_cost (GGEN__KIND__REQUEST, "FindNodeRequest", 65536), 65);
}

//  Messages of this cost that get through within a second, asked for all the time.
static unsigned
through_in_a_second (bucket_t *peer, bucket_t *node, uint32_t cost, int64_t from_ms)
{
    unsigned count = 0;
    for (int64_t ms = from_ms; ms < from_ms + 1000; ms++)
        for (unsigned i = 0; i < 100; i++)
            count += rates_charge (peer, node, cost, 1, ms) == RATES_TAKE;
    return count;
}

static void
a_peer_gets_its_burst_and_then_its_rate (void **state)
{
    (void) state;
    bucket_t peer = {0}, node = {0};
    assert_in_range (through_in_a_second (&peer, &node, 1, 5000), RATES_BURST,
                     RATES_BURST + RATES_RATE);
    node = (bucket_t) {0};
    assert_in_range (through_in_a_second (&peer, &node, 1, 6000), RATES_RATE - 100,
                     RATES_RATE + 100);
    node = (bucket_t) {0};
    assert_in_range (through_in_a_second (&peer, &node, RATES_EVENT, 7000), 990, 1010);
    rates_charge (&peer, &node, RATES_EVENT, 1, 8000);
    assert_int_equal (rates_charge (&peer, &node, RATES_EVENT, 1, 8000), RATES_FLOOD);
    assert_int_equal (rates_charge (&peer, &node, RATES_BURST, 1, 100000), RATES_TAKE);
}

static void
a_clock_that_wraps_around_or_stands_still_fills_nothing_wrongly (void **state)
{
    (void) state;
    bucket_t peer = {0}, node = {0};
    int64_t at_ms = UINT32_MAX - 10;
    assert_int_equal (rates_charge (&peer, &node, RATES_BURST, 1, at_ms), RATES_TAKE);
    assert_int_equal (rates_charge (&peer, &node, 1, 1, at_ms), RATES_FLOOD);
    assert_int_equal (rates_charge (&peer, &node, 400, 1, at_ms + 20), RATES_TAKE);
    assert_int_equal (rates_charge (&peer, &node, 1, 1, at_ms + 20), RATES_FLOOD);
}

static void
when_all_want_much_each_gets_its_share (void **state)
{
    (void) state;
    bucket_t peers[20] = {0}, node = {0}, modest = {0};
    uint64_t got[20] = {0};
    for (int64_t ms = 0; ms < 5000; ms++) {
        for (unsigned i = 0; i < 20; i++)
            for (unsigned j = 0; j < 40; j++) {
                unsigned peer = (i + (unsigned) ms) % 20;
                got[peer] += rates_charge (&peers[peer], &node, 1, 21, ms) == RATES_TAKE;
            }
        //  Who asks little is served all the same.
        if (ms > 3000)
            assert_int_equal (rates_charge (&modest, &node, 1, 21, ms), RATES_TAKE);
    }
    uint64_t least = got[0], most = got[0];
    for (unsigned i = 1; i < 20; i++) {
        least = got[i] < least ? got[i] : least;
        most = got[i] > most ? got[i] : most;
    }
    assert_true (most < least + least / 4);
    assert_true (least > 10000);
}

static void
who_asks_all_the_time_gets_its_share_even_when_that_is_small (void **state)
{
    (void) state;
    enum { PEERS = 300, SHARE = RATES_NODE_RATE / PEERS, SECONDS = 10 };
    bucket_t peer = {0}, node = {0}, others = {0};
    unsigned got = 0;
    assert_int_equal (rates_charge (&others, &node, RATES_BURST, PEERS, 0), RATES_TAKE);
    for (int64_t ms = 0; ms < SECONDS * 1000; ms++) {
        //  So many others that there is never enough for all.
        while (node.missing <= (RATES_NODE_BURST / 2 + 200) * 1000) {
            others = (bucket_t) {.at_ms = (uint32_t) ms};
            assert_int_equal (rates_charge (&others, &node, SHARE, PEERS, ms), RATES_TAKE);
        }
        got += rates_charge (&peer, &node, 1, PEERS, ms) == RATES_TAKE;
    }
    assert_in_range (got, SHARE * SECONDS - SHARE / 2, SHARE * (SECONDS + 1) + SHARE / 2);
}

//  ---- floods ------------------------------------------------------------------------------------

//  Have 'b' write a frame to 'a' many times at once.
static void
flood (node_t *b, const node_t *a, Ggen__Kind kind, unsigned count)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    uint8_t packed[256];
    envelope.kind = kind;
    envelope.id = 5;
    envelope.from = "dht";
    envelope.to = kind == GGEN__KIND__REPLY ? "dht" : "gossip";
    envelope.type = kind == GGEN__KIND__EVENT ? "GossipFrame" : "FindNodeRequest";
    Ggen__LinkSend send = GGEN__LINK_SEND__INIT;
    send.link = world_session (b, a)->number;
    send.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (&envelope, packed), packed};
    for (unsigned i = 0; i < count; i++)
        world_carry (b->number, &send, NO_BYTES);
    world_run (DELAY_MS);
}

static void
a_flood_is_cut_off_and_told_once_a_second (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world.written_held = true;
    for (unsigned i = 0; i < 300; i++) {        //  3 seconds
        flood (b, a, GGEN__KIND__EVENT, 30);
        if (i % 100 == 99)
            world_count (a, "gossip", "nothing");
    }
    unsigned passed = world_count (a, "gossip", "GossipFrame");
    assert_in_range (passed, 2000 + 2900, 2000 + 3100);
    assert_in_range (world_count (a, "reputation", "Observation"), 1, 3);
    assert_true (world_swarm (a)->refused_rate > 3000);
    assert_non_null (world_session (a, b));
}

static void
answers_to_nothing_are_charged_as_a_flood (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world.written_held = true;
    flood (b, a, GGEN__KIND__REPLY, RATES_BURST / RATES_EVENT + 1000);
    note_t note;
    Ggen__Envelope *envelope;
    assert_true (world_take (a, "reputation", "Observation", &note, &envelope));
    Ggen__Observation *observation =
        ggen__observation__unpack (NULL, note.body_size, note.body);
    assert_int_equal (observation->experience, GGEN__EXPERIENCE__FLOODED);
    assert_memory_equal (observation->peer_key.data, b->key.bytes, PEER_KEY_SIZE);
    ggen__observation__free_unpacked (observation, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    assert_int_equal (a->notes_count, 0);
}

//  ---- envelopes of others -----------------------------------------------------------------------

static void
an_envelope_is_read_as_it_was_written (void **state)
{
    (void) state;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    uint8_t packed[512];
    frame_t frame;
    envelope.kind = GGEN__KIND__PROGRESS;
    envelope.id = UINT64_MAX - 1;
    envelope.from = "some-actor_1";
    envelope.to = "dht";
    envelope.reply_to = "client-7";
    envelope.type = "FindNodeRequest2";
    envelope.budget_ms = 1234567;
    envelope.trace = 99;
    envelope.sent_us = 17;
    envelope.route = (ProtobufCBinaryData) {3, (uint8_t *) "abc"};
    size_t size = ggen__envelope__pack (&envelope, packed);
    assert_true (frame_read (&frame, (bytes_t) {packed, size}));
    assert_int_equal (frame.kind, GGEN__KIND__PROGRESS);
    assert_true (frame.id == UINT64_MAX - 1);
    assert_string_equal (frame.from, "some-actor_1");
    assert_string_equal (frame.to, "dht");
    assert_string_equal (frame.type, "FindNodeRequest2");
    assert_int_equal (frame.budget_ms, 1234567);
    assert_int_equal (frame.trace, 99);
    for (size_t cut = 1; cut < size; cut++)
        frame_read (&frame, (bytes_t) {packed, size - cut});
    assert_false (frame_read (&frame, NO_BYTES));
    char name[200];
    memset (name, 'a', sizeof name);
    name[SWARM_NAME_MAX] = 0;
    envelope.from = envelope.to = name;
    size = ggen__envelope__pack (&envelope, packed);
    assert_true (frame_read (&frame, (bytes_t) {packed, size}));
    name[SWARM_NAME_MAX] = 'a';
    name[SWARM_NAME_MAX + 1] = 0;
    size = ggen__envelope__pack (&envelope, packed);
    assert_false (frame_read (&frame, (bytes_t) {packed, size}));
    assert_false (frame_name_valid (name));
    envelope.from = envelope.to = "dht";
    name[SWARM_NAME_MAX + 1] = 'a';
    name[FRAME_TYPE_MAX + 1] = 0;
    envelope.type = name;
    size = ggen__envelope__pack (&envelope, packed);
    assert_false (frame_read (&frame, (bytes_t) {packed, size}));
}

static void
changed_bytes_never_make_a_name_that_is_none (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (77);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    uint8_t packed[512], changed[512];
    frame_t frame;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 5;
    envelope.from = "dht";
    envelope.to = "gossip";
    envelope.type = "PushRequest";
    envelope.budget_ms = 100;
    size_t size = ggen__envelope__pack (&envelope, packed);
    unsigned read = 0;
    for (unsigned round = 0; round < 100000; round++) {
        memcpy (changed, packed, size);
        for (uint64_t i = 1 + rng_below (&rng, 3); i > 0; i--)
            changed[rng_below (&rng, size)] = (uint8_t) rng_below (&rng, 256);
        if (!frame_read (&frame, (bytes_t) {changed, size}))
            continue;
        read++;
        assert_seeded (frame_name_valid (frame.from) && frame_name_valid (frame.to), round);
        assert_seeded (strlen (frame.type) <= FRAME_TYPE_MAX, round);
    }
    assert_true (read > 1000);
}

//  ---- addresses ---------------------------------------------------------------------------------

static void
of_many_addresses_ten_good_ones_are_kept (void **state)
{
    (void) state;
    uint8_t bytes[40][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData fields[40];
    for (unsigned i = 0; i < 40; i++) {
        multiaddr_t address = {.kind = MULTIADDR_IP4, .ip = {1, 2, 3, (uint8_t) i}, .port = 80};
        fields[i] = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes[i]), bytes[i]};
        if (i % 2)
            fields[i].len = 3;
    }
    addresses_t addresses;
    assert_true (addresses_set (&addresses, fields, 40, NULL, NULL));
    assert_int_equal (addresses_fields (&addresses, fields), 10);
    uint16_t cursor = 0;
    bytes_t address;
    for (unsigned i = 0; i < 10; i++) {
        assert_true (addresses_next (&addresses, &cursor, &address));
        assert_memory_equal (address.data, bytes[2 * i], address.size);
    }
    assert_false (addresses_next (&addresses, &cursor, &address));
    addresses_clear (&addresses);
    for (unsigned i = 0; i < 40; i++)
        fields[i] = (ProtobufCBinaryData) {8, bytes[i]};
    assert_true (addresses_set (&addresses, fields, 40, NULL, NULL));
    assert_int_equal (addresses_fields (&addresses, fields), 10);
    addresses_clear (&addresses);
}

static void
an_address_without_ip_is_the_one_that_is_seen (void **state)
{
    (void) state;
    static const struct { const char *listening, *seen, *is; } cases[] = {
        {"/ip4/0.0.0.0/tcp/1", "/ip4/80.0.0.1/tcp/9", "/ip4/80.0.0.1/tcp/1"},
        {"/ip6/::/tcp/1", "/ip6/2a01::1/tcp/9", "/ip6/2a01::1/tcp/1"},
        {"/ip6/::/tcp/1", "/ip4/80.0.0.1/tcp/9", "/ip4/80.0.0.1/tcp/1"},
        {"/ip4/0.0.0.0/tcp/1", "/ip6/2a01::1/tcp/9", NULL},
        {"/dns4/victim.example/tcp/1", "/ip4/80.0.0.1/tcp/9", NULL}};
    for (unsigned i = 0; i < COUNT_OF (cases); i++) {
        uint8_t bytes[2][MULTIADDR_SIZE_MAX];
        multiaddr_t listening, seen;
        char text[MULTIADDR_TEXT_MAX + 1], why[128];
        assert_int_equal (multiaddr_parse (&listening, cases[i].listening, why, sizeof why), OK);
        assert_int_equal (multiaddr_parse (&seen, cases[i].seen, why, sizeof why), OK);
        ProtobufCBinaryData field = {multiaddr_encode (&listening, bytes[0]), bytes[0]};
        const bytes_t at = {bytes[1], multiaddr_encode (&seen, bytes[1])};
        addresses_t addresses;
        uint16_t cursor = 0;
        bytes_t address;
        assert_true (addresses_set (&addresses, &field, 1, &at, NULL));
        assert_int_equal (addresses_next (&addresses, &cursor, &address), cases[i].is != NULL);
        if (cases[i].is) {
            assert_int_equal (multiaddr_decode (&listening, address), OK);
            multiaddr_text (&listening, text);
            assert_string_equal (text, cases[i].is);
        }
        addresses_clear (&addresses);
    }
}

//  What fits is in the value; one more, and all have memory of their own.
static void
addresses_come_back_as_they_were_however_many (void **state)
{
    (void) state;
    //  One of them is just as long as what fits.
    static const char *const cases[] = {"/ip4/1.2.3.4/tcp/1", "/dns4/a.example/tcp/1",
                                        "/ip6/2a01::1/tcp/9", "/ip4/1.2.3.5/tcp/2",
                                        "/dns4/a.bcdef/tcp/1", "/ip4/1.2.3.6/tcp/3"};
    uint8_t bytes[COUNT_OF (cases)][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData given[COUNT_OF (cases)], got[MULTIADDR_PEER_MAX];
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        multiaddr_t address;
        char why[128];
        assert_int_equal (multiaddr_parse (&address, cases[i], why, sizeof why), OK);
        given[i] = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes[i]), bytes[i]};
    }
    for (size_t first = 0; first < COUNT_OF (cases); first++)
        for (size_t count = 0; first + count <= COUNT_OF (cases); count++) {
            addresses_t addresses, again;
            assert_true (addresses_set (&addresses, given + first, count, NULL, NULL));
            if (first == 4 && count == 1)
                assert_int_equal (addresses.size, ADDRESSES_NEAR_MAX);
            assert_int_equal (addresses_fields (&addresses, got), count);
            for (size_t i = 0; i < count; i++) {
                assert_int_equal (got[i].len, given[first + i].len);
                assert_memory_equal (got[i].data, given[first + i].data, got[i].len);
            }
            assert_true (addresses_set (&again, got, count, NULL, NULL));
            assert_true (addresses_equal (&addresses, &again));
            addresses_clear (&addresses);
            addresses_clear (&again);
            assert_int_equal (addresses.size, 0);
        }
}

static void
an_address_of_somebody_else_is_left_out (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    multiaddr_t address = {.kind = MULTIADDR_IP4, .ip = {1, 2, 3, 4}, .port = 80, .has_peer = true};
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    address.peer = a->key;
    ProtobufCBinaryData field = {multiaddr_encode (&address, bytes), bytes};
    addresses_t addresses;
    assert_true (addresses_set (&addresses, &field, 1, NULL, &b->key));
    assert_int_equal (addresses.size, 0);
    assert_true (addresses_set (&addresses, &field, 1, NULL, &a->key));
    bytes_t kept;
    uint16_t cursor = 0;
    assert_true (addresses_next (&addresses, &cursor, &kept));
    assert_int_equal (kept.size, 8);
    addresses_clear (&addresses);
}

//  ---- requests in flight ------------------------------------------------------------------------

static void
a_number_is_good_for_one_flight_only (void **state)
{
    (void) state;
    links_t *links = links_new (10, 3);
    flights_t *flights = flights_new ();
    link_t *a = links_add (links), *b = links_add (links);
    flight_t flight = {.id = 5};
    uint64_t number = flights_add (flights, a, &flight, "dht", "gossip", 100);
    assert_string_equal (flight_asker (flights_get (flights, a, number)), "dht");
    assert_string_equal (flight_asked (flights_get (flights, a, number)), "gossip");
    assert_null (flights_get (flights, b, number));
    assert_null (flights_get (flights, a, number + 1));
    assert_null (flights_get (flights, a, 0));
    assert_null (flights_get (flights, a, UINT64_MAX));
    assert_true (flights_number (flights, a, "dht", 5) == number);
    assert_true (flights_number (flights, a, "gossip", 5) == 0);
    flights_end (flights, a, number);
    assert_null (flights_get (flights, a, number));
    uint64_t next = flights_add (flights, a, &flight, "dht", "gossip", 100);
    assert_true ((uint32_t) next == (uint32_t) number && next != number);
    flights_destroy (&flights);
    links_destroy (&links);
}

static void
flights_are_bounded_for_a_peer_and_for_all (void **state)
{
    (void) state;
    links_t *links = links_new (10, 3);
    flights_t *flights = flights_new ();
    flight_t flight = {.id = 5};
    for (unsigned i = 0; i < FLIGHTS_MAX / FLIGHTS_LINK_MAX; i++) {
        link_t *link = links_add (links);
        for (unsigned j = 0; j < FLIGHTS_LINK_MAX; j++)
            assert_true (flights_add (flights, link, &flight, "a", "b", 1000 - (int) j) != 0);
        assert_true (flights_add (flights, link, &flight, "a", "b", 100) == 0);
    }
    assert_true (flights_add (flights, links_add (links), &flight, "a", "b", 100) == 0);
    assert_int_equal (flights_count (flights), FLIGHTS_MAX);
    uint16_t slot;
    uint64_t number;
    int64_t last_ms = 0;
    while ((number = flights_due (flights, 1000, &slot)) != 0) {
        assert_true (flights_earliest_ms (flights) >= last_ms);
        last_ms = flights_earliest_ms (flights);
        flights_end (flights, links_at (links, slot), number);
    }
    assert_int_equal (flights_count (flights), 0);
    flights_destroy (&flights);
    links_destroy (&links);
}

//  ---- memory ------------------------------------------------------------------------------------

static void
a_session_is_small (void **state)
{
    (void) state;
    //  With its slot and its deadline: 210 bytes; one address of IPv4 takes no more
    assert_true (sizeof (link_t) <= 184);
    assert_true (sizeof (swarm_t) <= 768);
}

//  Link number 'i' of a crowd, as it is named.
static void
name_of (unsigned i, peer_key_t *key, char text[PEER_ID_TEXT + 1])
{
    *key = (peer_key_t) {{(uint8_t) i, (uint8_t) (i >> 8), 7}};
    peer_id_text (key, text);
}

static link_t *
member (links_t *links, unsigned i)
{
    peer_key_t key;
    char text[PEER_ID_TEXT + 1];
    link_t *link = links_add (links);
    assert_non_null (link);
    name_of (i, &key, text);
    links_name (links, link, &key);
    links_number (links, link, 2 * i + 1);
    links_deadline (links, link, 1000 + i);
    return link;
}

static void
when_a_crowd_has_gone_its_slots_are_given_back (void **state)
{
    (void) state;
    links_t *links = links_new (1000, 3);
    flights_t *flights = flights_new ();
    link_t *all[500];
    for (unsigned i = 0; i < 500; i++)
        all[i] = member (links, i);
    for (unsigned i = 0; i < 490; i++)
        links_remove (links, &all[i]);
    assert_non_null (links_at (links, 499));
    flight_t flight = {.id = 5};
    uint64_t number = flights_add (flights, all[499], &flight, "dht", "dht", 100);
    links_tidy (links);
    assert_ptr_equal (links_at (links, 499), all[499]);
    flights_end (flights, all[499], number);
    //  One that drains names the slot of its heir.
    links_set (links, all[490], LINK_DRAINING, false);
    links_tidy (links);
    assert_ptr_equal (links_at (links, 499), all[499]);
    links_set (links, all[490], LINK_SESSION, false);
    links_tidy (links);
    unsigned count = 0;
    uint32_t cursor = 0;
    for (link_t *link; (link = links_next (links, &cursor)) != NULL; count++) {
        assert_ptr_equal (links_at (links, link->slot), link);
        assert_true (link->slot < 32);
    }
    assert_int_equal (count, 10);
    for (unsigned i = 490; i < 500; i++) {
        peer_key_t key;
        char text[PEER_ID_TEXT + 1];
        name_of (i, &key, text);
        assert_ptr_equal (links_find (links, 2 * i + 1), all[i]);
        assert_ptr_equal (links_peer (links, text), all[i]);
        assert_ptr_equal (links_due (links, 5000), all[i]);
        links_deadline (links, all[i], DEADLINE_NEVER);
    }
    for (unsigned i = 0; i < 100; i++)
        member (links, i);
    flights_destroy (&flights);
    links_destroy (&links);
}

//  Of two links with one peer each has the other's connection then, and what is known of that.
static void
links_that_are_swapped_have_each_the_others_connection (void **state)
{
    (void) state;
    links_t *links = links_new (10, 3);
    link_t *a = links_add (links), *b = links_add (links);
    links_number (links, a, 7);
    links_number (links, b, 8);
    links_came_in (links, a);
    a->unwritten_bytes = 70;
    b->unwritten_bytes = 80;
    a->seen_size = 1;
    a->seen[0] = 7;
    b->seen_size = 2;
    b->seen[0] = 8;
    links_swap (links, a, b);
    assert_ptr_equal (links_find (links, 8), a);
    assert_ptr_equal (links_find (links, 7), b);
    assert_true (a->number == 8 && b->number == 7);
    assert_true (a->unwritten_bytes == 80 && b->unwritten_bytes == 70);
    assert_true (!a->inbound && b->inbound);
    assert_true (a->seen_size == 2 && a->seen[0] == 8);
    assert_true (b->seen_size == 1 && b->seen[0] == 7);
    links_destroy (&links);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (verifying_and_storing_cost_more_than_reading),
        cmocka_unit_test (a_peer_gets_its_burst_and_then_its_rate),
        cmocka_unit_test (a_clock_that_wraps_around_or_stands_still_fills_nothing_wrongly),
        cmocka_unit_test (when_all_want_much_each_gets_its_share),
        cmocka_unit_test (who_asks_all_the_time_gets_its_share_even_when_that_is_small),
        cmocka_unit_test_teardown (a_flood_is_cut_off_and_told_once_a_second, teardown),
        cmocka_unit_test_teardown (answers_to_nothing_are_charged_as_a_flood, teardown),
        cmocka_unit_test (an_envelope_is_read_as_it_was_written),
        cmocka_unit_test (changed_bytes_never_make_a_name_that_is_none),
        cmocka_unit_test (of_many_addresses_ten_good_ones_are_kept),
        cmocka_unit_test (an_address_without_ip_is_the_one_that_is_seen),
        cmocka_unit_test (addresses_come_back_as_they_were_however_many),
        cmocka_unit_test_teardown (an_address_of_somebody_else_is_left_out, teardown),
        cmocka_unit_test (a_number_is_good_for_one_flight_only),
        cmocka_unit_test (flights_are_bounded_for_a_peer_and_for_all),
        cmocka_unit_test (a_session_is_small),
        cmocka_unit_test (links_that_are_swapped_have_each_the_others_connection),
        cmocka_unit_test (when_a_crowd_has_gone_its_slots_are_given_back),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
