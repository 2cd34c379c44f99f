// SPDX-License-Identifier: MIT
//  The store actor on real files: what a user edited, and what a check finds.
#include "tests/unit/store_world.h"

//  ---- edits ---------------------------------------------------------------------------------------

static void
edit_in_place (int dirfd)
{
    put (dirfd, "readme", "hellO");
}

static void
edit_in_place_with_the_old_time (int dirfd)
{
    struct stat info;
    assert_int_equal (fstatat (dirfd, "readme", &info, 0), 0);
    put (dirfd, "readme", "hellO");
    const struct timespec times [] = {info.st_atim, info.st_mtim};
    assert_int_equal (utimensat (dirfd, "readme", times, 0), 0);
}

static void
edit_by_rename (int dirfd)
{
    put (dirfd, "readme~", "hellO");
    assert_int_equal (renameat (dirfd, "readme~", dirfd, "readme"), 0);
}

static void
edit_mode (int dirfd)
{
    assert_int_equal (fchmodat (dirfd, "readme", 0755, 0), 0);
}

static void
edit_delete (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "readme", 0), 0);
}

static void
edit_add (int dirfd)
{
    put (dirfd, "mine", "a note");
}

static void (*const edits []) (int) = {edit_in_place, edit_in_place_with_the_old_time,
                                       edit_by_rename, edit_mode, edit_delete, edit_add};

static void
edit (const rig_t *rig, const char *name, void (*how) (int))
{
    char path [300];
    snprintf (path, sizeof path, "%s/%s", rig->home, name);
    int fd = open (path, O_RDONLY | O_DIRECTORY);
    assert_true (fd >= 0);
    how (fd);
    close (fd);
}

//  What was found clean a moment ago is not read again, but it has to be there.
static void
a_tree_that_vanishes_before_the_commit_is_missed (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "hello", 0);
    char hex [SHA256_HEX_SIZE + 1], path [400], away [400];
    sha256_to_hex (made.files_sha256, hex);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_missing, 0);
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock"), OK);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_missing, 0);
    snprintf (path, sizeof path, "%s/store/%s", rig->home, hex);
    snprintf (away, sizeof away, "%s/away", rig->home);
    assert_int_equal (rename (path, away), 0);
    assert_int_equal (rig_commit (rig, "", &made, 1, 2, "lock"), STORAGE);
    assert_int_equal (rename (away, path), 0);
    assert_int_equal (rig_commit (rig, "", &made, 1, 2, "lock"), OK);
    assert_int_equal (rig_current (rig, ""), 3);
}

static void
an_edited_tree_is_made_anew_and_the_earlier_generation_keeps_the_edit (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    uint64_t current = 0;
    for (size_t i = 0; i < COUNT_OF (edits); i++) {
        char path [64], text [32];
        snprintf (text, sizeof text, "hello");
        made_t made = install (rig, "", "alpha", text, current), again;
        current = rig_current (rig, "");
        const Ggen__HasTreesReply *has = rig_has (rig, "", &made, 1);
        assert_int_equal (has->n_missing, 0);
        assert_int_equal (has->n_edited, 0);
        edit (rig, "packages/alpha", edits [i]);
        has = rig_has (rig, "", &made, 1);
        assert_int_equal (has->n_missing, 1);
        assert_int_equal (has->n_edited, 1);
        //  Without its original there is no commit.
        assert_int_equal (rig_commit (rig, "", &made, 1, current, "lock"), STORAGE);
        assert_int_equal (rig_unpack (rig, "", "alpha", text, &again), OK);
        assert_int_equal (rig_commit (rig, "", &again, 1, current, "lock"), OK);
        assert_text (rig->home, "packages/alpha/readme", "hello");
        assert_false (exists (rig->home, "packages/alpha/mine"));
        assert_int_equal (rig_check (rig, "", &made, 1)->n_findings, 0);
        snprintf (path, sizeof path, "generations/%u/alpha/readme", (unsigned) current);
        const char *kept = rig_read_file (rig->home, path);
        if (edits [i] == edit_delete)
            assert_null (kept);
        else if (edits [i] != edit_mode && edits [i] != edit_add)
            assert_string_equal (kept, "hellO");
        current = rig_current (rig, "");
        assert_int_equal (rig_leftovers (rig->home), 0);
    }
}

static void
an_edit_that_an_earlier_generation_keeps_is_told_once (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "hello", 0), again;
    edit (rig, "packages/alpha", edit_in_place);
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &again), OK);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_edited, 1);
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock"), OK);
    const Ggen__HasTreesReply *has = rig_has (rig, "", &made, 1);
    assert_int_equal (has->n_missing, 0);
    assert_int_equal (has->n_edited, 0);
}

static void
going_back_restores_the_original_bytes (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t old = install (rig, "", "alpha", "hello", 0), again;
    install (rig, "", "alpha", "later", 1);
    edit (rig, "generations/1/alpha", edit_in_place);
    assert_int_equal (rig_activate (rig, "", &old, 1, 1), STORAGE);
    assert_text (rig->home, "packages/alpha/readme", "later");
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &again), OK);
    assert_int_equal (rig_activate (rig, "", &old, 1, 1), OK);
    assert_text (rig->home, "packages/alpha/readme", "hello");
    assert_int_equal (rig_check (rig, "", &old, 1)->n_findings, 0);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
packages_whose_ids_look_like_names_of_ours_live_beside_each_other (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [4], again;
    static const char *const ids [] = {"alpha", "alpha.ggen-new", "tmp.1", "tmp.link"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal (rig_unpack (rig, "", ids [i], ids [i], &made [i]), OK);
    assert_int_equal (rig_commit (rig, "", made, 4, 0, "lock"), OK);
    assert_int_equal (rig_commit (rig, "", made, 4, 1, "lock"), OK);
    edit (rig, "packages/alpha", edit_in_place);
    assert_int_equal (rig_unpack (rig, "", "alpha", "alpha", &again), OK);
    assert_int_equal (rig_activate (rig, "", made, 4, 1), OK);
    assert_int_equal (rig_check (rig, "", made, 4)->n_findings, 0);
    assert_text (rig->home, "packages/alpha.ggen-new/readme", "alpha.ggen-new");
}

//  ---- check ---------------------------------------------------------------------------------------

static void
flip (int dirfd)
{
    put (dirfd, "sub/deep", "deeP");
}

static void
lose (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "sub/deep", 0), 0);
}

static void
no_longer_run (int dirfd)
{
    assert_int_equal (fchmodat (dirfd, "run", 0444, 0), 0);
}

static void
link_instead (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "readme", 0), 0);
    assert_int_equal (symlinkat ("/etc/passwd", dirfd, "readme"), 0);
}

static void
add_odd_name (int dirfd)
{
    put (dirfd, "odd\xff\x1b[31m", "x");
}

static void
exactly_what_was_changed_is_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    static const struct {
        void (*edit) (int);
        Ggen__Finding finding;
        const char *path;
    } cases [] = {{flip, GGEN__FINDING__CHANGED, "sub/deep"},
                  {lose, GGEN__FINDING__MISSING, "sub/deep"},
                  {edit_add, GGEN__FINDING__EXTRA, "mine"},
                  {add_odd_name, GGEN__FINDING__EXTRA, "odd\\xff\\x1b[31m"},
                  {no_longer_run, GGEN__FINDING__MODE, "run"},
                  {link_instead, GGEN__FINDING__KIND, "readme"}};
    for (unsigned i = 0; i < COUNT_OF (cases); i++) {
        char text [16];
        snprintf (text, sizeof text, "case %u", i);
        made_t made = install (rig, "", "alpha", text, i);
        const Ggen__CheckTreesReply *found = rig_check (rig, "", &made, 1);
        assert_int_equal (found->n_findings, 0);
        assert_int_equal (found->packages_count, 1);
        assert_int_equal (found->files_count, 4);
        edit (rig, "packages/alpha", cases [i].edit);
        found = rig_check (rig, "", &made, 1);
        assert_int_equal (found->n_findings, 1);
        assert_int_equal (found->findings [0]->finding, cases [i].finding);
        assert_string_equal (found->findings [0]->path, cases [i].path);
        assert_string_equal (found->findings [0]->package, "alpha");
    }
}

static void
a_link_or_a_list_that_is_gone_is_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    char path [300], hex [SHA256_HEX_SIZE + 1];
    made_t made = install (rig, "", "alpha", "one", 0);
    sha256_to_hex (made.files_sha256, hex);
    snprintf (path, sizeof path, "%s/store/%s/files", rig->home, hex);
    put (AT_FDCWD, path, "what was never signed\n");
    const Ggen__CheckTreesReply *found = rig_check (rig, "", &made, 1);
    assert_int_equal (found->n_findings, 1);
    assert_int_equal (found->findings [0]->finding, GGEN__FINDING__UNVERIFIABLE);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_missing, 1);
    snprintf (path, sizeof path, "%s/packages/alpha", rig->home);
    assert_int_equal (unlink (path), 0);
    found = rig_check (rig, "", &made, 1);
    assert_int_equal (found->n_findings, 1);
    assert_int_equal (found->findings [0]->finding, GGEN__FINDING__MISSING);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (a_tree_that_vanishes_before_the_commit_is_missed),
        TEST (an_edited_tree_is_made_anew_and_the_earlier_generation_keeps_the_edit),
        TEST (an_edit_that_an_earlier_generation_keeps_is_told_once),
        TEST (going_back_restores_the_original_bytes),
        TEST (packages_whose_ids_look_like_names_of_ours_live_beside_each_other),
        TEST (exactly_what_was_changed_is_found),
        TEST (a_link_or_a_list_that_is_gone_is_found),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
