// SPDX-License-Identifier: MIT
//  What a publisher's head decides: rollback, fast-forward, yanks, rotation.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/trust_rig.h"

//  ---- heads -------------------------------------------------------------------------------------

static void
a_head_is_remembered_and_may_not_go_back (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 7);
    check = with_head (&record, &head, (head_t) {.seq = 6});
    assert_refused (&check, SECURITY, WORDS ("goes back", "6", "7"));
    restart ();
    assert_refused (&check, SECURITY, WORDS ("goes back", "6", "7"));
    check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    check = with_head (&record, &head, (head_t) {.seq = 9});
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 9);
    assert_int_equal (kept.puts, 2);
}

static void
a_head_may_not_jump_ahead (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.seq = HEAD_FIRST_MAX + 1});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = UINT64_MAX});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = 10});
    assert_accepted (&check);
    check = with_head (&record, &head, (head_t) {.seq = 10 + HEAD_JUMP_MAX + 1});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = 10 + HEAD_JUMP_MAX});
    assert_accepted (&check);
}

static void
a_head_that_is_forged_or_of_another_name_is_refused (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {0});
    head.data[head.size - 1] ^= 1;
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("head"));
    check = with_head (&record, &head, (head_t) {.name = "rust-gui"});
    assert_refused (&check, SECURITY, WORDS ("rust-gui"));
    check.head = check.record;
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("head", "malformed"));
    head = head_of (&eve, (head_t) {0});
    check = check_of (&record, &head);
    assert_refused (&check, SECURITY, WORDS ("another key"));
    assert_int_equal (kept.puts, 0);
}

static void
a_head_with_another_digest_is_refused (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.sha256 = other_digest});
    assert_refused (&check, SECURITY, WORDS ("digest"));
}

//  The only warning of an accepted check.
static void
assert_warned (const Ggen__CheckReleaseRequest *check, const char *word, bool yanked)
{
    Ggen__CheckReleaseReply *reply = accepted (check);
    assert_int_equal (reply->n_warnings, 1);
    assert_non_null (strstr (reply->warnings[0], word));
    assert_int_equal (reply->yanked, yanked);
    puppet_free (reply);
}

static void
heads_that_are_old_early_or_silent_only_warn (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (
        &record, &head, (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 601});
    assert_warned (&check, "expired", false);
    check = with_head (&record, &head,
                       (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 599, .seq = 2});
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->n_warnings, 0);            //  Clocks may be off by ten minutes
    puppet_free (reply);
    check = with_head (&record, &head, (head_t) {.issued_at = WALL_SECONDS + 601, .seq = 3});
    assert_warned (&check, "future", false);
    check = with_head (&record, &head, (head_t) {.version = "2.0.0", .seq = 4});
    assert_warned (&check, "does not list", false);
}

static void
who_wants_the_latest_fresh_gets_no_old_head_and_not_none (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (
        &record, &head, (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 601});
    check.require_fresh = true;
    assert_refused (&check, SECURITY, WORDS ("expired", "latest"));
    check.head = (ProtobufCBinaryData) {0, NULL};
    assert_refused (&check, SECURITY, WORDS ("no head"));
    assert_int_equal (kept.puts, 0);
    check = with_head (&record, &head,
                       (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 599});
    check.require_fresh = true;
    assert_accepted (&check);
}

static void
a_yanked_version_is_said_to_be (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.yank_reason = "it deletes files"});
    assert_warned (&check, "it deletes files", true);
}

static void
a_longest_yank_reason_in_wide_characters_is_cut_whole (void **unused)
{
    (void) unused;
    char reason[RECORD_SIGNATURE_SIZE * 16 + 1] = "x";
    for (size_t i = 1; i + 2 < sizeof reason; i += 3)
        memcpy (reason + i, "\xe2\x82\xac", 4);
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.yank_reason = reason});
    assert_warned (&check, "\xe2\x82\xac", true);
}

//  ---- rotation ----------------------------------------------------------------------------------

static void
a_rotation_by_the_pinned_key_moves_the_pin (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head = head_of (&alice, (head_t) {.seq = 5, .version = "0.9.0", .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    check.pin = false;
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 0);
    check.pin = true;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_false (reply->first_use);
    assert_int_equal (reply->n_warnings, 1);
    assert_memory_equal (reply->publisher_key.data, bob.key.bytes, PUBLISHER_KEY_SIZE);
    puppet_free (reply);
    assert_pinned (&bob, "rotated", 0);
    restart ();
    assert_pinned (&bob, "rotated", 0);
    //  The old key's last head is still about; it has no say any more, and does no harm.
    assert_warned (&check, "earlier key", false);
    //  And the old key has none.
    record = release_of (&alice, "rust-cli", "1.0.0");
    check = check_of (&record, NULL);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_rotation_that_is_not_the_pinned_keys_moves_nothing (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 5});
    assert_accepted (&check);
    record = release_of (&eve, "rust-cli", "1.0.0");
    const struct {
        const signer_t *signer;
        head_t parts;
    } wrong[] = {{&eve, {.seq = 9, .successor = &eve}},         //  to herself
                 {&bob, {.seq = 9, .successor = &eve}},         //  by somebody else
                 {&alice, {.seq = 9, .successor = &bob}},       //  to somebody else
                 {&alice, {.seq = 9}},                          //  none at all
                 {&alice, {.seq = 4, .successor = &eve}},       //  of the past
                 {&alice, {.seq = 9, .name = "rust-gui", .successor = &eve}}};
    for (size_t i = 0; i < COUNT_OF (wrong); i++) {
        head = head_of (wrong[i].signer, wrong[i].parts);
        check = check_of (&record, &head);
        assert_refused (&check, UNTRUSTED_PUBLISHER,
                        WORDS (alice.fingerprint, eve.fingerprint));
    }
    assert_pinned (&alice, "first use", 5);
}

static void
every_flipped_bit_of_a_rotation_is_refused (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head = head_of (&alice, (head_t) {.seq = 5, .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    for (size_t bit = 0; bit < head.size * 8; bit++) {
        head.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
        head.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_accepted (&check);
}

static void
a_rotation_to_a_release_that_contradicts_it_is_refused (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head =
        head_of (&alice, (head_t) {.seq = 5, .sha256 = other_digest, .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    assert_refused (&check, SECURITY, WORDS ("digest"));
    assert_pinned (&alice, "first use", 0);
}

static void
a_key_that_handed_over_publishes_nothing_new (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.version = "0.9.0", .successor = &bob});
    assert_refused (&check, SECURITY, WORDS ("handed the name over"));
    check = with_head (&record, &head, (head_t) {.successor = &bob});
    assert_accepted (&check);                           //  What its last head lists stays good
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_head_is_remembered_and_may_not_go_back),
        TEST (a_head_may_not_jump_ahead),
        TEST (a_head_that_is_forged_or_of_another_name_is_refused),
        TEST (a_head_with_another_digest_is_refused),
        TEST (heads_that_are_old_early_or_silent_only_warn),
        TEST (who_wants_the_latest_fresh_gets_no_old_head_and_not_none),
        TEST (a_yanked_version_is_said_to_be),
        TEST (a_longest_yank_reason_in_wide_characters_is_cut_whole),
        TEST (a_rotation_by_the_pinned_key_moves_the_pin),
        TEST (a_rotation_that_is_not_the_pinned_keys_moves_nothing),
        TEST (every_flipped_bit_of_a_rotation_is_refused),
        TEST (a_rotation_to_a_release_that_contradicts_it_is_refused),
        TEST (a_key_that_handed_over_publishes_nothing_new),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
