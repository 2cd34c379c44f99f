// SPDX-License-Identifier: MIT
//  The installer in a world of tables: whose packages it takes.
#include "tests/unit/installer_asks.h"

static void
an_unsigned_package_needs_permission (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "", UNSIGNED);
    assert_int_equal (install ("alpha"), MISSING_SIGNATURE);
    assert_untouched ();
    assert_int_equal (world.fetches, 0);
    want (&self, "alpha")->allow_unsigned = true;
    assert_ok (install_as (&self.request));
    assert_installed ("alpha 1.0.0 direct");
}

static void
a_registry_trusted_without_signatures_needs_none (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", UNSIGNED);
    world.unsigned_registry = "http";
    assert_int_equal (install ("alpha"), MISSING_SIGNATURE);
    world.unsigned_registry = "file";
    assert_ok (install ("alpha"));
}

static void
another_publisher_than_the_trusted_one_is_refused (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 1);
    world_pin (&world, "alpha", 0);
    assert_int_equal (install ("alpha"), UNTRUSTED_PUBLISHER);
    assert_untouched ();
    //  Where the trusted one publishes too, the other is passed over.
    world_add (&world, "alpha", "0.9.0", "", 0);
    assert_ok (install ("alpha"));
    assert_installed ("alpha 0.9.0 direct");
    assert_true (is_warned (installed ()->warnings, installed ()->n_warnings, "another publisher"));
}

static void
of_two_unknown_publishers_none_is_chosen_until_one_is_named (void **state)
{
    (void) state;
    want_t self;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "alpha", "1.1.0", "", 1);
    assert_int_equal (install ("alpha"), UNTRUSTED_PUBLISHER);
    want (&self, "alpha")->publisher_key = (ProtobufCBinaryData) {32, world.keys [0].public_key};
    assert_ok (install_as (&self.request));
    assert_installed ("alpha 1.0.0 direct");
}

static void
a_dependency_of_another_publisher_than_signed_is_refused (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 1);
    alpha->package->dependencies [0]->publisher_key = bytes_new (world.keys [2].public_key, 32);
    world_sign_again (&world, alpha, 0);
    assert_int_equal (install ("alpha"), UNTRUSTED_PUBLISHER);
    assert_told ("beta");
    assert_int_equal (world.fetches, 0);
    assert_untouched ();
}

static void
a_registry_that_lies_about_the_publisher_of_a_dependency_is_caught (void **state)
{
    (void) state;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "beta *", 0);
    entry_t *beta = world_add (&world, "beta", "1.0.0", "", 1);
    alpha->package->dependencies [0]->publisher_key = bytes_new (world.keys [2].public_key, 32);
    world_sign_again (&world, alpha, 0);
    //  It claims the key that was signed; the record inside is by another.
    memcpy (beta->package->publisher->public_key.data, world.keys [2].public_key, 32);
    assert_int_not_equal (install ("alpha"), OK);
    assert_int_equal (world.fetches, 0);
    assert_untouched ();
}

static void
an_unsigned_dependency_does_not_stand_for_a_signed_one (void **state)
{
    (void) state;
    want_t self;
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", UNSIGNED);
    alpha->package->dependencies [0]->publisher_key = bytes_new (world.keys [2].public_key, 32);
    world_sign_again (&world, alpha, 0);
    want (&self, "alpha")->allow_unsigned = true;
    assert_int_equal (install_as (&self.request), UNTRUSTED_PUBLISHER);
    assert_untouched ();
}

static void
an_installed_dependency_of_another_publisher_is_refused (void **state)
{
    (void) state;
    entry_t *beta = world_add (&world, "beta", "1.0.0", "", 1);
    assert_ok (install ("beta"));
    //  The registry has it no more: only the lock tells who published it.
    strcpy (beta->package->id, "gone");
    entry_t *alpha = world_add (&world, "alpha", "1.0.0", "beta *", 0);
    alpha->package->dependencies [0]->publisher_key = bytes_new (world.keys [2].public_key, 32);
    world_sign_again (&world, alpha, 0);
    assert_int_equal (install ("alpha"), UNTRUSTED_PUBLISHER);
}

static void
a_registry_that_tells_other_things_than_were_signed_is_refused (void **state)
{
    (void) state;
    for (unsigned turn = 0; turn < 4; turn++) {
        char id [16];
        snprintf (id, sizeof id, "alpha-%u", turn);
        entry_t *alpha = world_add (&world, id, "1.0.0", turn == 3 ? "" : "beta ^1.0.0", 0);
        if (turn == 0)      //  a dependency less
            ggen__dependency__free_unpacked (
                alpha->package->dependencies [--alpha->package->n_dependencies], NULL);
        else if (turn == 1) //  another range
            strcpy (alpha->package->dependencies [0]->requirement, "^0.0.0");
        else if (turn == 2) //  other bytes
            alpha->package->sha256.data [0] ^= 1;
        else                //  more bytes
            alpha->package->size_bytes++;
        world_add (&world, "beta", turn == 1 ? "0.0.0" : "1.0.0", "", 0);
        assert_int_equal (install (id), SECURITY);
        assert_untouched ();
        assert_int_equal (world.fetches, 0);
    }
}

static void
an_archive_of_another_package_is_refused (void **state)
{
    (void) state;
    strcpy (world_add (&world, "alpha", "1.0.0", "", 0)->inside_id, "other");
    assert_int_equal (install ("alpha"), SECURITY);
    assert_untouched ();
}

static void
the_version_inside_counts_where_the_files_were_not_signed (void **state)
{
    (void) state;
    want_t self;
    strcpy (world_add (&world, "alpha", "1.0.0", "", 0)->inside_version, "0.0.1");
    strcpy (world_add (&world, "beta", "1.0.0", "", UNSIGNED)->inside_version, "0.0.1");
    assert_ok (install ("alpha"));
    want (&self, "beta")->allow_unsigned = true;
    assert_int_equal (install_as (&self.request), SECURITY);
}

static void
other_files_than_were_signed_are_refused (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0)->files_sha256 [0] ^= 1;
    assert_int_equal (install ("alpha"), SECURITY);
    assert_untouched ();
}

static void
what_is_chosen_as_the_latest_has_to_be_fresh_where_that_is_set (void **state)
{
    (void) state;
    static const installer_settings_t settings = {.require_fresh = true};
    fake_stop (&world.fake);
    fake_start (&world.fake, &installer_actor, &settings);
    world_add (&world, "alpha", "1.0.0", "beta *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    assert_ok (install ("alpha@1.0.0"));
    assert_string_equal (world.fresh_checked, "beta beta");         //  Judged, then pinned
    world_add (&world, "gamma", "1.0.0", "", 0);
    *world.fresh_checked = 0;
    assert_ok (install ("gamma"));
    assert_string_equal (world.fresh_checked, "gamma gamma");
}

static void
nothing_has_to_be_fresh_where_that_is_not_set (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    assert_ok (install ("alpha"));
    assert_string_equal (world.fresh_checked, "");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (an_unsigned_package_needs_permission),
        TEST (a_registry_trusted_without_signatures_needs_none),
        TEST (another_publisher_than_the_trusted_one_is_refused),
        TEST (of_two_unknown_publishers_none_is_chosen_until_one_is_named),
        TEST (a_dependency_of_another_publisher_than_signed_is_refused),
        TEST (a_registry_that_lies_about_the_publisher_of_a_dependency_is_caught),
        TEST (an_unsigned_dependency_does_not_stand_for_a_signed_one),
        TEST (an_installed_dependency_of_another_publisher_is_refused),
        TEST (a_registry_that_tells_other_things_than_were_signed_is_refused),
        TEST (an_archive_of_another_package_is_refused),
        TEST (the_version_inside_counts_where_the_files_were_not_signed),
        TEST (other_files_than_were_signed_are_refused),
        TEST (what_is_chosen_as_the_latest_has_to_be_fresh_where_that_is_set),
        TEST (nothing_has_to_be_fresh_where_that_is_not_set),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
