// SPDX-License-Identifier: MIT
//  The resolver on small random universes, against a search through all combinations. With
//  RESOLVER_SEED=N in the environment only that universe is asked about, and printed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/resolver_question.h"

#define NAMES_MAX       5
#define VERSIONS_MAX    4
#define UNIVERSES       1500

static const char *const names [NAMES_MAX] = {"a", "b", "c", "d", "missing"};
static const char *const versions [VERSIONS_MAX] = {"1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0"};
static const char *const ranges [] = {"*", "", "^1.0.0", "~1.0.0", "^1.1.0", ">=1.1.0", "2.0.0",
    "^2.0.0-rc.0", "<2.0.0", "1.0.0 || 2.0.0", "^3.0.0", "not a range at all!"};

static const char *const no_range = "not a range at all!";

static void
make_question (question_t *self)
{
    uint32_t names_count = 2 + draw (NAMES_MAX - 2);        //  "missing" never has versions
    for (uint32_t name = 0; name < names_count && name < NAMES_MAX - 1; name++)
        for (uint32_t version = 0; version < VERSIONS_MAX; version++) {
            if (draw (5) == 0)
                continue;
            Ggen__Package *package =
                add_package (self, names [name], versions [version], draw (8) == 0);
            for (uint32_t need = draw (4); need > 0; need--)
                add_need (self, package, names [draw (draw (8) ? names_count : NAMES_MAX)],
                    ranges [draw (COUNT_OF (ranges))], draw (4) == 0);
        }
    for (uint32_t count = 1 + draw (3); count > 0; count--) {
        resolver_root_t root = {names [draw (names_count)], ranges [draw (COUNT_OF (ranges) - 2)]};
        ARENA_PUSH (self->arena, self->roots, self->roots_count, self->roots_room, root);
    }
    for (uint32_t count = draw (3); count > 0; count--) {
        resolver_locked_t locked = {names [draw (names_count)], versions [draw (VERSIONS_MAX)]};
        ARENA_PUSH (self->arena, self->locked, self->locked_count, self->locked_room, locked);
    }
    self->with_optional = draw (4) == 0;
}

//  Every combination of at most one version per name, told as index into the candidates or -1.
typedef struct {
    const resolver_query_t *query;
    int chosen [NAMES_MAX];
    signed char fits [NAMES_MAX * VERSIONS_MAX] [8] [NAMES_MAX * VERSIONS_MAX];
    bool acyclic_found, cyclic_found;
} search_t;

static int
chosen_of (const search_t *self, const char *name)
{
    for (int index = 0; index < NAMES_MAX; index++)
        if (!strcmp (names [index], name))
            return self->chosen [index];
    return -1;
}

static bool
is_closed (const search_t *self, int at)
{
    const Ggen__Package *package = self->query->candidates [at];
    for (size_t need = 0; need < package->n_dependencies; need++) {
        const Ggen__Dependency *dependency = package->dependencies [need];
        int found = chosen_of (self, dependency->name);
        if (!strcmp (dependency->requirement, no_range))
            continue;
        if (found < 0 && dependency->optional && !self->query->with_optional)
            continue;
        if (found < 0 || !self->fits [at] [need] [found])
            return false;
    }
    return true;
}

//  Can every chosen package be installed after what it needs?
static bool
is_acyclic (const search_t *self)
{
    bool done [NAMES_MAX] = {false};
    for (size_t round = 0; round < NAMES_MAX; round++)
        for (size_t name = 0; name < NAMES_MAX; name++) {
            bool ready = true;
            const Ggen__Package *package =
                self->chosen [name] < 0 ? NULL : self->query->candidates [self->chosen [name]];
            for (size_t need = 0; package && need < package->n_dependencies; need++)
                for (size_t other = 0; other < NAMES_MAX; other++)
                    if (!strcmp (names [other], package->dependencies [need]->name)
                    &&  strcmp (package->dependencies [need]->requirement, no_range)
                    && (self->query->with_optional || !package->dependencies [need]->optional)
                    &&  !done [other])
                        ready = false;
            done [name] = ready;
        }
    for (size_t name = 0; name < NAMES_MAX; name++)
        if (!done [name])
            return false;
    return true;
}

static bool
is_answer (const search_t *self)
{
    for (size_t index = 0; index < self->query->roots_count; index++) {
        int found = chosen_of (self, self->query->roots [index].name);
        if (found < 0 || check_fits (self->query, self->query->candidates [found],
            self->query->roots [index].range) != 1)
            return false;
    }
    for (size_t name = 0; name < NAMES_MAX; name++)
        if (self->chosen [name] >= 0 && !is_closed (self, self->chosen [name]))
            return false;
    return true;
}

static void
try_all (search_t *self, size_t name)
{
    if (self->acyclic_found)
        return;
    if (name == NAMES_MAX) {
        if (is_answer (self))
            *(is_acyclic (self) ? &self->acyclic_found : &self->cyclic_found) = true;
        return;
    }
    self->chosen [name] = -1;
    try_all (self, name + 1);
    for (size_t index = 0; index < self->query->candidates_count; index++)
        if (!strcmp (self->query->candidates [index]->id, names [name])
        &&  check_is_live (self->query, self->query->candidates [index])) {
            self->chosen [name] = (int) index;
            try_all (self, name + 1);
        }
    self->chosen [name] = -1;
}

static search_t
search_all (const resolver_query_t *query)
{
    search_t search = {.query = query};
    for (size_t at = 0; at < query->candidates_count; at++)
        for (size_t need = 0; need < query->candidates [at]->n_dependencies; need++)
            for (size_t other = 0; other < query->candidates_count; other++)
                search.fits [at] [need] [other] = (signed char) check_fits (query,
                    query->candidates [other],
                    query->candidates [at]->dependencies [need]->requirement);
    try_all (&search, 0);
    return search;
}

//  Lock an answer, publish a newer version of each of its names: the same answer comes again.
static void
check_lock_holds (question_t *self, const char *answer)
{
    if (!strncmp (answer, "error", 5))
        return;
    char *copy = arena_strdup (self->arena, answer);
    self->locked_count = 0;
    for (char *line; (line = strsep (&copy, "\n")) && *line;) {
        resolver_locked_t locked = {strsep (&line, "@"), line};
        ARENA_PUSH (self->arena, self->locked, self->locked_count, self->locked_room, locked);
        //  Where there are only pre-releases a release would change what "*" means
        resolver_query_t before = as_query (self);
        if (check_has_release (&before, locked.name))
            add_package (self, locked.name, "2.1.0", false);
    }
    resolver_query_t query = as_query (self);
    char *again = answer_text (&query);
    assert_string_equal (again, answer);
    free (again);
}

//  What a text case would say, for whoever has to understand a failure.
static void
print_question (const question_t *self)
{
    for (size_t index = 0; index < self->packages_count; index++) {
        const Ggen__Package *package = self->packages [index];
        print_message ("repo %s %s%s", package->id, package->version,
            package->yanked ? " yanked" : "");
        for (size_t need = 0; need < package->n_dependencies; need++)
            print_message (" ; %s%s %s", package->dependencies [need]->name,
                package->dependencies [need]->optional ? "?" : "",
                package->dependencies [need]->requirement);
        print_message ("\n");
    }
    for (size_t index = 0; index < self->roots_count; index++)
        print_message ("root %s %s\n", self->roots [index].name, self->roots [index].range);
    for (size_t index = 0; index < self->locked_count; index++)
        print_message ("locked %s %s\n", self->locked [index].name, self->locked [index].version);
    print_message ("%s", self->with_optional ? "with_optional\n" : "");
}

static size_t answers, conflicts, cycles;

static void
check_universe (uint64_t seed)
{
    question_t question = {.arena = arena_new ()};
    state = seed;
    make_question (&question);
    if (getenv ("RESOLVER_SEED"))
        print_question (&question);
    resolver_query_t query = as_query (&question);
    search_t truth = search_all (&query);

    char *answer = answer_text (&query);
    bool solved = strncmp (answer, "error", 5) != 0;
    bool cycle = !strncmp (answer, "error: CIRCULAR_DEPENDENCY", 26);
    if (solved != truth.acyclic_found || cycle != (!truth.acyclic_found && truth.cyclic_found))
        fail_msg ("satisfiable: %d, in a cycle: %d, but was\n%s", truth.acyclic_found,
            truth.cyclic_found, answer);
    *(solved ? &answers : cycle ? &cycles : &conflicts) += 1;

    for (size_t round = 0; round < 3; round++) {
        shuffle (&question);
        char *again = answer_text (&query);
        assert_string_equal (again, answer);
        free (again);
    }
    check_lock_holds (&question, answer);
    free (answer);
    arena_destroy (&question.arena);
}

static uint64_t seed_now;

static int
print_seed (void **unused)
{
    (void) unused;
    print_message ("# last seed %llu: RESOLVER_SEED=%llu resolver_random_test repeats it\n",
        (unsigned long long) seed_now, (unsigned long long) seed_now);
    return 0;
}

static void
random_universes_are_answered_as_a_search_through_all_combinations_answers_them (void **unused)
{
    (void) unused;
    const char *chosen = getenv ("RESOLVER_SEED");
    seed_now = chosen ? strtoull (chosen, NULL, 10) : 1;
    for (size_t count = chosen ? 1 : UNIVERSES; count > 0; count--, seed_now++)
        check_universe (seed_now);
    seed_now--;
    if (!chosen) {
        //  A generator that makes only one kind of universe tests nothing
        assert_true (answers > UNIVERSES / 10);
        assert_true (conflicts > UNIVERSES / 10);
        assert_true (cycles > UNIVERSES / 100);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_teardown (
            random_universes_are_answered_as_a_search_through_all_combinations_answers_them,
            print_seed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
