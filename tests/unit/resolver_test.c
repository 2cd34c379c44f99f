// SPDX-License-Identifier: MIT
//  The resolver on text cases (tests/data/resolver/*.case; the format is in basic.case), and on
//  small random universes against a search through all combinations.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>
#include <stdlib.h>

#include "actors/installer/resolver_explain.h"
#include "actors/installer/similar.h"
#include "tests/resolver_check.h"

//  ---- a seeded generator ------------------------------------------------------------------------

static uint64_t state;

//  SplitMix64 (Steele, Lea & Flood 2014).
static uint32_t
draw (uint32_t below)
{
    uint64_t mixed = state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t) ((mixed ^ (mixed >> 31)) >> 32) % below;
}

//  ---- questions ---------------------------------------------------------------------------------

typedef struct {
    arena_t *arena;
    const Ggen__Package **packages;
    size_t packages_count, packages_room;
    resolver_root_t *roots;
    size_t roots_count, roots_room;
    resolver_locked_t *locked;
    size_t locked_count, locked_room;
    const char **known;
    size_t known_count, known_room;
    bool with_optional, ignore_dependencies;
} question_t;

static resolver_query_t
as_query (const question_t *self)
{
    return (resolver_query_t) {
        .candidates = self->packages, .candidates_count = self->packages_count,
        .roots = self->roots, .roots_count = self->roots_count,
        .locked = self->locked, .locked_count = self->locked_count,
        .known_names = self->known, .known_names_count = self->known_count,
        .with_optional = self->with_optional, .ignore_dependencies = self->ignore_dependencies};
}

static Ggen__Package *
add_package (question_t *self, const char *id, const char *version, bool yanked)
{
    Ggen__Package *package = arena_alloc (self->arena, sizeof *package);
    ggen__package__init (package);
    package->id = arena_strdup (self->arena, id);
    package->version = arena_strdup (self->arena, version);
    package->yanked = yanked;
    ARENA_PUSH (self->arena, self->packages, self->packages_count, self->packages_room, package);
    return package;
}

static void
add_need (question_t *self, Ggen__Package *package, const char *name, const char *range,
    bool optional)
{
    size_t size = package->n_dependencies * sizeof (void *);
    Ggen__Dependency *need = arena_alloc (self->arena, sizeof *need);
    Ggen__Dependency **needs = arena_alloc (self->arena, size + sizeof (void *));
    ggen__dependency__init (need);
    need->name = arena_strdup (self->arena, name);
    need->requirement = arena_strdup (self->arena, range);
    need->optional = optional;
    if (size)
        memcpy (needs, package->dependencies, size);
    needs [package->n_dependencies++] = need;
    package->dependencies = needs;
}

static void
shuffle (question_t *self)
{
    for (size_t index = self->packages_count; index > 1; index--) {
        size_t other = draw ((uint32_t) index);
        const Ggen__Package *package = self->packages [index - 1];
        self->packages [index - 1] = self->packages [other];
        self->packages [other] = package;
    }
    for (size_t index = self->roots_count; index > 1; index--) {
        size_t other = draw ((uint32_t) index);
        resolver_root_t root = self->roots [index - 1];
        self->roots [index - 1] = self->roots [other];
        self->roots [other] = root;
    }
}

//  ---- answers as text ---------------------------------------------------------------------------

static bool
accepts (const resolver_reason_t *reason, const char *name, const char *version)
{
    for (size_t index = 0; index < reason->fits_count; index++)
        if (!strcmp (reason->name, name) && !strcmp (reason->fits [index], version))
            return true;
    return false;
}

//  A derivation speaks only of versions that another of its steps leads to.
static void
check_is_led_to (const resolver_failure_t *failure, const resolver_reason_t *reason)
{
    for (size_t version = 0; version < reason->versions_count; version++) {
        bool found = false;
        for (size_t index = 0; index < failure->reasons_count; index++)
            found = found || (!failure->reasons [index].optional
                && accepts (&failure->reasons [index], reason->dependant, reason->versions [version]));
        assert_true (found);
    }
}

static void
check_failure (const resolver_query_t *query, const resolver_failure_t *failure)
{
    if (failure->code != DEPENDENCY)
        return;
    assert_true (check_reasons_contradict (query, failure, SIZE_MAX));
    for (size_t index = 0; index < failure->reasons_count; index++)
        check_is_led_to (failure, &failure->reasons [index]);
    for (size_t skip = 0; skip < failure->reasons_count; skip++)
        assert_false (check_reasons_contradict (query, failure, skip));
}

//  Solve and judge the answer: "a@1.0.0\nb@2.0.0\n", or "error: CODE\n", the explanation, "hint:
//  ...\n".
static char *
answer_text (const resolver_query_t *query)
{
    const Ggen__Package **chosen = NULL;
    size_t count = 0;
    resolver_failure_t *failure = NULL;
    code_t code = resolver_solve (query, &chosen, &count, &failure);
    char *text = strdup ("");
    for (size_t index = 0; index < count; index++) {
        char *longer = NULL;
        assert_true (asprintf (&longer, "%s%s@%s\n", text, chosen [index]->id,
            chosen [index]->version) > 0);
        free (text);
        text = longer;
    }
    if (code == OK) {
        assert_null (failure);
        const char *wrong = check_answer (query, (const Ggen__Package *const *) chosen, count);
        if (wrong)
            fail_msg ("%s:\n%s", wrong, text);
    }
    else {
        assert_int_equal (failure->code, code);
        check_failure (query, failure);
        char *why = resolver_explain (failure), *hint = resolver_explain_hint (failure);
        free (text);
        assert_true (asprintf (&text, "error: %s\n%s\nhint: %s\n", code_name (code), why,
            hint) > 0);
        free (why);
        free (hint);
    }
    free (chosen);
    resolver_failure_destroy (&failure);
    assert_null (failure);
    return text;
}

//  ---- text cases --------------------------------------------------------------------------------

static char *
next_word (char **at)
{
    *at += strspn (*at, " ");
    char *word = *at;
    *at += strcspn (*at, " ");
    if (**at)
        *(*at)++ = '\0';
    *at += strspn (*at, " ");
    return word;
}

//  "NAME VERSION [yanked] ; NAME[?] RANGE ; ..."
static void
read_repo_line (question_t *self, char *line)
{
    char *rest = line, *head = strsep (&rest, ";");
    char *name = next_word (&head), *version = next_word (&head);
    bool yanked = !strcmp (next_word (&head), "yanked");
    Ggen__Package *package = add_package (self, name, version, yanked);
    for (char *need; (need = strsep (&rest, ";"));) {
        char *target = next_word (&need);
        size_t size = strlen (target);
        bool optional = target [size - 1] == '?';
        if (optional)
            target [size - 1] = '\0';
        for (size_t end = strlen (need); end && need [end - 1] == ' '; end--)
            need [end - 1] = '\0';
        add_need (self, package, target, need, optional);
    }
}

static void
read_line (question_t *self, char *line)
{
    char *verb = next_word (&line);
    if (!strcmp (verb, "repo"))
        read_repo_line (self, line);
    else if (!strcmp (verb, "root")) {
        resolver_root_t root = {next_word (&line), line};
        ARENA_PUSH (self->arena, self->roots, self->roots_count, self->roots_room, root);
    }
    else if (!strcmp (verb, "locked")) {
        resolver_locked_t locked = {next_word (&line), line};
        ARENA_PUSH (self->arena, self->locked, self->locked_count, self->locked_room, locked);
    }
    else if (!strcmp (verb, "known"))
        ARENA_PUSH (self->arena, self->known, self->known_count, self->known_room, line);
    else if (!strcmp (verb, "with_optional"))
        self->with_optional = true;
    else if (!strcmp (verb, "ignore_dependencies"))
        self->ignore_dependencies = true;
    else if (*verb && *verb != '#')
        fail_msg ("unknown word in a case: %s", verb);
}

static char *
read_file (arena_t *arena, const char *path)
{
    FILE *stream = fopen (path, "rb");
    assert_non_null (stream);
    char *text = arena_alloc (arena, 1 << 16);
    size_t size = fread (text, 1, (1 << 16) - 1, stream);
    assert_true (size > 0 && feof (stream));
    fclose (stream);
    return text;
}

static void
run_case (const char *path)
{
    question_t question = {.arena = arena_new ()};
    AUTO (arena_destroy) arena_t *arena = question.arena;
    char *text = read_file (arena, path), *expected = strstr (text, "\nexpect\n");
    if (!expected)
        fail_msg ("%s: no line \"expect\"", path);
    *expected = '\0';
    expected += strlen ("\nexpect\n");
    for (char *line; (line = strsep (&text, "\n"));)
        read_line (&question, line);

    for (size_t round = 0; round < 8; round++) {
        resolver_query_t query = as_query (&question);
        char *actual = answer_text (&query);
        if (strcmp (actual, expected))
            fail_msg ("%s (order %zu): expected\n%s--- but was\n%s---", path, round, expected,
                actual);
        free (actual);
        state = round;
        shuffle (&question);
    }
}

static void
every_case_has_its_expected_answer_in_any_order_of_candidates (void **unused)
{
    (void) unused;
    char pattern [4096];
    const char *data = getenv ("TESTS_DATA");
    snprintf (pattern, sizeof pattern, "%s/resolver/*.case", data ? data : "tests/data");
    glob_t found;
    assert_int_equal (glob (pattern, 0, NULL, &found), 0);
    assert_true (found.gl_pathc >= 25);
    for (size_t index = 0; index < found.gl_pathc; index++)
        run_case (found.gl_pathv [index]);
    globfree (&found);
}

//  ---- random universes --------------------------------------------------------------------------

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
    print_message ("# last seed %llu: RESOLVER_SEED=%llu resolver_test repeats it\n",
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

//  ---- bounds and names --------------------------------------------------------------------------

static void
more_candidates_than_the_bound_are_refused_unread (void **unused)
{
    (void) unused;
    resolver_query_t query = {.candidates_count = RESOLVER_CANDIDATES_MAX + 1};
    char *text = answer_text (&query);
    assert_string_equal (text,
        "error: VALIDATION\nmore candidates than the resolver takes\nhint: \n");
    free (text);
}

static void
more_versions_of_a_name_than_the_solver_can_hold_are_refused (void **unused)
{
    (void) unused;
    question_t question = {.arena = arena_new ()};
    AUTO (arena_destroy) arena_t *arena = question.arena;
    for (unsigned index = 0; index < 6000; index++) {
        char version [32];
        snprintf (version, sizeof version, "1.0.%u", index);
        add_package (&question, "a", version, false);
    }
    resolver_root_t root = {"a", "*"};
    ARENA_PUSH (arena, question.roots, question.roots_count, question.roots_room, root);
    resolver_query_t query = as_query (&question);
    char *text = answer_text (&query);
    assert_string_equal (text,
        "error: VALIDATION\nmore versions than the resolver takes\nhint: \n");
    free (text);
    question.roots [0].range = "<1.0.2";        //  Those that nothing accepts do not count
    text = answer_text (&query);
    assert_string_equal (text, "a@1.0.1\n");
    free (text);
}

static void
more_ranges_than_can_be_checked_are_refused (void **unused)
{
    (void) unused;
    question_t question = {.arena = arena_new ()};
    AUTO (arena_destroy) arena_t *arena = question.arena;
    char text [32];
    for (unsigned index = 0; index < 4000; index++) {
        snprintf (text, sizeof text, "1.0.%u", index);
        add_package (&question, "a", text, false);
    }
    Ggen__Package *app = add_package (&question, "app", "1.0.0", false);
    app->dependencies = arena_alloc (arena, 4200 * sizeof (void *));
    for (unsigned index = 0; index < 4200; index++) {
        Ggen__Dependency *need = arena_alloc (arena, sizeof *need);
        ggen__dependency__init (need);
        snprintf (text, sizeof text, ">9.0.%u", index);
        need->name = arena_strdup (arena, "a");
        need->requirement = arena_strdup (arena, text);
        app->dependencies [app->n_dependencies++] = need;
    }
    resolver_root_t root = {"app", "*"};
    ARENA_PUSH (arena, question.roots, question.roots_count, question.roots_room, root);
    resolver_query_t query = as_query (&question);
    char *answer = answer_text (&query);
    assert_string_equal (answer,
        "error: VALIDATION\nmore dependencies than the resolver takes\nhint: \n");
    free (answer);
}

static void
a_version_that_is_offered_twice_is_taken_with_the_smaller_digest (void **unused)
{
    (void) unused;
    question_t question = {.arena = arena_new ()};
    AUTO (arena_destroy) arena_t *arena = question.arena;
    uint8_t low [32] = {1}, high [32] = {2};
    Ggen__Package *first = add_package (&question, "a", "1.0.0", false);
    Ggen__Package *second = add_package (&question, "a", "1.0.0", false);
    first->sha256 = (ProtobufCBinaryData) {sizeof high, high};
    second->sha256 = (ProtobufCBinaryData) {sizeof low, low};
    resolver_root_t root = {"a", "*"};
    ARENA_PUSH (arena, question.roots, question.roots_count, question.roots_room, root);
    for (size_t round = 0; round < 2; round++) {
        resolver_query_t query = as_query (&question);
        const Ggen__Package **chosen = NULL;
        size_t count = 0;
        resolver_failure_t *failure = NULL;
        assert_int_equal (resolver_solve (&query, &chosen, &count, &failure), OK);
        assert_int_equal (count, 1);
        assert_ptr_equal (chosen [0], second);
        free (chosen);
        question.packages [0] = second;
        question.packages [1] = first;
    }
}

static void
edit_distance_counts_a_transposition_once_and_stops_at_the_limit (void **unused)
{
    (void) unused;
    assert_int_equal (similar_distance ("kitten", "sitting", 5), 3);
    assert_int_equal (similar_distance ("clap", "calp", 5), 1);
    assert_int_equal (similar_distance ("Clap", "cLAP", 5), 0);
    assert_int_equal (similar_distance ("", "abc", 5), 3);
    assert_int_equal (similar_distance ("abc", "xyz", 1), 2);
    assert_int_equal (similar_distance ("ab", "abcdef", 2), 3);
}

static void
similar_names_are_offered_nearest_first_and_once (void **unused)
{
    (void) unused;
    similar_t similar = {.wanted = "template"};
    const char *const offers [] = {"templates", "tempalte", "zzz", "templates", "temple", "tmplate",
        "template"};
    for (size_t index = 0; index < COUNT_OF (offers); index++)
        similar_offer (&similar, offers [index]);
    assert_int_equal (similar.count, 3);
    assert_string_equal (similar.names [0], "tempalte");
    assert_string_equal (similar.names [1], "templates");
    assert_string_equal (similar.names [2], "tmplate");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_case_has_its_expected_answer_in_any_order_of_candidates),
        cmocka_unit_test_teardown (
            random_universes_are_answered_as_a_search_through_all_combinations_answers_them,
            print_seed),
        cmocka_unit_test (more_candidates_than_the_bound_are_refused_unread),
        cmocka_unit_test (more_versions_of_a_name_than_the_solver_can_hold_are_refused),
        cmocka_unit_test (more_ranges_than_can_be_checked_are_refused),
        cmocka_unit_test (a_version_that_is_offered_twice_is_taken_with_the_smaller_digest),
        cmocka_unit_test (edit_distance_counts_a_transposition_once_and_stops_at_the_limit),
        cmocka_unit_test (similar_names_are_offered_nearest_first_and_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
