// SPDX-License-Identifier: MIT
//  The installer in a world of tables: remove, rollback, verify, list.
#include "tests/unit/installer_asks.h"

static void
what_others_need_is_removed_only_by_force (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_int_equal (remove_as ("beta", false), DEPENDENCY);
    assert_told ("alpha 1.0.0");
    assert_int_equal (world.commits, 1);
    assert_ok (remove_as ("beta", true));
    const Ggen__RemoveReply *reply = (const void *) world.reply;
    assert_true (is_warned (reply->warnings, reply->n_warnings, "alpha 1.0.0 needs beta"));
    assert_installed ("alpha 1.0.0 direct");
    assert_int_equal (remove_as ("beta", false), PACKAGE_NOT_FOUND);
}

static void
what_nobody_needs_any_more_leaves_too (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *, gamma *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    assert_ok (install ("alpha gamma"));
    assert_ok (remove_as ("alpha", false));
    assert_installed ("gamma 1.0.0 direct");
    const Ggen__RemoveReply *reply = (const void *) world.reply;
    assert_string_equal (steps_text (reply->steps, reply->n_steps),
                         "KEEP gamma 1.0.0, REMOVE alpha 1.0.0, REMOVE beta 1.0.0");
    assert_int_equal (reply->generation, 2);
}

static void
going_back_tells_what_changes_and_forth_again (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_int_equal (roll_back (0), PACKAGE_NOT_FOUND);
    assert_ok (install ("alpha"));
    assert_ok (install ("beta"));
    assert_ok (roll_back (0));
    const Ggen__RollbackReply *reply = (const void *) world.reply;
    assert_int_equal (reply->from_generation, 2);
    assert_int_equal (reply->generation, 1);
    assert_string_equal (steps_text (reply->steps, reply->n_steps),
                         "KEEP alpha 1.0.0, REMOVE beta 1.0.0");
    assert_ok (roll_back (2));
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0 direct");
    assert_int_equal (roll_back (9), PACKAGE_NOT_FOUND);
    assert_int_equal (world.current, 2);
}

static void
a_lock_that_does_not_read_stops_all_but_going_back (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_ok (install ("beta"));
    *world.generations [2].lock = '!';
    assert_int_equal (install ("alpha"), SERIALIZATION);
    assert_told ("generation 2");
    assert_non_null (strstr (world.failure->hint, "rollback"));
    assert_ok (roll_back (0));
    assert_installed ("alpha 1.0.0 direct");
    assert_ok (install ("beta"));
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0 direct");
    //  Nor is there a way but back when the file is gone.
    world.lost_lock = 3;
    assert_int_equal (install ("alpha"), PACKAGE_NOT_FOUND);
    assert_ok (roll_back (1));
    assert_installed ("alpha 1.0.0 direct");
}

static void
going_back_restores_edited_files_from_their_archive (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_ok (install ("beta"));
    world.edited = "alpha";
    assert_ok (roll_back (1));
    const Ggen__RollbackReply *reply = (const void *) world.reply;
    assert_int_equal (reply->n_restored, 1);
    assert_string_equal (reply->restored [0], "alpha");
    assert_null (world.edited);
}

static void
verify_finds_and_fix_restores (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_ok (verify (true));
    assert_int_equal (((const Ggen__VerifyReply *) (const void *) world.reply)->n_findings, 0);
    assert_int_equal (world.commits, 1);
    world.edited = "alpha";
    assert_ok (verify (false));
    const Ggen__VerifyReply *reply = (const void *) world.reply;
    assert_int_equal (reply->n_findings, 1);
    assert_false (reply->findings [0]->fixed);
    assert_int_equal (world.commits, 1);
    assert_ok (verify (true));
    reply = (const void *) world.reply;
    assert_true (reply->findings [0]->fixed);
    assert_int_equal (world.commits, 2);
    assert_null (world.edited);
}

static void
a_fix_that_cannot_be_made_fails_and_says_so (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    world.edited = "alpha";
    alpha->lost = true;
    assert_int_equal (verify (true), ALL_PROVIDERS_FAILED);
    assert_told ("alpha@1.0.0");
    assert_int_equal (world.commits, 1);
}

static void
list_tells_what_is_installed_by_category (void **state)
{
    (void) state;
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", 0);
    alpha->package->categories = calloc (1, sizeof (char *));
    alpha->package->categories [alpha->package->n_categories++] = strdup ("tools");
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha beta"));
    assert_ok (world_ask (&world, &request.base, &ggen__list_installed_reply__descriptor));
    assert_int_equal (((const Ggen__ListInstalledReply *) (const void *) world.reply)->n_packages, 2);
    request.category = "tools";
    assert_ok (world_ask (&world, &request.base, &ggen__list_installed_reply__descriptor));
    assert_int_equal (((const Ggen__ListInstalledReply *) (const void *) world.reply)->n_packages, 1);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (what_others_need_is_removed_only_by_force),
        TEST (what_nobody_needs_any_more_leaves_too),
        TEST (going_back_tells_what_changes_and_forth_again),
        TEST (a_lock_that_does_not_read_stops_all_but_going_back),
        TEST (going_back_restores_edited_files_from_their_archive),
        TEST (verify_finds_and_fix_restores),
        TEST (a_fix_that_cannot_be_made_fails_and_says_so),
        TEST (list_tells_what_is_installed_by_category),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
