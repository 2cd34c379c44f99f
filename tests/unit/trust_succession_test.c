// SPDX-License-Identifier: MIT
//  A name changes hands: by the head of its key, by its recovery key; and what its former keys signed
//  stays good as far as the successor stands for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/trust_rig.h"

static signer_t recovery, carol;
static bool is_signer_named;        //  in heads that stand for another's release

static int
prepare (void **unused)
{
    make_signer (&recovery, 9);
    make_signer (&carol, 4);
    return setup (unused);
}

//  ---- what is signed ----------------------------------------------------------------------------

static packed_t
rotation_to (const signer_t *signer, const signer_t *next, uint64_t seq)
{
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = key_field (&alice);
    rotation.new_key = key_field (next);
    rotation.seq = seq;
    rotation.issued_at = WALL_SECONDS;
    return sign (signer, GGEN__RECORD_KIND__ROTATION, &rotation.base);
}

//  A head with a recovery key, that lists 1.0.0 as 'record' signed it (NULL: as its own).
static packed_t
full_head (const signer_t *signer, uint64_t seq, const signer_t *successor, const packed_t *record,
           bool yanked)
{
    uint8_t recovery_sha256[DIGEST_SIZE], release_sha256[DIGEST_SIZE];
    uint8_t signer_key[PUBLISHER_KEY_SIZE];
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions = &version;
    Ggen__Head head = GGEN__HEAD__INIT;
    crypto_hash_sha256 (recovery_sha256, recovery.key.bytes, PUBLISHER_KEY_SIZE);
    version.version = "1.0.0";
    version.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, digest};
    version.yanked = yanked;
    if (record) {
        Ggen__SignedRecord *opened;
        assert_int_equal (record_open (&opened, (bytes_t) {record->data, record->size}), OK);
        crypto_hash_sha256 (release_sha256, opened->payload.data, opened->payload.len);
        version.release_sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, release_sha256};
        memcpy (signer_key, opened->key.data, opened->key.len);
        if (is_signer_named)
            version.release_key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, signer_key};
        record_destroy (&opened);
    }
    head.name = "rust-cli";
    head.seq = seq;
    head.issued_at = WALL_SECONDS - 3600;
    head.expires_at = WALL_SECONDS + 86400;
    head.recovery_sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, recovery_sha256};
    head.versions = &versions;
    head.n_versions = 1;
    if (successor)
        head.rotated_to = key_field (successor);
    return sign (signer, GGEN__RECORD_KIND__HEAD, &head.base);
}

static ProtobufCBinaryData
field_of (const packed_t *packed)
{
    return (ProtobufCBinaryData) {packed->size, (uint8_t *) packed->data};
}

//  A check of this release with these records beside it.
typedef struct {
    packed_t record;
    packed_t kept[4];
    ProtobufCBinaryData fields[4];
    Ggen__CheckReleaseRequest request;
} checked_t;

static checked_t *
check (checked_t *self, const signer_t *signer, const packed_t *first, const packed_t *second,
       const packed_t *third)
{
    const packed_t *given[] = {first, second, third};
    self->record = release_of (signer, "rust-cli", "1.0.0");
    self->request = check_of (&self->record, NULL);
    self->request.records = self->fields;
    for (size_t i = 0; i < COUNT_OF (given); i++)
        if (given[i]) {
            self->kept[i] = *given[i];
            self->fields[self->request.n_records++] = field_of (&self->kept[i]);
        }
    return self;
}

//  rust-cli is pinned to alice, who named the recovery key.
static void
pin_alice (void)
{
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    packed_t head = full_head (&alice, 1, NULL, NULL, false);
    Ggen__CheckReleaseRequest request = check_of (&record, &head);
    assert_accepted (&request);
    assert_pinned (&alice, "first use", 1);
}

//  ---- rotation ----------------------------------------------------------------------------------

static void
heads_lead_from_key_to_key (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t first = full_head (&alice, 2, &bob, NULL, false);
    packed_t second = full_head (&bob, 1, &carol, NULL, false);
    packed_t third = full_head (&carol, 5, NULL, NULL, false);
    assert_refused (&check (&it, &carol, &second, &third, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    assert_accepted (&check (&it, &carol, &first, &second, &third)->request);
    assert_pinned (&carol, "rotated", 5);
    restart ();
    assert_pinned (&carol, "rotated", 5);
    assert_refused (&check (&it, &bob, &second, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_release_by_a_former_key_is_good_as_far_as_the_successor_stands_for_it (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t old = release_of (&alice, "rust-cli", "1.0.0");
    packed_t last = full_head (&alice, 2, &bob, NULL, false);
    packed_t next = full_head (&bob, 3, NULL, &old, true);
    //  With the pin on alice still: it moves, and the successor's yank counts.
    Ggen__CheckReleaseReply *reply = accepted (&check (&it, &alice, &last, &next, NULL)->request);
    assert_true (reply->yanked);
    puppet_free (reply);
    assert_pinned (&bob, "rotated", 3);
    //  And with the pin on bob, who remembers alice.
    assert_accepted (&check (&it, &alice, &next, NULL, NULL)->request);
    restart ();
    assert_accepted (&check (&it, &alice, &next, NULL, NULL)->request);
    //  Without his word, or with a word for other things, nothing of hers is taken.
    assert_refused (&check (&it, &alice, &last, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    packed_t other = release_of (&alice, "rust-cli", "1.0.1");
    next = full_head (&bob, 4, NULL, &other, false);
    assert_refused (&check (&it, &alice, &next, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    next = full_head (&bob, 5, NULL, NULL, false);
    assert_refused (&check (&it, &alice, &next, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    //  Nor of a stranger, though the bytes are the same.
    next = full_head (&bob, 6, NULL, &old, false);
    assert_refused (&check (&it, &eve, &next, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_key_that_handed_over_does_not_get_around_its_successor (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t other = release_of (&alice, "rust-cli", "1.0.1");
    packed_t last = full_head (&alice, 2, &bob, NULL, false);
    packed_t next = full_head (&bob, 3, NULL, &other, false);
    assert_refused (&check (&it, &alice, &last, &next, NULL)->request, SECURITY,
                    WORDS ("handed the name over"));
    assert_pinned (&alice, "first use", 1);
}

static void
of_a_name_seen_first_both_keys_of_a_line_are_no_rivals (void **unused)
{
    (void) unused;
    checked_t it;
    packed_t old = release_of (&alice, "rust-cli", "1.0.0");
    packed_t last = full_head (&alice, 2, &bob, NULL, false);
    packed_t next = full_head (&bob, 3, NULL, &old, false);
    ProtobufCBinaryData rival = key_field (&alice);
    check (&it, &bob, &last, &next, NULL);
    it.request.rivals = &rival;
    it.request.n_rivals = 1;
    assert_accepted (&it.request);
    assert_pinned (&bob, "first use", 3);
    assert_accepted (&check (&it, &bob, &next, NULL, NULL)->request);
    Ggen__TrustRemoveRequest gone = GGEN__TRUST_REMOVE_REQUEST__INIT;
    gone.name = "rust-cli";
    puppet_ask (&trust, &gone.base);
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__trust_remove_reply__descriptor));
    //  The old release first: the name is bob's all the same.
    rival = key_field (&bob);
    check (&it, &alice, &last, &next, NULL);
    it.request.rivals = &rival;
    it.request.n_rivals = 1;
    assert_accepted (&it.request);
    assert_pinned (&bob, "first use", 3);
}

//  ---- recovery ----------------------------------------------------------------------------------

//  Somebody who sees the name first and was told of carol's key by her; alice's key is stolen.
static void
who_is_asked_for_stands_for_what_a_former_key_signed (void **unused)
{
    (void) unused;
    checked_t it;
    packed_t old = release_of (&alice, "rust-cli", "1.0.0");
    packed_t listed = full_head (&carol, 3, NULL, &old, false);
    packed_t by_itself = full_head (&carol, 3, NULL, NULL, false);
    packed_t thief = full_head (&bob, 9, NULL, NULL, false);
    ProtobufCBinaryData rivals[] = {key_field (&bob), key_field (&alice)};
    check (&it, &alice, &by_itself, &thief, NULL)->request.publisher_key = key_field (&carol);
    assert_refused (&it.request, UNTRUSTED_PUBLISHER, NULL);
    check (&it, &alice, &listed, &thief, NULL)->request.rivals = rivals;
    it.request.n_rivals = COUNT_OF (rivals);
    assert_refused (&it.request, UNTRUSTED_PUBLISHER, NULL);
    it.request.publisher_key = key_field (&bob);
    assert_refused (&it.request, UNTRUSTED_PUBLISHER, NULL);
    it.request.publisher_key = key_field (&carol);
    assert_accepted (&it.request);
    assert_pinned (&carol, "first use", 3);
    //  It goes on without being asked for, and is no way around the pin.
    assert_accepted (&check (&it, &alice, &listed, NULL, NULL)->request);
    check (&it, &alice, &thief, NULL, NULL)->request.publisher_key = key_field (&bob);
    assert_refused (&it.request, UNTRUSTED_PUBLISHER, NULL);
}

static void
the_recovery_key_moves_the_pin (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t rotation = rotation_to (&recovery, &carol, 1);
    packed_t forged = rotation_to (&eve, &eve, 2);
    assert_refused (&check (&it, &eve, &forged, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    assert_accepted (&check (&it, &carol, &rotation, &forged, NULL)->request);
    assert_pinned (&carol, "rotated", 0);
}

static void
the_recovery_key_beats_a_stolen_key_before_and_after_it_was_used (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t theft = full_head (&alice, 7, &eve, NULL, false);
    packed_t rotation = rotation_to (&recovery, &carol, 1);
    assert_refused (&check (&it, &eve, &theft, &rotation, NULL)->request, UNTRUSTED_PUBLISHER,
                    NULL);
    assert_accepted (&check (&it, &eve, &theft, NULL, NULL)->request);
    assert_pinned (&eve, "rotated", 0);
    //  She names a recovery key of her own; the first one counts.
    packed_t head = head_of (&eve, (head_t) {.seq = 8});
    assert_accepted (&check (&it, &eve, &head, NULL, NULL)->request);
    restart ();
    assert_accepted (&check (&it, &carol, &rotation, &theft, NULL)->request);
    assert_pinned (&carol, "rotated", 0);
    //  What alice's and eve's keys say later is nothing.
    theft = full_head (&alice, 99, &eve, NULL, false);
    assert_refused (&check (&it, &eve, &theft, &rotation, NULL)->request, UNTRUSTED_PUBLISHER,
                    NULL);
    assert_refused (&check (&it, &alice, &theft, &rotation, NULL)->request, UNTRUSTED_PUBLISHER,
                    NULL);
}

//  The pin is on alice, who had handed over to bob before it came to the recovery; carol stands for what
//  bob published meanwhile.
static void
a_recovery_stands_also_for_keys_that_its_line_leads_past (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    is_signer_named = true;
    packed_t mine = release_of (&bob, "rust-cli", "1.0.0");
    packed_t other = release_of (&bob, "rust-cli", "1.0.1");
    packed_t rotation = rotation_to (&recovery, &carol, 1);
    packed_t head = full_head (&carol, 3, NULL, &other, false);
    assert_refused (&check (&it, &bob, &rotation, &head, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    head = full_head (&carol, 4, NULL, &mine, false);
    //  The bytes are the same, the signature is a stranger's.
    assert_refused (&check (&it, &eve, &rotation, &head, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    assert_accepted (&check (&it, &bob, &rotation, &head, NULL)->request);
    assert_pinned (&carol, "rotated", 4);
    restart ();
    assert_accepted (&check (&it, &bob, &head, NULL, NULL)->request);
    assert_refused (&check (&it, &eve, &head, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    //  An older head does not name who signed, and bob is nobody that the name came from.
    is_signer_named = false;
    head = full_head (&carol, 5, NULL, &mine, false);
    assert_refused (&check (&it, &bob, &head, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_rotation_that_was_obeyed_is_not_obeyed_again (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t first = rotation_to (&recovery, &bob, 1);
    packed_t second = rotation_to (&recovery, &carol, 2);
    assert_accepted (&check (&it, &bob, &first, NULL, NULL)->request);
    assert_accepted (&check (&it, &carol, &first, &second, NULL)->request);
    assert_pinned (&carol, "rotated", 0);
    restart ();
    assert_refused (&check (&it, &bob, &first, NULL, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
}

static void
every_flipped_bit_of_a_recovery_is_refused (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t rotation = rotation_to (&recovery, &carol, 1);
    for (size_t bit = 0; bit < rotation.size * 8; bit += 3) {
        rotation.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_refused (&check (&it, &carol, &rotation, NULL, NULL)->request, UNTRUSTED_PUBLISHER,
                        NULL);
        rotation.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_accepted (&check (&it, &carol, &rotation, NULL, NULL)->request);
}

static void
keys_that_hand_over_in_a_circle_lead_nowhere (void **unused)
{
    (void) unused;
    checked_t it;
    pin_alice ();
    packed_t there = full_head (&alice, 2, &bob, NULL, false);
    packed_t back = full_head (&bob, 2, &alice, NULL, false);
    assert_refused (&check (&it, &bob, &there, &back, NULL)->request, UNTRUSTED_PUBLISHER, NULL);
    assert_pinned (&alice, "first use", 1);
}

//  ---- asked directly ----------------------------------------------------------------------------

static void
the_line_of_a_name_is_told_without_keeping_anything (void **unused)
{
    (void) unused;
    pin_alice ();
    packed_t old = release_of (&alice, "rust-cli", "1.0.0");
    packed_t last = full_head (&alice, 2, &bob, NULL, false);
    packed_t next = full_head (&bob, 3, NULL, &old, false);
    ProtobufCBinaryData records[] = {field_of (&next), field_of (&last)};
    Ggen__SuccessionRequest request = GGEN__SUCCESSION_REQUEST__INIT;
    request.name = "rust-cli";
    request.records = records;
    request.n_records = 2;
    puppet_ask (&trust, &request.base);
    settle ();
    Ggen__SuccessionReply *reply = puppet_hear (&trust, &ggen__succession_reply__descriptor);
    assert_memory_equal (reply->key.data, bob.key.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (reply->n_former_keys, 1);
    assert_memory_equal (reply->former_keys[0].data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (reply->n_versions, 1);
    assert_int_equal (reply->seq, 3);
    puppet_free (reply);
    assert_pinned (&alice, "first use", 1);
    request.name = "unknown";
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, PACKAGE_NOT_FOUND);
    puppet_free (failure);
}

static void
former_keys_are_bounded_and_the_oldest_go_first (void **unused)
{
    (void) unused;
    pin_t pin = {.former_count = 0};
    publisher_key_t key = {{0}};
    for (uint8_t i = 0; i < FORMER_KEYS_MAX + 2; i++) {
        key.bytes[0] = i;
        pin_add_former (&pin, &key);
    }
    assert_int_equal (pin.former_count, FORMER_KEYS_MAX);
    assert_int_equal (pin.former[0].bytes[0], 2);
    key.bytes[0] = 2;
    pin_add_former (&pin, &key);
    assert_int_equal (pin.former_count, FORMER_KEYS_MAX);
    assert_int_equal (pin.former[0].bytes[0], 3);
    assert_int_equal (pin.former[FORMER_KEYS_MAX - 1].bytes[0], 2);
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, prepare, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (heads_lead_from_key_to_key),
        TEST (a_release_by_a_former_key_is_good_as_far_as_the_successor_stands_for_it),
        TEST (a_key_that_handed_over_does_not_get_around_its_successor),
        TEST (of_a_name_seen_first_both_keys_of_a_line_are_no_rivals),
        TEST (who_is_asked_for_stands_for_what_a_former_key_signed),
        TEST (the_recovery_key_moves_the_pin),
        TEST (the_recovery_key_beats_a_stolen_key_before_and_after_it_was_used),
        TEST (a_recovery_stands_also_for_keys_that_its_line_leads_past),
        TEST (a_rotation_that_was_obeyed_is_not_obeyed_again),
        TEST (every_flipped_bit_of_a_recovery_is_refused),
        TEST (keys_that_hand_over_in_a_circle_lead_nowhere),
        TEST (the_line_of_a_name_is_told_without_keeping_anything),
        TEST (former_keys_are_bounded_and_the_oldest_go_first),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
