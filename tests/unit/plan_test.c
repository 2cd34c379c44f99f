// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/installer/arena.h"
#include "actors/installer/order.h"
#include "actors/installer/plan.h"

static arena_t *arena;

static int
make_arena (void **unused)
{
    (void) unused;
    arena = arena_new ();
    return 0;
}

static int
free_arena (void **unused)
{
    (void) unused;
    arena_destroy (&arena);
    return 0;
}

//  "name version [direct] [> needs version]...", sorted by the caller.
static void
install (Ggen__Lock *lock, const char *text)
{
    char *rest = arena_strdup (arena, text), *word = strsep (&rest, " ");
    Ggen__LockedPackage *package = arena_alloc (arena, sizeof *package);
    ggen__locked_package__init (package);
    package->name = word;
    package->version = strsep (&rest, " ");
    package->dependencies = arena_alloc (arena, 8 * sizeof (void *));
    while ((word = strsep (&rest, " "))) {
        if (!strcmp (word, "direct")) {
            package->direct = true;
            continue;
        }
        assert_string_equal (word, ">");
        Ggen__LockedDependency *need = arena_alloc (arena, sizeof *need);
        ggen__locked_dependency__init (need);
        need->name = strsep (&rest, " ");
        need->version = strsep (&rest, " ");
        package->dependencies [package->n_dependencies++] = need;
    }
    if (!lock->packages)
        lock->packages = arena_alloc (arena, 16 * sizeof (void *));
    lock->packages [lock->n_packages++] = package;
}

static Ggen__Package *
candidate (const char *id, const char *version)
{
    Ggen__Package *package = arena_alloc (arena, sizeof *package);
    ggen__package__init (package);
    package->id = (char *) id;
    package->version = (char *) version;
    return package;
}

static const char *
plan_text (const plan_query_t *query)
{
    static const char *const words [] =
        {"keep", "add", "upgrade", "downgrade", "remove", "reinstall"};
    Ggen__PlanStep **steps = NULL;
    size_t count = 0;
    plan_make (query, &steps, &count);
    char *text = arena_alloc (arena, 4096), *at = text;
    for (size_t index = 0; index < count; index++)
        at += sprintf (at, "%s %s %s>%s%s\n", words [steps [index]->action], steps [index]->name,
            steps [index]->previous, steps [index]->version,
            steps [index]->direct ? " direct" : "");
    plan_destroy (&steps, count);
    assert_null (steps);
    return text;
}

static const char *
list_text (size_t count, const Ggen__LockedPackage **list)
{
    char *text = arena_alloc (arena, 1024), *at = text;
    for (size_t index = 0; index < count; index++)
        at += sprintf (at, "%s@%s ", list [index]->name, list [index]->version);
    free (list);
    return text;
}

//  ---- plans -------------------------------------------------------------------------------------

static void
each_difference_has_its_action_in_install_order (void **unused)
{
    (void) unused;
    Ggen__Lock before = GGEN__LOCK__INIT;
    install (&before, "down 2.0.0");
    install (&before, "gone 1.0.0 direct");
    install (&before, "kept 1.0.0");
    install (&before, "up 1.0.0");
    const Ggen__Package *const chosen [] = {candidate ("up", "1.0.1"), candidate ("kept", "1.0.0"),
        candidate ("fresh", "3.0.0"), candidate ("down", "2.0.0-rc.1")};
    const char *const direct [] = {"kept", "fresh"};
    const plan_query_t query =
        {&before, chosen, COUNT_OF (chosen), {direct, COUNT_OF (direct)}, {0}};
    assert_string_equal (plan_text (&query),
        "upgrade up 1.0.0>1.0.1\n"
        "keep kept 1.0.0>1.0.0 direct\n"
        "add fresh >3.0.0 direct\n"
        "downgrade down 2.0.0>2.0.0-rc.1\n"
        "remove gone 1.0.0> direct\n");
}

static void
dependants_are_removed_before_what_they_need (void **unused)
{
    (void) unused;
    Ggen__Lock before = GGEN__LOCK__INIT;
    install (&before, "a 1.0.0");
    install (&before, "b 1.0.0 > a 1.0.0");
    install (&before, "c 1.0.0 direct > b 1.0.0");
    const plan_query_t query = {.before = &before};
    assert_string_equal (plan_text (&query),
        "remove c 1.0.0> direct\nremove b 1.0.0>\nremove a 1.0.0>\n");
}

static void
forced_and_changed_archives_are_reinstalled (void **unused)
{
    (void) unused;
    uint8_t old [32] = {1}, fresh [32] = {2};
    Ggen__Lock before = GGEN__LOCK__INIT;
    install (&before, "changed 1.0.0");
    install (&before, "forced 1.0.0");
    install (&before, "same 1.0.0");
    Ggen__Package *changed = candidate ("changed", "1.0.0"), *same = candidate ("same", "1.0.0");
    before.packages [0]->sha256 = (ProtobufCBinaryData) {sizeof old, old};
    before.packages [2]->sha256 = (ProtobufCBinaryData) {sizeof old, old};
    changed->sha256 = (ProtobufCBinaryData) {sizeof fresh, fresh};
    same->sha256 = (ProtobufCBinaryData) {sizeof old, old};
    const Ggen__Package *const chosen [] = {changed, candidate ("forced", "1.0.0"), same};
    const char *const forced [] = {"forced"};
    const plan_query_t query = {&before, chosen, COUNT_OF (chosen), {0}, {forced, 1}};
    assert_string_equal (plan_text (&query),
        "reinstall changed 1.0.0>1.0.0\nreinstall forced 1.0.0>1.0.0\nkeep same 1.0.0>1.0.0\n");
}

static void
a_plan_that_only_keeps_is_a_noop (void **unused)
{
    (void) unused;
    Ggen__Lock before = GGEN__LOCK__INIT;
    install (&before, "a 1.0.0");
    const Ggen__Package *const chosen [] = {candidate ("a", "1.0.0")};
    Ggen__PlanStep **steps = NULL;
    size_t count = 0;
    plan_query_t query = {.before = &before, .chosen = chosen, .chosen_count = 1};
    plan_make (&query, &steps, &count);
    assert_true (plan_is_noop (steps, count));
    plan_destroy (&steps, count);
    query.before = NULL;
    plan_make (&query, &steps, &count);
    assert_false (plan_is_noop (steps, count));
    plan_destroy (&steps, count);
}

static void
a_step_says_where_from_how_large_and_whose (void **unused)
{
    (void) unused;
    uint8_t key [32] = {7};
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    publisher.public_key = (ProtobufCBinaryData) {sizeof key, key};
    Ggen__Package *package = candidate ("a", "1.0.0");
    package->publisher = &publisher;
    package->size_bytes = 4711;
    package->source = (char *) "p2p";
    const Ggen__Package *const chosen [] = {package};
    Ggen__PlanStep **steps = NULL;
    size_t count = 0;
    const plan_query_t query = {.chosen = chosen, .chosen_count = 1};
    plan_make (&query, &steps, &count);
    assert_int_equal (count, 1);
    assert_string_equal (steps [0]->source, "p2p");
    assert_int_equal (steps [0]->size_bytes, 4711);
    assert_int_equal (steps [0]->publisher_key.len, 32);
    assert_memory_equal (steps [0]->publisher_key.data, key, sizeof key);
    plan_destroy (&steps, count);
}

//  ---- who needs whom ----------------------------------------------------------------------------

static Ggen__Lock
installed (void)
{
    Ggen__Lock lock = GGEN__LOCK__INIT;
    install (&lock, "app 1.0.0 direct > lib 1.0.0 > log 1.0.0");
    install (&lock, "base 1.0.0");
    install (&lock, "lib 1.0.0 > base 1.0.0");
    install (&lock, "log 1.0.0 direct");
    install (&lock, "old 1.0.0 > base 1.0.0");
    install (&lock, "tool 2.0.0 direct > lib 1.0.0");
    return lock;
}

static void
who_needs_a_package_is_listed_but_for_those_that_leave (void **unused)
{
    (void) unused;
    Ggen__Lock lock = installed ();
    const Ggen__LockedPackage **list = NULL;
    const char *const both [] = {"tool", "app"};
    size_t count = plan_dependants (&lock, "lib", (plan_names_t) {0}, &list);
    assert_string_equal (list_text (count, list), "app@1.0.0 tool@2.0.0 ");
    count = plan_dependants (&lock, "lib", (plan_names_t) {both, 1}, &list);
    assert_string_equal (list_text (count, list), "app@1.0.0 ");
    count = plan_dependants (&lock, "lib", (plan_names_t) {both, 2}, &list);
    assert_string_equal (list_text (count, list), "");
    count = plan_dependants (&lock, "tool", (plan_names_t) {0}, &list);
    assert_string_equal (list_text (count, list), "");
}

static void
what_nobody_needs_any_more_is_an_orphan (void **unused)
{
    (void) unused;
    Ggen__Lock lock = installed ();
    const Ggen__LockedPackage **list = NULL;
    const char *const leaving [] = {"tool", "app"};
    size_t count = plan_orphans (&lock, (plan_names_t) {0}, &list);
    assert_string_equal (list_text (count, list), "old@1.0.0 ");
    count = plan_orphans (&lock, (plan_names_t) {leaving, 1}, &list);
    assert_string_equal (list_text (count, list), "old@1.0.0 ");
    count = plan_orphans (&lock, (plan_names_t) {leaving, 2}, &list);
    assert_string_equal (list_text (count, list), "base@1.0.0 lib@1.0.0 old@1.0.0 ");
    const char *const forced [] = {"lib"};      //  Although app and tool need it
    count = plan_orphans (&lock, (plan_names_t) {forced, 1}, &list);
    assert_string_equal (list_text (count, list), "base@1.0.0 old@1.0.0 ");
}

//  ---- order -------------------------------------------------------------------------------------

static void
a_chain_as_long_as_the_bound_is_ordered_without_recursion (void **unused)
{
    (void) unused;
    size_t count = 0;
    uint32_t *starts = arena_alloc (arena, (LOCK_PACKAGES_MAX + 1) * sizeof *starts);
    uint32_t *targets = arena_alloc (arena, LOCK_PACKAGES_MAX * sizeof *targets);
    uint32_t *order = arena_alloc (arena, LOCK_PACKAGES_MAX * sizeof *order);
    for (uint32_t node = 0; node < LOCK_PACKAGES_MAX; node++) {
        starts [node + 1] = node + 1;
        targets [node] = node + 1;
    }
    starts [LOCK_PACKAGES_MAX] = LOCK_PACKAGES_MAX - 1;         //  The last needs nothing
    order_graph_t graph = {LOCK_PACKAGES_MAX, starts, targets};
    assert_int_equal (order_sort (&graph, order, &count), OK);
    assert_int_equal (count, LOCK_PACKAGES_MAX);
    assert_int_equal (order [0], LOCK_PACKAGES_MAX - 1);
    assert_int_equal (order [LOCK_PACKAGES_MAX - 1], 0);

    starts [LOCK_PACKAGES_MAX] = LOCK_PACKAGES_MAX;             //  The last needs the second
    targets [LOCK_PACKAGES_MAX - 1] = 1;
    assert_int_equal (order_sort (&graph, order, &count), CIRCULAR_DEPENDENCY);
    assert_int_equal (count, LOCK_PACKAGES_MAX - 1);
    assert_int_equal (order [0], 1);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (each_difference_has_its_action_in_install_order),
        cmocka_unit_test (dependants_are_removed_before_what_they_need),
        cmocka_unit_test (forced_and_changed_archives_are_reinstalled),
        cmocka_unit_test (a_plan_that_only_keeps_is_a_noop),
        cmocka_unit_test (a_step_says_where_from_how_large_and_whose),
        cmocka_unit_test (who_needs_a_package_is_listed_but_for_those_that_leave),
        cmocka_unit_test (what_nobody_needs_any_more_is_an_orphan),
        cmocka_unit_test (a_chain_as_long_as_the_bound_is_ordered_without_recursion),
    };
    return cmocka_run_group_tests (tests, make_arena, free_arena);
}
