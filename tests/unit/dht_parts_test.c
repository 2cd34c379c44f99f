// SPDX-License-Identifier: MIT
//  The small parts of "dht": contacts as messages, how long to wait, how large the network is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/dht/estimate.h"
#include "actors/dht/harvest.h"
#include "actors/dht/pace.h"
#include "actors/dht/quota.h"
#include "multiaddr.h"
#include "swarm.pb-c.h"
#include "tests/unit/dht_signed.h"
#include "tests/unit/seeded.h"

//  ---- shares and dates --------------------------------------------------------------------------

static void
what_its_group_has_no_room_for_costs_its_signer_nothing (void **state)
{
    (void) state;
    quota_t *quota = quota_new (150, 100, 7);
    assert_true (quota_take (quota, 1, 10, 100));
    assert_false (quota_take (quota, 1, 10, 50));
    assert_true (quota_take (quota, 1, 11, 50));
    assert_false (quota_take (quota, 1, 12, 1));
    assert_true (quota_take (quota, 2, 12, 100));
    quota_give_back (quota, 1, 10, 100);
    assert_true (quota_take (quota, 2, 10, 50));
    assert_true (quota_take (quota, 1, 0, 100));
    quota_destroy (&quota);
}

//  Clocks differ by as much.
static void
what_has_expired_by_less_than_ten_minutes_is_taken_still (void **state)
{
    (void) state;
    const int64_t issued_at = 1763600000;
    signer_t signer = signer_of (1);
    digest_t key = {{7}};
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = digest_to_field (&key);
    provider.seq = 1;
    provider.issued_at = issued_at;
    provider.ttl_secs = 3600;
    packed_t packed = signed_record (&signer, GGEN__RECORD_KIND__PROVIDER, &provider.base);
    dht_element_t element;
    static const struct {
        int64_t after_secs;
        code_t code;
    } looks[] = {{-HARVEST_SKEW_SECS - 1, VALIDATION}, {-HARVEST_SKEW_SECS, OK},
                 {3600 + HARVEST_SKEW_SECS, OK}, {3600 + HARVEST_SKEW_SECS + 1, VALIDATION}};
    for (unsigned i = 0; i < COUNT_OF (looks); i++)
        assert_int_equal (harvest_check (&element, &crypto_real, &key,
                                         (bytes_t) {packed.data, packed.size},
                                         (issued_at + looks[i].after_secs) * 1000),
                          looks[i].code);
}

//  ---- contacts ----------------------------------------------------------------------------------

//  Contact messages with addresses from text.
typedef struct {
    Ggen__Contact message;
    peer_key_t key;
    ProtobufCBinaryData fields[12];
    uint8_t bytes[12][MULTIADDR_SIZE_MAX];
} named_t;

static void
begin (named_t *named, uint8_t number)
{
    ggen__contact__init (&named->message);
    named->key = (peer_key_t) {{number}};
    named->message.peer_key = peer_key_to_field (&named->key);
    named->message.addresses = named->fields;
}

static void
add (named_t *named, const char *text)
{
    multiaddr_t address;
    char why[100];
    size_t at = named->message.n_addresses++;
    assert_int_equal (multiaddr_parse (&address, text, why, sizeof why), OK);
    named->fields[at].len = multiaddr_encode (&address, named->bytes[at]);
    named->fields[at].data = named->bytes[at];
}

static contact_t
contact_of (const named_t *named)
{
    contact_t contact;
    assert_int_equal (contact_from_message (&contact, &named->message, crypto_real.sha256), OK);
    return contact;
}

static void
a_contact_comes_back_as_the_message_it_was (void **state)
{
    (void) state;
    named_t named;
    contact_message_t room;
    begin (&named, 5);
    add (&named, "/ip4/11.22.33.44/tcp/4001");
    add (&named, "/ip4/99.22.33.44/tcp/4002");
    contact_t contact = contact_of (&named);
    contact_to_message (&contact, &room);
    assert_memory_equal (room.message.peer_key.data, named.key.bytes, PEER_KEY_SIZE);
    assert_int_equal (room.message.n_addresses, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal (room.message.addresses[i].len, named.fields[i].len);
        assert_memory_equal (room.message.addresses[i].data, named.bytes[i], named.fields[i].len);
    }
    assert_int_equal (contact.place, contact_place (&named.key, crypto_real.sha256));
}

static void
its_place_is_the_start_of_the_hash_of_its_peer_id (void **state)
{
    (void) state;
    peer_key_t key = {{7}};
    uint8_t id[PEER_ID_SIZE], hash[32];
    peer_id_bytes (&key, id);
    crypto_real.sha256 (id, sizeof id, hash);
    assert_int_equal (contact_place (&key, crypto_real.sha256) >> 56, hash[0]);
    assert_int_equal (contact_place (&key, crypto_real.sha256) & 0xFF, hash[7]);
}

static void
its_group_is_that_of_its_first_public_address (void **state)
{
    (void) state;
    named_t local, named, same, other;
    begin (&local, 1);
    add (&local, "/ip4/192.168.1.1/tcp/4001");
    assert_int_equal (contact_of (&local).group, 0);
    begin (&named, 1);
    add (&named, "/ip4/10.0.0.1/tcp/4001");
    add (&named, "/ip4/11.22.33.44/tcp/4001");
    add (&named, "/ip4/77.1.33.44/tcp/4001");
    begin (&same, 2);
    add (&same, "/ip4/11.22.99.1/tcp/4001");
    begin (&other, 3);
    add (&other, "/ip4/11.23.33.44/tcp/4001");
    assert_true (contact_of (&named).group != 0);
    assert_int_equal (contact_of (&named).group, contact_of (&same).group);
    assert_true (contact_of (&named).group != contact_of (&other).group);
}

static void
what_is_another_nodes_or_does_not_decode_is_left_out (void **state)
{
    (void) state;
    named_t named;
    char own[200], id[PEER_ID_TEXT + 1];
    ProtobufCBinaryData fields[CONTACT_ADDRESSES_MAX];
    begin (&named, 5);
    peer_id_text (&named.key, id);
    snprintf (own, sizeof own, "/ip4/11.22.33.55/tcp/4001/p2p/%s", id);
    add (&named, "/ip4/11.22.33.44/tcp/4001/p2p/12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq");
    named.fields[named.message.n_addresses++] = (ProtobufCBinaryData) {3, (uint8_t *) "abc"};
    add (&named, own);
    contact_t contact = contact_of (&named);
    assert_int_equal (contact_addresses (&contact, fields), 1);
    assert_int_equal (fields[0].len, 8);            //  Without /p2p, which the key says
    assert_int_equal (fields[0].data[4], 55);
    named.message.peer_key.len = 31;
    assert_int_equal (contact_from_message (&contact, &named.message, crypto_real.sha256),
                      VALIDATION);
}

static void
what_does_not_fit_is_left_out (void **state)
{
    (void) state;
    named_t named;
    ProtobufCBinaryData fields[CONTACT_ADDRESSES_MAX];
    begin (&named, 5);
    add (&named, "/ip4/11.22.33.44/tcp/4001");
    add (&named, "/dns4/abcdefghi.com/tcp/4001");   //  One byte too much
    add (&named, "/dns4/abcdefgh.com/tcp/4001");
    contact_t contact = contact_of (&named);
    assert_int_equal (contact_addresses (&contact, fields), 2);
    assert_int_equal (fields[1].len, 17);
    assert_int_equal (contact.addresses_size, CONTACT_ADDRESSES_BYTES);
}

static void
its_route_is_a_message_of_its_addresses (void **state)
{
    (void) state;
    named_t named;
    uint8_t room[CONTACT_ROUTE_MAX];
    begin (&named, 5);
    for (unsigned i = 0; i < 12; i++)
        add (&named, "/ip4/11.22.33.44/tcp/4001");
    contact_t contact = contact_of (&named);
    bytes_t route = contact_route (&contact, room);
    Ggen__Addresses *addresses = ggen__addresses__unpack (NULL, route.size, route.data);
    assert_non_null (addresses);
    assert_int_equal (addresses->n_addresses, 3);
    assert_memory_equal (addresses->addresses[2].data, named.bytes[2], named.fields[2].len);
    ggen__addresses__free_unpacked (addresses, NULL);
}

//  ---- pace --------------------------------------------------------------------------------------

static void
we_wait_as_long_as_answers_take (void **state)
{
    (void) state;
    pace_t pace;
    pace_init (&pace);
    uint32_t first_ms = pace_late_ms (&pace, 0);
    for (unsigned i = 0; i < 100; i++)
        pace_answered (&pace, 100 + i % 3, 1000);
    assert_true (pace_late_ms (&pace, 0) < first_ms);
    assert_in_range (pace_late_ms (&pace, 0), 150, 250);
    for (unsigned i = 0; i < 100; i++)
        pace_answered (&pace, i % 2 ? 200 : 1000, 1000);
    assert_in_range (pace_late_ms (&pace, 0), 1500, 3000);
    assert_int_equal (pace_late_ms (&pace, 300), 900);
    assert_in_range (pace_late_ms (&pace, 1), 100, 200);
    assert_int_equal (pace_late_ms (&pace, 60000), 3000);
}

static void
it_is_our_fault_when_more_than_half_fail_within_the_window (void **state)
{
    (void) state;
    pace_t pace;
    pace_init (&pace);
    for (unsigned i = 0; i < 4; i++)
        pace_failed (&pace, 1000);
    assert_false (pace_is_our_fault (&pace, 1000));     //  Too few to say
    pace_failed (&pace, 1000);
    assert_true (pace_is_our_fault (&pace, 1000));
    for (unsigned i = 0; i < 5; i++)
        pace_answered (&pace, 100, 1000);
    assert_false (pace_is_our_fault (&pace, 1000));
    for (unsigned i = 0; i < 2; i++)
        pace_failed (&pace, 1000 + PACE_WINDOW_MS);     //  The window before still counts
    assert_true (pace_is_our_fault (&pace, 1000 + PACE_WINDOW_MS));
    pace_init (&pace);
    for (unsigned i = 0; i < 10; i++)
        pace_answered (&pace, 100, 1000);
    for (unsigned i = 0; i < 8; i++)
        pace_failed (&pace, 1000 + PACE_WINDOW_MS);
    assert_false (pace_is_our_fault (&pace, 1000 + PACE_WINDOW_MS));
    assert_true (pace_is_our_fault (&pace, 1000 + 2 * PACE_WINDOW_MS));
    for (unsigned i = 0; i < 8; i++)
        pace_failed (&pace, 1000 + 2 * PACE_WINDOW_MS);
    assert_false (pace_is_our_fault (&pace, 1000 + 4 * PACE_WINDOW_MS));
}

//  ---- estimate ----------------------------------------------------------------------------------

static void
the_estimate_is_about_right_at_every_size (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (9);
    const kbucket_limits_t limits = {0};
    const unsigned sizes[] = {0, 1, 10, 100, 1000, 20000};
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        double sum = 0;
        unsigned rounds = 20;
        for (unsigned round = 0; round < rounds; round++) {
            uint64_t own = rng_u64 (&rng);
            kbucket_t *table = kbucket_new (own, &limits);
            for (unsigned j = 0; j < sizes[i]; j++) {
                contact_t contact = {.place = rng_u64 (&rng)};
                memcpy (contact.key.bytes, &contact.place, sizeof contact.place);
                kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
            }
            sum += (double) estimate_nodes (table, own) / rounds;
            kbucket_destroy (&table);
        }
        assert_seeded (sum >= 0.85 * sizes[i] && sum <= 1.2 * sizes[i], i);
    }
}

//  Of 9 places up to 4 may be crowded, and a place has one voice however often it is looked up.
static void
what_lookups_found_says_how_many_there_are_whoever_crowds_some_of_the_places (void **state)
{
    (void) state;
    estimate_t estimate = {.count = 0};
    uint64_t fair = UINT64_MAX / 1000 * KBUCKET_K;
    for (uint64_t place = 0; place < ESTIMATE_PLACES_MIN; place++) {
        assert_int_equal (estimate_median (&estimate), 0);
        assert_in_range (estimate_note (&estimate, place, fair), 995, 1005);
    }
    for (unsigned i = 0; i < 100; i++)
        estimate_note (&estimate, 77, 1);
    assert_int_equal (estimate.count, ESTIMATE_PLACES_MIN + 1);
    assert_in_range (estimate_median (&estimate), 995, 1005);
    for (uint64_t place = 100; place < 100 + ESTIMATE_PLACES; place++)
        estimate_note (&estimate, place, place % 9 < 4 ? 0 : 2 * fair);
    assert_int_equal (estimate.count, ESTIMATE_PLACES);
    assert_in_range (estimate_median (&estimate), 495, 505);
    assert_in_range (estimate_within (1000, fair), 19, 21);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_its_group_has_no_room_for_costs_its_signer_nothing),
        cmocka_unit_test (what_has_expired_by_less_than_ten_minutes_is_taken_still),
        cmocka_unit_test (a_contact_comes_back_as_the_message_it_was),
        cmocka_unit_test (its_place_is_the_start_of_the_hash_of_its_peer_id),
        cmocka_unit_test (its_group_is_that_of_its_first_public_address),
        cmocka_unit_test (what_is_another_nodes_or_does_not_decode_is_left_out),
        cmocka_unit_test (what_does_not_fit_is_left_out),
        cmocka_unit_test (its_route_is_a_message_of_its_addresses),
        cmocka_unit_test (we_wait_as_long_as_answers_take),
        cmocka_unit_test (it_is_our_fault_when_more_than_half_fail_within_the_window),
        cmocka_unit_test (the_estimate_is_about_right_at_every_size),
        cmocka_unit_test (
            what_lookups_found_says_how_many_there_are_whoever_crowds_some_of_the_places),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
