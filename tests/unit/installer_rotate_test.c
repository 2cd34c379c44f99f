// SPDX-License-Identifier: MIT
//  key rotate in a world of tables: which names and releases a rotation is about, and what is signed.
#include "tests/unit/installer_world.h"

//  Keys of the world.
enum { FORMER, NEXT, STRANGER };

static world_t world;
static char *without [4];
static size_t without_count;

static int
set_up (void **state)
{
    (void) state;
    world_start (&world);
    without_count = 0;
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    world_stop (&world);
    return 0;
}

static code_t
rotate_from (const char *former_name, const char *next_name, bool dry_run)
{
    Ggen__RotateRequest request = GGEN__ROTATE_REQUEST__INIT;
    request.former_key = (ProtobufCBinaryData) {32, world.keys [FORMER].public_key};
    request.former_name = (char *) (uintptr_t) former_name;
    request.new_name = (char *) (uintptr_t) next_name;
    request.without = without;
    request.n_without = without_count;
    request.dry_run = dry_run;
    return world_ask (&world, &request.base, &ggen__rotate_reply__descriptor);
}

static const Ggen__RotateReply *
rotated (void)
{
    code_t code = rotate_from ("key-0", "key-1", false);
    if (code != OK)
        fail_msg ("%s: %s", code_name (code), world.failure ? world.failure->message : "-");
    return (const void *) world.reply;
}

static const Ggen__RotateReply *
rehearsed (void)
{
    assert_int_equal (rotate_from ("", "", true), OK);
    assert_int_equal (world.heads_count, 0);
    return (const void *) world.reply;
}

//  What this key had signed of this package before: of 'seq', listing 'digest' for its version.
static void
had_signed (entry_t *entry, unsigned key, uint64_t seq, ProtobufCBinaryData digest,
            const uint8_t *recovery)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions = &version;
    head.name = entry->package->id;
    head.seq = seq;
    head.issued_at = 1;
    head.expires_at = 2000000000;
    head.versions = &versions;
    head.n_versions = 1;
    version.version = entry->package->version;
    version.sha256 = digest;
    if (recovery)
        head.recovery_sha256 = (ProtobufCBinaryData) {32, (uint8_t *) (uintptr_t) recovery};
    entry->package->head = sign_message (&world.keys [key], GGEN__RECORD_KIND__HEAD, &head.base);
}

//  The head of 'id' that this key has signed now; NULL. The caller destroys it.
static Ggen__Head *
head_of (const char *id, unsigned key)
{
    Ggen__Head *found = NULL;
    for (size_t i = 0; i < world.heads_count && !found; i++) {
        Ggen__SignedRecord *record;
        const ProtobufCBinaryData *packed = &world.heads [i].record;
        assert_int_equal (record_open (&record, (bytes_t) {packed->data, packed->len}), OK);
        if (strcmp (world.heads [i].id, id) == 0
            && memcmp (record->key.data, world.keys [key].public_key, 32) == 0)
            assert_int_equal (record_head (&found, record), OK);
        record_destroy (&record);
    }
    return found;
}

static void
assert_names (const Ggen__RotateReply *reply, const char *names)
{
    char text [400] = "";
    for (size_t i = 0; i < reply->n_names; i++)
        snprintf (text + strlen (text), sizeof text - strlen (text), "%s%s", i > 0 ? " " : "",
                  reply->names [i]);
    assert_string_equal (text, names);
}

//  As "alpha@1.0.0 alpha@2.0.0!", where '!' means left out.
static void
assert_releases (const Ggen__RotateReply *reply, const char *releases)
{
    char text [400] = "";
    for (size_t i = 0; i < reply->n_releases; i++)
        snprintf (text + strlen (text), sizeof text - strlen (text), "%s%s@%s%s", i > 0 ? " " : "",
                  reply->releases [i]->name, reply->releases [i]->version,
                  reply->releases [i]->left_out ? "!" : "");
    assert_string_equal (text, releases);
}

static void
the_new_key_stands_for_what_the_former_signed_and_for_nobody_elses (void **state)
{
    (void) state;
    entry_t *first = world_add (&world, "alpha", "1.0.0", "", FORMER);
    world_add (&world, "alpha", "2.0.0", "", STRANGER);
    world_add (&world, "beta", "1.0.0", "", STRANGER);
    const Ggen__RotateReply *reply = rotated ();
    assert_names (reply, "alpha");
    assert_releases (reply, "alpha@1.0.0");
    assert_memory_equal (reply->new_key.data, world.keys [NEXT].public_key, 32);
    Ggen__Head *head = head_of ("alpha", NEXT);
    assert_non_null (head);
    assert_int_equal (head->n_versions, 1);
    assert_string_equal (head->versions [0]->version, "1.0.0");
    Ggen__SignedRecord *record;
    uint8_t payload [CRYPTO_HASH_BYTES];
    const ProtobufCBinaryData *packed = &first->package->record;
    assert_int_equal (record_open (&record, (bytes_t) {packed->data, packed->len}), OK);
    crypto_real.sha256 (record->payload.data, record->payload.len, payload);
    assert_true (is_same (head->versions [0]->release_sha256, payload));
    record_destroy (&record);
    record_head_destroy (&head);
    assert_null (head_of ("beta", NEXT));
}

//  Its last word: the same, and whom it hands over to.
static void
the_former_keys_last_head_names_the_new_key_and_keeps_the_recovery_key (void **state)
{
    (void) state;
    uint8_t recovery [32] = {9};
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", FORMER);
    had_signed (alpha, FORMER, 5, alpha->package->sha256, recovery);
    rotated ();
    Ggen__Head *head = head_of ("alpha", FORMER);
    assert_non_null (head);
    assert_true (head->seq > 5);
    assert_true (is_same (head->recovery_sha256, recovery));
    assert_true (is_same (head->rotated_to, world.keys [NEXT].public_key));
    assert_int_equal (head->n_versions, 1);
    record_head_destroy (&head);
}

//  Its head knows another archive of that version than the registry has.
static void
another_archive_than_was_listed_is_not_stood_for (void **state)
{
    (void) state;
    uint8_t other [32] = {1, 2, 3};
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", FORMER);
    had_signed (alpha, FORMER, 5, (ProtobufCBinaryData) {sizeof other, other}, NULL);
    rotated ();
    Ggen__Head *head = head_of ("alpha", NEXT);
    assert_int_equal (head->n_versions, 1);
    assert_true (is_same (head->versions [0]->sha256, other));
    assert_int_equal (head->versions [0]->release_sha256.len, 0);
    record_head_destroy (&head);
}

static void
what_is_left_out_is_that_version_of_that_name (void **state)
{
    (void) state;
    static const char *const ids [] = {"alpha", "alphabet", "alp"};
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        world_add (&world, ids [i], "1.0.0", "", FORMER);
    world_add (&world, "alpha", "1.0.0-rc", "", FORMER);
    without [without_count++] = "alpha@1.0.0";
    const Ggen__RotateReply *reply = rotated ();
    assert_releases (reply, "alpha@1.0.0! alpha@1.0.0-rc alphabet@1.0.0 alp@1.0.0");
    Ggen__Head *head = head_of ("alpha", NEXT);
    assert_int_equal (head->n_versions, 1);
    assert_string_equal (head->versions [0]->version, "1.0.0-rc");
    record_head_destroy (&head);
    head = head_of ("alphabet", NEXT);
    assert_int_equal (head->n_versions, 1);
    record_head_destroy (&head);
}

static void
what_is_to_be_left_out_has_to_be_the_former_keys (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", FORMER);
    world_add (&world, "alpha", "2.0.0", "", STRANGER);
    static const char *const words [] = {"alpha@2.0.0", "alpha@3.0.0", "alpha", "alpha@", "beta@1.0.0"};
    for (size_t i = 0; i < COUNT_OF (words); i++) {
        without [0] = (char *) (uintptr_t) words [i];
        without_count = 1;
        assert_int_equal (rotate_from ("key-0", "key-1", false), PACKAGE_NOT_FOUND);
        assert_int_equal (world.heads_count, 0);
    }
}

static void
a_key_that_is_not_the_one_given_up_and_one_that_is_not_another_are_refused (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", FORMER);
    assert_int_equal (rotate_from ("key-2", "key-1", false), VALIDATION);
    assert_int_equal (rotate_from ("key-0", "key-0", false), VALIDATION);
    assert_int_equal (rotate_from ("", "key-0", false), VALIDATION);
    assert_int_equal (world.heads_count, 0);
    assert_int_equal (rotate_from ("", "key-1", false), OK);
    assert_null (head_of ("alpha", FORMER));
}

//  A pin alone makes no publisher; nor does it keep a name from being found that no search tells.
static void
names_are_those_that_the_key_has_published (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", FORMER);
    world_add (&world, "beta", "1.0.0", "", STRANGER);
    world_pin (&world, "beta", FORMER);
    world_pin (&world, "gamma", FORMER);
    world_pin (&world, "alpha", FORMER);
    assert_names (rehearsed (), "alpha");
}

//  More than one answer of a search tells.
static void
a_run_dry_shows_all_there_is_and_signs_nothing (void **state)
{
    (void) state;
    char id [16];
    for (unsigned i = 0; i < 210; i++) {
        snprintf (id, sizeof id, "pack-%03u", i);
        world_add (&world, id, "1.0.0", "", FORMER);
    }
    world.own_key = UNSIGNED;
    const Ggen__RotateReply *reply = rehearsed ();
    assert_true (reply->dry_run);
    assert_int_equal (reply->n_names, 210);
    assert_int_equal (reply->n_releases, 210);
    assert_int_equal (reply->new_key.len, 0);
}

static void
the_network_is_told_later_where_no_node_runs (void **state)
{
    (void) state;
    static const installer_settings_t settings = {.tells_later = true};
    fake_stop (&world.fake);
    fake_start (&world.fake, &installer_actor, &settings);
    world_add (&world, "alpha", "1.0.0", "", FORMER);
    rehearsed ();
    assert_string_equal (world.noted, "");
    rotated ();
    assert_string_equal (world.noted, "alpha@");
}

//  Who follows the name goes on with a release that the new key stands for.
static void
our_own_trust_follows_by_what_is_not_left_out (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", FORMER);
    world_add (&world, "alpha", "6.6.6", "", FORMER);
    without [without_count++] = "alpha@6.6.6";
    const Ggen__RotateReply *reply = rotated ();
    assert_int_equal (reply->n_warnings, 0);
    assert_string_equal (world.followed, "1.0.0");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (the_new_key_stands_for_what_the_former_signed_and_for_nobody_elses),
        TEST (the_former_keys_last_head_names_the_new_key_and_keeps_the_recovery_key),
        TEST (another_archive_than_was_listed_is_not_stood_for),
        TEST (what_is_left_out_is_that_version_of_that_name),
        TEST (what_is_to_be_left_out_has_to_be_the_former_keys),
        TEST (a_key_that_is_not_the_one_given_up_and_one_that_is_not_another_are_refused),
        TEST (names_are_those_that_the_key_has_published),
        TEST (a_run_dry_shows_all_there_is_and_signs_nothing),
        TEST (the_network_is_told_later_where_no_node_runs),
        TEST (our_own_trust_follows_by_what_is_not_left_out),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
