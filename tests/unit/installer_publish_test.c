// SPDX-License-Identifier: MIT
//  The installer in a world of tables: publish and init.
#include "tests/unit/installer_asks.h"

//  ---- publish -------------------------------------------------------------------------------------

static Ggen__Head *
head_of_last (void)
{
    const ProtobufCBinaryData *packed = &world.entries [world.entries_count - 1].package->head;
    Ggen__SignedRecord *record = NULL;
    Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed->data, packed->len}), OK);
    assert_int_equal (record_check (record, crypto_real.verify, NULL), OK);
    assert_int_equal (record_head (&head, record), OK);
    record_destroy (&record);
    return head;
}

static void
make_directory (const char *id)
{
    for (unsigned i = 0; i < 3; i++) {
        static const char *const paths [] = {"/one", "/two", "/three"};
        static const char *const versions [] = {"1.0.0", "2.0.0", "3.0.0"};
        world.directories [i].path = paths [i];
        world.directories [i].id = id;
        world.directories [i].version = versions [i];
    }
}

static void
published_versions_are_signed_and_the_head_keeps_all (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (publish ("/one", ""));
    const Ggen__PublishTreeReply *reply = (const void *) world.reply;
    assert_string_equal (reply->package->id, "mine");
    assert_memory_equal (reply->package->publisher->public_key.data, world.keys [0].public_key, 32);
    assert_int_equal (reply->acknowledged, 1);
    assert_string_equal (reply->location, "/reg/published");
    assert_int_equal (world.pinned, 1);
    Ggen__Head *head = head_of_last ();
    assert_int_equal (head->seq, 1);
    assert_int_equal (head->n_versions, 1);
    record_head_destroy (&head);
    assert_ok (publish ("/two", ""));
    assert_ok (publish ("/three", "2.5.0"));
    head = head_of_last ();
    assert_int_equal (head->seq, 3);
    assert_int_equal (head->n_versions, 3);
    assert_string_equal (head->versions [0]->version, "1.0.0");
    assert_string_equal (head->versions [2]->version, "2.5.0");
    record_head_destroy (&head);
    assert_int_equal (world.discards, 3);
}

static Ggen__Release *
release_of_last (void)
{
    const ProtobufCBinaryData *packed = &world.entries [world.entries_count - 1].package->record;
    Ggen__SignedRecord *record = NULL;
    Ggen__Release *release = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed->data, packed->len}), OK);
    assert_int_equal (record_release (&release, record), OK);
    record_destroy (&record);
    return release;
}

static void
the_key_signed_for_a_dependency_is_the_trusted_one_not_what_the_registry_says (void **state)
{
    (void) state;
    make_directory ("mine");
    world.needs = "alpha";
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", 1);
    assert_ok (publish ("/one", ""));
    Ggen__Release *release = release_of_last ();
    assert_memory_equal (release->dependencies [0]->publisher_key.data, world.keys [1].public_key, 32);
    record_release_destroy (&release);
    //  It claims another key than the one that signed: none of them is signed.
    memcpy (alpha->package->publisher->public_key.data, world.keys [3].public_key, 32);
    assert_ok (publish ("/two", ""));
    release = release_of_last ();
    assert_int_equal (release->dependencies [0]->publisher_key.len, 0);
    record_release_destroy (&release);
    world_pin (&world, "alpha", 2);
    assert_ok (publish ("/three", ""));
    release = release_of_last ();
    assert_memory_equal (release->dependencies [0]->publisher_key.data, world.keys [2].public_key, 32);
    record_release_destroy (&release);
}

static void
the_same_bytes_again_are_there_already_and_others_are_refused (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (publish ("/one", ""));
    assert_ok (publish ("/one", ""));
    assert_true (((const Ggen__PublishTreeReply *) (const void *) world.reply)->already_there);
    assert_int_equal (world.publishes, 1);
    assert_string_equal (world.noted, "");
    assert_int_equal (publish ("/two", "1.0.0"), ALREADY_EXISTS);
    assert_int_equal (world.publishes, 1);
}

static code_t
publish_one (bool force)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = "/one";
    request.force = force;
    return world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor);
}

static bool
warns_of (const char *text)
{
    const Ggen__PublishTreeReply *reply = (const void *) world.reply;
    for (size_t i = 0; i < reply->n_warnings; i++)
        if (strstr (reply->warnings [i], text))
            return true;
    return false;
}

static void
the_same_bytes_go_again_over_a_copy_that_is_no_good (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (publish_one (false));
    assert_false (world.published_again);
    assert_ok (publish_one (true));
    assert_true (world.checked_bytes);
    assert_int_equal (world.publishes, 1);
    world.fault = "a mouse was at it";
    assert_ok (publish_one (false));
    assert_false (world.checked_bytes);
    assert_true (warns_of ("a mouse was at it"));
    assert_true (world.published_again);
    assert_int_equal (world.publishes, 2);
    //  A run dry looks at nothing.
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = "/one";
    request.dry_run = true;
    assert_ok (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor));
    assert_false (warns_of ("a mouse was at it"));
    //  By another key nothing goes over it.
    world.own_key = 1;
    assert_ok (publish_one (false));
    assert_true (warns_of ("only its publisher's key"));
    assert_int_equal (world.publishes, 2);
}

static void
what_is_published_elsewhere_only_comes_here_by_force (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (publish_one (false));
    world.not_here = true;
    assert_ok (publish_one (false));
    assert_true (warns_of ("--force puts it there"));
    assert_int_equal (world.publishes, 1);
    assert_ok (publish_one (true));
    assert_int_equal (world.publishes, 2);
}

static void
what_the_network_hears_later_is_noted (void **state)
{
    (void) state;
    static const installer_settings_t settings = {.tells_later = true};
    char *file = (char *) "file";
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    make_directory ("mine");
    fake_stop (&world.fake);
    fake_start (&world.fake, &installer_actor, &settings);
    assert_ok (publish ("/two", ""));
    assert_string_equal (world.noted, "mine@2.0.0");
    assert_true (((const Ggen__PublishTreeReply *) (const void *) world.reply)->told_later);
    request.path = "/three";
    request.registries = &file;
    request.n_registries = 1;
    assert_ok (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor));
    assert_string_equal (world.noted, "mine@2.0.0");
    //  It is published all the same.
    world.fail = &ggen__state_put_request__descriptor;
    world.fail_code = INSUFFICIENT_DISK_SPACE;
    assert_ok (publish ("/three", "3.1.0"));
    assert_true (warns_of ("will not be told by itself"));
}

//  It is published by then: the asker hears that, and the network will.
static void
a_cancel_after_it_was_published_comes_too_late (void **state)
{
    (void) state;
    static const installer_settings_t settings = {.tells_later = true};
    static const ProtobufCMessageDescriptor *const steps [] = {&ggen__publish_request__descriptor,
                                                               &ggen__state_put_request__descriptor};
    static const char *const paths [] = {"/one", "/two"};
    static const char *const notes [] = {"mine@1.0.0", "mine@2.0.0"};
    make_directory ("mine");
    fake_stop (&world.fake);
    fake_start (&world.fake, &installer_actor, &settings);
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world.hold = steps [i];
        assert_int_equal (publish (paths [i], ""), INTERNAL);
        assert_int_equal (world.held_count, 1);
        //  The answer to what was asked first is faster than the cancel
        const fake_sent_t *held = world.held [0];
        if (i == 0)
            world.held [0] = NULL;
        fake_cancel (&world.fake, "cli", world.asked);
        world_turn (&world);
        if (i == 0)
            serve_sent (&world, (fake_sent_t *) (uintptr_t) held);
        world_release (&world);
        assert_null (world.failure);
        assert_non_null (world.reply);
        assert_true (((const Ggen__PublishTreeReply *) (const void *) world.reply)->told_later);
        assert_string_equal (world.noted, notes [i]);
        assert_int_equal (world.publishes, i + 1);
    }
}

static void
a_publish_run_dry_signs_and_sends_nothing (void **state)
{
    (void) state;
    make_directory ("mine");
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = "/one";
    request.dry_run = true;
    world.own_key = UNSIGNED;
    assert_ok (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor));
    assert_int_equal (world.publishes + world.pinned, 0);
    assert_int_equal (publish ("/one", ""), PACKAGE_NOT_FOUND);
    assert_int_equal (world.publishes, 0);
}

//  The directories of this world name no license.
static void
quality_is_warned_of_an_error_or_skipped (void **state)
{
    (void) state;
    make_directory ("mine");
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) "/one";
    const Ggen__PublishTreeReply *const *reply = (const void *) &world.reply;
    assert_ok (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor));
    assert_true (is_warned ((*reply)->warnings, (*reply)->n_warnings, "license: missing"));
    request.strict = true;
    assert_int_equal (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor),
                      VALIDATION);
    assert_told ("license: missing");
    request.skip_verify = true;
    assert_ok (world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor));
    assert_int_equal ((*reply)->n_warnings, 0);
}

static void
a_name_of_another_publisher_cannot_be_published (void **state)
{
    (void) state;
    make_directory ("theirs");
    world_pin (&world, "theirs", 1);
    assert_int_equal (publish ("/one", ""), UNTRUSTED_PUBLISHER);
    assert_int_equal (world.publishes, 0);
}

//  ---- init ----------------------------------------------------------------------------------------

static code_t
init (const char *path, const char *name)
{
    Ggen__InitRequest request = GGEN__INIT_REQUEST__INIT;
    request.path = (char *) (uintptr_t) path;
    request.name = (char *) (uintptr_t) name;
    return world_ask (&world, &request.base, &ggen__init_reply__descriptor);
}

static void
init_writes_a_manifest_where_there_is_none (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (init ("/empty", "mine"));
    assert_string_equal (((const Ggen__InitReply *) (const void *) world.reply)->path,
                         "/empty/gpack.toml");
    assert_int_equal (init ("/one", "mine"), ALREADY_EXISTS);
    assert_int_equal (init ("/broken", "mine"), VALIDATION);
    assert_told ("/broken/pack.toml");
    assert_int_equal (init ("/empty", "no name"), VALIDATION);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (published_versions_are_signed_and_the_head_keeps_all),
        TEST (the_key_signed_for_a_dependency_is_the_trusted_one_not_what_the_registry_says),
        TEST (the_same_bytes_again_are_there_already_and_others_are_refused),
        TEST (the_same_bytes_go_again_over_a_copy_that_is_no_good),
        TEST (what_is_published_elsewhere_only_comes_here_by_force),
        TEST (what_the_network_hears_later_is_noted),
        TEST (a_cancel_after_it_was_published_comes_too_late),
        TEST (a_publish_run_dry_signs_and_sends_nothing),
        TEST (quality_is_warned_of_an_error_or_skipped),
        TEST (a_name_of_another_publisher_cannot_be_published),
        TEST (init_writes_a_manifest_where_there_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
