// SPDX-License-Identifier: MIT
//  yank and unpublish in a world of tables, and what an installation makes of names that were handed
//  over.
#include "tests/unit/installer_world.h"

static world_t world;

static int
set_up (void **state)
{
    (void) state;
    world_start (&world);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    world_stop (&world);
    return 0;
}

static void
assert_ok (code_t code)
{
    if (code != OK)
        fail_msg ("%s: %s", code_name (code), world.failure ? world.failure->message : "-");
}

static code_t
publish (const char *path)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) (uintptr_t) path;
    return world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor);
}

static code_t
install (const char *want)
{
    char *wants [] = {(char *) (uintptr_t) want};
    Ggen__InstallRequest request = GGEN__INSTALL_REQUEST__INIT;
    request.wants = wants;
    request.n_wants = 1;
    return world_ask (&world, &request.base, &ggen__install_reply__descriptor);
}

//  The only step of the last installation.
static const Ggen__PlanStep *
chosen (void)
{
    const Ggen__InstallReply *reply = (const void *) world.reply;
    assert_int_equal (reply->n_steps, 1);
    return reply->steps [0];
}

//  ---- yank, unpublish -------------------------------------------------------------------------------

static code_t
yank (const char *name, const char *version, bool undo, const char *reason)
{
    Ggen__YankRequest request = GGEN__YANK_REQUEST__INIT;
    request.name = (char *) (uintptr_t) name;
    request.version = (char *) (uintptr_t) version;
    request.undo = undo;
    request.reason = (char *) (uintptr_t) reason;
    return world_ask (&world, &request.base, &ggen__yank_reply__descriptor);
}

static code_t
unpublish (const char *name, const char *version)
{
    Ggen__UnpublishRequest request = GGEN__UNPUBLISH_REQUEST__INIT;
    request.name = (char *) (uintptr_t) name;
    request.version = (char *) (uintptr_t) version;
    return world_ask (&world, &request.base, &ggen__unpublish_reply__descriptor);
}

//  The head that was put last; the caller destroys it.
static Ggen__Head *
last_head (void)
{
    Ggen__SignedRecord *record;
    Ggen__Head *head;
    assert_true (world.heads_count > 0);
    const ProtobufCBinaryData *packed = &world.heads [world.heads_count - 1].record;
    assert_int_equal (record_open (&record, (bytes_t) {packed->data, packed->len}), OK);
    assert_int_equal (record_check (record, crypto_real.verify, NULL), OK);
    assert_int_equal (record_head (&head, record), OK);
    record_destroy (&record);
    return head;
}

static void
publish_two (void)
{
    world.directories [0].path = "/one";
    world.directories [0].id = "alpha";
    world.directories [0].version = "1.0.0";
    world.directories [1].path = "/two";
    world.directories [1].id = "alpha";
    world.directories [1].version = "1.1.0";
    assert_ok (publish ("/one"));
    assert_ok (publish ("/two"));
}

static void
a_yank_is_the_next_head_and_the_same_again_is_none (void **state)
{
    (void) state;
    publish_two ();
    assert_ok (yank ("alpha", "1.0.0", false, "it burns"));
    Ggen__Head *head = last_head ();
    assert_int_equal (head->seq, 3);
    assert_int_equal (head->n_versions, 2);
    assert_true (head->versions [0]->yanked);
    assert_string_equal (head->versions [0]->yank_reason, "it burns");
    assert_false (head->versions [1]->yanked);
    record_head_destroy (&head);
    const Ggen__YankReply *reply = (const void *) world.reply;
    assert_true (reply->changed && reply->yanked);
    assert_int_equal (reply->seq, 3);
    assert_ok (yank ("alpha", "1.0.0", false, "it burns"));
    assert_false (((const Ggen__YankReply *) (const void *) world.reply)->changed);
    assert_int_equal (world.heads_count, 1);
    assert_ok (yank ("alpha", "1.0.0", true, ""));
    head = last_head ();
    assert_int_equal (head->seq, 4);
    assert_false (head->versions [0]->yanked);
    record_head_destroy (&head);
}

static void
what_is_not_ours_is_not_withdrawn (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 1);
    world_add (&world, "beta", "1.0.0", "", UNSIGNED);
    assert_int_equal (yank ("alpha", "1.0.0", false, "x"), PERMISSION_DENIED);
    assert_int_equal (unpublish ("alpha", "1.0.0"), PERMISSION_DENIED);
    assert_int_equal (yank ("alpha", "2.0.0", false, "x"), PACKAGE_NOT_FOUND);
    assert_int_equal (yank ("../x", "1.0.0", false, "x"), VALIDATION);
    assert_int_equal (yank ("alpha", "^1", false, "x"), VALIDATION);
    assert_int_equal (yank ("beta", "1.0.0", false, "x"), MISSING_SIGNATURE);
    assert_int_equal (world.heads_count + world.deletes, 0);
    assert_ok (unpublish ("beta", "1.0.0"));
    assert_int_equal (world.deletes, 1);
}

static void
a_reason_that_no_head_can_hold_is_refused (void **state)
{
    (void) state;
    char reason [1026];
    memset (reason, 'r', sizeof reason);
    reason [1025] = 0;
    publish_two ();
    assert_int_equal (yank ("alpha", "1.0.0", false, reason), VALIDATION);
    assert_int_equal (world.heads_count, 0);
}

static void
unpublish_signs_a_head_without_it_and_then_deletes (void **state)
{
    (void) state;
    publish_two ();
    world.fail = &ggen__delete_request__descriptor;
    world.fail_code = STORAGE;
    assert_int_equal (unpublish ("alpha", "1.0.0"), STORAGE);
    Ggen__Head *head = last_head ();
    assert_int_equal (head->n_versions, 1);
    assert_string_equal (head->versions [0]->version, "1.1.0");
    record_head_destroy (&head);
    world.fail = NULL;
    assert_ok (unpublish ("alpha", "1.0.0"));           //  No further head is needed
    assert_int_equal (world.heads_count, 1);
    assert_int_equal (world.deletes, 1);
    assert_ok (unpublish ("alpha", "1.1.0"));
    head = last_head ();
    assert_int_equal (head->seq, 4);
    assert_int_equal (head->n_versions, 0);
    record_head_destroy (&head);
    //  Nothing is published any more, and the next head goes on from there.
    assert_ok (publish ("/two"));
    assert_ok (yank ("alpha", "1.1.0", false, "x"));
    assert_int_equal (((const Ggen__YankReply *) (const void *) world.reply)->seq, 6);
}

static void
a_successor_of_the_pinned_key_may_be_chosen (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "alpha", "1.1.0", "", 1);
    world_pin (&world, "alpha", 0);
    assert_ok (install ("alpha"));
    assert_int_equal (chosen ()->action, GGEN__ACTION__ADD);
    assert_string_equal (chosen ()->version, "1.0.0");  //  A stranger is passed over
    world.has_successor = true;
    world.former = 0;
    world.successor = 1;
    assert_ok (install ("alpha@^1.1"));
    assert_string_equal (chosen ()->version, "1.1.0");
}

static void
a_dependency_by_the_successor_of_the_signed_key_is_accepted (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "beta ^1", 0);
    world_add (&world, "beta", "1.0.0", "", 1);
    alpha->package->dependencies [0]->publisher_key = bytes_new (world.keys [2].public_key, 32);
    world_sign_again (&world, alpha, 0);
    assert_int_equal (install ("alpha"), UNTRUSTED_PUBLISHER);
    world.has_successor = true;
    world.former = 2;
    world.successor = 1;
    assert_ok (install ("alpha"));
}

static void
nothing_is_deleted_when_the_head_is_not_kept (void **state)
{
    (void) state;
    publish_two ();
    world.fail = &ggen__put_head_request__descriptor;
    world.fail_code = STORAGE;
    assert_int_equal (unpublish ("alpha", "1.0.0"), STORAGE);
    assert_int_equal (world.deletes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (a_yank_is_the_next_head_and_the_same_again_is_none),
        TEST (what_is_not_ours_is_not_withdrawn),
        TEST (a_reason_that_no_head_can_hold_is_refused),
        TEST (unpublish_signs_a_head_without_it_and_then_deletes),
        TEST (nothing_is_deleted_when_the_head_is_not_kept),
        TEST (a_successor_of_the_pinned_key_may_be_chosen),
        TEST (a_dependency_by_the_successor_of_the_signed_key_is_accepted),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
