// SPDX-License-Identifier: MIT
//  The resolver on the requirement sets of npm-roots.json against npm-graph.json (argv [1]: their
//  folder), and the same questions as text for a bare libsolv in argv [2], one file a set.
//  Prints a line a set: name, code, ms of loading (ranges to ranks), ms of the
//  solver, ms of all with the explanation of a conflict.
//  usage: resolve FOLDER OUT
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "actors/installer/universe.h"

typedef struct {
    arena_t *arena;
    const Ggen__Package **packages;
    size_t packages_count, packages_room;
    resolver_root_t *roots;
    size_t roots_count, roots_room;
} question_t;

static double
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void
add_version (question_t *self, const char *name, const char *version, json_t *needs)
{
    const char *need;
    json_t *range;
    Ggen__Package *package = arena_alloc (self->arena, sizeof *package);
    ggen__package__init (package);
    package->id = (char *) name;
    package->version = (char *) version;
    package->dependencies = arena_alloc (self->arena, json_object_size (needs) * sizeof (void *));
    json_object_foreach (needs, need, range) {
        Ggen__Dependency *dependency = arena_alloc (self->arena, sizeof *dependency);
        ggen__dependency__init (dependency);
        dependency->name = (char *) need;
        dependency->requirement = (char *) json_string_value (range);
        package->dependencies [package->n_dependencies++] = dependency;
    }
    ARENA_PUSH (self->arena, self->packages, self->packages_count, self->packages_room, package);
}

static void
add_graph (question_t *self, json_t *graph)
{
    const char *name, *version;
    json_t *versions, *set, *sets = json_object_get (graph, "depsets");
    json_object_foreach (json_object_get (graph, "packages"), name, versions)
        json_object_foreach (versions, version, set)
            add_version (self, name, version,
                         json_array_get (sets, (size_t) json_integer_value (set)));
}

static void
set_roots (question_t *self, json_t *requirements)
{
    const char *name;
    json_t *range;
    self->roots_count = 0;
    json_object_foreach (requirements, name, range) {
        resolver_root_t root = {name, json_string_value (range)};
        ARENA_PUSH (self->arena, self->roots, self->roots_count, self->roots_room, root);
    }
}

//  "NAME:FROM-TO,..." in ranks from 1, or "!" for nothing.
static void
write_set (FILE *out, const universe_t *universe, const universe_set_t *set)
{
    const uint32_t none = UNIVERSE_NONE;
    if (set->name_number == none || set->count == 0)
        fputs ("!", out);
    for (size_t i = 0, j; set->name_number != none && i < set->count; i = j) {
        uint32_t first = universe->names [set->name_number].first;
        for (j = i + 1; j < set->count && set->items [j] == set->items [j - 1] + 1; j++)
            ;
        fprintf (out, "%s%u:%u-%u", i ? "," : "", set->name_number, set->items [i] - first + 1,
                 set->items [j - 1] - first + 1);
    }
    fputc ('\n', out);
}

static bool
write_question (const char *folder, const char *name, const universe_t *universe)
{
    char path [4096];
    snprintf (path, sizeof path, "%s/%s.txt", folder, name);
    FILE *out = fopen (path, "w");
    if (!out)
        return false;
    for (size_t i = 0; i < universe->names_count; i++)
        fprintf (out, "P %zu %s %u\n", i, universe->names [i].id,
                 universe->names [i].first == UNIVERSE_NONE ? 0 : universe->names [i].count);
    for (size_t i = 0; i < universe->edges_count; i++) {
        const satsolver_edge_t *edge = &universe->edges [i];
        if (edge->excludes)
            continue;
        if (edge->from == SATSOLVER_ROOT)
            fputs ("R ", out);
        else {
            uint32_t owner = universe->versions [edge->from].name;
            fprintf (out, "D %u %u ", owner, edge->from - universe->names [owner].first + 1);
        }
        write_set (out, universe, universe->sets [edge->set]);
    }
    return fclose (out) == 0;
}

static bool
run_set (const question_t *question, const char *name, const char *folder)
{
    resolver_query_t query = {.candidates = question->packages,
                              .candidates_count = question->packages_count,
                              .roots = question->roots,
                              .roots_count = question->roots_count};
    universe_t universe;
    const char *why = NULL;
    double begin = now_ms ();
    bool good = universe_init (&universe, &query, &why) == OK;
    double loaded = now_ms ();
    satsolver_result_t result = {0};
    satsolver_problem_t problem = {0};
    if (good) {
        problem = universe_problem (&universe);
        satsolver_solve (&problem, &result);
    }
    double solved = now_ms ();
    satsolver_result_clear (&result);
    good = good && write_question (folder, name, &universe);
    universe_clear (&universe);

    const Ggen__Package **chosen = NULL;
    size_t count = 0;
    resolver_failure_t *failure = NULL;
    double start = now_ms ();
    code_t code = resolver_solve (&query, &chosen, &count, &failure);
    double end = now_ms ();
    printf ("%s\t%s\t%.2f\t%.2f\t%.2f\n", name, code_name (code), loaded - begin,
            solved - loaded, end - start);
    resolver_failure_destroy (&failure);
    free (chosen);
    return good;
}

static json_t *
load (const char *folder, const char *file)
{
    char path [4096];
    json_error_t error;
    snprintf (path, sizeof path, "%s/%s", folder, file);
    json_t *json = json_load_file (path, 0, &error);
    if (!json) {
        fprintf (stderr, "%s: %s\n", path, error.text);
        exit (1);
    }
    return json;
}

int
main (int argc, char **argv)
{
    if (argc != 3)
        return 2;
    json_t *graph = load (argv [1], "npm-graph.json"), *sets = load (argv [1], "npm-roots.json");
    question_t question = {.arena = arena_new ()};
    add_graph (&question, graph);
    bool good = true;
    size_t index;
    json_t *set;
    json_array_foreach (sets, index, set) {
        set_roots (&question, json_object_get (set, "requirements"));
        good &= run_set (&question, json_string_value (json_object_get (set, "id")), argv [2]);
    }
    arena_destroy (&question.arena);
    json_decref (sets);
    json_decref (graph);
    return good ? 0 : 1;
}
