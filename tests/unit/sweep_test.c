// SPDX-License-Identifier: MIT
//  What the store removes when it is told which generations are not wanted any more, and what not.
#include "tests/unit/store_rig.h"

#include "actors/store/place_io.h"
#include "upkeep.pb-c.h"

typedef struct {
    temp_t temp;
    rig_t rig;
    char target [128], base [160];
} world_t;

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    char home [128];
    world->temp = temp_new ();
    assert_int_equal (mkdirat (world->temp.fd, "home", 0755), 0);
    snprintf (home, sizeof home, "%s/home", world->temp.name);
    snprintf (world->target, sizeof world->target, "%s/target", world->temp.name);
    snprintf (world->base, sizeof world->base, "%s/.ggen", world->target);
    rig_start (&world->rig, home, world->temp.name, true);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    rig_stop (&world->rig);
    temp_done (&world->temp);
    free (world);
    return 0;
}

static void
restart (world_t *world, bool writable)
{
    char home [128];
    strcpy (home, world->rig.home);
    rig_stop (&world->rig);
    rig_start (&world->rig, home, world->temp.name, writable);
}

static made_t
install (rig_t *rig, const char *root, const char *id, const char *text, uint64_t expected)
{
    made_t made;
    assert_int_equal (rig_unpack (rig, root, id, text, &made), OK);
    assert_int_equal (rig_commit (rig, root, &made, 1, expected, text), OK);
    return made;
}

static code_t
sweep (rig_t *rig, const char *root, uint64_t first, uint64_t last, bool dry_run)
{
    uint64_t generations [16];
    Ggen__SweepRequest request = GGEN__SWEEP_REQUEST__INIT;
    request.root = (char *) (uintptr_t) root;
    request.generations = generations;
    for (uint64_t i = first; i <= last; i++)
        generations [request.n_generations++] = i;
    request.dry_run = dry_run;
    return rig_call (rig, &request.base, &ggen__sweep_reply__descriptor);
}

static const Ggen__SweepReply *
swept (const rig_t *rig)
{
    assert_non_null (rig->reply);
    return (const void *) rig->reply;
}

//  Names in a directory, without "." and "..".
static unsigned
entries (const char *base, const char *name)
{
    unsigned count = rig_count (base, name, "");
    return count > 2 ? count - 2 : 0;
}

static unsigned
instances (const char *base)
{
    return entries (base, "store");
}

static void
assert_text (const char *base, const char *name, const char *text)
{
    const char *found = rig_read_file (base, name);
    if (!found)
        fail_msg ("%s/%s is not there", base, name);
    assert_string_equal (found, text);
}

//  Three generations: of one, of two and of three; the last is current.
static made_t
given_three (rig_t *rig, const char *root)
{
    install (rig, root, "alpha", "one", 0);
    install (rig, root, "alpha", "two", 1);
    return install (rig, root, "@scope/beta", "three", 2);
}

static void
an_unwanted_generation_goes_with_the_trees_that_only_it_had (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t three = given_three (rig, "");
    assert_int_equal (instances (rig->home), 3);
    assert_int_equal (sweep (rig, "", 1, 1, false), OK);
    assert_int_equal (swept (rig)->n_generations, 1);
    assert_int_equal (swept (rig)->generations [0], 1);
    assert_int_equal (swept (rig)->instances_count, 1);
    assert_true (swept (rig)->instances_bytes > 0);
    assert_true (swept (rig)->generations_bytes > 0);
    assert_int_equal (instances (rig->home), 2);
    assert_int_equal (rig_read_root (rig, "", 1), PACKAGE_NOT_FOUND);
    assert_int_equal (rig_read_root (rig, "", 2), OK);
    assert_text (rig->home, "generations/2/alpha/readme", "two");
    assert_text (rig->home, "packages/@scope/beta/readme", "three");
    assert_int_equal (rig_check (rig, "", &three, 1)->n_findings, 0);
    assert_int_equal (entries (rig->home, "generations"), 2);
}

static void
the_current_generation_stays_whatever_is_asked (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    assert_int_equal (sweep (rig, "", 1, 9, false), OK);
    assert_int_equal (swept (rig)->n_generations, 2);
    assert_int_equal (rig_current (rig, ""), 3);
    assert_int_equal (instances (rig->home), 1);
    assert_text (rig->home, "packages/@scope/beta/readme", "three");
}

static void
a_tree_that_two_generations_share_stays_with_the_second (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock 2"), OK);
    assert_int_equal (sweep (rig, "", 1, 1, false), OK);
    assert_int_equal (swept (rig)->instances_count, 0);
    assert_text (rig->home, "packages/alpha/readme", "one");
}

static void
a_dry_run_tells_the_same_and_removes_nothing (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    restart (world, false);
    assert_int_equal (sweep (rig, "", 1, 2, true), OK);
    uint64_t bytes = swept (rig)->instances_bytes;
    assert_int_equal (swept (rig)->n_generations, 2);
    assert_int_equal (swept (rig)->instances_count, 2);
    assert_int_equal (instances (rig->home), 3);
    assert_int_equal (sweep (rig, "", 1, 2, false), PERMISSION_DENIED);
    restart (world, true);
    assert_int_equal (sweep (rig, "", 1, 2, false), OK);
    assert_int_equal (swept (rig)->instances_bytes, bytes);
}

static void
what_a_crash_left_in_the_making_is_counted_and_goes (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    restart (world, true);
    int home = open (rig->home, O_RDONLY | O_DIRECTORY);
    assert_int_equal (mkdirat (home, "store/tmp.7", 0755), 0);
    put (home, "store/tmp.7/bytes", "0123456789");
    assert_int_equal (mkdirat (home, "generations/tmp.generation", 0755), 0);
    close (home);
    assert_int_equal (sweep (rig, "", 1, 0, true), OK);
    assert_int_equal (swept (rig)->temporary_count, 2);
    assert_int_equal (swept (rig)->temporary_bytes, 10);
    assert_int_equal (sweep (rig, "", 1, 0, false), OK);
    assert_int_equal (swept (rig)->temporary_count, 2);
    assert_int_equal (rig_count (rig->home, "store", "tmp."), 0);
    assert_int_equal (rig_count (rig->home, "generations", "tmp."), 0);
    assert_int_equal (instances (rig->home), 3);
}

//  The states that a crash leaves between the renames: nothing is missing that is wanted, and the
//  next one goes on.
static void
a_sweep_that_was_cut_short_is_finished_by_the_next (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    restart (world, true);
    int home = open (rig->home, O_RDONLY | O_DIRECTORY);
    assert_int_equal (renameat (home, "generations/1", home, "generations/tmp.trash-1"), 0);
    close (home);
    assert_int_equal (rig_read_root (rig, "", 0), OK);
    assert_int_equal (((const Ggen__ReadRootReply *) (const void *) rig->reply)->n_generations, 2);
    assert_int_equal (sweep (rig, "", 1, 1, false), OK);
    assert_int_equal (swept (rig)->temporary_count, 1);
    assert_int_equal (swept (rig)->instances_count, 1);
    assert_int_equal (instances (rig->home), 2);
    assert_int_equal (rig_count (rig->home, "generations", "tmp."), 0);
}

static void
what_cannot_be_read_ends_it_before_anything_goes (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    if (geteuid () == 0) {
        //  Root reads everything: a link where a directory should be is refused as well.
        int home = open (rig->home, O_RDONLY | O_DIRECTORY);
        assert_int_equal (renameat (home, "store", home, "elsewhere"), 0);
        assert_int_equal (symlinkat ("elsewhere", home, "store"), 0);
        assert_int_equal (unlinkat (home, "packages", 0), 0);
        assert_int_equal (symlinkat ("elsewhere", home, "packages"), 0);
        close (home);
        assert_int_not_equal (sweep (rig, "", 1, 2, false), OK);
        assert_int_equal (entries (rig->home, "elsewhere"), 3);
        return;
    }
    char path [300];
    snprintf (path, sizeof path, "%s/generations/2", rig->home);
    assert_int_equal (chmod (path, 0), 0);
    assert_int_equal (sweep (rig, "", 1, 1, false), PERMISSION_DENIED);
    assert_int_equal (chmod (path, 0755), 0);
    assert_int_equal (instances (rig->home), 3);
    assert_int_equal (rig_read_root (rig, "", 1), OK);
}

static void
what_ggen_did_not_make_stays (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    int home = open (rig->home, O_RDONLY | O_DIRECTORY);
    put (home, "store/notes", "mine");
    put (home, "generations/notes", "mine");
    assert_int_equal (mkdirat (home, "store/dd", 0755), 0);
    close (home);
    assert_int_equal (sweep (rig, "", 1, 2, false), OK);
    assert_text (rig->home, "store/notes", "mine");
    assert_text (rig->home, "generations/notes", "mine");
    assert_int_equal (rig_count (rig->home, "store", "dd"), 1);
}

static void
a_target_is_swept_like_the_home (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, world->target);
    install (rig, "", "alpha", "of the home", 0);
    assert_int_equal (sweep (rig, world->target, 1, 2, false), OK);
    assert_int_equal (swept (rig)->n_generations, 2);
    assert_int_equal (instances (world->base), 1);
    assert_text (world->target, "@scope/beta/readme", "three");
    assert_int_equal (instances (rig->home), 1);
}

static void
what_is_unpacked_for_an_installation_is_left_alone (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    given_three (rig, "");
    made_t made;
    assert_int_equal (rig_unpack (rig, "", "gamma", "in the making", &made), OK);
    assert_int_equal (sweep (rig, "", 1, 1, false), OK);
    assert_int_equal (rig_commit (rig, "", &made, 1, 3, "lock"), OK);
    assert_text (rig->home, "packages/gamma/readme", "in the making");
}

static void
where_nothing_was_installed_there_is_nothing_to_sweep (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    assert_int_equal (sweep (rig, "", 1, 3, false), OK);
    assert_int_equal (swept (rig)->n_generations, 0);
    assert_int_equal (entries (rig->home, "."), 0);
}

static void
generations_are_told_with_their_times (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    Ggen__GenerationsRequest request = GGEN__GENERATIONS_REQUEST__INIT;
    assert_int_equal (rig_call (rig, &request.base, &ggen__generations_reply__descriptor), OK);
    const Ggen__GenerationsReply *reply = (const void *) rig->reply;
    assert_int_equal (reply->n_generations, 0);
    given_three (rig, "");
    char path [300];
    snprintf (path, sizeof path, "%s/generations/2/ggen.lock", rig->home);
    const struct timespec times [] = {{1000, 0}, {1234567, 0}};
    assert_int_equal (utimensat (AT_FDCWD, path, times, 0), 0);
    assert_int_equal (rig_call (rig, &request.base, &ggen__generations_reply__descriptor), OK);
    reply = (const void *) rig->reply;
    assert_int_equal (reply->n_generations, 3);
    assert_int_equal (reply->current, 3);
    assert_int_equal (reply->generations [1]->number, 2);
    assert_int_equal (reply->generations [1]->created_at, 1234567);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (an_unwanted_generation_goes_with_the_trees_that_only_it_had),
        TEST (the_current_generation_stays_whatever_is_asked),
        TEST (a_tree_that_two_generations_share_stays_with_the_second),
        TEST (a_dry_run_tells_the_same_and_removes_nothing),
        TEST (what_a_crash_left_in_the_making_is_counted_and_goes),
        TEST (a_sweep_that_was_cut_short_is_finished_by_the_next),
        TEST (what_cannot_be_read_ends_it_before_anything_goes),
        TEST (what_ggen_did_not_make_stays),
        TEST (a_target_is_swept_like_the_home),
        TEST (what_is_unpacked_for_an_installation_is_left_alone),
        TEST (where_nothing_was_installed_there_is_nothing_to_sweep),
        TEST (generations_are_told_with_their_times),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
