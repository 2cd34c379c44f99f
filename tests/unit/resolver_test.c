// SPDX-License-Identifier: MIT
//  The resolver on text cases: tests/data/resolver/*.case, whose format is told in basic.case.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>
#include <stdlib.h>

#include "actors/installer/similar.h"
#include "tests/resolver_question.h"

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

static void
a_name_without_its_namespace_is_near_to_the_whole (void **unused)
{
    (void) unused;
    similar_t similar = {.wanted = "palette"};
    const char *const offers [] = {"@samples/palette", "@samples/palettes", "@palette/other", "palete"};
    for (size_t index = 0; index < COUNT_OF (offers); index++)
        similar_offer (&similar, offers [index]);
    assert_int_equal (similar.count, 3);
    assert_string_equal (similar.names [0], "@samples/palette");
    assert_string_equal (similar.names [1], "palete");
    assert_string_equal (similar.names [2], "@samples/palettes");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_case_has_its_expected_answer_in_any_order_of_candidates),
        cmocka_unit_test (more_candidates_than_the_bound_are_refused_unread),
        cmocka_unit_test (more_versions_of_a_name_than_the_solver_can_hold_are_refused),
        cmocka_unit_test (more_ranges_than_can_be_checked_are_refused),
        cmocka_unit_test (a_version_that_is_offered_twice_is_taken_with_the_smaller_digest),
        cmocka_unit_test (edit_distance_counts_a_transposition_once_and_stops_at_the_limit),
        cmocka_unit_test (similar_names_are_offered_nearest_first_and_once),
        cmocka_unit_test (a_name_without_its_namespace_is_near_to_the_whole),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
