// SPDX-License-Identifier: MIT
//  The installer in a world of tables: what install asks, in which order, and what it answers.
#include "tests/unit/installer_asks.h"

//  ---- install -------------------------------------------------------------------------------------

static void
dependencies_come_before_what_needs_them (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta ^1.0.0", 0);
    world_add (&world, "beta", "1.0.0", "gamma *", 0);
    world_add (&world, "beta", "1.1.0", "gamma *", 0);
    world_add (&world, "beta", "2.0.0", "", 0);
    world_add (&world, "gamma", "0.1.0", "", 0);
    assert_ok (install ("alpha"));
    assert_steps ("ADD gamma 0.1.0, ADD beta 1.1.0, ADD alpha 1.0.0");
    assert_installed ("alpha 1.0.0 direct, beta 1.1.0, gamma 0.1.0");
    assert_int_equal (installed ()->generation, 1);
    assert_int_equal (installed ()->fetched_bytes, 300);
    assert_int_equal (world.pinned, 3);
    assert_int_equal (world.pinnings, 1);
    assert_true (installed ()->steps [0]->first_use);
    assert_true (installed ()->steps [2]->direct);
    assert_memory_equal (installed ()->steps [0]->publisher_key.data, world.keys [0].public_key, 32);
    assert_int_equal (world.discards, 1);
}

static void
optional_dependencies_are_taken_only_when_asked_for (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "beta *?, gamma *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_installed ("alpha 1.0.0 direct, gamma 1.0.0");
    want (&self, "alpha")->with_optional = true;
    assert_ok (install_as (&self.request));
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0, gamma 1.0.0");
}

static void
without_dependencies_only_what_was_asked_for_is_installed (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    want (&self, "alpha")->no_dependencies = true;
    assert_ok (install_as (&self.request));
    assert_installed ("alpha 1.0.0 direct");
}

static void
every_missing_name_is_listed_with_what_is_like_it (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "betta *, zeta *", 0);
    world_add (&world, "bettina", "1.0.0", "", 0);
    assert_int_equal (install ("alpha omega"), PACKAGE_NOT_FOUND);
    assert_told ("betta");
    assert_told ("zeta");
    assert_told ("omega");
    assert_untouched ();
    assert_int_equal (world.fetches, 0);
}

static void
a_conflict_tells_who_requires_what (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "gamma ^1.0.0", 0);
    world_add (&world, "beta", "1.0.0", "gamma ^2.0.0", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    world_add (&world, "gamma", "2.0.0", "", 0);
    assert_int_equal (install ("alpha beta"), DEPENDENCY);
    assert_told ("alpha");
    assert_told ("beta");
    assert_told ("gamma");
    assert_told ("^2.0.0");
    assert_int_equal (install ("gamma@^3"), NO_MATCHING_VERSION);
    assert_told ("2.0.0");
    assert_untouched ();
}

static void
a_cycle_is_told_and_nothing_is_fetched (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "2.0.0", "alpha *", 0);
    assert_int_equal (install ("alpha"), CIRCULAR_DEPENDENCY);
    assert_told ("beta@2.0.0");
    assert_int_equal (world.fetches, 0);
    assert_untouched ();
}

static void
what_is_no_package_name_is_refused (void **state)
{
    (void) state;
    assert_int_equal (install ("al pha@@"), VALIDATION);
    assert_int_equal (install ("alpha@no-range-at-all"), VALIDATION);
    assert_untouched ();
}

static void
what_is_installed_already_is_no_change (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_ok (install ("alpha"));
    assert_steps ("KEEP beta 1.0.0, KEEP alpha 1.0.0");
    assert_int_equal (installed ()->generation, 1);
    assert_int_equal (world.commits, 1);
    assert_int_equal (world.fetches, 2);
}

static void
force_installs_again (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    want (&self, "alpha")->force = true;
    assert_ok (install_as (&self.request));
    assert_steps ("KEEP beta 1.0.0, REINSTALL alpha 1.0.0");
    assert_int_equal (world.commits, 2);
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0");
}

static void
a_dry_run_asks_nothing_that_writes (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world.directories [0].path = "/dir";
    world.directories [0].id = "local";
    world.directories [0].version = "1.0.0";
    want (&self, "alpha /dir")->dry_run = true;
    assert_ok (install_as (&self.request));
    assert_true (installed ()->dry_run);
    assert_int_equal (installed ()->n_steps, 2);
    assert_int_equal (world.fetches + world.unpacks + world.packs, 0);
    assert_untouched ();
}

static void
frozen_changes_nothing_and_restores_what_is_gone (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    world_add (&world, "beta", "1.0.0", "", 0);
    want (&self, "beta")->frozen = true;
    assert_int_equal (install_as (&self.request), DEPENDENCY);
    assert_int_equal (world.commits, 1);
    want (&self, "")->frozen = true;
    assert_ok (install_as (&self.request));
    assert_int_equal (world.commits, 1);
    world.trees_count = 0;
    assert_ok (install_as (&self.request));
    assert_int_equal (world.fetches, 2);
    assert_int_equal (world.commits, 2);
    assert_installed ("alpha 1.0.0 direct");
}

static void
an_upgrade_of_a_dependency_keeps_what_needs_it (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta ^1.0.0", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    world_add (&world, "beta", "1.1.0", "", 0);
    assert_ok (install ("beta@1.1.0"));
    assert_steps ("UPGRADE beta 1.1.0, KEEP alpha 1.0.0");
    assert_installed ("alpha 1.0.0 direct, beta 1.1.0 direct");
    Ggen__Lock *lock = lock_now ();
    assert_string_equal (lock->packages [0]->dependencies [0]->version, "1.1.0");
    ggen__lock__free_unpacked (lock, NULL);
}

static void
what_no_registry_has_any_more_stays_installed (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    strcpy (alpha->package->id, "gone!");
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("beta"));
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0 direct");
}

static void
a_package_that_stays_gets_no_dependencies_that_were_not_signed (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "evil", "1.0.0", "", 1);
    Ggen__Dependency *evil = calloc (1, sizeof *evil);
    ggen__dependency__init (evil);
    evil->name = strdup ("evil");
    evil->requirement = strdup ("*");
    alpha->package->dependencies [alpha->package->n_dependencies++] = evil;
    assert_ok (install ("beta"));
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0 direct");
    assert_ok (install ("alpha"));
    assert_int_equal (world.commits, 2);
}

static void
offline_is_told_to_who_fetches (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "", 0);
    want (&self, "alpha")->offline = true;
    assert_ok (install_as (&self.request));
    assert_int_equal (world.offline, 1);
}

static void
an_edited_package_is_restored_with_a_warning (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    world.edited = "alpha";
    assert_ok (install ("beta"));
    assert_true (is_warned (installed ()->warnings, installed ()->n_warnings, "alpha 1.0.0 was edited"));
    assert_int_equal (world.unpacks, 3);
}

//  ---- paths ---------------------------------------------------------------------------------------

static void
a_directory_is_packed_and_needs_no_signature (void **state)
{
    (void) state;
    world.directories [0].path = "/dir";
    world.directories [0].id = "local";
    world.directories [0].version = "1.0.0";
    assert_ok (install ("/dir"));
    assert_steps ("ADD local 1.0.0");
    assert_installed ("local 1.0.0 direct");
    assert_int_equal (world.packs, 1);
    assert_int_equal (world.pinned, 0);
    //  A second time it is the same.
    assert_ok (install ("/dir"));
    assert_int_equal (world.commits, 1);
}

static void
a_directory_without_a_manifest_is_told (void **state)
{
    (void) state;
    assert_int_equal (install ("/nothing"), VALIDATION);
    assert_told ("gpack.toml");
    assert_non_null (strstr (world.failure->hint, "init"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (dependencies_come_before_what_needs_them),
        TEST (optional_dependencies_are_taken_only_when_asked_for),
        TEST (without_dependencies_only_what_was_asked_for_is_installed),
        TEST (every_missing_name_is_listed_with_what_is_like_it),
        TEST (a_conflict_tells_who_requires_what),
        TEST (a_cycle_is_told_and_nothing_is_fetched),
        TEST (what_is_no_package_name_is_refused),
        TEST (what_is_installed_already_is_no_change),
        TEST (force_installs_again),
        TEST (a_dry_run_asks_nothing_that_writes),
        TEST (frozen_changes_nothing_and_restores_what_is_gone),
        TEST (an_upgrade_of_a_dependency_keeps_what_needs_it),
        TEST (what_no_registry_has_any_more_stays_installed),
        TEST (a_package_that_stays_gets_no_dependencies_that_were_not_signed),
        TEST (offline_is_told_to_who_fetches),
        TEST (an_edited_package_is_restored_with_a_warning),
        TEST (a_directory_is_packed_and_needs_no_signature),
        TEST (a_directory_without_a_manifest_is_told),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
