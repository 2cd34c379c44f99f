// SPDX-License-Identifier: MIT
//  The installer in a world of tables: what it asks, in which order, and what it answers.
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

//  ---- asking --------------------------------------------------------------------------------------

typedef struct {
    Ggen__InstallRequest request;
    char *wants [16];
} want_t;

//  "alpha beta@^1": a request for these.
static Ggen__InstallRequest *
want (want_t *self, const char *wants)
{
    static char text [512];
    ggen__install_request__init (&self->request);
    self->request.wants = self->wants;
    snprintf (text, sizeof text, "%s", wants);
    char *rest = text, *one;
    while ((one = strsep (&rest, " ")) != NULL)
        if (*one)
            self->wants [self->request.n_wants++] = one;
    return &self->request;
}

static code_t
install_as (const Ggen__InstallRequest *request)
{
    return world_ask (&world, &request->base, &ggen__install_reply__descriptor);
}

static code_t
install (const char *wants)
{
    want_t self;
    return install_as (want (&self, wants));
}

static code_t
remove_as (const char *name, bool force)
{
    Ggen__RemoveRequest request = GGEN__REMOVE_REQUEST__INIT;
    char *names [] = {(char *) (uintptr_t) name};
    request.names = names;
    request.n_names = 1;
    request.force = force;
    return world_ask (&world, &request.base, &ggen__remove_reply__descriptor);
}

static code_t
roll_back (uint64_t generation)
{
    Ggen__RollbackRequest request = GGEN__ROLLBACK_REQUEST__INIT;
    request.generation = generation;
    return world_ask (&world, &request.base, &ggen__rollback_reply__descriptor);
}

static code_t
verify (bool fix)
{
    Ggen__VerifyRequest request = GGEN__VERIFY_REQUEST__INIT;
    request.fix = fix;
    return world_ask (&world, &request.base, &ggen__verify_reply__descriptor);
}

static code_t
publish (const char *path, const char *version)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) (uintptr_t) path;
    request.version = (char *) (uintptr_t) version;
    return world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor);
}

//  "ADD beta 1.0.0, KEEP alpha 1.0.0": the steps of the last answer.
static const char *
steps_text (Ggen__PlanStep **steps, size_t count)
{
    static char text [1024];
    static const char *const actions [] = {"KEEP",      "ADD",    "UPGRADE",
                                           "DOWNGRADE", "REMOVE", "REINSTALL"};
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s %s", i ? ", " : "",
                                   actions [steps [i]->action], steps [i]->name,
                                   *steps [i]->version ? steps [i]->version : steps [i]->previous);
    return text;
}

static const Ggen__InstallReply *
installed (void)
{
    assert_non_null (world.reply);
    return (const void *) world.reply;
}

static void
assert_steps (const char *text)
{
    const Ggen__InstallReply *reply = installed ();
    assert_string_equal (steps_text (reply->steps, reply->n_steps), text);
}

static void
assert_ok (code_t code)
{
    if (code != OK)
        fail_msg ("%s: %s (%s)", code_name (code), world.failure ? world.failure->message : "-",
                  world.failure ? world.failure->hint : "-");
}

static void
assert_told (const char *text)
{
    assert_non_null (world.failure);
    if (!strstr (world.failure->message, text))
        fail_msg ("'%s' is not in '%s'", text, world.failure->message);
}

static Ggen__Lock *
lock_now (void)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    const char *text = world.generations [world.current].lock;
    assert_non_null (text);
    assert_int_equal (lockfile_read (text, strlen (text), &lock, &why), OK);
    return lock;
}

//  "alpha 1.0.0 direct, beta 1.1.0": what is installed.
static void
assert_installed (const char *wanted)
{
    char text [1024] = "";
    size_t used = 0;
    Ggen__Lock *lock = lock_now ();
    for (size_t i = 0; i < lock->n_packages; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s%s", i ? ", " : "",
                                   lock->packages [i]->name, lock->packages [i]->version,
                                   lock->packages [i]->direct ? " direct" : "");
    ggen__lock__free_unpacked (lock, NULL);
    assert_string_equal (text, wanted);
}

//  Nothing was installed, and what was in the making is gone.
static void
assert_untouched (void)
{
    assert_int_equal (world.commits, 0);
    assert_int_equal (world.pinned, 0);
    assert_int_equal (world.staged_count, 0);
}

static bool
is_warned (char *const *warnings, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strstr (warnings [i], text))
            return true;
    return false;
}

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

//  ---- trust ---------------------------------------------------------------------------------------

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

//  ---- remove, rollback, verify --------------------------------------------------------------------

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

//  ---- failures, cancels, queues -------------------------------------------------------------------

static void
whatever_fails_in_the_middle_nothing_is_installed (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const steps [] = {
        &ggen__read_root_request__descriptor,    &ggen__list_versions_request__descriptor,
        &ggen__trust_list_request__descriptor,   &ggen__check_release_request__descriptor,
        &ggen__has_trees_request__descriptor,    &ggen__fetch_request__descriptor,
        &ggen__unpack_request__descriptor,       &ggen__commit_request__descriptor};
    world_add (&world, "alpha", "1.0.0", "beta *, gamma *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world.fail = steps [i];
        world.fail_code = NETWORK;
        assert_int_equal (install ("alpha"), NETWORK);
        assert_int_equal (world.commits, 0);
        assert_int_equal (world.staged_count, 0);
        assert_int_equal (world.staged_count, 0);
    }
    world.fail = NULL;
    assert_ok (install ("alpha"));
}

static void
cancelled_at_any_step_nothing_is_installed_and_the_next_one_runs (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const steps [] = {
        &ggen__read_root_request__descriptor,    &ggen__list_versions_request__descriptor,
        &ggen__trust_list_request__descriptor,   &ggen__check_release_request__descriptor,
        &ggen__has_trees_request__descriptor,    &ggen__fetch_request__descriptor,
        &ggen__unpack_request__descriptor};
    world_add (&world, "alpha", "1.0.0", "beta *, gamma *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world.hold = steps [i];
        assert_int_equal (install ("alpha"), INTERNAL);
        assert_true (world.held_count > 0);
        fake_cancel (&world.fake, "cli", world.asked);
        world_turn (&world);
        assert_non_null (world.failure);
        assert_int_equal (world.failure->code, CANCELLED);
        world_release (&world);
        assert_int_equal (world.commits, 0);
        assert_int_equal (world.staged_count, 0);
    }
    assert_ok (install ("alpha"));
    assert_int_equal (world.commits, 1);
}

//  The answer to what it asked was on its way when the cancel came.
static void
an_answer_that_was_faster_than_the_cancel_changes_nothing (void **state)
{
    (void) state;
    char wants [256] = "";
    for (unsigned i = 0; i < 20; i++) {
        char id [8];
        snprintf (id, sizeof id, "p%02u", i);
        world_add (&world, id, "1.0.0", "", 0);
    }
    world_add (&world, "all", "1.0.0",
               "p00 *,p01 *,p02 *,p03 *,p04 *,p05 *,p06 *,p07 *,p08 *,p09 *,p10 *,p11 *", 0);
    snprintf (wants, sizeof wants, "all p12 p13 p14 p15 p16 p17 p18 p19");
    static const ProtobufCMessageDescriptor *const steps [] = {
        &ggen__read_root_request__descriptor, &ggen__trust_list_request__descriptor,
        &ggen__has_trees_request__descriptor};
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world.hold = steps [i];
        assert_int_equal (install (wants), INTERNAL);
        assert_int_equal (world.held_count, 1);
        const fake_sent_t *held = world.held [0];
        world.held [0] = NULL;
        fake_cancel (&world.fake, "cli", world.asked);
        world.hold = NULL;
        serve_sent (&world, (fake_sent_t *) (uintptr_t) held);
        world_turn (&world);
        world.held_count = 0;
        assert_int_equal (world.commits, 0);
        assert_int_equal (world.staged_count, 0);
    }
}

static void
two_changes_run_one_after_the_other_and_both_are_true (void **state)
{
    (void) state;
    want_t first, second;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world.hold = &ggen__fetch_request__descriptor;
    assert_int_equal (install_as (want (&first, "alpha")), INTERNAL);
    assert_int_equal (install_as (want (&second, "beta")), INTERNAL);
    assert_int_equal (world.held_count, 1);
    //  Reading goes on meanwhile.
    Ggen__ListInstalledRequest list = GGEN__LIST_INSTALLED_REQUEST__INIT;
    assert_ok (world_ask (&world, &list.base, &ggen__list_installed_reply__descriptor));
    world_release (&world);
    assert_int_equal (world.commits, 2);
    assert_installed ("alpha 1.0.0 direct, beta 1.0.0 direct");
}

static void
verify_waits_for_a_change_under_way (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "", 0);
    world.hold = &ggen__commit_request__descriptor;
    assert_int_equal (install ("alpha"), INTERNAL);
    assert_int_equal (verify (false), INTERNAL);
    world_release (&world);
    assert_non_null (world.reply);
    assert_int_equal (((const Ggen__VerifyReply *) (const void *) world.reply)->packages_count, 1);
}

static void
the_queue_is_bounded_and_those_who_left_do_not_count (void **state)
{
    (void) state;
    uint64_t ids [INSTALLER_TASKS_MAX];
    world_add (&world, "alpha", "1.0.0", "", 0);
    world.hold = &ggen__read_root_request__descriptor;
    for (unsigned i = 0; i < INSTALLER_TASKS_MAX; i++) {
        assert_int_equal (install ("alpha"), INTERNAL);
        ids [i] = world.asked;
    }
    assert_int_equal (install ("alpha"), BUSY);
    fake_cancel (&world.fake, "cli", ids [5]);
    world_turn (&world);
    assert_int_equal (install ("alpha"), INTERNAL);
    assert_int_equal (install ("alpha"), BUSY);
    unsigned before = (unsigned) world.replies;
    world_release (&world);
    assert_int_equal (world.replies - before, INSTALLER_TASKS_MAX);
    assert_int_equal (world.commits, 1);
}

static void
it_ends_in_the_middle_of_everything_without_a_trace (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *, gamma *", 0);
    world_add (&world, "beta", "1.0.0", "", 0);
    world_add (&world, "gamma", "1.0.0", "", 0);
    world.hold = &ggen__fetch_request__descriptor;
    assert_int_equal (install ("alpha"), INTERNAL);
    assert_int_equal (install ("beta"), INTERNAL);
    assert_int_equal (verify (false), INTERNAL);
}

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

static void
the_same_bytes_again_are_there_already_and_others_are_refused (void **state)
{
    (void) state;
    make_directory ("mine");
    assert_ok (publish ("/one", ""));
    assert_ok (publish ("/one", ""));
    assert_true (((const Ggen__PublishTreeReply *) (const void *) world.reply)->already_there);
    assert_int_equal (world.publishes, 1);
    assert_int_equal (publish ("/two", "1.0.0"), ALREADY_EXISTS);
    assert_int_equal (world.publishes, 1);
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

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

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
        TEST (offline_is_told_to_who_fetches),
        TEST (an_edited_package_is_restored_with_a_warning),
        TEST (a_directory_is_packed_and_needs_no_signature),
        TEST (a_directory_without_a_manifest_is_told),
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
        TEST (what_others_need_is_removed_only_by_force),
        TEST (what_nobody_needs_any_more_leaves_too),
        TEST (going_back_tells_what_changes_and_forth_again),
        TEST (going_back_restores_edited_files_from_their_archive),
        TEST (verify_finds_and_fix_restores),
        TEST (a_fix_that_cannot_be_made_fails_and_says_so),
        TEST (list_tells_what_is_installed_by_category),
        TEST (whatever_fails_in_the_middle_nothing_is_installed),
        TEST (cancelled_at_any_step_nothing_is_installed_and_the_next_one_runs),
        TEST (an_answer_that_was_faster_than_the_cancel_changes_nothing),
        TEST (two_changes_run_one_after_the_other_and_both_are_true),
        TEST (verify_waits_for_a_change_under_way),
        TEST (the_queue_is_bounded_and_those_who_left_do_not_count),
        TEST (it_ends_in_the_middle_of_everything_without_a_trace),
        TEST (published_versions_are_signed_and_the_head_keeps_all),
        TEST (the_same_bytes_again_are_there_already_and_others_are_refused),
        TEST (a_publish_run_dry_signs_and_sends_nothing),
        TEST (a_name_of_another_publisher_cannot_be_published),
        TEST (init_writes_a_manifest_where_there_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
