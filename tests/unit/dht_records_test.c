// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/dht/records.h"
#include "tests/unit/seeded.h"

#define HOUR_MS 3600000ll

static const records_limits_t limits = {.bytes_max = 10000,
                                        .far_bytes_max = 2000,
                                        .signer_bytes_max = 6000,
                                        .group_bytes_max = 5000,
                                        .sets_max = 1000,
                                        .set_max = 12,
                                        .signer_set_max = 3,
                                        .group_set_max = 2};

typedef struct {
    records_t *records;
    int64_t now_ms;
    dht_element_t element;
    digest_t key;
    offer_t offer;
    uint8_t bytes[4096];
    unsigned changes;
} rig_t;

static bool
changed (void *rig, const uint8_t state_key[RECORDS_STATE_SIZE])
{
    (void) state_key;
    ((rig_t *) rig)->changes++;
    return true;
}

//  An offer of 100 bytes, which tests change.
static void
begin (rig_t *rig)
{
    *rig = (rig_t) {.now_ms = 100 * HOUR_MS};
    rig->records = records_new (&limits, 1, crypto_real.sha256, changed, rig);
    rig->element = (dht_element_t) {.kind = GGEN__RECORD_KIND__LISTING, .seq = 5, .ttl_secs = 7200};
    rig->element.signer[0] = 1;
    rig->offer = (offer_t) {.key = &rig->key,
                            .element = &rig->element,
                            .packed = {rig->bytes, 100},
                            .due_secs = INT32_MAX};
}

static records_put_t
put (rig_t *rig)
{
    return records_put (rig->records, &rig->offer, rig->now_ms, NULL);
}

static records_put_t
put_of (rig_t *rig, uint8_t signer, uint8_t subject)
{
    rig->element.signer[0] = signer;
    rig->element.subject[0] = subject;
    return put (rig);
}

static const element_t *
first (const rig_t *rig)
{
    return records_next (rig->records, &rig->key, NULL, rig->now_ms);
}

static unsigned
count (const rig_t *rig)
{
    unsigned found = 0;
    const element_t *element = NULL;
    while ((element = records_next (rig->records, &rig->key, element ? element->id : NULL,
                                    rig->now_ms))
           != NULL)
        found++;
    return found;
}

static void
sweep (rig_t *rig)
{
    const digest_t *key;
    records_sweep (rig->records, rig->now_ms, &key);
}

//  ---- a set -------------------------------------------------------------------------------------

static void
under_a_key_lies_one_of_each_signer_and_subject (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    assert_int_equal (put_of (&rig, 1, 1), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 1, 2), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 2, 1), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 2, 1), RECORDS_KNOWN);
    assert_int_equal (count (&rig), 3);
    rig.key.bytes[5] = 1;
    assert_int_equal (count (&rig), 0);
    records_destroy (&rig.records);
}

static void
the_higher_seq_is_true (void **state)
{
    (void) state;
    rig_t rig;
    const element_t *newer = NULL;
    begin (&rig);
    put (&rig);
    rig.element.seq = 6;
    rig.bytes[0] = 6;
    assert_int_equal (put (&rig), RECORDS_STORED);
    rig.element.seq = 5;
    rig.bytes[0] = 5;
    assert_int_equal (records_put (rig.records, &rig.offer, rig.now_ms, &newer), RECORDS_OLDER);
    assert_int_equal (newer->seq, 6);
    assert_int_equal (first (&rig)->packed[0], 6);
    assert_int_equal (records_count (rig.records), 1);
    records_destroy (&rig.records);
}

static void
of_two_with_one_seq_the_first_stays (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    rig.bytes[0] = 9;
    assert_int_equal (put (&rig), RECORDS_OLDER);
    assert_int_equal (first (&rig)->packed[0], 0);
    records_destroy (&rig.records);
}

static void
the_seq_of_a_head_takes_no_leap (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.element.kind = GGEN__RECORD_KIND__HEAD;
    rig.element.ttl_secs = 0;
    rig.element.seq = UINT64_MAX;
    assert_int_equal (put (&rig), RECORDS_REFUSED);
    rig.element.seq = 5;
    assert_int_equal (put (&rig), RECORDS_STORED);
    rig.element.seq = 6 + RECORDS_JUMP_MAX;
    assert_int_equal (put (&rig), RECORDS_REFUSED);
    rig.element.seq = 5 + RECORDS_JUMP_MAX;
    assert_int_equal (put (&rig), RECORDS_STORED);
    records_destroy (&rig.records);
}

static void
elements_come_in_pages_without_gap_or_repetition (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    for (uint8_t i = 0; i < 10; i++)
        put_of (&rig, i, 1);
    uint8_t after[RECORDS_ID_SIZE];
    memcpy (after, first (&rig)->id, sizeof after);
    unsigned rest = 0;
    const element_t *element;
    //  The one after which it goes on is taken out meanwhile
    records_remove (rig.records, &rig.key, after);
    while ((element = records_next (rig.records, &rig.key, after, rig.now_ms)) != NULL) {
        assert_true (memcmp (after, element->id, sizeof after) < 0);
        memcpy (after, element->id, sizeof after);
        rest++;
    }
    assert_int_equal (rest, 9);
    records_destroy (&rig.records);
}

static void
a_dead_provider_is_not_handed_out (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    uint8_t id[RECORDS_ID_SIZE];
    records_id (id, crypto_real.sha256, &rig.element);
    records_get (rig.records, &rig.key, id)->dead = true;
    assert_null (first (&rig));
    rig.element.seq++;
    put (&rig);                     //  It speaks again
    assert_non_null (first (&rig));
    records_destroy (&rig.records);
}

//  ---- how long ----------------------------------------------------------------------------------

static void
what_holders_republish_lives_from_its_last_receipt (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    rig.now_ms += 7199000;
    assert_non_null (first (&rig));
    assert_int_equal (put (&rig), RECORDS_KNOWN);
    rig.now_ms += 7199000;
    assert_non_null (first (&rig));
    rig.now_ms += 1000;
    assert_null (first (&rig));
    records_destroy (&rig.records);
}

static void
what_its_signer_renews_lives_from_when_it_was_signed (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.element.renewed_by_signer_only = true;
    rig.offer.age_secs = 3600;
    put (&rig);
    assert_int_equal (records_age_secs (first (&rig), rig.now_ms), 3600);
    rig.now_ms += 3000000;
    rig.offer.age_secs = 0;
    assert_int_equal (put (&rig), RECORDS_KNOWN);       //  Nobody can make it younger
    rig.now_ms += 600000;
    assert_null (first (&rig));
    records_destroy (&rig.records);
}

static void
what_is_too_old_is_refused (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.offer.age_secs = 7200;
    assert_int_equal (put (&rig), RECORDS_REFUSED);
    records_destroy (&rig.records);
}

static void
a_withdrawal_outlives_every_copy_of_what_it_withdraws (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    rig.element.withdrawn = true;
    rig.element.seq = 6;
    assert_int_equal (put (&rig), RECORDS_STORED);
    rig.now_ms += 47 * HOUR_MS;
    rig.element.withdrawn = false;
    rig.element.seq = 5;
    assert_int_equal (put (&rig), RECORDS_OLDER);
    assert_true (first (&rig)->withdrawn);
    rig.now_ms += 2 * HOUR_MS;
    assert_null (first (&rig));
    records_destroy (&rig.records);
}

static void
a_sweep_comes_when_the_first_is_over_and_frees_its_room (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    assert_int_equal (records_sweep_ms (rig.records), INT64_MAX);
    put_of (&rig, 1, 1);
    rig.element.ttl_secs = 20;
    put_of (&rig, 2, 1);
    assert_int_equal (records_sweep_ms (rig.records), rig.now_ms + 20000);
    rig.now_ms += 20000;
    sweep (&rig);
    assert_int_equal (records_count (rig.records), 1);
    assert_int_equal (records_bytes (rig.records), 100);
    assert_int_equal (records_sweep_ms (rig.records), rig.now_ms - 20000 + 7200000);
    records_destroy (&rig.records);
}

static void
what_is_due_is_named_until_it_was_republished (void **state)
{
    (void) state;
    rig_t rig;
    const digest_t *key;
    begin (&rig);
    rig.offer.due_secs = (int32_t) (rig.now_ms / 1000) + 600;
    put (&rig);
    assert_null (records_sweep (rig.records, rig.now_ms, &key));
    rig.now_ms += 600000;
    const element_t *due = records_sweep (rig.records, rig.now_ms, &key);
    assert_non_null (due);
    assert_true (digest_equal (key, &rig.key));
    assert_null (records_sweep (rig.records, rig.now_ms, &key));
    rig.now_ms += 1000 * RECORDS_RETRY_SECS;
    due = records_sweep (rig.records, rig.now_ms, &key);
    assert_non_null (due);
    records_republished (rig.records, &rig.key, records_get (rig.records, &rig.key, due->id), false,
                         (int32_t) (rig.now_ms / 1000) + 79200, rig.now_ms);
    rig.now_ms += 2 * HOUR_MS - 1000;
    assert_non_null (first (&rig));         //  It is as if it had been received again
    assert_null (records_sweep (rig.records, rig.now_ms, &key));
    records_destroy (&rig.records);
}

static void
when_another_republishes_it_we_need_not (void **state)
{
    (void) state;
    rig_t rig;
    const digest_t *key;
    begin (&rig);
    rig.offer.due_secs = (int32_t) (rig.now_ms / 1000) + 600;
    put (&rig);
    rig.now_ms += 500000;
    rig.offer.due_secs = (int32_t) (rig.now_ms / 1000) + 600;
    put (&rig);
    rig.now_ms += 200000;
    assert_null (records_sweep (rig.records, rig.now_ms, &key));
    records_destroy (&rig.records);
}

static void
what_is_hurried_again_keeps_its_time (void **state)
{
    (void) state;
    rig_t rig;
    rng_t rng = seeded_rng (20);
    begin (&rig);
    rig.offer.due_secs = (int32_t) (rig.now_ms / 1000) + 79200;
    put (&rig);
    element_t *element = (element_t *) first (&rig);
    records_hurry (rig.records, element, rig.now_ms, 1800, &rng);
    int32_t due_secs = element->due_secs;
    assert_in_range (due_secs - rig.now_ms / 1000, 0, 1800);
    for (int i = 0; i < 1000; i++)
        records_hurry (rig.records, element, rig.now_ms, 1800, &rng);
    assert_int_equal (element->due_secs, due_secs);
    records_destroy (&rig.records);
}

static void
what_was_sent_round_lately_waits_its_time_when_it_is_hurried (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (20);
    for (int i = 0; i < 100; i++) {
        rig_t rig;
        begin (&rig);
        put (&rig);
        element_t *element = (element_t *) first (&rig);
        records_republished (rig.records, &rig.key, element, false, INT32_MAX, rig.now_ms);
        rig.now_ms += 600000;
        records_hurry (rig.records, element, rig.now_ms, 1800, &rng);
        assert_in_range (element->due_secs - rig.now_ms / 1000, 1200, 1800);
        records_destroy (&rig.records);
    }
}

//  What is due at this second is sent round at once.
static unsigned
send_due (rig_t *rig)
{
    const digest_t *key;
    const element_t *due;
    if (rig->now_ms < records_sweep_ms (rig->records)
        || !(due = records_sweep (rig->records, rig->now_ms, &key)))
        return 0;
    records_republished (rig->records, key, records_get (rig->records, key, due->id), false,
                         (int32_t) (rig->now_ms / 1000) + 79200, rig->now_ms);
    return 1;
}

static void
hurried_without_end_each_is_sent_round_once_in_that_time (void **state)
{
    (void) state;
    rig_t rig;
    rng_t rng = seeded_rng (20);
    const digest_t *key;
    unsigned sent = 0;
    begin (&rig);
    for (uint8_t i = 0; i < 50; i++) {
        rig.key.bytes[1] = i;
        put_of (&rig, i, 1);
    }
    for (int second = 0; second < 5 * 1800; second++, rig.now_ms += 1000) {
        uint64_t cursor = 0;
        element_t *element;
        while (second % 20 == 0 && (element = records_walk (rig.records, &cursor, &key)) != NULL)
            records_hurry (rig.records, element, rig.now_ms, 1800, &rng);
        sent += send_due (&rig);
    }
    assert_in_range (sent, 4 * 50, 5 * 50);
    records_destroy (&rig.records);
}

static void
a_record_of_which_we_are_not_a_holder_any_more_ages_out (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    rig.now_ms += HOUR_MS;
    records_republished (rig.records, &rig.key, (element_t *) first (&rig), true, INT32_MAX,
                         rig.now_ms);
    rig.now_ms += HOUR_MS;
    assert_null (first (&rig));
    records_destroy (&rig.records);
}

//  ---- room --------------------------------------------------------------------------------------

static void
one_signer_has_its_share_of_a_set (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    for (uint8_t i = 0; i < 3; i++)
        assert_int_equal (put_of (&rig, 1, i), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 1, 3), RECORDS_NO_ROOM);
    assert_int_equal (put_of (&rig, 2, 3), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 1, 2), RECORDS_KNOWN);
    records_destroy (&rig.records);
}

static void
providers_of_one_group_of_addresses_have_theirs (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.offer.group = 7;
    assert_int_equal (put_of (&rig, 1, 1), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 2, 1), RECORDS_STORED);
    assert_int_equal (put_of (&rig, 3, 1), RECORDS_NO_ROOM);
    rig.offer.group = 0;
    assert_int_equal (put_of (&rig, 4, 1), RECORDS_STORED);
    records_destroy (&rig.records);
}

static void
a_full_set_keeps_what_it_has (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    for (uint8_t i = 0; i < 12; i++)
        assert_int_equal (put_of (&rig, i, 1), RECORDS_STORED);
    assert_true (records_is_full (rig.records, &rig.key));
    assert_int_equal (put_of (&rig, 20, 1), RECORDS_NO_ROOM);
    assert_int_equal (count (&rig), 12);
    records_destroy (&rig.records);
}

static void
a_signer_and_a_group_of_senders_have_their_share_of_all (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.offer.packed.size = 2000;
    for (uint8_t i = 0; i < 3; i++) {
        rig.key.bytes[0] = i;
        assert_int_equal (put_of (&rig, 1, i), RECORDS_STORED);
    }
    rig.key.bytes[0] = 3;
    assert_int_equal (put_of (&rig, 1, 3), RECORDS_NO_ROOM);
    rig.offer.sender_group = 9;
    assert_int_equal (put_of (&rig, 2, 3), RECORDS_STORED);
    rig.key.bytes[0] = 4;
    rig.offer.packed.size = 3100;
    assert_int_equal (put_of (&rig, 3, 4), RECORDS_NO_ROOM);
    rig.offer.packed.size = 1000;
    assert_int_equal (put_of (&rig, 3, 4), RECORDS_STORED);
    records_destroy (&rig.records);
}

static void
what_others_are_closer_to_gives_way (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    rig.offer.packed.size = 1000;
    rig.offer.far = true;
    for (uint8_t i = 0; i < 2; i++) {
        rig.key.bytes[0] = i;
        assert_int_equal (put_of (&rig, i, 1), RECORDS_STORED);
    }
    rig.key.bytes[0] = 2;
    assert_int_equal (put_of (&rig, 3, 1), RECORDS_NO_ROOM);
    rig.offer.far = false;
    for (uint8_t i = 3; i < 13; i++) {
        rig.key.bytes[0] = i;
        assert_int_equal (put_of (&rig, i, 1), RECORDS_STORED);
    }
    assert_int_equal (records_bytes (rig.records), 10000);
    assert_int_equal (records_count (rig.records), 10);
    rig.key.bytes[0] = 20;
    assert_int_equal (put_of (&rig, 20, 1), RECORDS_NO_ROOM);       //  Those that belong here stay
    records_destroy (&rig.records);
}

//  Every bound holds whatever comes, and what is counted is what is there.
static void
bounds_and_counts_hold_under_random_puts (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (6);
    rig_t rig;
    begin (&rig);
    for (unsigned round = 0; round < 20000; round++) {
        rig.key.bytes[0] = (uint8_t) rng_below (&rng, 8);
        rig.element.seq = 1 + rng_below (&rng, 6);
        rig.element.ttl_secs = (uint32_t) (1 + rng_below (&rng, 3000));
        rig.element.withdrawn = rng_below (&rng, 10) == 0;
        rig.element.renewed_by_signer_only = rng_below (&rng, 2) == 0;
        rig.offer.age_secs = (uint32_t) rng_below (&rng, 1000);
        rig.offer.packed.size = 1 + rng_below (&rng, 600);
        rig.offer.far = rng_below (&rng, 3) == 0;
        rig.offer.group = (uint32_t) rng_below (&rng, 4);
        rig.offer.sender_group = (uint32_t) rng_below (&rng, 4);
        rig.bytes[0] = (uint8_t) rng_below (&rng, 3);
        put_of (&rig, (uint8_t) rng_below (&rng, 6), (uint8_t) rng_below (&rng, 6));
        rig.now_ms += (int64_t) rng_below (&rng, 60000);
        if (rng_below (&rng, 50) == 0)
            sweep (&rig);
        uint64_t cursor = 0, bytes = 0, far = 0, of_signer[6] = {0}, of_group[4] = {0};
        uint32_t all = 0;
        const digest_t *key;
        const element_t *element;
        while ((element = records_walk (rig.records, &cursor, &key)) != NULL) {
            all++;
            bytes += element->size;
            far += element->far ? element->size : 0;
            of_signer[element->signer >> 56] += element->size;
            of_group[element->sender_group] += element->size;
        }
        assert_seeded (all == records_count (rig.records), round);
        assert_seeded (bytes == records_bytes (rig.records) && bytes <= limits.bytes_max, round);
        assert_seeded (far <= limits.far_bytes_max, round);
        for (unsigned i = 0; i < 6; i++)
            assert_seeded (of_signer[i] <= limits.signer_bytes_max, round);
        for (unsigned i = 1; i < 4; i++)
            assert_seeded (of_group[i] <= limits.group_bytes_max, round);
        assert_seeded (count (&rig) <= limits.set_max, round);
    }
    rig.now_ms += 100 * HOUR_MS;
    sweep (&rig);
    assert_int_equal (records_count (rig.records), 0);
    assert_int_equal (records_bytes (rig.records), 0);
    records_destroy (&rig.records);
}

static void
each_change_is_told_once_until_it_was_looked_at (void **state)
{
    (void) state;
    rig_t rig;
    begin (&rig);
    put (&rig);
    rig.element.seq++;
    put (&rig);
    assert_int_equal (rig.changes, 1);
    ((element_t *) first (&rig))->unsaved = false;
    rig.element.seq++;
    put (&rig);
    assert_int_equal (rig.changes, 2);
    records_destroy (&rig.records);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (under_a_key_lies_one_of_each_signer_and_subject),
        cmocka_unit_test (the_higher_seq_is_true),
        cmocka_unit_test (of_two_with_one_seq_the_first_stays),
        cmocka_unit_test (the_seq_of_a_head_takes_no_leap),
        cmocka_unit_test (elements_come_in_pages_without_gap_or_repetition),
        cmocka_unit_test (a_dead_provider_is_not_handed_out),
        cmocka_unit_test (what_holders_republish_lives_from_its_last_receipt),
        cmocka_unit_test (what_its_signer_renews_lives_from_when_it_was_signed),
        cmocka_unit_test (what_is_too_old_is_refused),
        cmocka_unit_test (a_withdrawal_outlives_every_copy_of_what_it_withdraws),
        cmocka_unit_test (a_sweep_comes_when_the_first_is_over_and_frees_its_room),
        cmocka_unit_test (what_is_due_is_named_until_it_was_republished),
        cmocka_unit_test (when_another_republishes_it_we_need_not),
        cmocka_unit_test (what_is_hurried_again_keeps_its_time),
        cmocka_unit_test (what_was_sent_round_lately_waits_its_time_when_it_is_hurried),
        cmocka_unit_test (hurried_without_end_each_is_sent_round_once_in_that_time),
        cmocka_unit_test (a_record_of_which_we_are_not_a_holder_any_more_ages_out),
        cmocka_unit_test (one_signer_has_its_share_of_a_set),
        cmocka_unit_test (providers_of_one_group_of_addresses_have_theirs),
        cmocka_unit_test (a_full_set_keeps_what_it_has),
        cmocka_unit_test (a_signer_and_a_group_of_senders_have_their_share_of_all),
        cmocka_unit_test (what_others_are_closer_to_gives_way),
        cmocka_unit_test (bounds_and_counts_hold_under_random_puts),
        cmocka_unit_test (each_change_is_told_once_until_it_was_looked_at),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
