// SPDX-License-Identifier: MIT
//  Who needs whom: neighbours in order, roots, and the ways to a package.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/graph.h"

//  Installed packages out of "app*: core lib, lib: core, core"; '*' = asked for.
typedef struct {
    char text [8192];
    Ggen__LockedPackage packages [160], *list [160];
    Ggen__LockedDependency needs [1000], *needs_list [1000];
    size_t count, needs_count;
    graph_t *graph;
} made_t;

static void
add_need (made_t *self, Ggen__LockedPackage *package, char *name)
{
    Ggen__LockedDependency *need = &self->needs [self->needs_count];
    ggen__locked_dependency__init (need);
    need->name = name;
    need->version = "1.0.0";
    self->needs_list [self->needs_count++] = need;
    package->n_dependencies++;
}

static graph_t *
make (made_t *self, const char *text)
{
    self->count = self->needs_count = 0;
    snprintf (self->text, sizeof self->text, "%s", text);
    char *rest = self->text, *one;
    while ((one = strsep (&rest, ",")) != NULL && *one) {
        Ggen__LockedPackage *package = &self->packages [self->count];
        self->list [self->count++] = package;
        ggen__locked_package__init (package);
        package->version = "1.0.0";
        one += strspn (one, " ");
        package->name = strsep (&one, ":");
        char *star = strchr (package->name, '*');
        package->direct = star != NULL;
        if (star)
            *star = 0;
        package->dependencies = &self->needs_list [self->needs_count];
        char *name;
        while (one && (name = strsep (&one, " ")) != NULL)
            if (*name)
                add_need (self, package, name);
    }
    self->graph = graph_new (self->list, self->count);
    assert_non_null (self->graph);
    return self->graph;
}

static const char *
name_of (const graph_t *graph, size_t number)
{
    return graph_package (graph, number)->name;
}

static const char *
next_text (const graph_t *graph, const char *name, bool inverted)
{
    static char text [256];
    size_t count, used = 0;
    const size_t *next = graph_next (graph, graph_find (graph, name), inverted, &count);
    *text = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s", i ? " " : "",
                                   name_of (graph, next [i]));
    return text;
}

static const char *
ways_text (const graph_t *graph, const char *name)
{
    static char text [512];
    size_t count, used = 0;
    bool more;
    graph_way_t *ways = graph_ways (graph, graph_find (graph, name), &count, &more);
    assert_non_null (ways);
    *text = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < ways [i].count; j++)
            used += (size_t) snprintf (text + used, sizeof text - used, "%s%s",
                                       j   ? ">"
                                       : i ? " "
                                           : "",
                                       name_of (graph, ways [i].numbers [j]));
    graph_ways_release (&ways, count);
    assert_false (more);
    return text;
}

static void
neighbours_come_by_name_in_both_directions (void **state)
{
    (void) state;
    made_t made;
    graph_t *graph = make (&made, "zeta*: lib core,core,lib: core,app*: zeta lib gone");
    assert_string_equal (next_text (graph, "zeta", false), "core lib");
    assert_string_equal (next_text (graph, "app", false), "lib zeta");
    assert_string_equal (next_text (graph, "core", false), "");
    assert_string_equal (next_text (graph, "core", true), "lib zeta");
    assert_string_equal (next_text (graph, "lib", true), "app zeta");
    assert_true (graph_find (graph, "gone") == GRAPH_NONE);
    graph_destroy (&made.graph);
}

static void
roots_are_those_asked_for_and_those_nobody_needs (void **state)
{
    (void) state;
    made_t made;
    graph_t *graph = make (&made, "app*: lib,lib*: core,core,left");
    assert_true (graph_is_root (graph, graph_find (graph, "app"), false));
    assert_true (graph_is_root (graph, graph_find (graph, "lib"), false));
    assert_true (graph_is_root (graph, graph_find (graph, "left"), false));
    assert_false (graph_is_root (graph, graph_find (graph, "core"), false));
    assert_true (graph_is_root (graph, graph_find (graph, "core"), true));
    assert_false (graph_is_root (graph, graph_find (graph, "lib"), true));
    graph_destroy (&made.graph);
}

static void
ways_lead_from_all_that_were_asked_for_the_shortest_first (void **state)
{
    (void) state;
    made_t made;
    graph_t *graph = make (&made, "app*: lib core,lib*: core,core,other: core");
    assert_string_equal (ways_text (graph, "core"), "app>core lib>core app>lib>core");
    assert_string_equal (ways_text (graph, "lib"), "app>lib");
    assert_string_equal (ways_text (graph, "app"), "");
    graph_destroy (&made.graph);
}

static void
a_cycle_does_not_hold_a_search (void **state)
{
    (void) state;
    made_t made;
    graph_t *graph = make (&made, "app*: b,b: c,c: b");
    assert_string_equal (ways_text (graph, "c"), "app>b>c");
    assert_string_equal (ways_text (graph, "b"), "app>b");
    graph_destroy (&made.graph);
}

//  Layers of two, each of which needs both of the next: 2 to the 40th ways.
static void
more_ways_than_anybody_reads_are_said_not_listed (void **state)
{
    (void) state;
    static made_t made;
    static char text [8192];
    size_t used = 0, count;
    bool more;
    for (unsigned i = 0; i < 40; i++)
        for (unsigned j = 0; j < 2; j++)
            used += (size_t) snprintf (text + used, sizeof text - used, "p%u-%u%s: p%u-0 p%u-1,", i,
                                       j, i ? "" : "*", i + 1, i + 1);
    snprintf (text + used, sizeof text - used, "p40-0,p40-1");
    graph_t *graph = make (&made, text);
    graph_way_t *ways = graph_ways (graph, graph_find (graph, "p40-0"), &count, &more);
    assert_int_equal (count, GRAPH_WAYS_MAX);
    assert_true (more);
    graph_ways_release (&ways, count);
    assert_null (ways);
    graph_destroy (&made.graph);
}

static void
nothing_installed_is_a_graph_too (void **state)
{
    (void) state;
    graph_t *graph = graph_new (NULL, 0);
    assert_int_equal (graph_count (graph), 0);
    assert_true (graph_find (graph, "x") == GRAPH_NONE);
    graph_destroy (&graph);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (neighbours_come_by_name_in_both_directions),
        cmocka_unit_test (roots_are_those_asked_for_and_those_nobody_needs),
        cmocka_unit_test (ways_lead_from_all_that_were_asked_for_the_shortest_first),
        cmocka_unit_test (a_cycle_does_not_hold_a_search),
        cmocka_unit_test (more_ways_than_anybody_reads_are_said_not_listed),
        cmocka_unit_test (nothing_installed_is_a_graph_too),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
