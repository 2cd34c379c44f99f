// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/dht/kbucket.h"
#include "tests/unit/seeded.h"

#define ROUNDS 40

static const kbucket_limits_t no_limits = {0};

//  A contact at a place of the test's choice.
static contact_t
contact_at (uint64_t place)
{
    contact_t contact = {.place = place};
    memcpy (contact.key.bytes, &place, sizeof place);
    contact.addresses[0] = 1;
    contact.addresses_size = 2;
    return contact;
}

static kbucket_put_t
answered (kbucket_t *table, uint64_t place)
{
    contact_t contact = contact_at (place);
    return kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
}

static bool
failed (kbucket_t *table, uint64_t place)
{
    contact_t contact = contact_at (place);
    return kbucket_failed (table, &contact.key, place);
}

static const node_t *
get (const kbucket_t *table, uint64_t place)
{
    contact_t contact = contact_at (place);
    return kbucket_get (table, &contact.key, place);
}

//  ---- the closest -------------------------------------------------------------------------------

static void
the_closest_are_those_that_a_full_scan_finds (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t own = rng_u64 (&rng), known[2000];
        kbucket_t *table = kbucket_new (own, &no_limits);
        size_t count = 0;
        for (unsigned i = 0; i < 1500; i++) {
            //  Some far, some very near
            uint64_t place = own ^ (rng_u64 (&rng) >> rng_below (&rng, 24));
            if (answered (table, place) == KBUCKET_ENTERED)
                known[count++] = place;
        }
        assert_seeded (count == kbucket_count (table), round);
        for (unsigned probe = 0; probe < 20; probe++) {
            uint64_t target = own ^ (rng_u64 (&rng) >> rng_below (&rng, 24));
            contact_t found[KBUCKET_K];
            size_t got = kbucket_closest (table, target, NULL, found, KBUCKET_K);
            assert_seeded (got == (count < KBUCKET_K ? count : KBUCKET_K), round);
            for (size_t i = 1; i < got; i++)
                assert_seeded ((found[i - 1].place ^ target) < (found[i].place ^ target), round);
            size_t nearer = 0;
            for (size_t i = 0; i < count; i++)
                nearer += (known[i] ^ target) < (found[got - 1].place ^ target);
            assert_seeded (nearer == got - 1, round);
            assert_seeded (kbucket_closer_count (table, target, found[got - 1].place ^ target,
                                                 1000)
                               == got - 1,
                           round);
        }
        kbucket_destroy (&table);
    }
}

static void
one_that_asks_is_not_named_to_itself (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (0, &no_limits);
    contact_t found[KBUCKET_K], asker = contact_at (77);
    answered (table, 77);
    answered (table, 78);
    assert_int_equal (kbucket_closest (table, 77, &asker.key, found, KBUCKET_K), 1);
    assert_int_equal (found[0].place, 78);
    kbucket_destroy (&table);
}

static void
one_that_failed_is_named_last (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (0, &no_limits);
    contact_t found[KBUCKET_K];
    answered (table, 77);
    answered (table, 7700);
    assert_false (failed (table, 77));
    assert_int_equal (kbucket_closest (table, 77, NULL, found, KBUCKET_K), 2);
    assert_int_equal (found[0].place, 7700);
    assert_int_equal (kbucket_closest (table, 77, NULL, found, 1), 1);
    assert_int_equal (found[0].place, 7700);
    assert_int_equal (kbucket_closer_count (table, 77, 1, 10), 0);
    kbucket_destroy (&table);
}

//  ---- who stays ---------------------------------------------------------------------------------

//  Far away from own place 0: all in one bucket.
static uint64_t
far_place (unsigned number)
{
    return 1ull << 63 | number;
}

static kbucket_t *
table_with_full_far_bucket (void)
{
    kbucket_t *table = kbucket_new (0, &no_limits);
    for (unsigned i = 0; i < KBUCKET_K; i++)
        assert_int_equal (answered (table, far_place (i)), KBUCKET_ENTERED);
    return table;
}

static void
a_full_bucket_keeps_what_it_has (void **state)
{
    (void) state;
    kbucket_t *table = table_with_full_far_bucket ();
    assert_int_equal (answered (table, far_place (100)), KBUCKET_SPARE);
    assert_null (get (table, far_place (100)));
    assert_int_equal (kbucket_count (table), KBUCKET_K);
    assert_int_equal (answered (table, far_place (3)), KBUCKET_KNOWN);
    kbucket_destroy (&table);
}

static void
given_a_spare_one_when_a_node_fails_twice_then_it_takes_the_place (void **state)
{
    (void) state;
    kbucket_t *table = table_with_full_far_bucket ();
    answered (table, far_place (100));
    answered (table, far_place (101));
    answered (table, far_place (102));      //  100 has been spare for longest, and goes
    assert_false (failed (table, far_place (5)));
    assert_non_null (get (table, far_place (5)));
    assert_true (failed (table, far_place (5)));
    assert_null (get (table, far_place (5)));
    assert_non_null (get (table, far_place (102)));
    assert_null (get (table, far_place (100)));
    assert_int_equal (kbucket_count (table), KBUCKET_K);
    assert_true (failed (table, far_place (102)));      //  It was not heard of since: once is enough
    assert_non_null (get (table, far_place (101)));
    kbucket_destroy (&table);
}

static void
an_answer_forgives_a_failure (void **state)
{
    (void) state;
    kbucket_t *table = table_with_full_far_bucket ();
    failed (table, far_place (5));
    answered (table, far_place (5));
    assert_false (failed (table, far_place (5)));
    assert_non_null (get (table, far_place (5)));
    kbucket_destroy (&table);
}

static void
the_longest_silent_is_the_one_that_answered_first (void **state)
{
    (void) state;
    kbucket_t *table = table_with_full_far_bucket ();
    const node_t *oldest[2];
    answered (table, far_place (0));
    assert_int_equal (kbucket_oldest (table, 0, oldest, 2), 2);
    assert_int_equal (oldest[0]->contact.place, far_place (1));
    assert_int_equal (oldest[1]->contact.place, far_place (2));
    kbucket_destroy (&table);
}

static void
a_young_one_takes_free_room_only_and_yields_it (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (0, &no_limits);
    contact_t young = contact_at (far_place (50)), later = contact_at (far_place (51));
    answered (table, 1);                    //  Makes the far bucket one that is not split
    kbucket_answered (table, &young, (kbucket_news_t) {.young = true}, 1000);
    for (unsigned i = 0; i < KBUCKET_K - 1; i++)
        answered (table, far_place (i));
    assert_non_null (get (table, young.place));
    assert_int_equal (answered (table, far_place (19)), KBUCKET_ENTERED);
    assert_null (get (table, young.place));
    assert_int_equal (
        kbucket_answered (table, &later, (kbucket_news_t) {.young = true}, 1000), KBUCKET_SPARE);
    kbucket_destroy (&table);
}

static void
the_time_of_an_answer_is_smoothed (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (0, &no_limits);
    contact_t contact = contact_at (5);
    kbucket_answered (table, &contact, (kbucket_news_t) {.rtt_ms = 80}, 1000);
    kbucket_answered (table, &contact, (kbucket_news_t) {.rtt_ms = 160}, 1000);
    assert_int_equal (get (table, 5)->rtt_ms, 90);
    kbucket_answered (table, &contact, (kbucket_news_t) {0}, 9000);
    assert_int_equal (get (table, 5)->rtt_ms, 90);
    assert_int_equal (get (table, 5)->seen_secs, 9);
    kbucket_destroy (&table);
}

static void
we_are_not_in_our_own_table (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (42, &no_limits);
    contact_t own = contact_at (42);
    assert_int_equal (answered (table, 42), KBUCKET_REFUSED);
    assert_false (kbucket_wants (table, &own));
    kbucket_destroy (&table);
}

//  ---- bounds ------------------------------------------------------------------------------------

static void
no_group_of_addresses_has_more_than_its_share (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    const kbucket_limits_t limits = {.group_table_max = 3, .group_bucket_max = 2};
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t own = rng_u64 (&rng), known[4000];
        kbucket_t *table = kbucket_new (own, &limits);
        for (unsigned i = 0; i < COUNT_OF (known); i++) {
            contact_t contact = contact_at (own ^ (rng_u64 (&rng) >> rng_below (&rng, 20)));
            contact.group = (uint32_t) rng_below (&rng, 40);
            bool wanted = kbucket_wants (table, &contact);
            kbucket_put_t put = kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
            assert_seeded (wanted || put != KBUCKET_ENTERED, round);
            known[i] = contact.place;
            if (i > 0 && rng_below (&rng, 4) == 0)
                failed (table, known[rng_below (&rng, i)]);
        }
        unsigned of_group[40] = {0}, of_bucket[KBUCKET_BUCKETS_MAX][40] = {{0}};
        unsigned in_bucket[KBUCKET_BUCKETS_MAX] = {0};
        for (unsigned i = 0; i < COUNT_OF (known); i++) {
            const node_t *node = get (table, known[i]);
            if (!node)
                continue;
            uint32_t bucket = kbucket_index (table, node->contact.place);
            of_group[node->contact.group]++;
            of_bucket[bucket][node->contact.group]++;
            in_bucket[bucket]++;
        }
        for (unsigned group = 1; group < 40; group++) {
            assert_seeded (of_group[group] <= 3, round);
            for (uint32_t i = 0; i < kbucket_buckets (table); i++)
                assert_seeded (of_bucket[i][group] <= 2, round);
        }
        for (uint32_t i = 0; i < kbucket_buckets (table); i++)
            assert_seeded (in_bucket[i] <= KBUCKET_K
                               && in_bucket[i] == kbucket_bucket_count (table, i),
                           round);
        kbucket_destroy (&table);
    }
}

static void
a_random_place_falls_into_its_bucket (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    uint64_t own = rng_u64 (&rng);
    kbucket_t *table = kbucket_new (own, &no_limits);
    assert_int_equal (kbucket_index (table, kbucket_random_place (table, 0, rng_u64 (&rng))), 0);
    for (unsigned i = 0; i < 2000; i++)
        answered (table, own ^ (rng_u64 (&rng) >> rng_below (&rng, 30)));
    assert_true (kbucket_buckets (table) > 10);
    for (unsigned round = 0; round < 1000; round++) {
        uint32_t bucket = (uint32_t) rng_below (&rng, kbucket_buckets (table));
        uint64_t place = kbucket_random_place (table, bucket, rng_u64 (&rng));
        assert_seeded (kbucket_index (table, place) == bucket, round);
    }
    kbucket_destroy (&table);
}

//  One address is in the node, two have memory of their own; either is forgotten with its node.
static void
addresses_come_back_as_they_were_however_many (void **state)
{
    (void) state;
    kbucket_t *table = kbucket_new (0, &no_limits);
    contact_t contact = contact_at (5), found;
    contact.group = 7;
    const uint8_t sizes[] = {0, 9, 18, 27, 11, 12, 9};
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        for (unsigned at = 0; at < sizeof contact.addresses; at++)
            contact.addresses[at] = at < sizes[i] ? (uint8_t) (16 * i + at) : 0;
        contact.addresses_size = sizes[i];
        kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
        assert_int_equal (kbucket_closest (table, 5, NULL, &found, 1), 1);
        assert_memory_equal (&found, &contact, sizeof found);
    }
    contact.addresses_size = 0;
    kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
    assert_int_equal (kbucket_closest (table, 5, NULL, &found, 1), 1);
    assert_int_equal (found.addresses_size, 9);
    for (unsigned more = 0; more < 2; more++) {
        assert_false (failed (table, 5));
        assert_true (failed (table, 5));
        assert_int_equal (kbucket_closest (table, 5, NULL, &found, 1), 0);
        contact.addresses_size = 27;        //  A sanitizer sees whether these go, too
        kbucket_answered (table, &contact, (kbucket_news_t) {0}, 1000);
    }
    kbucket_destroy (&table);
}

static void
a_contact_has_72_bytes_and_a_node_64 (void **state)
{
    (void) state;
    assert_int_equal (sizeof (contact_t), 72);
    assert_int_equal (sizeof (node_t), 64);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_closest_are_those_that_a_full_scan_finds),
        cmocka_unit_test (one_that_asks_is_not_named_to_itself),
        cmocka_unit_test (one_that_failed_is_named_last),
        cmocka_unit_test (a_full_bucket_keeps_what_it_has),
        cmocka_unit_test (given_a_spare_one_when_a_node_fails_twice_then_it_takes_the_place),
        cmocka_unit_test (an_answer_forgives_a_failure),
        cmocka_unit_test (the_longest_silent_is_the_one_that_answered_first),
        cmocka_unit_test (a_young_one_takes_free_room_only_and_yields_it),
        cmocka_unit_test (the_time_of_an_answer_is_smoothed),
        cmocka_unit_test (we_are_not_in_our_own_table),
        cmocka_unit_test (no_group_of_addresses_has_more_than_its_share),
        cmocka_unit_test (a_random_place_falls_into_its_bucket),
        cmocka_unit_test (addresses_come_back_as_they_were_however_many),
        cmocka_unit_test (a_contact_has_72_bytes_and_a_node_64),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
