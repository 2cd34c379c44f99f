// SPDX-License-Identifier: MIT
//  The installer in a world of tables: failures, cancels and queues.
#include "tests/unit/installer_asks.h"

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

//  ---- many ----------------------------------------------------------------------------------------

#define MANY 40

//  p00 to p39, and "all", which needs the first 16 of them.
static void
add_many (void)
{
    char needs [128] = "", *end = needs, id [16];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf (id, sizeof id, "p%02u", i);
        world_add (&world, id, "1.0.0", "", 0);
        if (i < 16)
            end += sprintf (end, "%s%s *", i ? "," : "", id);
    }
    world_add (&world, "all", "1.0.0", needs, 0);
}

static void
archives_of_this_machine_are_fetched_and_unpacked_together (void **state)
{
    (void) state;
    add_many ();
    assert_ok (install ("all p16 p17 p18 p19 p20 p21 p22 p23 p24 p25 p26 p27 p28 p29 p30"));
    assert_int_equal (world.manies, 1);
    assert_int_equal (world.fetches, 0);
    assert_int_equal (world.unpacks, 32);
    assert_int_equal (world.commits, 1);
    //  Versions of the 16 that were named, then of those that they need; heads; releases.
    assert_int_equal (world.questions, 4);
}

static void
as_many_questions_for_archives_as_there_have_to_be_are_asked_and_the_odd_ones_first (void **state)
{
    (void) state;
    add_many ();
    assert_ok (install ("all p16 p17 p18 p19 p20 p21 p22 p23 p24 p25 p26 p27 p28 p29 p30 p31"));
    assert_int_equal (world.manies, 2);
    assert_int_equal (world.first_many, 1);
    assert_int_equal (world.fetches, 0);
    assert_int_equal (world.unpacks, 33);
}

static void
of_many_questions_one_that_is_refused_is_asked_by_itself_which_tells_why (void **state)
{
    (void) state;
    add_many ();
    Ggen__Package *bad = world_add (&world, "bad", "1.0.0", "", 0)->package;
    bad->record.data [bad->record.len - 1] ^= 1;        //  Of the signature
    assert_int_equal (install ("p00 p01 p02 bad p03 p04 p05 p06 p07"), INVALID_SIGNATURE);
    assert_string_equal (world.failure->message, "bad");
    assert_int_equal (world.questions, 3);
    assert_int_equal (world.commits, 0);
}

static void
where_many_questions_are_refused_each_is_asked_by_itself (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const questions [] = {
        &ggen__list_many_request__descriptor, &ggen__heads_many_request__descriptor,
        &ggen__check_many_request__descriptor};
    static const char *const wants [] = {"p00 p01 p02 p03 p04 p05 p06 p07",
                                         "p10 p11 p12 p13 p14 p15 p16 p17",
                                         "p20 p21 p22 p23 p24 p25 p26 p27"};
    add_many ();
    for (unsigned i = 0; i < COUNT_OF (questions); i++) {
        world.fail = questions [i];
        world.fail_code = i == 1 ? BUSY : FEATURE_NOT_ENABLED;
        assert_ok (install (wants [i]));
        assert_int_equal (world.commits, i + 1);
    }
}

static void
many_questions_that_are_cancelled_install_nothing (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const questions [] = {
        &ggen__list_many_request__descriptor, &ggen__heads_many_request__descriptor,
        &ggen__check_many_request__descriptor};
    add_many ();
    for (unsigned i = 0; i < COUNT_OF (questions); i++) {
        world.hold = questions [i];
        assert_int_equal (install ("all"), INTERNAL);
        assert_int_equal (world.held_count, 1);
        fake_cancel (&world.fake, "cli", world.asked);
        world_turn (&world);
        assert_int_equal (world.failure->code, CANCELLED);
        world_release (&world);
        assert_int_equal (world.commits, 0);
    }
    assert_ok (install ("all"));
}

static void
fewer_are_asked_for_one_by_one (void **state)
{
    (void) state;
    add_many ();
    assert_ok (install ("p00 p01 p02 p03 p04 p05 p06"));
    assert_int_equal (world.manies, 0);
    assert_int_equal (world.fetches, 7);
}

static void
one_of_many_that_cannot_be_had_is_asked_for_by_itself_which_tells_why (void **state)
{
    (void) state;
    add_many ();
    world.entries [3].lost = true;
    assert_int_equal (install ("all"), ALL_PROVIDERS_FAILED);
    assert_int_equal (world.manies, 1);
    assert_int_equal (world.fetches, 1);
    assert_int_equal (world.commits, 0);
    assert_int_equal (world.staged_count, 0);
}

static void
when_many_cannot_be_asked_for_at_once_each_is_asked_for_by_itself (void **state)
{
    (void) state;
    add_many ();
    world.fail = &ggen__fetch_many_request__descriptor;
    world.fail_code = BUSY;
    assert_ok (install ("all"));
    assert_int_equal (world.fetches, 17);
    world.fail = &ggen__unpack_many_request__descriptor;
    world.fail_code = SECURITY;
    assert_int_equal (install ("p20 p21 p22 p23 p24 p25 p26 p27"), SECURITY);
    assert_int_equal (world.commits, 1);
}

static void
of_many_an_archive_of_another_package_is_refused (void **state)
{
    (void) state;
    add_many ();
    strcpy (world.entries [5].inside_id, "other");
    assert_int_equal (install ("all"), SECURITY);
    assert_int_equal (world.commits, 0);
}

static void
many_that_are_cancelled_install_nothing (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const steps [] = {
        &ggen__fetch_many_request__descriptor, &ggen__unpack_many_request__descriptor,
        &ggen__flush_request__descriptor};
    add_many ();
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world.hold = steps [i];
        assert_int_equal (install ("all"), INTERNAL);
        assert_true (world.held_count > 0);
        fake_cancel (&world.fake, "cli", world.asked);
        world_turn (&world);
        assert_int_equal (world.failure->code, CANCELLED);
        world_release (&world);
        assert_int_equal (world.commits, 0);
        assert_int_equal (world.staged_count, 0);
    }
    assert_ok (install ("all"));
}

static void
the_store_gets_ready_while_many_releases_are_judged_and_if_it_does_not_nothing_is_lost (void **state)
{
    (void) state;
    add_many ();
    assert_ok (install ("p00 p01 p02 p03 p04 p05 p06"));
    assert_int_equal (world.prepares, 0);
    assert_ok (install ("p10 p11 p12 p13 p14 p15 p16 p17"));
    assert_int_equal (world.prepares, 1);
    world.fail = &ggen__prepare_request__descriptor;
    world.fail_code = BUSY;
    assert_ok (install ("p20 p21 p22 p23 p24 p25 p26 p27"));
    assert_int_equal (world.commits, 3);
}

static void
many_trees_go_to_the_disk_while_their_publishers_are_pinned (void **state)
{
    (void) state;
    add_many ();
    assert_ok (install ("p00 p01 p02 p03 p04 p05 p06"));
    assert_int_equal (world.flushes, 0);
    assert_ok (install ("p10 p11 p12 p13 p14 p15 p16 p17"));
    assert_int_equal (world.flushes, 1);
    //  Pins last: there is nothing to wait beside.
    for (unsigned i = 0; i < 8; i++) {
        char id [] = "p1_";
        id [2] = (char) ('0' + i);
        assert_ok (remove_as (id, false));
    }
    world.trees_count = 0;
    assert_ok (install ("p10 p11 p12 p13 p14 p15 p16 p17"));
    assert_int_equal (world.unpacks, 7 + 8 + 15);
    assert_int_equal (world.flushes, 1);
}

//  Nobody else hears that the disk lost them.
static void
trees_that_do_not_reach_the_disk_are_not_committed (void **state)
{
    (void) state;
    add_many ();
    world.fail = &ggen__flush_request__descriptor;
    world.fail_code = STORAGE;
    assert_int_equal (install ("all"), STORAGE);
    assert_int_equal (world.commits, 0);
    assert_int_equal (world.staged_count, 0);
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

//  The lie that would hurt most: "cancelled, nothing was changed" of what is on disk by then.
static void
a_cancel_after_the_commit_comes_too_late_and_the_asker_hears_that_it_is_done (void **state)
{
    (void) state;
    static const ProtobufCMessageDescriptor *const steps [] = {&ggen__installed_request__descriptor,
                                                               &ggen__discard_request__descriptor};
    static const char *const names [] = {"alpha", "beta"};
    for (unsigned i = 0; i < COUNT_OF (steps); i++) {
        world_add (&world, names [i], "1.0.0", "", 0);
        world.hold = steps [i];
        assert_int_equal (install (names [i]), INTERNAL);
        assert_int_equal (world.held_count, 1);
        assert_int_equal (world.commits, i + 1);
        fake_cancel (&world.fake, "cli", world.asked);
        world_turn (&world);
        world_release (&world);
        assert_null (world.failure);
        assert_non_null (world.reply);
    }
}

//  The count of installations goes beside the commit, and its end says nothing of that.
static void
a_count_that_fails_or_is_cancelled_beside_the_commit_changes_nothing (void **state)
{
    (void) state;
    static const code_t codes [] = {STORAGE, BUSY, CANCELLED};
    static const char *const names [] = {"alpha", "beta", "gamma"};
    for (unsigned i = 0; i < COUNT_OF (codes); i++) {
        world_add (&world, names [i], "1.0.0", "", 0);
        world.hold = &ggen__commit_request__descriptor;
        world.fail = &ggen__installed_request__descriptor;
        world.fail_code = codes [i];
        assert_int_equal (install (names [i]), INTERNAL);
        assert_int_equal (world.held_count, 1);
        assert_null (world.failure);
        world_release (&world);
        assert_int_equal (world.commits, i + 1);
        assert_null (world.failure);
        assert_non_null (world.reply);
    }
}

static void
the_asker_hears_of_the_end_when_what_is_not_needed_is_gone (void **state)
{
    (void) state;
    world_add (&world, "alpha", "1.0.0", "beta *", 0)->lost = true;
    world_add (&world, "beta", "1.0.0", "", 0);
    world.hold = &ggen__discard_request__descriptor;
    assert_int_equal (install ("alpha"), INTERNAL);
    assert_int_equal (world.held_count, 1);
    assert_int_equal (world.staged_count, 1);
    world_release (&world);
    assert_int_equal (world.failure->code, ALL_PROVIDERS_FAILED);
    assert_int_equal (world.staged_count, 0);
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

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (whatever_fails_in_the_middle_nothing_is_installed),
        TEST (cancelled_at_any_step_nothing_is_installed_and_the_next_one_runs),
        TEST (archives_of_this_machine_are_fetched_and_unpacked_together),
        TEST (fewer_are_asked_for_one_by_one),
        TEST (one_of_many_that_cannot_be_had_is_asked_for_by_itself_which_tells_why),
        TEST (when_many_cannot_be_asked_for_at_once_each_is_asked_for_by_itself),
        TEST (of_many_an_archive_of_another_package_is_refused),
        TEST (many_that_are_cancelled_install_nothing),
        TEST (the_store_gets_ready_while_many_releases_are_judged_and_if_it_does_not_nothing_is_lost),
        TEST (many_trees_go_to_the_disk_while_their_publishers_are_pinned),
        TEST (trees_that_do_not_reach_the_disk_are_not_committed),
        TEST (as_many_questions_for_archives_as_there_have_to_be_are_asked_and_the_odd_ones_first),
        TEST (of_many_questions_one_that_is_refused_is_asked_by_itself_which_tells_why),
        TEST (where_many_questions_are_refused_each_is_asked_by_itself),
        TEST (many_questions_that_are_cancelled_install_nothing),
        TEST (an_answer_that_was_faster_than_the_cancel_changes_nothing),
        TEST (a_cancel_after_the_commit_comes_too_late_and_the_asker_hears_that_it_is_done),
        TEST (a_count_that_fails_or_is_cancelled_beside_the_commit_changes_nothing),
        TEST (the_asker_hears_of_the_end_when_what_is_not_needed_is_gone),
        TEST (two_changes_run_one_after_the_other_and_both_are_true),
        TEST (verify_waits_for_a_change_under_way),
        TEST (the_queue_is_bounded_and_those_who_left_do_not_count),
        TEST (it_ends_in_the_middle_of_everything_without_a_trace),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
