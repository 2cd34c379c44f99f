// SPDX-License-Identifier: MIT
//  The store actor on real files: generations, and a directory of before them.
#include "tests/unit/store_world.h"

//  ---- generations ---------------------------------------------------------------------------------

static void
a_second_generation_shares_the_trees_of_the_first (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    struct stat first, second;
    char path [300];
    made_t made [2];
    made [0] = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 1, "lock"), OK);
    snprintf (path, sizeof path, "%s/generations/1/alpha/readme", rig->home);
    assert_int_equal (stat (path, &first), 0);
    snprintf (path, sizeof path, "%s/generations/2/alpha/readme", rig->home);
    assert_int_equal (stat (path, &second), 0);
    assert_int_equal (first.st_ino, second.st_ino);
    assert_int_equal (rig_count (rig->home, "store", ""), 2 + 2);
}

static void
an_earlier_generation_is_made_current_by_one_rename_and_the_later_one_stays (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    made [0] = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 1, "lock 2"), OK);
    assert_int_equal (rig_activate (rig, "", made, 1, 1), OK);
    const Ggen__ActivateReply *reply = (const void *) rig->reply;
    assert_int_equal (reply->from_generation, 2);
    assert_int_equal (reply->generation, 1);
    assert_false (exists (rig->home, "packages/beta"));
    assert_text (rig->home, "packages/ggen.lock", "one");
    assert_int_equal (rig_activate (rig, "", made, 2, 2), OK);
    assert_text (rig->home, "packages/beta/readme", "two");
    //  A new one after going back gets a number of its own.
    assert_int_equal (rig_activate (rig, "", made, 1, 1), OK);
    assert_int_equal (rig_commit (rig, "", made, 1, 1, "lock 3"), OK);
    assert_int_equal (rig_current (rig, ""), 3);
    assert_text (rig->home, "generations/2/ggen.lock", "lock 2");
}

static void
a_generation_that_is_not_there_is_not_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    assert_int_equal (rig_read_root (rig, "", 7), PACKAGE_NOT_FOUND);
    made_t made = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_read_root (rig, "", 7), PACKAGE_NOT_FOUND);
    assert_int_equal (rig_activate (rig, "", &made, 1, 7), PACKAGE_NOT_FOUND);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_int_equal (rig_read_root (rig, "", 1), OK);
}

static void
a_link_that_is_no_generation_is_told (void **state)
{
    world_t *world = *state;
    int home = open (world->rig.home, O_RDONLY | O_DIRECTORY);
    assert_int_equal (symlinkat ("elsewhere", home, "packages"), 0);
    assert_int_equal (rig_read_root (&world->rig, "", 0), VALIDATION);
    close (home);
}

//  ---- a directory of before -----------------------------------------------------------------------

static int
make_old_packages (const rig_t *rig)
{
    char path [200];
    snprintf (path, sizeof path, "%s/packages", rig->home);
    assert_int_equal (mkdir (path, 0755), 0);
    int dirfd = open (path, O_RDONLY | O_DIRECTORY);
    assert_int_equal (mkdirat (dirfd, "old", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "alpha", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "@scope", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "@scope/old", 0755), 0);
    put (dirfd, "old/readme", "of before");
    put (dirfd, "alpha/readme", "of before");
    put (dirfd, "@scope/old/readme", "of before");
    put (dirfd, "ggen.lock", "{}");
    return dirfd;
}

static void
a_directory_of_before_becomes_generation_0_and_stays_in_reach (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    close (make_old_packages (rig));
    assert_int_equal (rig_current (rig, ""), 0);
    assert_int_equal (rig_unpack (rig, "", "alpha", "new", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, "", "@scope/new", "scoped", &made [1]), OK);
    assert_text (rig->home, "packages/alpha/readme", "of before");
    assert_int_equal (rig_commit (rig, "", made, 2, 0, "lock"), OK);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_text (rig->home, "packages/alpha/readme", "new");
    assert_text (rig->home, "packages/@scope/new/readme", "scoped");
    assert_text (rig->home, "packages/ggen.lock", "lock");
    assert_text (rig->home, "generations/0/alpha/readme", "of before");
    assert_text (rig->home, "packages/old/readme", "of before");
    assert_text (rig->home, "packages/@scope/old/readme", "of before");
    //  So it goes on, also when what took its place leaves.
    assert_int_equal (rig_commit (rig, "", made + 1, 1, 1, "lock"), OK);
    assert_text (rig->home, "packages/old/readme", "of before");
    assert_text (rig->home, "packages/alpha/readme", "of before");
    assert_text (rig->home, "packages.0/alpha/readme", "of before");
    assert_int_equal (rig_activate (rig, "", made, 2, 1), OK);
    assert_text (rig->home, "packages/alpha/readme", "new");
    restart (world, true);
    assert_int_equal (rig_commit (&world->rig, "", made, 2, 1, "lock"), OK);
    assert_text (world->rig.home, "generations/0/ggen.lock", "{}");
    assert_int_equal (rig_leftovers (world->rig.home), 0);
}

static void
a_directory_of_before_is_unmoved_by_a_commit_that_fails (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = {.id = "alpha"};
    close (make_old_packages (rig));
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), STORAGE);
    assert_text (rig->home, "packages/ggen.lock", "{}");
    assert_false (exists (rig->home, "generations/0"));
    //  Nor does a second such directory replace the first.
    install (rig, "", "alpha", "one", 0);
    char path [200];
    snprintf (path, sizeof path, "%s/packages", rig->home);
    assert_int_equal (unlink (path), 0);
    close (make_old_packages (rig));
    assert_int_equal (rig_unpack (rig, "", "alpha", "two", &made), OK);
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), ALREADY_EXISTS);
    assert_text (rig->home, "packages/ggen.lock", "{}");
    assert_text (rig->home, "generations/0/ggen.lock", "{}");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (a_second_generation_shares_the_trees_of_the_first),
        TEST (an_earlier_generation_is_made_current_by_one_rename_and_the_later_one_stays),
        TEST (a_generation_that_is_not_there_is_not_found),
        TEST (a_link_that_is_no_generation_is_told),
        TEST (a_directory_of_before_becomes_generation_0_and_stays_in_reach),
        TEST (a_directory_of_before_is_unmoved_by_a_commit_that_fails),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
