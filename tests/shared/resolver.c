// SPDX-License-Identifier: MIT
//  The resolver against other people's cases: pub's and packse's (as far as libsolv agrees with
//  them, solver/libsolv-crosscheck.tsv), and twenty requirement sets on 6,071 real npm packages.
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "actors/installer/resolver_explain.h"
#include "tests/resolver_check.h"

static int failures = 0;

static void
free_text (char **text)
{
    free (*text);
}
#define AUTO_FREE AUTO (free_text)
#define AUTO_JSON AUTO (json_decrefp)

//  ---- questions from JSON -----------------------------------------------------------------------

typedef struct {
    arena_t *arena;
    const Ggen__Package **packages;
    size_t packages_count, packages_room;
    resolver_root_t *roots;
    size_t roots_count, roots_room;
} question_t;

static void
add_needs (question_t *self, Ggen__Package *package, json_t *needs)
{
    const char *name;
    json_t *range;
    package->dependencies = arena_alloc (self->arena, json_object_size (needs) * sizeof (void *));
    json_object_foreach (needs, name, range) {
        Ggen__Dependency *need = arena_alloc (self->arena, sizeof *need);
        ggen__dependency__init (need);
        need->name = (char *) name;
        need->requirement = (char *) json_string_value (range);
        package->dependencies [package->n_dependencies++] = need;
    }
}

//  'depsets' is NULL where a version's value is its dependencies, else it is an index.
static void
add_packages (question_t *self, json_t *packages, json_t *depsets)
{
    const char *name, *version;
    json_t *versions, *value;
    json_object_foreach (packages, name, versions)
        json_object_foreach (versions, version, value) {
            Ggen__Package *package = arena_alloc (self->arena, sizeof *package);
            ggen__package__init (package);
            package->id = (char *) name;
            package->version = (char *) version;
            json_t *needs = depsets
                ? json_array_get (depsets, (size_t) json_integer_value (value)) : value;
            add_needs (self, package, needs);
            ARENA_PUSH (self->arena, self->packages, self->packages_count, self->packages_room,
                package);
        }
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

static json_t *
load (const char *folder, const char *file)
{
    char path [4096];
    json_error_t error;
    snprintf (path, sizeof path, "%s/solver/%s", folder, file);
    json_t *json = json_load_file (path, 0, &error);
    if (!json) {
        printf ("%s: %s\n", path, error.text);
        exit (1);
    }
    return json;
}

//  ---- cases -------------------------------------------------------------------------------------

typedef struct {
    size_t steps, hard, agreed, same, cycles, wrong;
} tally_t;

//  Is this step marked in the table as one that libsolv answers as expected?
static bool
is_hard (const char *table, const char *suite, const char *group, const char *name, size_t step)
{
    char key [512], expected [16], libsolv [16];
    snprintf (key, sizeof key, "\n%s\t%s\t%s\t%zu\t", suite, group, name, step);
    const char *row = strstr (table, key);
    return row && sscanf (row + strlen (key), "%15s\t%15s", expected, libsolv) == 2
        && !strcmp (expected, libsolv);
}

static bool
is_same (json_t *expected, const Ggen__Package *const *chosen, size_t count)
{
    if (json_object_size (expected) != count)
        return false;
    for (size_t index = 0; index < count; index++) {
        const char *version = json_string_value (json_object_get (expected, chosen [index]->id));
        if (!version || strcmp (version, chosen [index]->version))
            return false;
    }
    return true;
}

static void
report (const char *name, size_t step, const char *what, const resolver_failure_t *failure)
{
    failures++;
    AUTO_FREE char *text = failure ? resolver_explain (failure) : NULL;
    printf ("FAIL %s, step %zu: %s\n%s\n", name, step, what, text ? text : "");
}

static void
judge_step (const resolver_query_t *query, json_t *expected, bool hard, const char *name,
    size_t step, tally_t *tally, const Ggen__Package ***chosen_p, size_t *count_p)
{
    AUTO (resolver_failure_destroy) resolver_failure_t *failure = NULL;
    code_t code = resolver_solve (query, chosen_p, count_p, &failure);
    const char *wrong = code == OK
        ? check_answer (query, (const Ggen__Package *const *) *chosen_p, *count_p) : NULL;
    if (wrong)
        report (name, step, wrong, NULL);
    if (code == OK && json_is_object (expected)
    &&  is_same (expected, (const Ggen__Package *const *) *chosen_p, *count_p))
        tally->same++;
    tally->steps++;
    if (!hard)
        return;
    tally->hard++;
    if (code == CIRCULAR_DEPENDENCY && json_is_object (expected)) {
        tally->cycles++;            //  Right elsewhere; refused here (SPEC 6, D1)
        printf ("     %s: refused, %s\n", name, failure->detail);
    }
    else if ((code == OK) == json_is_object (expected))
        tally->agreed++;
    else
        report (name, step, "satisfiability differs", failure);
}

static void
run_case (json_t *test, const char *table, tally_t *tally)
{
    AUTO (arena_destroy) arena_t *arena = arena_new ();
    question_t question = {.arena = arena};
    AUTO_JSON json_t *application = json_pack ("{s:{s:{}}}", "myapp", "0.0.0");
    add_packages (&question, json_object_get (test, "packages"), NULL);
    add_packages (&question, application, NULL);    //  What pub calls the root package

    const char *suite = json_string_value (json_object_get (test, "suite"));
    const char *group = json_string_value (json_object_get (test, "group"));
    const char *name = json_string_value (json_object_get (test, "name"));
    resolver_locked_t *locked = NULL;
    size_t locked_count = 0, step;
    json_t *entry;
    json_array_foreach (json_object_get (test, "steps"), step, entry) {
        set_roots (&question, json_object_get (entry, "root"));
        resolver_query_t query = {.candidates = question.packages,
            .candidates_count = question.packages_count,
            .roots = question.roots, .roots_count = question.roots_count,
            .locked = locked, .locked_count = locked_count};
        const Ggen__Package **chosen = NULL;
        bool hard = is_hard (table, suite, group, name, step);
        judge_step (&query, json_object_get (entry, "result"), hard, name, step, tally,
            &chosen, &locked_count);
        locked = arena_alloc (arena, locked_count * sizeof *locked);
        for (size_t index = 0; index < locked_count; index++)
            locked [index] = (resolver_locked_t) {chosen [index]->id, chosen [index]->version};
        free (chosen);
    }
}

static void
run_cases (const char *folder, const char *file, const char *table)
{
    tally_t tally = {0};
    size_t index;
    json_t *test;
    AUTO_JSON json_t *cases = load (folder, file);
    json_array_foreach (cases, index, test)
        run_case (test, table, &tally);
    printf ("     %s: %zu steps, %zu solutions identical, %zu refused as cycles (SPEC 6, D1)\n",
        file, tally.steps, tally.same, tally.cycles);
    printf ("SHARED resolver %s: %zu of %zu\n", file, tally.agreed + tally.cycles, tally.hard);
}

//  ---- the npm graph -----------------------------------------------------------------------------

static double
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static bool
run_set (question_t *question, const char *name, bool satisfiable)
{
    resolver_query_t query = {.candidates = question->packages,
        .candidates_count = question->packages_count,
        .roots = question->roots, .roots_count = question->roots_count};
    const Ggen__Package **chosen = NULL;
    size_t count = 0;
    AUTO (resolver_failure_destroy) resolver_failure_t *failure = NULL;
    double start = now_ms ();
    code_t code = resolver_solve (&query, &chosen, &count, &failure);
    double end = now_ms ();
    const char *wrong = code == OK
        ? check_answer (&query, (const Ggen__Package *const *) chosen, count) : NULL;
    free (chosen);
    printf ("     %-18s %-22s %4zu packages  %7.1f ms  %zu reasons  %zu lacks\n", name,
        code_name (code), count, end - start, failure ? failure->reasons_count : 0,
        failure ? failure->lacks_count : 0);
    if (wrong)
        report (name, 0, wrong, NULL);
    else if ((code == OK) != satisfiable)
        report (name, 0, "satisfiability differs", failure);
    else if (code == DEPENDENCY && !check_reasons_contradict (&query, failure, SIZE_MAX))
        report (name, 0, "the requirements named in the explanation can all be met", failure);
    else
        return true;
    return false;
}

static void
run_npm (const char *folder, const char *oracle)
{
    AUTO_JSON json_t *graph = load (folder, "npm-graph.json");
    AUTO_JSON json_t *sets = load (folder, "npm-roots.json");
    AUTO (arena_destroy) arena_t *arena = arena_new ();
    question_t question = {.arena = arena};
    add_packages (&question, json_object_get (graph, "packages"),
        json_object_get (graph, "depsets"));

    size_t index, agreed = 0;
    json_t *set;
    json_array_foreach (sets, index, set) {
        const char *name = json_string_value (json_object_get (set, "id"));
        char key [256];
        snprintf (key, sizeof key, "\n%s\tflat\t", name);
        const char *row = strstr (oracle, key);
        set_roots (&question, json_object_get (set, "requirements"));
        if (!row)
            report (name, 0, "not in the oracle", NULL);
        else
            agreed += run_set (&question, name, !strncmp (row + strlen (key), "SAT", 3));
    }
    printf ("SHARED resolver npm-oracle.tsv flat: %zu of %zu\n", agreed, json_array_size (sets));
}

static char *
read_text (const char *folder, const char *file)
{
    char path [4096];
    snprintf (path, sizeof path, "%s/solver/%s", folder, file);
    FILE *stream = fopen (path, "rb");
    char *text = calloc (1, 1 << 20);
    if (!stream || !text || !fread (text, 1, (1 << 20) - 1, stream)) {
        printf ("%s: cannot be read\n", path);
        exit (1);
    }
    fclose (stream);
    return text;
}

int
main (int argc, char **argv)
{
    if (argc != 2)
        return 2;
    AUTO_FREE char *table = read_text (argv [1], "libsolv-crosscheck.tsv");
    AUTO_FREE char *oracle = read_text (argv [1], "npm-oracle.tsv");
    run_cases (argv [1], "pub-solver.json", table);
    run_cases (argv [1], "packse.json", table);
    run_npm (argv [1], oracle);
    return failures ? 1 : 0;
}
