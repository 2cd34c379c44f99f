// SPDX-License-Identifier: MIT
//  Many nodes: what one stores, others find, whatever some of them do.
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/dht/dht_inside.h"
#include "tests/unit/dht_herd.h"
#include "tests/unit/dht_signed.h"

#define NODES_MAX 300

static herd_t herd;

//  'count' nodes who know each other through the first three, of which the part of 'nature' is so.
static void
begin (uint32_t count, nature_t nature, unsigned percent)
{
    herd_begin (&herd, NODES_MAX, 11);
    for (uint32_t i = 0; i < count; i++) {
        bool other = i >= 3 && rng_below (&herd.rng, 100) < percent;
        herd_add (&herd, other ? nature : HONEST, NULL);
        for (uint32_t j = 0; j < 3 && j < i; j++)
            herd_meet (&herd, i, j);
        herd_run (&herd, 50);
    }
    herd_run (&herd, 30000);
}

static uint32_t
some_node (void)
{
    for (;;) {
        uint32_t node = (uint32_t) rng_below (&herd.rng, herd.count);
        if (herd.nodes[node].actor)
            return node;
    }
}

static dht_t *
dht_of (uint32_t node)
{
    return actor_state (herd.nodes[node].actor);
}

static Ggen__DhtReadReply *
read_as (uint32_t node, const digest_t *key, bool first_valid, code_t *code_p)
{
    digest_t copy = *key;
    Ggen__DhtReadRequest read = GGEN__DHT_READ_REQUEST__INIT;
    read.key = digest_to_field (&copy);
    read.first_valid = first_valid;
    return herd_ask (&herd, node, &read.base, &ggen__dht_read_reply__descriptor, code_p);
}

static void
provide_as (uint32_t node, const digest_t *sha256, bool withdraw)
{
    digest_t copy = *sha256;
    Ggen__DhtProvideRequest provide = GGEN__DHT_PROVIDE_REQUEST__INIT;
    provide.sha256 = digest_to_field (&copy);
    provide.withdraw = withdraw;
    Ggen__DhtProvideReply *reply =
        herd_ask (&herd, node, &provide.base, &ggen__dht_provide_reply__descriptor, NULL);
    assert_non_null (reply);
    assert_true (reply->acknowledged > 0 && reply->acknowledged <= reply->asked);
    ggen__dht_provide_reply__free_unpacked (reply, NULL);
}

static Ggen__DhtWriteReply *
write_as (uint32_t node, const digest_t *key, const packed_t *packed, code_t *code_p)
{
    digest_t copy = *key;
    Ggen__DhtWriteRequest write = GGEN__DHT_WRITE_REQUEST__INIT;
    write.key = digest_to_field (&copy);
    write.record = (ProtobufCBinaryData) {packed->size, (uint8_t *) packed->data};
    return herd_ask (&herd, node, &write.base, &ggen__dht_write_reply__descriptor, code_p);
}

static void
store (uint32_t node, const digest_t *key, const packed_t *packed)
{
    Ggen__DhtWriteReply *reply = write_as (node, key, packed, NULL);
    assert_non_null (reply);
    ggen__dht_write_reply__free_unpacked (reply, NULL);
}

static size_t
holders_of (const digest_t *key)
{
    size_t count = 0;
    for (uint32_t i = 0; i < herd.count; i++)
        count += herd.nodes[i].actor
              && records_next (dht_of (i)->records, key, NULL, herd.now_ms) != NULL;
    return count;
}

static digest_t
some_digest (void)
{
    digest_t digest;
    rng_bytes (&herd.rng, digest.bytes, sizeof digest.bytes);
    return digest;
}

static bool
is_found (uint32_t node, const digest_t *key, bool first_valid)
{
    Ggen__DhtReadReply *reply = read_as (node, key, first_valid, NULL);
    bool found = reply && reply->n_records == 1;
    if (reply)
        ggen__dht_read_reply__free_unpacked (reply, NULL);
    return found;
}

//  ---- storing and finding -----------------------------------------------------------------------

static void
what_one_node_stores_every_other_one_finds (void **state)
{
    (void) state;
    begin (60, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    assert_int_equal (holders_of (&sha256), KBUCKET_K);
    for (uint32_t i = 0; i < 60; i++) {
        Ggen__DhtReadReply *reply = read_as (i, &sha256, i % 2 == 0, NULL);
        assert_non_null (reply);
        assert_int_equal (reply->n_records, 1);
        assert_int_equal (reply->n_providers, 1);
        assert_memory_equal (reply->providers[0]->peer_key.data, herd.nodes[7].key.bytes, 32);
        assert_int_equal (reply->providers[0]->n_addresses, 1);
        assert_true (reply->messages <= (i % 2 == 0 ? 20u : 50u));
        assert_true (i % 2 == 0 || reply->responders >= KBUCKET_K - 1);
        assert_false (reply->incomplete);
        ggen__dht_read_reply__free_unpacked (reply, NULL);
    }
    herd_end (&herd);
}

static void
what_nobody_stored_is_not_found (void **state)
{
    (void) state;
    begin (40, HONEST, 0);
    digest_t key = some_digest ();
    for (unsigned first_valid = 0; first_valid < 2; first_valid++) {
        Ggen__DhtReadReply *reply = read_as (5, &key, first_valid != 0, NULL);
        assert_non_null (reply);
        assert_int_equal (reply->n_records, 0);
        assert_true (reply->responders >= 3);
        ggen__dht_read_reply__free_unpacked (reply, NULL);
    }
    herd_end (&herd);
}

static void
a_provider_that_withdraws_is_named_no_more (void **state)
{
    (void) state;
    begin (40, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    provide_as (8, &sha256, false);
    assert_int_equal (dht_provide_count (dht_of (7)), 1);
    provide_as (7, &sha256, true);
    assert_int_equal (dht_provide_count (dht_of (7)), 0);
    Ggen__DhtReadReply *reply = read_as (20, &sha256, false, NULL);
    assert_int_equal (reply->n_records, 2);
    assert_int_equal (reply->n_providers, 1);
    assert_memory_equal (reply->providers[0]->peer_key.data, herd.nodes[8].key.bytes, 32);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    herd_end (&herd);
}

static void
what_was_withdrawn_does_not_end_a_search_for_the_first_valid_one (void **state)
{
    (void) state;
    begin (30, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    provide_as (7, &sha256, true);
    for (uint32_t i = 0; i < 30; i++) {
        Ggen__DhtReadReply *reply = read_as (i, &sha256, true, NULL);
        assert_int_equal (reply->n_records, 1);
        assert_int_equal (reply->n_providers, 0);
        assert_true (reply->responders >= KBUCKET_K - 1);
        ggen__dht_read_reply__free_unpacked (reply, NULL);
    }
    herd_end (&herd);
}

//  A swarm that lies closer to a key than all others, and came before what is stored under it; but
//  all of it is behind one network.
static void
a_swarm_around_a_key_behind_one_network_hides_nothing (void **state)
{
    (void) state;
    begin (60, HONEST, 0);
    digest_t sha256 = some_digest ();
    uint64_t place = contact_place_of (sha256.bytes);
    for (unsigned i = 0; i < 30; i++) {
        do
            herd_be_somebody (&herd, &herd.nodes[herd.count], LIAR);
        while ((herd.nodes[herd.count].place ^ place) > UINT64_MAX / 128);
        herd.nodes[herd.count].ip = 0x0B0B0000u + i;
        uint32_t number = herd_enrol (&herd);
        for (uint32_t j = 0; j < 60; j++)
            herd_meet (&herd, number, j);
    }
    herd_run (&herd, 30000);
    provide_as (7, &sha256, false);
    for (uint32_t i = 20; i < 40; i++)
        assert_true (is_found (i, &sha256, i % 2 == 0));
    herd_end (&herd);
}

//  The same, each of them in a network of its own: nothing tells them from others but that so many
//  lie so close together.
static void
a_swarm_around_a_key_from_everywhere_hides_nothing (void **state)
{
    (void) state;
    begin (100, HONEST, 0);
    digest_t sha256 = some_digest ();
    uint64_t place = contact_place_of (sha256.bytes);
    for (unsigned i = 0; i < 30; i++) {
        do
            herd_be_somebody (&herd, &herd.nodes[herd.count], LIAR);
        while ((herd.nodes[herd.count].place ^ place) > UINT64_MAX / 4096);
        uint32_t number = herd_enrol (&herd);
        for (uint32_t j = 0; j < 60; j++)
            herd_meet (&herd, number, j);
    }
    herd_run (&herd, 30000);
    provide_as (7, &sha256, false);
    assert_true (holders_of (&sha256) >= KBUCKET_K / 2);
    for (uint32_t i = 20; i < 60; i++)
        assert_true (is_found (i, &sha256, i % 2 == 0));
    //  Nor a key beside it, to which few others are closer than all of the swarm
    digest_t beside = sha256;
    beside.bytes[0] ^= 0x10;
    provide_as (9, &beside, false);
    for (uint32_t i = 20; i < 40; i++)
        assert_true (is_found (i, &beside, i % 2 == 0));
    //  Where there is no swarm nothing costs more than it did
    digest_t other = sha256;
    other.bytes[0] ^= 0xC0;
    provide_as (8, &other, false);
    Ggen__DhtReadReply *reply = read_as (30, &other, false, NULL);
    assert_true (reply->messages <= 50);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    herd_end (&herd);
}

static void
a_set_of_many_pages_is_read_whole (void **state)
{
    (void) state;
    begin (5, HONEST, 0);
    digest_t key;
    char name[32];
    for (unsigned i = 0; i < 180; i++) {
        signer_t signer = signer_of ((uint8_t) i);
        snprintf (name, sizeof name, "package-%u", i);
        packed_t packed = signed_listing (&signer, name, "plenty", HERD_WALL_MS, &key);
        store (i % 5, &key, &packed);
    }
    herd_add (&herd, HONEST, NULL);
    herd_meet (&herd, 5, 0);
    herd_run (&herd, 5000);
    Ggen__DhtReadReply *reply = read_as (5, &key, false, NULL);
    assert_int_equal (reply->n_records, 180);
    assert_false (reply->full);
    assert_false (reply->incomplete);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    herd_end (&herd);
}

static void
a_full_set_says_so_to_readers_and_writers (void **state)
{
    (void) state;
    begin (4, HONEST, 0);
    digest_t key;
    char name[32];
    for (unsigned i = 0; i < 300; i++) {
        signer_t signer = signer_of ((uint8_t) (i % 250));
        snprintf (name, sizeof name, "package-%u", i);
        packed_t packed = signed_listing (&signer, name, "plenty", HERD_WALL_MS, &key);
        Ggen__DhtWriteReply *reply = write_as (1, &key, &packed, NULL);
        assert_int_equal (reply->full, i >= 256);
        assert_int_equal (reply->acknowledged, i < 256 ? reply->asked : 0);
        ggen__dht_write_reply__free_unpacked (reply, NULL);
    }
    Ggen__DhtReadReply *reply = read_as (2, &key, false, NULL);
    assert_true (reply->full);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    herd_end (&herd);
}

//  ---- when some die -----------------------------------------------------------------------------

static void
given_half_of_the_nodes_die_what_was_stored_is_still_found (void **state)
{
    (void) state;
    begin (100, HONEST, 0);
    digest_t keys[10];
    for (unsigned i = 0; i < 10; i++) {
        keys[i] = some_digest ();
        provide_as (some_node (), &keys[i], false);
    }
    for (uint32_t i = 3; i < 100; i += 2)
        herd_kill (&herd, i);
    for (unsigned i = 0; i < 10; i++)
        for (unsigned first_valid = 0; first_valid < 2; first_valid++)
            assert_true (is_found (some_node (), &keys[i], first_valid != 0));
    herd_end (&herd);
}

static void
a_node_that_is_gone_leaves_the_table (void **state)
{
    (void) state;
    begin (20, HONEST, 0);
    dht_t *dht = dht_of (4);
    assert_non_null (kbucket_get (dht->table, &herd.nodes[9].key, herd.nodes[9].place));
    herd_kill (&herd, 9);
    digest_t key = some_digest ();
    for (unsigned i = 0; i < 4; i++)
        is_found (4, &key, false);
    assert_null (kbucket_get (dht->table, &herd.nodes[9].key, herd.nodes[9].place));
    assert_int_equal (kbucket_count (dht->table), 18);
    herd_end (&herd);
}

static unsigned
sessions_with (uint32_t node, uint32_t other)
{
    const dht_t *dht = dht_of (node);
    const uint64_t id = contact_place_of (herd.nodes[other].key.bytes);
    unsigned count = 0;
    for (unsigned i = 0; i < dht->sessions_count; i++)
        count += dht->sessions[i].id == id;
    return count;
}

static void
a_session_that_is_told_of_again_is_remembered_once (void **state)
{
    (void) state;
    begin (3, HONEST, 0);
    for (unsigned i = 0; i < 5; i++)
        herd_introduce (&herd, 0, 1);
    herd_run (&herd, 1000);
    assert_int_equal (sessions_with (0, 1), 1);
    herd_end (&herd);
}

static void
end_session (uint32_t node, uint32_t other)
{
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = peer_key_to_field (&herd.nodes[other].key);
    herd_tell (&herd, node, "swarm", GGEN__KIND__EVENT, &down.base);
    herd_run (&herd, 100);
}

//  A crowd comes and goes, those in the middle first.
static void
a_session_that_ends_is_forgotten_and_no_other_and_what_a_crowd_took_is_given_back (void **state)
{
    (void) state;
    begin (101, HONEST, 0);
    for (uint32_t i = 1; i < 101; i++)
        herd_introduce (&herd, 0, i);
    herd_run (&herd, 1000);
    assert_int_equal (dht_of (0)->sessions_count, 100);
    for (uint32_t i = 50; i < 100; i++)
        end_session (0, i);
    end_session (0, 50);
    for (uint32_t i = 1; i < 49; i++)
        end_session (0, i);
    assert_int_equal (dht_of (0)->sessions_count, 2);
    assert_int_equal (sessions_with (0, 49), 1);
    assert_int_equal (sessions_with (0, 100), 1);
    const session_group_t *sessions = dht_of (0)->sessions;
    assert_true (malloc_usable_size ((void *) (uintptr_t) sessions) < 40 * sizeof *sessions);
    herd_end (&herd);
}

//  They hold what we hold: with them it is lost, unless it is sent round soon.
static void
when_five_neighbours_are_lost_what_is_held_is_sent_round_within_half_an_hour (void **state)
{
    (void) state;
    begin (40, HONEST, 0);
    digest_t sha256 = some_digest (), key;
    provide_as (7, &sha256, false);
    dht_t *dht = NULL;
    for (uint32_t i = 3; i < 7 && !dht; i++)
        if (records_next (dht_of (i)->records, &sha256, NULL, herd.now_ms))
            dht = dht_of (i);
    assert_non_null (dht);
    uint64_t cursor = 0;
    const digest_t *at;
    element_t *element = records_walk (dht->records, &cursor, &at);
    assert_non_null (element);
    key = *at;
    assert_memory_equal (&key, &sha256, sizeof key);
    const int32_t due_secs = element->due_secs;
    const int32_t soon_secs = (int32_t) (herd.now_ms / 1000) + 1800;
    assert_true (due_secs > soon_secs);
    for (unsigned i = 0; i < 4; i++)
        dht_upkeep_left (dht, dht->place ^ 1);
    assert_int_equal (element->due_secs, due_secs);
    dht_upkeep_left (dht, dht->place ^ 1);
    assert_true (element->due_secs <= soon_secs);
    //  And then it takes five others.
    element->due_secs = due_secs;
    for (unsigned i = 0; i < 4; i++)
        dht_upkeep_left (dht, dht->place ^ 1);
    assert_int_equal (element->due_secs, due_secs);
    herd_end (&herd);
}

static void
given_that_it_is_us_who_cannot_be_heard_the_table_stays (void **state)
{
    (void) state;
    begin (40, HONEST, 0);
    for (uint32_t i = 0; i < 40; i++)
        if (i != 4)
            herd_kill (&herd, i);
    herd_run (&herd, 120000);       //  What answered before is forgotten
    digest_t key = some_digest ();
    code_t code;
    for (unsigned i = 0; i < 6; i++) {
        assert_null (read_as (4, &key, false, &code));
        assert_int_equal (code, INSUFFICIENT_DHT_RESPONSES);
    }
    assert_true (kbucket_count (dht_of (4)->table) > 30);
    herd_end (&herd);
}

static void
a_record_goes_to_a_new_node_that_is_close_to_it (void **state)
{
    (void) state;
    begin (60, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    uint64_t place = contact_place_of (sha256.bytes);
    unsigned close = 0;
    for (unsigned i = 0; i < 30; i++) {
        uint32_t node = herd_add (&herd, HONEST, NULL);
        herd_meet (&herd, node, 0);
        herd_meet (&herd, node, 1);
        herd_run (&herd, 20000);
        unsigned nearer = 0;
        for (uint32_t j = 0; j < herd.count; j++)
            nearer += (herd.nodes[j].place ^ place) < (herd.nodes[node].place ^ place);
        if (nearer >= KBUCKET_K / 2)
            continue;
        close++;
        assert_non_null (records_next (dht_of (node)->records, &sha256, NULL, herd.now_ms));
    }
    assert_true (close >= 3);
    herd_end (&herd);
}

//  The publisher is gone, the holders go one after the other: those who come keep it.
static void
a_head_outlives_its_publisher_and_all_who_held_it_first (void **state)
{
    (void) state;
    begin (60, HONEST, 0);
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t head = signed_head (&signer, "acme", 3, HERD_WALL_MS, &key);
    store (59, &key, &head);
    for (uint32_t i = 3; i < 60; i++) {
        herd_kill (&herd, i);
        uint32_t node = herd_add (&herd, HONEST, NULL);
        for (uint32_t j = 0; j < 3; j++)
            herd_meet (&herd, node, j);
        herd_run (&herd, 120000);
    }
    assert_true (is_found (some_node (), &key, false));
    assert_true (holders_of (&key) >= 10);
    herd_end (&herd);
}

static void
a_provider_record_is_renewed_by_its_signer_only (void **state)
{
    (void) state;
    dht_settings_t settings = dht_settings_default (NULL);
    settings.provider_ttl_secs = 3600;
    settings.refresh_ms = 36000000;
    herd_begin (&herd, NODES_MAX, 12);
    for (uint32_t i = 0; i < 12; i++) {
        herd_add (&herd, HONEST, &settings);
        for (uint32_t j = 0; j < 3 && j < i; j++)
            herd_meet (&herd, i, j);
        herd_run (&herd, 100);
    }
    herd_run (&herd, 10000);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    herd_run (&herd, 3 * 3600000);
    assert_true (is_found (9, &sha256, false));
    herd_kill (&herd, 7);
    herd_run (&herd, 3700000);
    assert_false (is_found (9, &sha256, false));
    assert_int_equal (holders_of (&sha256), 0);
    herd_end (&herd);
}

static void
a_listing_is_republished_by_its_holders (void **state)
{
    (void) state;
    dht_settings_t settings = dht_settings_default (NULL);
    settings.refresh_ms = 36000000;
    herd_begin (&herd, NODES_MAX, 12);
    for (uint32_t i = 0; i < 12; i++) {
        herd_add (&herd, HONEST, &settings);
        for (uint32_t j = 0; j < 3 && j < i; j++)
            herd_meet (&herd, i, j);
        herd_run (&herd, 100);
    }
    herd_run (&herd, 10000);
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t listing = signed_listing (&signer, "acme", "word", HERD_WALL_MS, &key);
    store (7, &key, &listing);
    herd_kill (&herd, 7);
    herd_run (&herd, 100ll * 3600000);      //  Four times its TTL
    assert_true (is_found (9, &key, false));
    herd_end (&herd);
}

//  ---- when some lie -----------------------------------------------------------------------------

static void
found_in_spite_of (nature_t nature, unsigned percent)
{
    begin (150, nature, percent);
    unsigned found = 0, reads = 0;
    for (unsigned i = 0; i < 20; i++) {
        digest_t key = some_digest ();
        provide_as (some_node (), &key, false);
        for (unsigned j = 0; j < 4; j++, reads++)
            found += is_found (some_node (), &key, j % 2 == 0);
    }
    assert_true (found >= reads - 1);
    herd_end (&herd);
}

static void
given_a_fifth_name_each_other_only_lookups_succeed (void **state)
{
    (void) state;
    found_in_spite_of (LIAR, 20);
}

static void
given_a_fifth_are_silent_lookups_succeed (void **state)
{
    (void) state;
    found_in_spite_of (SILENT, 20);
}

static void
given_a_fifth_invent_nodes_lookups_succeed (void **state)
{
    (void) state;
    found_in_spite_of (INVENTOR, 20);
}

static void
a_node_that_never_answered_us_is_in_no_table (void **state)
{
    (void) state;
    begin (40, SILENT, 30);
    herd_run (&herd, 60000);
    for (uint32_t i = 0; i < 40; i++)
        for (uint32_t j = 0; j < 40; j++)
            if (herd.nodes[i].actor && herd.nodes[j].nature == SILENT)
                assert_null (kbucket_get (dht_of (i)->table, &herd.nodes[j].key,
                                          herd.nodes[j].place));
    herd_end (&herd);
}

static void
a_forged_record_is_neither_stored_nor_returned (void **state)
{
    (void) state;
    begin (40, FORGER, 40);
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t head = signed_head (&signer, "acme", 3, HERD_WALL_MS, &key);
    packed_t forged = signed_head (&signer, "acme", 4, HERD_WALL_MS, &key);
    forged.data[forged.size - 1] ^= 1;
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    stored.record = (ProtobufCBinaryData) {forged.size, forged.data};
    herd.forgery = &stored;
    store (0, &key, &head);
    Ggen__DhtReadReply *reply = read_as (1, &key, false, NULL);
    assert_non_null (reply);
    assert_int_equal (reply->n_records, 1);
    assert_int_equal (reply->records[0].len, head.size);
    assert_memory_equal (reply->records[0].data, head.data, head.size);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    code_t code;
    assert_null (write_as (0, &key, &forged, &code));
    assert_int_equal (code, INVALID_SIGNATURE);
    herd_end (&herd);
}

static void
a_record_that_does_not_belong_there_is_refused (void **state)
{
    (void) state;
    begin (10, HONEST, 0);
    signer_t signer = signer_of (1);
    digest_t key, elsewhere = some_digest ();
    code_t code;
    packed_t head = signed_head (&signer, "acme", 3, HERD_WALL_MS, &key);
    assert_null (write_as (0, &elsewhere, &head, &code));
    assert_int_equal (code, SECURITY);
    head = signed_head (&signer, "acme", 3, HERD_WALL_MS + 3600000, &key);
    assert_null (write_as (0, &key, &head, &code));
    assert_int_equal (code, VALIDATION);
    //  Nor when another node sends it
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__PutRecordRequest put = GGEN__PUT_RECORD_REQUEST__INIT;
    stored.record = (ProtobufCBinaryData) {head.size, head.data};
    put.key = digest_to_field (&key);
    put.record = &stored;
    assert_null (herd_ask (&herd, 3, &put.base, &ggen__put_record_reply__descriptor, &code));
    assert_int_equal (code, VALIDATION);
    assert_int_equal (holders_of (&key), 0);
    assert_int_equal (dht_of (3)->refused_invalid, 1);
    herd_end (&herd);
}

//  All others are an hour ahead of node 0 and node 3: what they sign is of the future there.
static void
given_our_clock_is_wrong_the_peers_clocks_say_what_is_of_the_future (void **state)
{
    (void) state;
    begin (10, HONEST, 0);
    signer_t signer = signer_of (1);
    digest_t key;
    code_t code;
    packed_t head = signed_head (&signer, "acme", 3, HERD_WALL_MS + 3600000, &key);
    Ggen__PeersClock clock = GGEN__PEERS_CLOCK__INIT;
    clock.skew_ms = 3600000;
    for (uint32_t i = 0; i < 10; i++)
        herd_tell (&herd, i, "swarm", GGEN__KIND__EVENT, &clock.base);
    store (0, &key, &head);
    assert_int_equal (holders_of (&key), 10);
    assert_true (is_found (3, &key, false));
    //  What it says of itself is signed by that time, too
    digest_t sha256 = some_digest ();
    provide_as (0, &sha256, false);
    const element_t *element = records_next (dht_of (5)->records, &sha256, NULL, herd.now_ms);
    dht_element_t provided;
    assert_int_equal (dht_key_check (&provided, crypto_real.sha256, crypto_real.verify, &sha256,
                                     (bytes_t) {element->packed, element->size}),
                      OK);
    assert_in_range (provided.issued_at, HERD_WALL_MS / 1000 + 3600, HERD_WALL_MS / 1000 + 3900);
    //  A clock that is right again
    clock.skew_ms = 0;
    herd_tell (&herd, 0, "swarm", GGEN__KIND__EVENT, &clock.base);
    head = signed_head (&signer, "acme", 4, HERD_WALL_MS + 3600000, &key);
    assert_null (write_as (0, &key, &head, &code));
    assert_int_equal (code, VALIDATION);
    herd_end (&herd);
}

static void
two_heads_with_one_seq_are_no_consensus (void **state)
{
    (void) state;
    begin (30, HONEST, 0);
    signer_t signer = signer_of (1);
    digest_t key;
    code_t code;
    packed_t one = signed_head (&signer, "acme", 3, HERD_WALL_MS, &key);
    packed_t other = signed_head (&signer, "acme", 3, HERD_WALL_MS - 1000, &key);
    store (0, &key, &one);
    //  Those who have the first keep it; one that is new has the second only
    uint32_t node = herd_add (&herd, HONEST, NULL);
    store (node, &key, &other);
    herd_meet (&herd, node, 0);
    herd_run (&herd, 10000);
    assert_null (read_as (node, &key, false, &code));
    assert_int_equal (code, DHT_CONSENSUS_FAILURE);
    herd_end (&herd);
}

static void
who_holds_something_older_gets_the_newer (void **state)
{
    (void) state;
    begin (25, HONEST, 0);
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t old = signed_head (&signer, "acme", 200, HERD_WALL_MS, &key);
    packed_t fresh = signed_head (&signer, "acme", 300, HERD_WALL_MS, &key);
    store (0, &key, &old);
    //  One node only has the newer
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__PutRecordRequest put = GGEN__PUT_RECORD_REQUEST__INIT;
    stored.record = (ProtobufCBinaryData) {fresh.size, fresh.data};
    put.key = digest_to_field (&key);
    put.record = &stored;
    Ggen__PutRecordReply *reply =
        herd_ask (&herd, 5, &put.base, &ggen__put_record_reply__descriptor, NULL);
    assert_true (reply->stored);
    ggen__put_record_reply__free_unpacked (reply, NULL);
    for (unsigned i = 0; i < 8; i++) {
        Ggen__DhtReadReply *got = read_as (i, &key, false, NULL);
        assert_int_equal (got->records[0].len, fresh.size);
        assert_memory_equal (got->records[0].data, fresh.data, fresh.size);
        ggen__dht_read_reply__free_unpacked (got, NULL);
        herd_run (&herd, 2000);
    }
    size_t told = 0;
    for (uint32_t i = 0; i < 25; i++) {
        const element_t *element =
            records_next (dht_of (i)->records, &key, NULL, herd.now_ms);
        told += element && element->seq == 300;
    }
    assert_true (told >= KBUCKET_K);
    //  And who writes something old is told what is newer
    Ggen__DhtWriteReply *written = write_as (3, &key, &old, NULL);
    assert_int_equal (written->newer.len, fresh.size);
    ggen__dht_write_reply__free_unpacked (written, NULL);
    herd_end (&herd);
}

//  ---- providers that are gone -------------------------------------------------------------------

static void
tell_dead (uint32_t node, const digest_t *sha256, uint32_t provider)
{
    digest_t copy = *sha256;
    Ggen__ProviderDead dead = GGEN__PROVIDER_DEAD__INIT;
    dead.key = digest_to_field (&copy);
    dead.peer_key = peer_key_to_field (&herd.nodes[provider].key);
    herd_tell (&herd, node, "transfer", GGEN__KIND__EVENT, &dead.base);
    herd_run (&herd, 5000);
}

static void
a_provider_reported_dead_is_named_no_more_within_seconds (void **state)
{
    (void) state;
    begin (50, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    herd_kill (&herd, 7);
    assert_true (is_found (20, &sha256, false));
    tell_dead (20, &sha256, 7);
    for (uint32_t i = 30; i < 35; i++)
        assert_false (is_found (i, &sha256, false));
    herd_end (&herd);
}

static void
a_provider_that_lives_is_named_whatever_others_say (void **state)
{
    (void) state;
    begin (50, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    tell_dead (20, &sha256, 7);
    assert_true (is_found (30, &sha256, false));
    herd_end (&herd);
}

//  ---- clients and strangers ---------------------------------------------------------------------

static void
a_client_reads_and_stores_nothing_and_is_in_no_table (void **state)
{
    (void) state;
    begin (30, HONEST, 0);
    dht_settings_t settings = dht_settings_default (NULL);
    settings.server = false;
    uint32_t client = herd_add (&herd, HONEST, &settings);
    herd_meet (&herd, client, 0);
    herd_meet (&herd, client, 1);
    herd_run (&herd, 10000);
    digest_t sha256 = some_digest ();
    provide_as (client, &sha256, false);
    assert_true (is_found (client, &sha256, true));
    assert_true (is_found (9, &sha256, false));
    assert_null (records_next (dht_of (client)->records, &sha256, NULL, herd.now_ms));
    for (uint32_t i = 0; i < 30; i++)
        assert_null (kbucket_get (dht_of (i)->table, &herd.nodes[client].key,
                                  herd.nodes[client].place));
    code_t code;
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    find.target = digest_to_field (&sha256);
    char stranger[ADDRESS_MAX + 1];
    peer_id_address (&herd.nodes[7].key, "tester", stranger);
    assert_null (herd_ask_as (&herd, stranger, client, &find.base,
                              &ggen__find_node_reply__descriptor, &code));
    assert_int_equal (code, FEATURE_NOT_ENABLED);
    //  Its own actors are told who is near
    Ggen__FindNodeReply *near =
        herd_ask (&herd, client, &find.base, &ggen__find_node_reply__descriptor, &code);
    assert_non_null (near);
    assert_true (near->n_closer >= 3);
    ggen__find_node_reply__free_unpacked (near, NULL);
    herd_end (&herd);
}

static void
given_that_nobody_is_known_what_lies_here_is_the_answer (void **state)
{
    (void) state;
    herd_begin (&herd, 4, 5);
    herd_add (&herd, HONEST, NULL);
    herd_run (&herd, 1000);
    digest_t sha256 = some_digest (), other = some_digest ();
    provide_as (0, &sha256, false);
    Ggen__DhtReadReply *reply = read_as (0, &sha256, false, NULL);
    assert_int_equal (reply->n_records, 1);
    assert_int_equal (reply->responders, 0);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    assert_false (is_found (0, &other, true));
    herd_end (&herd);
}

static void
what_is_malformed_is_refused (void **state)
{
    (void) state;
    begin (5, HONEST, 0);
    code_t code;
    uint8_t bytes[33] = {0};
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__GetRecordsRequest get = GGEN__GET_RECORDS_REQUEST__INIT;
    Ggen__PutRecordRequest put = GGEN__PUT_RECORD_REQUEST__INIT;
    Ggen__DhtReadRequest read = GGEN__DHT_READ_REQUEST__INIT;
    Ggen__DhtWriteRequest write = GGEN__DHT_WRITE_REQUEST__INIT;
    Ggen__DhtProvideRequest provide = GGEN__DHT_PROVIDE_REQUEST__INIT;
    find.target = (ProtobufCBinaryData) {31, bytes};
    get.key = (ProtobufCBinaryData) {32, bytes};
    get.after = (ProtobufCBinaryData) {15, bytes};
    put.key = (ProtobufCBinaryData) {32, bytes};
    read.key = (ProtobufCBinaryData) {33, bytes};
    write.key = (ProtobufCBinaryData) {31, bytes};
    provide.sha256 = (ProtobufCBinaryData) {0, NULL};
    const ProtobufCMessage *asks[] = {&find.base,  &get.base,     &put.base, &read.base,
                                      &write.base, &provide.base};
    for (size_t i = 0; i < COUNT_OF (asks); i++) {
        assert_null (
            herd_ask (&herd, 1, asks[i], &ggen__dht_status_reply__descriptor, &code));
        assert_int_equal (code, VALIDATION);
    }
    herd_end (&herd);
}

static void
more_lookups_than_can_wait_are_refused (void **state)
{
    (void) state;
    begin (30, HONEST, 0);
    digest_t key = some_digest ();
    Ggen__DhtReadRequest read = GGEN__DHT_READ_REQUEST__INIT;
    read.key = digest_to_field (&key);
    for (unsigned i = 0; i < DHT_RUNNING_MAX + DHT_QUEUE_MAX; i++)
        herd_tell (&herd, 5, "somebody", GGEN__KIND__REQUEST, &read.base);
    code_t code;
    assert_null (read_as (5, &key, false, &code));
    assert_int_equal (code, BUSY);
    assert_true (dht_of (5)->asks <= DHT_ASKS_MAX);
    herd_run (&herd, 60000);
    assert_int_equal (dht_of (5)->running_count, 0);
    assert_int_equal (dht_of (5)->queue_count, 0);
    assert_int_equal (dht_of (5)->asks, 0);
    assert_null (dht_of (5)->waiting);
    herd_end (&herd);
}

static void
a_lookup_that_is_no_longer_wanted_ends (void **state)
{
    (void) state;
    begin (30, HONEST, 0);
    digest_t key = some_digest ();
    Ggen__DhtReadRequest read = GGEN__DHT_READ_REQUEST__INIT;
    Ggen__Envelope cancel = GGEN__ENVELOPE__INIT;
    read.key = digest_to_field (&key);
    cancel.id = herd_tell (&herd, 5, "somebody", GGEN__KIND__REQUEST, &read.base);
    cancel.kind = GGEN__KIND__CANCEL;
    cancel.from = "somebody";
    herd_post (&herd, 5, herd.now_ms, &cancel, NULL, 0);
    herd_run (&herd, HERD_STEP_MS);
    assert_int_equal (dht_of (5)->running_count, 0);
    herd_run (&herd, 10000);
    assert_null (dht_of (5)->waiting);
    herd_end (&herd);
}

static void
the_size_of_the_network_is_estimated (void **state)
{
    (void) state;
    begin (200, HONEST, 0);
    herd_run (&herd, 15 * 60000);
    double sum = 0;
    for (uint32_t i = 0; i < 200; i++)
        sum += (double) dht_of (i)->nodes_estimate / 200;
    assert_true (sum > 140 && sum < 280);
    herd_end (&herd);
}

//  ---- a node of one call --------------------------------------------------------------------------

//  Whom it has just met is asked, before that one is in its table; what it learns it does not keep.
static void
a_node_of_one_call_finds_at_once_and_keeps_and_refreshes_nothing (void **state)
{
    (void) state;
    begin (40, HONEST, 0);
    digest_t sha256 = some_digest ();
    provide_as (7, &sha256, false);
    dht_settings_t settings = dht_settings_default (NULL);
    settings.server = false;
    settings.brief = true;
    uint32_t node = herd_add (&herd, HONEST, &settings);
    assert_true (dht_keep_ready (dht_of (node)));
    herd_introduce (&herd, node, 3);
    assert_true (is_found (node, &sha256, false));
    assert_true (is_found (node, &sha256, true));
    uint64_t queries = dht_of (node)->queries;
    herd_run (&herd, 3600000);
    assert_int_equal (dht_of (node)->queries, queries);
    herd_end (&herd);
}

static void
a_node_of_one_call_that_met_nobody_does_not_say_that_there_is_nothing (void **state)
{
    (void) state;
    herd_begin (&herd, NODES_MAX, 11);
    dht_settings_t settings = dht_settings_default (NULL);
    settings.server = false;
    settings.brief = true;
    digest_t sha256 = some_digest ();
    Ggen__DhtReadReply *reply = read_as (herd_add (&herd, HONEST, &settings), &sha256, false, NULL);
    assert_non_null (reply);
    assert_true (reply->incomplete);
    ggen__dht_read_reply__free_unpacked (reply, NULL);
    herd_end (&herd);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_one_node_stores_every_other_one_finds),
        cmocka_unit_test (what_nobody_stored_is_not_found),
        cmocka_unit_test (a_node_of_one_call_finds_at_once_and_keeps_and_refreshes_nothing),
        cmocka_unit_test (a_node_of_one_call_that_met_nobody_does_not_say_that_there_is_nothing),
        cmocka_unit_test (a_provider_that_withdraws_is_named_no_more),
        cmocka_unit_test (what_was_withdrawn_does_not_end_a_search_for_the_first_valid_one),
        cmocka_unit_test (a_swarm_around_a_key_behind_one_network_hides_nothing),
        cmocka_unit_test (a_swarm_around_a_key_from_everywhere_hides_nothing),
        cmocka_unit_test (a_set_of_many_pages_is_read_whole),
        cmocka_unit_test (a_full_set_says_so_to_readers_and_writers),
        cmocka_unit_test (given_half_of_the_nodes_die_what_was_stored_is_still_found),
        cmocka_unit_test (a_node_that_is_gone_leaves_the_table),
        cmocka_unit_test (a_session_that_is_told_of_again_is_remembered_once),
        cmocka_unit_test (
            a_session_that_ends_is_forgotten_and_no_other_and_what_a_crowd_took_is_given_back),
        cmocka_unit_test (
            when_five_neighbours_are_lost_what_is_held_is_sent_round_within_half_an_hour),
        cmocka_unit_test (given_that_it_is_us_who_cannot_be_heard_the_table_stays),
        cmocka_unit_test (a_record_goes_to_a_new_node_that_is_close_to_it),
        cmocka_unit_test (a_head_outlives_its_publisher_and_all_who_held_it_first),
        cmocka_unit_test (a_provider_record_is_renewed_by_its_signer_only),
        cmocka_unit_test (a_listing_is_republished_by_its_holders),
        cmocka_unit_test (given_a_fifth_name_each_other_only_lookups_succeed),
        cmocka_unit_test (given_a_fifth_are_silent_lookups_succeed),
        cmocka_unit_test (given_a_fifth_invent_nodes_lookups_succeed),
        cmocka_unit_test (a_node_that_never_answered_us_is_in_no_table),
        cmocka_unit_test (a_forged_record_is_neither_stored_nor_returned),
        cmocka_unit_test (a_record_that_does_not_belong_there_is_refused),
        cmocka_unit_test (given_our_clock_is_wrong_the_peers_clocks_say_what_is_of_the_future),
        cmocka_unit_test (two_heads_with_one_seq_are_no_consensus),
        cmocka_unit_test (who_holds_something_older_gets_the_newer),
        cmocka_unit_test (a_provider_reported_dead_is_named_no_more_within_seconds),
        cmocka_unit_test (a_provider_that_lives_is_named_whatever_others_say),
        cmocka_unit_test (a_client_reads_and_stores_nothing_and_is_in_no_table),
        cmocka_unit_test (given_that_nobody_is_known_what_lies_here_is_the_answer),
        cmocka_unit_test (what_is_malformed_is_refused),
        cmocka_unit_test (more_lookups_than_can_wait_are_refused),
        cmocka_unit_test (a_lookup_that_is_no_longer_wanted_ends),
        cmocka_unit_test (the_size_of_the_network_is_estimated),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
