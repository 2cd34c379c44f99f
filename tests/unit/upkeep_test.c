// SPDX-License-Identifier: MIT
//  outdated, update, history, clean and policy, in the world of tables.
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

//  ---- asking ------------------------------------------------------------------------------------

typedef struct {
    char text [256];
    char *items [16];
    size_t count;
} names_t;

static void
split (names_t *self, const char *names)
{
    self->count = 0;
    snprintf (self->text, sizeof self->text, "%s", names);
    char *rest = self->text, *one;
    while ((one = strsep (&rest, " ")) != NULL)
        if (*one)
            self->items [self->count++] = one;
}

static void
install (const char *wants)
{
    names_t names;
    Ggen__InstallRequest request = GGEN__INSTALL_REQUEST__INIT;
    split (&names, wants);
    request.wants = names.items;
    request.n_wants = names.count;
    request.allow_unsigned = true;
    code_t code = world_ask (&world, &request.base, &ggen__install_reply__descriptor);
    if (code != OK)
        fail_msg ("install %s: %s", wants, world.failure->message);
}

static code_t
update (const char *wanted, bool dry_run, bool reindex)
{
    names_t names;
    Ggen__UpdateRequest request = GGEN__UPDATE_REQUEST__INIT;
    split (&names, wanted);
    request.names = names.items;
    request.n_names = names.count;
    request.dry_run = dry_run;
    request.reindex = reindex;
    request.allow_unsigned = true;
    return world_ask (&world, &request.base, &ggen__update_reply__descriptor);
}

static const Ggen__UpdateReply *
updated (void)
{
    assert_non_null (world.reply);
    return (const void *) world.reply;
}

static code_t
outdated (const char *wanted)
{
    names_t names;
    Ggen__OutdatedRequest request = GGEN__OUTDATED_REQUEST__INIT;
    split (&names, wanted);
    request.names = names.items;
    request.n_names = names.count;
    return world_ask (&world, &request.base, &ggen__outdated_reply__descriptor);
}

//  "alpha 1.0.0>1.1.0>2.0.0 (beta 1.0.0)": current, wanted, latest, needed by.
static const char *
outdated_text (const char *names)
{
    static char text [1024];
    size_t used = 0;
    assert_int_equal (outdated (names), OK);
    const Ggen__OutdatedReply *reply = (const void *) world.reply;
    *text = 0;
    for (size_t i = 0; i < reply->n_packages; i++) {
        const Ggen__OutdatedPackage *package = reply->packages [i];
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s>%s>%s", i ? ", " : "",
                                   package->name, package->current, package->wanted,
                                   package->latest);
        for (size_t j = 0; j < package->n_needed_by; j++)
            used += (size_t) snprintf (text + used, sizeof text - used, " (%s %s)",
                                       package->needed_by [j]->name,
                                       package->needed_by [j]->version);
    }
    return text;
}

//  "UPGRADE alpha 1.1.0": the steps that change something.
static const char *
steps_text (Ggen__PlanStep *const *steps, size_t count)
{
    static char text [1024];
    static const char *const actions [] = {"KEEP",      "ADD",    "UPGRADE",
                                           "DOWNGRADE", "REMOVE", "REINSTALL"};
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < count; i++)
        if (steps [i]->action != GGEN__ACTION__KEEP)
            used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s %s",
                                       used ? ", " : "", actions [steps [i]->action],
                                       steps [i]->name,
                                       *steps [i]->version ? steps [i]->version
                                                           : steps [i]->previous);
    return text;
}

static void
assert_update (const char *names, const char *steps)
{
    code_t code = update (names, false, false);
    if (code != OK)
        fail_msg ("update %s: %s", names, world.failure->message);
    assert_string_equal (steps_text (updated ()->steps, updated ()->n_steps), steps);
}

//  ---- update ------------------------------------------------------------------------------------

//  beta needs alpha ^1; both are of 1.0.0, and then newer versions come.
static void
given_alpha_and_beta (void)
{
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "alpha ^1", 0);
    install ("beta");
    world_add (&world, "alpha", "1.1.0", "", 0);
    world_add (&world, "alpha", "2.0.0", "", 0);
    world_add (&world, "beta", "1.2.0", "alpha ^1", 0);
}

static void
an_update_of_all_takes_the_newest_that_fit (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_update ("", "UPGRADE alpha 1.1.0, UPGRADE beta 1.2.0");
    assert_int_equal (updated ()->generation, 2);
    assert_update ("", "");
    assert_int_equal (world.commits, 2);
}

static void
an_update_of_one_leaves_the_others_locked (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_update ("beta", "UPGRADE beta 1.2.0");
    assert_update ("alpha", "UPGRADE alpha 1.1.0");
}

static void
an_update_of_a_dependency_does_not_make_it_asked_for (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_update ("alpha", "UPGRADE alpha 1.1.0");
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    assert_int_equal (world_ask (&world, &request.base, &ggen__list_installed_reply__descriptor),
                      OK);
    const Ggen__ListInstalledReply *reply = (const void *) world.reply;
    assert_string_equal (reply->packages [0]->name, "alpha");
    assert_false (reply->packages [0]->direct);
    assert_true (reply->packages [1]->direct);
}

static void
an_update_takes_others_along_when_a_new_version_needs_it (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    world_add (&world, "beta", "1.3.0", "alpha ^2", 0);
    assert_update ("beta", "UPGRADE alpha 2.0.0, UPGRADE beta 1.3.0");
}

static void
nothing_is_downgraded_even_if_a_newer_version_of_another_wants_it (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "alpha", "1.5.0", "", 0);
    world_add (&world, "beta", "1.0.0", "alpha ^1", 0);
    install ("alpha beta");
    world_add (&world, "beta", "1.1.0", "alpha <1.5.0", 0);
    assert_update ("", "");
    assert_update ("beta", "");
}

static void
a_version_newer_than_the_registrys_stays (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "alpha", "2.0.0-rc.1", "", 0);
    install ("alpha@2.0.0-rc.1");
    assert_update ("", "");
    assert_string_equal (outdated_text (""), "");
    world_add (&world, "alpha", "2.0.0-rc.2", "", 0);
    assert_update ("alpha", "UPGRADE alpha 2.0.0-rc.2");
    world_add (&world, "alpha", "2.0.0", "", 0);
    assert_update ("", "UPGRADE alpha 2.0.0");
}

static void
a_yanked_version_that_is_installed_stays_until_a_newer_one_comes (void **state)
{
    (void) state;
    entry_t *old = world_add (&world, "alpha", "1.1.0", "", 0);
    world_add (&world, "alpha", "1.0.0", "", 0);
    install ("alpha");
    old->package->yanked = true;
    assert_update ("", "");
    entry_t *newer = world_add (&world, "alpha", "1.2.0", "", 0);
    newer->package->yanked = true;
    assert_update ("", "");
    assert_string_equal (outdated_text (""), "");
    world_add (&world, "alpha", "1.3.0", "", 0);
    assert_update ("", "UPGRADE alpha 1.3.0");
}

static void
what_was_installed_from_a_path_is_updated_only_when_it_is_named (void **state)
{
    (void) state;
    world.directories [0].path = "/my/alpha";
    world.directories [0].id = "alpha";
    world.directories [0].version = "1.0.0";
    install ("/my/alpha");
    world_add (&world, "alpha", "1.1.0", "", 0);
    assert_update ("", "");
    assert_int_equal (updated ()->n_warnings, 1);
    assert_non_null (strstr (updated ()->warnings [0], "alpha was installed from a path"));
    assert_update ("alpha", "UPGRADE alpha 1.1.0");
}

static void
a_name_that_is_not_installed_is_told_with_what_was_meant (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_int_equal (update ("beta alpah", false, false), PACKAGE_NOT_FOUND);
    assert_string_equal (world.failure->message, "alpah is not installed");
    assert_non_null (strstr (world.failure->hint, "did you mean alpha?"));
    assert_int_equal (outdated ("gamma"), PACKAGE_NOT_FOUND);
    assert_int_equal (world.commits, 1);
}

static void
a_dry_update_tells_the_steps_and_changes_nothing (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    unsigned fetches = world.fetches;
    assert_int_equal (update ("", true, false), OK);
    assert_true (updated ()->dry_run);
    assert_string_equal (steps_text (updated ()->steps, updated ()->n_steps),
                         "UPGRADE alpha 1.1.0, UPGRADE beta 1.2.0");
    assert_int_equal (world.commits, 1);
    assert_int_equal (world.fetches, fetches);
}

static void
another_publishers_newer_version_is_passed_over (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    install ("alpha");
    world_add (&world, "alpha", "9.0.0", "", 1);
    assert_string_equal (outdated_text (""), "");
    assert_update ("", "");
}

static void
with_reindex_the_index_is_made_anew_first (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_int_equal (update ("", false, true), OK);
    assert_int_equal (world.reindexed, 1);
    assert_int_equal (updated ()->indexed_count, 7);
    world.fail = &ggen__reindex_request__descriptor;
    world.fail_code = LOCK_TIMEOUT;
    assert_int_equal (update ("", false, true), LOCK_TIMEOUT);
}

//  ---- outdated ----------------------------------------------------------------------------------

static void
outdated_tells_current_wanted_latest_and_by_whom_it_is_needed (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_string_equal (outdated_text (""),
                         "alpha 1.0.0>1.1.0>2.0.0 (beta 1.0.0), beta 1.0.0>1.2.0>1.2.0");
    assert_string_equal (outdated_text ("beta"), "beta 1.0.0>1.2.0>1.2.0");
    assert_update ("", "UPGRADE alpha 1.1.0, UPGRADE beta 1.2.0");
    assert_string_equal (outdated_text (""), "alpha 1.1.0>1.1.0>2.0.0 (beta 1.2.0)");
    assert_int_equal (world.commits, 2);
}

//  ---- history -----------------------------------------------------------------------------------

static const Ggen__HistoryReply *
history (uint32_t limit)
{
    Ggen__HistoryRequest request = GGEN__HISTORY_REQUEST__INIT;
    request.limit = limit;
    assert_int_equal (world_ask (&world, &request.base, &ggen__history_reply__descriptor), OK);
    return (const void *) world.reply;
}

static const char *
changes_of (const Ggen__HistoryEntry *entry)
{
    return steps_text (entry->steps, entry->n_steps);
}

static void
history_tells_what_each_generation_changed (void **state)
{
    (void) state;
    assert_int_equal (history (0)->n_entries, 0);
    given_alpha_and_beta ();
    assert_update ("", "UPGRADE alpha 1.1.0, UPGRADE beta 1.2.0");
    const Ggen__HistoryReply *reply = history (0);
    assert_int_equal (reply->n_entries, 2);
    assert_int_equal (reply->entries [0]->generation, 2);
    assert_int_equal (reply->entries [0]->previous, 1);
    assert_int_equal (reply->entries [0]->created_at, 1002);
    assert_int_equal (reply->entries [0]->packages_count, 2);
    assert_true (reply->entries [0]->current);
    assert_string_equal (changes_of (reply->entries [0]),
                         "UPGRADE alpha 1.1.0, UPGRADE beta 1.2.0");
    assert_false (reply->entries [1]->current);
    assert_string_equal (changes_of (reply->entries [1]), "ADD alpha 1.0.0, ADD beta 1.0.0");
}

static void
history_within_a_limit_knows_what_the_oldest_it_tells_changed (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_update ("beta", "UPGRADE beta 1.2.0");
    assert_update ("alpha", "UPGRADE alpha 1.1.0");
    const Ggen__HistoryReply *reply = history (2);
    assert_int_equal (reply->n_entries, 2);
    assert_int_equal (reply->total, 3);
    assert_string_equal (changes_of (reply->entries [1]), "UPGRADE beta 1.2.0");
}

static void
a_lock_that_does_not_read_is_told_and_the_rest_too (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_update ("beta", "UPGRADE beta 1.2.0");
    assert_update ("alpha", "UPGRADE alpha 1.1.0");
    *world.generations [2].lock = '!';
    const Ggen__HistoryReply *reply = history (0);
    assert_int_equal (reply->n_entries, 3);
    assert_false (reply->entries [0]->damaged);
    assert_int_equal (reply->entries [0]->previous, 0);
    assert_true (reply->entries [1]->damaged);
    assert_false (reply->entries [2]->damaged);
}

//  ---- clean -------------------------------------------------------------------------------------

static code_t
clean (const char *root, bool all, bool dry_run)
{
    Ggen__CleanRequest request = GGEN__CLEAN_REQUEST__INIT;
    request.root = (char *) (uintptr_t) root;
    request.all = all;
    request.dry_run = dry_run;
    *world.swept = *world.dropped = 0;
    return world_ask (&world, &request.base, &ggen__clean_reply__descriptor);
}

//  Versions 1.0.0 .. N.0.0 of one package were installed one after another, and its archives are in
//  the cache.
static void
given_generations (unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        char version [16], want [32];
        snprintf (version, sizeof version, "%u.0.0", i);
        snprintf (want, sizeof want, "alpha@%s", version);
        world_add (&world, "alpha", version, "", 0);
        install (want);
        world.blobs [world.blobs_count++] = i - 1;
    }
    assert_int_equal (world.current, count);
}

static void
clean_keeps_the_newest_generations_and_what_they_need (void **state)
{
    (void) state;
    given_generations (8);
    for (size_t i = 0; i < 8; i++)
        world.registry_lost [i] = true;
    assert_int_equal (clean ("", false, false), OK);
    assert_string_equal (world.swept, "1 2 3");
    assert_string_equal (world.dropped, "1.0.0 2.0.0 3.0.0");
    const Ggen__CleanReply *reply = (const void *) world.reply;
    assert_int_equal (reply->n_generations, 3);
    assert_int_equal (reply->freed_bytes, 1000 + 10 + 300);
}

static void
an_old_generation_that_is_current_stays (void **state)
{
    (void) state;
    given_generations (8);
    world.registry_lost [1] = world.registry_lost [2] = true;
    world.current = 2;
    assert_int_equal (clean ("", false, false), OK);
    assert_string_equal (world.swept, "1 3");
    assert_string_equal (world.dropped, "3.0.0");
}

static void
what_the_file_registry_has_too_goes_only_with_all (void **state)
{
    (void) state;
    given_generations (3);
    world.registry_lost [0] = world.registry_lost [2] = true;
    assert_int_equal (clean ("", false, false), OK);
    assert_string_equal (world.dropped, "");
    assert_int_equal (clean ("", true, false), OK);
    assert_string_equal (world.swept, "1 2");
    //  1.0.0 is of no kept generation, 2.0.0 can be had again, 3.0.0 is installed and nowhere else.
    assert_string_equal (world.dropped, "1.0.0 2.0.0");
}

static void
when_a_kept_lock_does_not_read_no_archive_goes (void **state)
{
    (void) state;
    given_generations (8);
    for (size_t i = 0; i < 8; i++)
        world.registry_lost [i] = true;
    *world.generations [7].lock = '!';
    assert_int_equal (clean ("", false, false), OK);
    assert_string_equal (world.swept, "1 2 3");
    assert_string_equal (world.dropped, "");
    assert_int_equal (((const Ggen__CleanReply *) (const void *) world.reply)->n_warnings, 1);
}

static void
a_target_has_no_archives_to_clean (void **state)
{
    (void) state;
    given_generations (8);
    world.registry_lost [0] = true;
    assert_int_equal (clean ("/target", false, false), OK);
    assert_string_equal (world.swept, "1 2 3");
    assert_string_equal (world.dropped, "");
}

static void
when_the_store_cannot_be_swept_no_archive_goes (void **state)
{
    (void) state;
    given_generations (8);
    world.registry_lost [0] = true;
    world.fail = &ggen__sweep_request__descriptor;
    world.fail_code = STORAGE;
    assert_int_equal (clean ("", false, false), STORAGE);
    assert_string_equal (world.dropped, "");
}

static void
without_the_current_generation_nothing_is_cleaned (void **state)
{
    (void) state;
    given_generations (3);
    world.registry_lost [0] = true;
    world.current = 9;
    assert_int_equal (clean ("", true, false), STORAGE);
    assert_string_equal (world.swept, "");
    assert_string_equal (world.dropped, "");
}

//  ---- policy ------------------------------------------------------------------------------------

static code_t
ask_policy (const char *name)
{
    Ggen__PolicyRequest request = GGEN__POLICY_REQUEST__INIT;
    request.name = (char *) (uintptr_t) name;
    return world_ask (&world, &request.base, &ggen__policy_reply__descriptor);
}

//  "chosen/updated: 1.1.0 NOT_LOCKED, 1.0.0 CHOSEN".
static const char *
policy_text (const char *name)
{
    static char text [1024];
    assert_int_equal (ask_policy (name), OK);
    const Ggen__PolicyReply *reply = (const void *) world.reply;
    size_t used = (size_t) snprintf (text, sizeof text, "%s/%s:", reply->chosen, reply->updated);
    for (size_t i = 0; i < reply->n_offers; i++) {
        const ProtobufCEnumValue *verdict = protobuf_c_enum_descriptor_get_value (
            &ggen__verdict__descriptor, (int) reply->offers [i]->verdict);
        used += (size_t) snprintf (text + used, sizeof text - used, "%s %s %s", i ? "," : "",
                                   reply->offers [i]->package->version, verdict->name);
    }
    return text;
}

static void
policy_tells_what_would_be_chosen_and_why (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "alpha", "1.1.0", "", 0)->package->yanked = true;
    world_add (&world, "alpha", "1.2.0-rc.1", "", 0);
    world_add (&world, "alpha", "0.9.0", "", UNSIGNED);
    world_add (&world, "alpha", "9.0.0", "", 1);
    world_pin (&world, "alpha", 0);
    assert_string_equal (policy_text ("alpha"),
                         "1.0.0/1.0.0: 9.0.0 OTHER_PUBLISHER, 1.2.0-rc.1 PRE_RELEASE, 1.1.0 YANKED,"
                         " 1.0.0 CHOSEN, 0.9.0 NOT_SIGNED");
    const Ggen__PolicyReply *reply = (const void *) world.reply;
    assert_int_equal (reply->pinned_key.len, 32);
    assert_true (reply->offers [3]->trusted);
    assert_string_equal (reply->offers [3]->package->source, "file");
    assert_string_equal (reply->installed, "");
}

static void
policy_of_what_is_installed_tells_who_needs_it (void **state)
{
    (void) state;
    given_alpha_and_beta ();
    assert_string_equal (policy_text ("alpha"),
                         "1.0.0/1.1.0: 2.0.0 UNFIT, 1.1.0 NOT_LOCKED, 1.0.0 CHOSEN");
    const Ggen__PolicyReply *reply = (const void *) world.reply;
    assert_int_equal (reply->n_needed_by, 1);
    assert_string_equal (reply->needed_by [0]->name, "beta");
    assert_string_equal (reply->needed_by [0]->version, "^1");
    assert_string_equal (reply->offers [0]->unfit_for [0]->name, "beta");
    assert_true (reply->offers [2]->installed);
    assert_string_equal (reply->installed, "1.0.0");
    assert_false (reply->direct);
}

//  Nobody offers it under the pinned key any more: whether another key follows it, trust says.
static void
policy_tells_what_trust_says_of_the_one_that_would_be_taken (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    assert_string_equal (policy_text ("alpha"), "1.0.0/1.0.0: 1.0.0 CHOSEN");
    const Ggen__PolicyReply *reply = (const void *) world.reply;
    assert_string_equal (reply->refused, "");
    assert_int_equal (world.pinned, 0);
    world_pin (&world, "alpha", 1);
    assert_string_equal (policy_text ("alpha"), "1.0.0/1.0.0: 1.0.0 CHOSEN");
    reply = (const void *) world.reply;
    assert_string_equal (reply->refused, "alpha");
}

static void
policy_of_an_unknown_name_is_the_registrys_answer (void **state)
{
    (void) state;
    assert_int_equal (ask_policy ("nothing"), PACKAGE_NOT_FOUND);
    assert_int_equal (ask_policy ("../x"), VALIDATION);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (an_update_of_all_takes_the_newest_that_fit),
        TEST (an_update_of_one_leaves_the_others_locked),
        TEST (an_update_of_a_dependency_does_not_make_it_asked_for),
        TEST (an_update_takes_others_along_when_a_new_version_needs_it),
        TEST (nothing_is_downgraded_even_if_a_newer_version_of_another_wants_it),
        TEST (a_version_newer_than_the_registrys_stays),
        TEST (a_yanked_version_that_is_installed_stays_until_a_newer_one_comes),
        TEST (what_was_installed_from_a_path_is_updated_only_when_it_is_named),
        TEST (a_name_that_is_not_installed_is_told_with_what_was_meant),
        TEST (a_dry_update_tells_the_steps_and_changes_nothing),
        TEST (another_publishers_newer_version_is_passed_over),
        TEST (with_reindex_the_index_is_made_anew_first),
        TEST (outdated_tells_current_wanted_latest_and_by_whom_it_is_needed),
        TEST (history_tells_what_each_generation_changed),
        TEST (history_within_a_limit_knows_what_the_oldest_it_tells_changed),
        TEST (a_lock_that_does_not_read_is_told_and_the_rest_too),
        TEST (clean_keeps_the_newest_generations_and_what_they_need),
        TEST (an_old_generation_that_is_current_stays),
        TEST (what_the_file_registry_has_too_goes_only_with_all),
        TEST (when_a_kept_lock_does_not_read_no_archive_goes),
        TEST (a_target_has_no_archives_to_clean),
        TEST (when_the_store_cannot_be_swept_no_archive_goes),
        TEST (without_the_current_generation_nothing_is_cleaned),
        TEST (policy_tells_what_would_be_chosen_and_why),
        TEST (policy_of_what_is_installed_tells_who_needs_it),
        TEST (policy_tells_what_trust_says_of_the_one_that_would_be_taken),
        TEST (policy_of_an_unknown_name_is_the_registrys_answer),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
