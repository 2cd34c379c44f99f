// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/semver_range.h"

#include <stdlib.h>
#include <string.h>

static bool
satisfied (const char *range_text, const char *version_text)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    semver_t version;
    assert_int_equal (semver_range_parse (&range, range_text), OK);
    assert_int_equal (semver_parse (&version, version_text), OK);
    return semver_range_satisfied (range, &version);
}

static void
every_form_is_normalised_to_comparators (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"1.2.3", "1.2.3"},                     {"=v1.2.3+build", "1.2.3"},
        {"^1.2.3", ">=1.2.3 <2.0.0-0"},         {"^0.2.3", ">=0.2.3 <0.3.0-0"},
        {"^0.0.3", ">=0.0.3 <0.0.4-0"},         {"^0.0", "<0.1.0-0"},
        {"^0.0.0", "<0.0.1-0"},                 {"^1.x", ">=1.0.0 <2.0.0-0"},
        {"~1.2.3-rc", ">=1.2.3-rc <1.3.0-0"},   {"~>1", ">=1.0.0 <2.0.0-0"},
        {"~ > 1.2", ">=1.2.0 <1.3.0-0"},        {"1.2.x", ">=1.2.0 <1.3.0-0"},
        {">1.2", ">=1.3.0"},                    {"<=1.2", "<1.3.0-0"},
        {"<1.2.X", "<1.2.0-0"},                 {">=1.2", ">=1.2.0"},
        {"1.2 - 2.3", ">=1.2.0 <2.4.0-0"},      {"1.2.3 - 2.3.4", ">=1.2.3 <=2.3.4"},
        {"* - 2", "<3.0.0-0"},                  {"1.2 - *", ">=1.2.0"},
        {" > 1.0.0   < 2 ", ">1.0.0 <2.0.0-0"}, {"1.0.0 1.0.0", "1.0.0"},
        {"* ^1.2", ">=1.2.0 <2.0.0-0"},         {"^1.2 *", ">=1.2.0 <2.0.0-0"},
        {"1 || 2.0.0", ">=1.0.0 <2.0.0-0||2.0.0"}, {"1.0.0||>x", "1.0.0"},
        {">1.0.0 <*", "<0.0.0-0"},              {"^1.x.5", ">=1.0.0 <2.0.0-0"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        AUTO (semver_range_destroy) semver_range_t *range = NULL;
        assert_int_equal (semver_range_parse (&range, rows [i] [0]), OK);
        assert_string_equal (semver_range_text (range), rows [i] [1]);
        assert_false (semver_range_is_any (range));
    }
}

static void
any_has_many_spellings (void **state)
{
    (void) state;
    static const char *const texts [] = {"", " ", "*", "x", "||", "1.0.0 || *", ">=0.0.0", "^*",
        "X - x",
        ">=x", "* *", ">=0 || <0"};
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        AUTO (semver_range_destroy) semver_range_t *range = NULL;
        assert_int_equal (semver_range_parse (&range, texts [i]), OK);
        assert_true (semver_range_is_any (range));
        assert_string_equal (semver_range_text (range), "*");
    }
}

static void
what_is_no_range_is_refused (void **state)
{
    (void) state;
    static const char *const texts [] = {
        "latest", "^", "~", ">", "1.2.3 -", "- 1.2.3", "1.2.3 - 2.0.0 3.0.0", "=1.2.3 - 2",
        "1 - =2.0.0", "1.x.5", "x.1",
        "01", "1.2.3.4",
        "1.2-rc", "1.2.3-01", "==1.2.3", "vv1.2.3", "=>1", "><1", "^>1", "1 | 2", "../lib",
        "> = 1.2.3",
        "^9007199254740991.0.0", "9007199254740992", "1.2.3+", "git+https://example.org/x.git",
        "1.2.3*"
    };
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        semver_range_t *range = (void *) &range;
        if (semver_range_parse (&range, texts [i]) != VALIDATION)
            fail_msg ("accepted: %s", texts [i]);
        assert_null (range);
    }
}

static void
bounds_are_where_the_operators_put_them (void **state)
{
    (void) state;
    assert_true (satisfied (">=1.2.3 <2.0.0", "1.2.3"));
    assert_false (satisfied (">1.2.3", "1.2.3"));
    assert_true (satisfied ("<=2.0.0", "2.0.0"));
    assert_false (satisfied ("<2.0.0", "2.0.0"));
    assert_true (satisfied ("1.2.3", "1.2.3+build"));
    assert_false (satisfied ("1.2.3", "1.2.4"));
    assert_true (satisfied ("1.0.0 || 3", "3.9.9"));
    assert_false (satisfied ("1.0.0 || 3", "2.0.0"));
    assert_false (satisfied ("<0.0.0-0", "0.0.0"));
}

static void
a_prerelease_needs_a_comparator_with_the_same_numbers (void **state)
{
    (void) state;
    assert_true (satisfied ("^1.2.3-alpha", "1.2.3-beta"));
    assert_false (satisfied ("^1.2.3-alpha", "1.2.4-beta"));
    assert_false (satisfied ("^1.2.3", "1.2.4-beta"));
    assert_false (satisfied ("*", "1.0.0-rc.1"));
    assert_false (satisfied ("<2.0.0", "2.0.0-rc.1"));
    //  The comparator has to be in the alternative that holds.
    assert_false (satisfied (">=1.2.3-alpha <1.2.3-b || >1.0.0", "1.2.3-rc"));
    assert_true (satisfied (">=1.2.3-alpha <1.2.3-b || 1.2.3-rc", "1.2.3-rc"));
}

//  'count' copies of 'piece' behind each other; the caller frees them.
static char *
repeat (const char *piece, size_t count)
{
    size_t size = strlen (piece);
    char *text = malloc (size * count + 1);
    assert_non_null (text);
    for (size_t i = 0; i < count; i++)
        memcpy (text + i * size, piece, size);
    text [size * count] = 0;
    return text;
}

static code_t
parse_repeated (const char *piece, size_t count)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    char *text = repeat (piece, count);
    code_t code = semver_range_parse (&range, text);
    free (text);
    return code;
}

static void
text_and_alternatives_are_bounded (void **state)
{
    (void) state;
    assert_int_equal (parse_repeated (" ", SEMVER_RANGE_TEXT_MAX), OK);
    assert_int_equal (parse_repeated (" ", SEMVER_RANGE_TEXT_MAX + 1), VALIDATION);
    assert_int_equal (parse_repeated ("* ", SEMVER_RANGE_TEXT_MAX / 2), OK);
    assert_int_equal (parse_repeated ("||", SEMVER_RANGE_SETS_MAX - 1), OK);
    assert_int_equal (parse_repeated ("||", SEMVER_RANGE_SETS_MAX), VALIDATION);
}

static void
comparators_of_an_alternative_are_bounded (void **state)
{
    (void) state;
    char text [SEMVER_RANGE_COMPARATORS_MAX * 8 + 16] = "", *at = text;
    for (int i = 0; i < SEMVER_RANGE_COMPARATORS_MAX; i++) {
        memcpy (at, ">0.0.10 ", 8);
        at [5] = (char) ('1' + i / 10);
        at [6] = (char) ('0' + i % 10);
        at += 8;
    }
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    assert_int_equal (semver_range_parse (&range, text), OK);
    semver_range_destroy (&range);
    assert_null (range);
    strcpy (at, ">1.0.0");
    assert_int_equal (semver_range_parse (&range, text), VALIDATION);
}

static void
build_metadata_of_a_bound_has_no_limit (void **state)
{
    (void) state;
    char *build = repeat ("a", 1000), text [1100];
    strcpy (stpcpy (text, "^1.2.3+"), build);
    free (build);
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    assert_int_equal (semver_range_parse (&range, text), OK);
    assert_string_equal (semver_range_text (range), ">=1.2.3 <2.0.0-0");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_form_is_normalised_to_comparators),
        cmocka_unit_test (any_has_many_spellings),
        cmocka_unit_test (what_is_no_range_is_refused),
        cmocka_unit_test (bounds_are_where_the_operators_put_them),
        cmocka_unit_test (a_prerelease_needs_a_comparator_with_the_same_numbers),
        cmocka_unit_test (text_and_alternatives_are_bounded),
        cmocka_unit_test (comparators_of_an_alternative_are_bounded),
        cmocka_unit_test (build_metadata_of_a_bound_has_no_limit),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
