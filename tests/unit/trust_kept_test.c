// SPDX-License-Identifier: MIT
//  What trust remembers: list, add, remove, and that nothing counts before it is on disk.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/actor/lasting.h"
#include "tests/trust_rig.h"

//  ---- list, add, remove -------------------------------------------------------------------------

static void
add (const signer_t *signer)
{
    Ggen__TrustAddRequest request = GGEN__TRUST_ADD_REQUEST__INIT;
    request.name = "rust-cli";
    request.key = key_field (signer);
    puppet_ask (&trust, &request.base);
    settle ();
}

static void
trust_add_replaces_a_pin_and_says_which (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    add (&alice);
    Ggen__TrustAddReply *reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_int_equal (reply->replaced_key.len, 0);
    assert_int_equal (reply->pin->head_seq, 7);         //  The same key: its heads are known
    puppet_free (reply);
    add (&eve);
    reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_memory_equal (reply->replaced_key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    assert_memory_equal (reply->pin->key.data, eve.key.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (reply->pin->since, WALL_SECONDS);
    puppet_free (reply);
    restart ();
    assert_pinned (&eve, "added", 0);
    record = release_of (&eve, "rust-cli", "1.0.0");
    check = check_of (&record, NULL);
    assert_accepted (&check);
}

static void
trust_remove_forgets_and_says_what (void **unused)
{
    (void) unused;
    pin_to (&alice);
    Ggen__TrustRemoveRequest request = GGEN__TRUST_REMOVE_REQUEST__INIT;
    request.name = "rust-cli";
    puppet_ask (&trust, &request.base);
    settle ();
    Ggen__TrustRemoveReply *reply = puppet_hear (&trust, &ggen__trust_remove_reply__descriptor);
    assert_memory_equal (reply->pin->key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    puppet_free (reply);
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, PACKAGE_NOT_FOUND);
    puppet_free (failure);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
    pin_to (&eve);
}

static void
registries_of_unsigned_packages_are_kept_sorted_and_bounded (void **unused)
{
    (void) unused;
    char name[32];
    Ggen__TrustAddRequest request = GGEN__TRUST_ADD_REQUEST__INIT;
    request.unsigned_registry = name;
    for (unsigned i = UNSIGNED_MAX; i > 0; i--) {
        snprintf (name, sizeof name, "https://r.example/%02u", i);
        puppet_ask (&trust, &request.base);
        settle ();
        puppet_free (puppet_hear (&trust, &ggen__trust_add_reply__descriptor));
    }
    puppet_ask (&trust, &request.base);                 //  One that is there is no more
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__trust_add_reply__descriptor));
    snprintf (name, sizeof name, "https://r.example/xx");
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, STORAGE);
    puppet_free (failure);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_unsigned_registries, UNSIGNED_MAX);
    assert_string_equal (all->unsigned_registries[0], "https://r.example/01");
    assert_string_equal (all->unsigned_registries[63], "https://r.example/64");
    puppet_free (all);
    Ggen__TrustRemoveRequest gone = GGEN__TRUST_REMOVE_REQUEST__INIT;
    gone.unsigned_registry = "https://r.example/07";
    puppet_ask (&trust, &gone.base);
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__trust_remove_reply__descriptor));
    all = list ();
    assert_int_equal (all->n_unsigned_registries, UNSIGNED_MAX - 1);
    assert_string_equal (all->unsigned_registries[6], "https://r.example/08");
    puppet_free (all);
}

static void
what_cannot_be_added_or_removed_is_refused (void **unused)
{
    (void) unused;
    Ggen__TrustAddRequest both = GGEN__TRUST_ADD_REQUEST__INIT, bad_name = both, bad_key = both,
                          bad_registry = both;
    both.name = "rust-cli";
    both.unsigned_registry = "r";
    bad_name.name = "rust cli";
    bad_name.key = key_field (&alice);
    bad_key.name = "rust-cli";
    bad_registry.unsigned_registry = "r\n";
    Ggen__TrustRemoveRequest none = GGEN__TRUST_REMOVE_REQUEST__INIT;
    const ProtobufCMessage *all[] = {&both.base, &bad_name.base, &bad_key.base, &bad_registry.base,
                                     &none.base};
    for (size_t i = 0; i < COUNT_OF (all); i++) {
        Ggen__Failure *failure = refused (all[i]);
        assert_int_equal (failure->code, VALIDATION);
        puppet_free (failure);
    }
    assert_int_equal (kept.puts, 0);
}

//  ---- what is on disk ---------------------------------------------------------------------------

static void
no_answer_before_the_pin_is_acknowledged_and_others_wait (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"),
             other = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL), rival = check_of (&other, NULL);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &check.base);
    puppet_ask (&trust, &rival.base);
    puppet_ask (&trust, &listing.base);
    assert_true (puppet_silent (&trust));
    assert_true (puppet_relay (&trust, &state));
    //  Now it is kept: the first is answered, and the second meets the pin of the first.
    puppet_free (puppet_hear (&trust, &ggen__check_release_reply__descriptor));
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, UNTRUSTED_PUBLISHER);
    puppet_free (failure);
    Ggen__TrustListReply *all = puppet_hear (&trust, &ggen__trust_list_reply__descriptor);
    assert_int_equal (all->n_pins, 1);
    puppet_free (all);
    assert_int_equal (kept.urgent, kept.puts);
    assert_int_equal (kept.whole, kept.loads + kept.puts);
}

static void
a_pin_that_cannot_be_kept_is_a_failure_and_no_pin (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    kept.put_code = PERMISSION_DENIED;
    assert_refused (&check, PERMISSION_DENIED, WORDS ("cannot be written"));
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
    kept.put_code = OK;
    pin_to (&alice);
}

static void
a_pin_whose_acknowledgement_is_lost_is_found_by_loading_again (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    said_t put = {0}, lost = {0};
    assert_true (puppet_take (&trust, "state", &put));
    assert_int_equal (puppet_deliver (&state, put.envelope, put.body, put.body_size), OK);
    assert_true (puppet_take (&state, "trust", &lost));
    said_free (&lost);
    said_free (&put);
    puppet_wait (&trust, LASTING_BUDGET_MS);
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, TIMEOUT);
    puppet_free (failure);
    settle ();
    assert_pinned (&alice, "first use", 0);
}

static void
an_event_is_not_a_way_around_the_wait (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"),
             other = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL), rival = check_of (&other, NULL);
    puppet_ask (&trust, &check.base);
    size_t size;
    uint8_t *body = puppet_pack (&rival.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = PUPPET_TESTER;
    envelope.type = "CheckReleaseRequest";
    assert_int_equal (puppet_deliver (&trust, &envelope, body, size), OK);
    free (body);
    settle ();
    assert_int_equal (kept.puts, 1);
    puppet_free (puppet_hear (&trust, &ggen__check_release_reply__descriptor));
    assert_pinned (&alice, "first use", 0);
}

static void
requests_wait_until_everything_is_loaded (void **unused)
{
    (void) unused;
    pin_to (&alice);
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    assert_true (puppet_relay (&trust, &state));        //  The pins
    assert_true (puppet_silent (&trust));
    assert_true (puppet_relay (&trust, &state));        //  The registries
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, UNTRUSTED_PUBLISHER);
    puppet_free (failure);
}

//  Put pins of p00000, p00001, ... straight into what is kept.
static void
keep_pins (unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char name[16];
        uint8_t packed[128];
        snprintf (name, sizeof name, "p%05u", i);
        Ggen__TrustPin pin = GGEN__TRUST_PIN__INIT;
        pin.name = name;
        pin.key = key_field (&alice);
        pin.how = "added";
        size_t size = ggen__trust_pin__pack (&pin, packed);
        assert_true (memory_state_insert (
            &kept, "pins", (ProtobufCBinaryData) {strlen (name), (uint8_t *) name},
            (ProtobufCBinaryData) {size, packed}));
    }
}

static void
many_pages_are_loaded (void **unused)
{
    (void) unused;
    keep_pins (0, 1000);
    kept.page_max = 7;
    kept.loads = 0;
    restart ();
    assert_int_equal (kept.loads, 143 + 1);
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 1000);
    for (unsigned i = 0; i + 1 < all->n_pins; i++)
        assert_true (strcmp (all->pins[i]->name, all->pins[i + 1]->name) < 0);
    puppet_free (all);
}

static void
at_the_bound_a_new_name_is_refused_and_an_old_one_works (void **unused)
{
    (void) unused;
    keep_pins (0, PINS_MAX);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, PINS_MAX);           //  In one message
    puppet_free (all);
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_refused (&check, STORAGE, WORDS ("12000", "trust remove"));
    packed_t head = head_of (&alice, (head_t) {.name = "p00007", .seq = 3});
    record = release_of (&alice, "p00007", "1.0.0");
    check = check_of (&record, &head);
    check.name = "p00007";
    assert_accepted (&check);
    assert_int_equal (kept.puts, 1);
}

static void
tables_that_cannot_be_loaded_refuse_every_request_and_are_tried_again (void **unused)
{
    (void) unused;
    pin_to (&alice);
    kept.load_code = STORAGE;
    kept.loads = 0;
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    for (unsigned i = 0; i < LOAD_TRIES - 1; i++) {
        settle ();
        assert_true (puppet_silent (&trust));
        puppet_wait (&trust, LOAD_RETRY_MS);
    }
    settle ();
    assert_int_equal (kept.loads, LOAD_TRIES);
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, STORAGE);
    assert_non_null (strstr (failure->message, "cannot be read"));
    puppet_free (failure);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    failure = refused (&listing.base);
    assert_int_equal (failure->code, STORAGE);
    puppet_free (failure);
    //  While it tries again the answer stays the same; when it is there, all is well.
    kept.load_code = OK;
    puppet_wait (&trust, LOAD_AGAIN_MS);
    failure = puppet_silent (&trust) ? NULL : puppet_hear (&trust, &ggen__failure__descriptor);
    assert_null (failure);
    settle ();
    assert_pinned (&alice, "first use", 0);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_state_that_never_answers_is_a_failure_for_those_who_wait (void **unused)
{
    (void) unused;
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &listing.base);
    puppet_wait (&trust, LOAD_TRIES * (LASTING_BUDGET_MS + LOAD_RETRY_MS));
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, TIMEOUT);
    puppet_free (failure);
}

static void
a_damaged_pin_is_nobody_s_first_use (void **unused)
{
    (void) unused;
    const ProtobufCBinaryData name = {8, (uint8_t *) "rust-cli"};
    uint8_t other[128];                                 //  A good pin, of another name
    Ggen__TrustPin pin = GGEN__TRUST_PIN__INIT;
    pin.name = "rust-gui";
    pin.key = key_field (&eve);
    const ProtobufCBinaryData values[] = {{ggen__trust_pin__pack (&pin, other), other},
                                          {3, (uint8_t *) "\xff\xff\xff"}, {0, NULL},
                                          {5, (uint8_t *) "\x0a\x03" "abc"}};
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    for (size_t i = 0; i < COUNT_OF (values); i++) {
        assert_true (memory_state_insert (&kept, "pins", name, values[i]));
        restart ();
        assert_refused (&check, STORAGE, WORDS ("rust-cli", "ggen market trust add"));
        check.record.len = 0;
        check.allow_unsigned = true;
        assert_refused (&check, STORAGE, NULL);
        check = check_of (&record, NULL);
        Ggen__TrustListReply *all = list ();
        assert_int_equal (all->n_pins, 1);
        assert_int_equal (all->pins[0]->key.len, 0);
        puppet_free (all);
    }
    add (&alice);
    Ggen__TrustAddReply *reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_int_equal (reply->replaced_key.len, 0);
    puppet_free (reply);
    assert_pinned (&alice, "added", 0);
}

static void
entries_that_are_no_names_are_left_alone (void **unused)
{
    (void) unused;
    const ProtobufCBinaryData keys[] = {{2, (uint8_t *) ".."}, {3, (uint8_t *) "a\0b"},
                                        {1, (uint8_t *) "\xff"}};
    for (size_t i = 0; i < COUNT_OF (keys); i++)
        for (unsigned table = 0; table < 2; table++)
            assert_true (memory_state_insert (&kept, table ? "unsigned_registries" : "pins",
                                              keys[i], keys[i]));
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (trust_add_replaces_a_pin_and_says_which),
        TEST (trust_remove_forgets_and_says_what),
        TEST (registries_of_unsigned_packages_are_kept_sorted_and_bounded),
        TEST (what_cannot_be_added_or_removed_is_refused),
        TEST (no_answer_before_the_pin_is_acknowledged_and_others_wait),
        TEST (a_pin_that_cannot_be_kept_is_a_failure_and_no_pin),
        TEST (a_pin_whose_acknowledgement_is_lost_is_found_by_loading_again),
        TEST (an_event_is_not_a_way_around_the_wait),
        TEST (requests_wait_until_everything_is_loaded),
        TEST (many_pages_are_loaded),
        TEST (at_the_bound_a_new_name_is_refused_and_an_old_one_works),
        TEST (tables_that_cannot_be_loaded_refuse_every_request_and_are_tried_again),
        TEST (a_state_that_never_answers_is_a_failure_for_those_who_wait),
        TEST (a_damaged_pin_is_nobody_s_first_use),
        TEST (entries_that_are_no_names_are_left_alone),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
