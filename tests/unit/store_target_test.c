// SPDX-License-Identifier: MIT
//  The store actor on real files: a root of its own, and what else is there.
#include "tests/unit/store_world.h"

static void
a_target_has_links_to_its_packages_and_its_lock (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, world->target, "@scope/name", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, world->target, made, 2, 0, "lock"), OK);
    assert_text (world->target, "alpha/readme", "one");
    assert_text (world->target, "@scope/name/readme", "two");
    assert_text (world->target, "ggen.lock", "lock");
    assert_false (exists (rig->home, "packages"));
    assert_int_equal (rig_current (rig, world->target), 1);
    //  What leaves takes its link along, and the directory that was made for it.
    assert_int_equal (rig_commit (rig, world->target, made, 1, 1, "lock"), OK);
    assert_false (exists (world->target, "@scope"));
    assert_text (world->target, "alpha/readme", "one");
    assert_int_equal (rig_activate (rig, world->target, made, 2, 1), OK);
    assert_text (world->target, "@scope/name/readme", "two");
    assert_int_equal (rig_leftovers (world->base), 0);
}

static void
what_ggen_did_not_make_in_a_target_is_left_alone (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [3];
    assert_int_equal (mkdir (world->target, 0755), 0);
    int dirfd = open (world->target, O_RDONLY | O_DIRECTORY);
    for (int turn = 0; turn < 3; turn++) {
        if (turn == 0)
            put (dirfd, "beta", "mine");
        else if (turn == 1)
            assert_int_equal (symlinkat ("/elsewhere/.ggen/current/beta", dirfd, "beta"), 0);
        else
            assert_int_equal (mkdirat (dirfd, "beta", 0755), 0);
        put (dirfd, "alpha.ggen-new", "mine too");
        assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made [0]), OK);
        assert_int_equal (rig_unpack (rig, world->target, "beta", "two", &made [1]), OK);
        assert_int_equal (rig_commit (rig, world->target, made, 2, 0, "lock"), ALREADY_EXISTS);
        assert_non_null (strstr (rig->failure->message, "beta"));
        rig_discard (rig, world->target);
        assert_true (exists (world->target, "beta"));
        assert_text (world->target, "alpha.ggen-new", "mine too");
        //  Nor is anything of ours left that leads nowhere.
        assert_false (exists (world->target, "alpha"));
        assert_false (exists (world->target, "ggen.lock"));
        assert_int_equal (rig_current (rig, world->target), 0);
        assert_int_equal (rig_leftovers (world->base), 0);
        assert_int_equal (unlinkat (dirfd, "beta", turn == 2 ? AT_REMOVEDIR : 0), 0);
    }
    close (dirfd);
}

static void
a_package_and_a_name_space_of_that_name_can_follow_each_other_in_a_target (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t outer = install (rig, world->target, "ns", "outer", 0);
    made_t inner = install (rig, world->target, "ns/name", "inner", 1);
    assert_text (world->target, "ns/name/readme", "inner");
    assert_int_equal (rig_commit (rig, world->target, &outer, 1, 2, "lock"), OK);
    assert_text (world->target, "ns/readme", "outer");
    assert_int_equal (rig_check (rig, world->target, &outer, 1)->n_findings, 0);
    assert_int_equal (rig_activate (rig, world->target, &inner, 1, 2), OK);
    assert_text (world->target, "ns/name/readme", "inner");
    assert_false (exists (world->target, "ns/readme"));
}

static void
a_target_below_directories_that_are_not_there_is_made (void **state)
{
    world_t *world = *state;
    char deep [200];
    snprintf (deep, sizeof deep, "%s/a/b/c", world->temp.name);
    install (&world->rig, deep, "alpha", "one", 0);
    assert_text (deep, "alpha/readme", "one");
}

static void
a_lock_that_somebody_put_there_makes_way_when_that_is_wanted_only (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made;
    assert_int_equal (mkdir (world->target, 0755), 0);
    int dirfd = open (world->target, O_RDONLY | O_DIRECTORY);
    put (dirfd, "ggen.lock", "given");
    assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made), OK);
    assert_int_equal (rig_commit (rig, world->target, &made, 1, 0, "lock"), ALREADY_EXISTS);
    assert_text (world->target, "ggen.lock", "given");
    rig->replaces_lock = true;
    assert_int_equal (rig_commit (rig, world->target, &made, 1, 0, "lock"), OK);
    assert_text (world->target, "ggen.lock", "lock");
    struct stat info;
    assert_int_equal (fstatat (dirfd, "ggen.lock", &info, AT_SYMLINK_NOFOLLOW), 0);
    assert_true (S_ISLNK (info.st_mode));
    //  Where there is none, there is none to replace.
    assert_int_equal (rig_commit (rig, world->target, &made, 1, 1, "later"), OK);
    assert_text (world->target, "ggen.lock", "later");
    assert_int_equal (rig_leftovers (world->base), 0);
    close (dirfd);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (a_target_has_links_to_its_packages_and_its_lock),
        TEST (what_ggen_did_not_make_in_a_target_is_left_alone),
        TEST (a_package_and_a_name_space_of_that_name_can_follow_each_other_in_a_target),
        TEST (a_lock_that_somebody_put_there_makes_way_when_that_is_wanted_only),
        TEST (a_target_below_directories_that_are_not_there_is_made),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
