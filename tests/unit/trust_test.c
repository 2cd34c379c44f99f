// SPDX-License-Identifier: MIT
//  Who may publish a name: the rules of policy.h but for the head, through the actor's messages.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/trust_rig.h"

//  ---- unsigned ----------------------------------------------------------------------------------

static void
an_unsigned_release_is_refused_with_the_flag_that_accepts_it (void **unused)
{
    (void) unused;
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    assert_refused (&check, MISSING_SIGNATURE, WORDS ("--allow-unsigned"));
    check.allow_unsigned = true;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->publisher_key.len, 0);
    assert_false (reply->first_use);
    assert_null (reply->release);
    puppet_free (reply);
    assert_int_equal (kept.puts, 0);
}

static void
an_unsigned_release_of_a_pinned_name_is_never_accepted (void **unused)
{
    (void) unused;
    pin_to (&alice);
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    assert_refused (&check, MISSING_SIGNATURE, WORDS ("another registry"));
    check.allow_unsigned = true;
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS (alice.fingerprint, "ggen market trust remove rust-cli"));
}

static void
an_unsigned_release_is_no_release_of_the_publisher_asked_for (void **unused)
{
    (void) unused;
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    check.allow_unsigned = true;
    check.publisher_key = key_field (&alice);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
an_unsigned_release_of_a_name_that_others_sign_is_warned_of (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&bob)};
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    check.allow_unsigned = true;
    check.rivals = rivals;
    check.n_rivals = 1;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
}

//  ---- the record --------------------------------------------------------------------------------

static void
every_flipped_bit_of_a_record_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    for (size_t bit = 0; bit < record.size * 8; bit++) {
        record.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        Ggen__Failure *failure = refused (&check.base);
        if (failure->code != INVALID_SIGNATURE)
            fail_msg ("bit %zu: %s", bit, code_name (failure->code));
        puppet_free (failure);
        record.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_int_equal (kept.puts, 0);
    assert_accepted (&check);
}

static void
every_shortened_record_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    for (size_t size = 1; size < record.size; size++) {
        Ggen__CheckReleaseRequest check = check_of (&record, NULL);
        check.record.len = size;
        assert_refused (&check, INVALID_SIGNATURE, NULL);
    }
}

static void
a_head_is_no_release (void **unused)
{
    (void) unused;
    packed_t head = head_of (&alice, (head_t) {0});
    Ggen__CheckReleaseRequest check = check_of (&head, NULL);
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("malformed"));
}

static void
a_record_of_another_name_or_version_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-gui", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_refused (&check, SECURITY, WORDS ("rust-gui", "rust-cli"));
    record = release_of (&alice, "rust-cli", "0.9.0");
    check = check_of (&record, NULL);
    assert_refused (&check, SECURITY, WORDS ("0.9.0", "1.0.0"));
}

static void
requests_out_of_bounds_are_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.name = "../rust-cli";
    assert_refused (&check, VALIDATION, NULL);
    check = check_of (&record, NULL);
    check.publisher_key = (ProtobufCBinaryData) {31, alice.key.bytes};
    assert_refused (&check, VALIDATION, NULL);
    ProtobufCBinaryData rivals[RIVALS_MAX + 1];
    for (size_t i = 0; i < COUNT_OF (rivals); i++)
        rivals[i] = key_field (&bob);
    check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = COUNT_OF (rivals);
    assert_refused (&check, VALIDATION, NULL);
    rivals[0].len = 5;
    check.n_rivals = 1;
    assert_refused (&check, VALIDATION, NULL);
}

//  ---- publishers --------------------------------------------------------------------------------

static void
first_use_pins_the_key_and_answers_with_the_release (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_true (reply->first_use);
    assert_false (reply->yanked);
    assert_memory_equal (reply->publisher_key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    assert_string_equal (reply->release->name, "rust-cli");
    assert_int_equal (reply->release->files_count, 3);
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
    assert_pinned (&alice, "first use", 0);
    reply = accepted (&check);
    assert_false (reply->first_use);
    puppet_free (reply);
    assert_int_equal (kept.puts, 1);        //  Nothing new, nothing written
    assert_int_equal (kept.urgent, 1);
    restart ();
    assert_pinned (&alice, "first use", 0);
}

static void
without_pin_nothing_is_kept (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"),
             head = head_of (&alice, (head_t) {0});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    check.pin = false;
    for (unsigned i = 0; i < 2; i++) {
        Ggen__CheckReleaseReply *reply = accepted (&check);
        assert_true (reply->first_use);
        puppet_free (reply);
    }
    assert_int_equal (kept.puts, 0);
}

static void
another_key_than_the_pinned_one_is_refused_naming_both (void **unused)
{
    (void) unused;
    char command[160];
    pin_to (&alice);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    snprintf (command, sizeof command, "ggen market trust add rust-cli %s", eve.text);
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS (alice.fingerprint, eve.fingerprint, command));
    //  To insist on a key chooses among strangers; it does not replace a pin.
    check.publisher_key = key_field (&eve);
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS (command));
    assert_pinned (&alice, "first use", 0);
}

static void
the_caller_can_insist_on_a_key (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.publisher_key = key_field (&bob);
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS (alice.fingerprint, bob.fingerprint));
    assert_int_equal (kept.puts, 0);
    check.publisher_key = key_field (&alice);
    assert_accepted (&check);
}

static void
of_several_unknown_publishers_the_caller_has_to_choose (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&alice), key_field (&bob), key_field (&eve)};
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = 3;
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS ("3 publishers", alice.fingerprint, bob.fingerprint, eve.fingerprint,
                           "--publisher ed25519:", bob.text));
    Ggen__Failure *failure = refused (&check.base);
    assert_int_equal (failure->n_details, 5);
    assert_string_equal (failure->details[4]->key, "package");
    assert_string_equal (failure->details[4]->value, "rust-cli");
    assert_string_equal (failure->details[0]->key, "publisher");
    assert_string_equal (failure->details[0]->value, alice.text);
    puppet_free (failure);
    assert_int_equal (kept.puts, 0);
    check.publisher_key = key_field (&alice);
    assert_accepted (&check);
    check.publisher_key.len = 0;            //  And from then on it is pinned
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 0);
}

static void
a_crowd_of_rivals_fits_the_answer (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[RIVALS_MAX];
    for (size_t i = 0; i < RIVALS_MAX; i++)
        rivals[i] = key_field (i % 2 ? &bob : &eve);
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = RIVALS_MAX;
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS ("257 publishers", "..."));
}

static void
a_rival_that_is_the_publisher_itself_is_none (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&alice)};
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = 1;
    assert_accepted (&check);
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (an_unsigned_release_is_refused_with_the_flag_that_accepts_it),
        TEST (an_unsigned_release_of_a_pinned_name_is_never_accepted),
        TEST (an_unsigned_release_is_no_release_of_the_publisher_asked_for),
        TEST (an_unsigned_release_of_a_name_that_others_sign_is_warned_of),
        TEST (every_flipped_bit_of_a_record_is_refused),
        TEST (every_shortened_record_is_refused),
        TEST (a_head_is_no_release),
        TEST (a_record_of_another_name_or_version_is_refused),
        TEST (requests_out_of_bounds_are_refused),
        TEST (first_use_pins_the_key_and_answers_with_the_release),
        TEST (without_pin_nothing_is_kept),
        TEST (another_key_than_the_pinned_one_is_refused_naming_both),
        TEST (the_caller_can_insist_on_a_key),
        TEST (of_several_unknown_publishers_the_caller_has_to_choose),
        TEST (a_crowd_of_rivals_fits_the_answer),
        TEST (a_rival_that_is_the_publisher_itself_is_none),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
