// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/ignore.h"

//  'path' with a trailing slash is a directory.
static bool
ignored (const char *patterns, const char *path)
{
    ignore_t *ignore = NULL;
    assert_int_equal (ignore_parse (patterns, strlen (patterns), &ignore), OK);
    char copy [256];
    snprintf (copy, sizeof copy, "%s", path);
    size_t size = strlen (copy);
    bool directory = copy [size - 1] == '/';
    copy [size - directory] = 0;
    bool matches = ignore_matches (ignore, copy, directory);
    ignore_destroy (&ignore);
    return matches;
}

static const struct {
    const char *patterns, *path;
    bool ignored;
} cases [] = {
    {"", "a", false},
    {"a", "a", true},
    {"a", "x/y/a", true},               //  No slash: a name at any depth
    {"a", "ab", false},
    {"a\r\n", "a", true},
    {"# a", "# a", false},
    {"\\# a", "# a", true},
    {"\\!a", "!a", true},
    {"a  ", "a", true},
    {"a\\ ", "a ", true},
    {"a\\ ", "a", false},
    {"*.o", "x/y.o", true},
    {"*.o", "y.os", false},
    {"*", "x/y", true},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "aXcYb", false},
    {"?.c", "a.c", true},
    {"?.c", "\xc3\xa9.c", false},       //  Two bytes, as git counts
    {"?.c", "ab.c", false},
    {"[a-c].h", "b.h", true},
    {"[a-c].h", "d.h", false},
    {"[!a-c].h", "d.h", true},
    {"[^a-c].h", "b.h", false},
    {"[]x]", "]", true},
    {"[a", "[a", false},                //  No end: matches nothing
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"/a", "a", true},
    {"/a", "x/a", false},
    {"x/a", "x/a", true},
    {"x/a", "y/x/a", false},            //  A slash inside: from the top
    {"/x/*", "x/a", true},
    {"/x/*", "x/a/b", false},           //  The star stops at the slash (the walk stops at x/a)
    {"x/*.c", "x/a/b.c", false},
    {"d/", "d/", true},
    {"d/", "d", false},
    {"d/", "x/d/", true},
    {"**/a", "a", true},
    {"**/a", "x/y/a", true},
    {"**/x/a", "q/x/a", true},
    {"x/**", "x/a/b", true},
    {"x/**", "x", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "a/xb", false},
    {"a/**/b/**/c", "a/b/1/b/2/c", true},
    {"a**b", "axxb", true},
    {"/a**b", "a/b", false},            //  Not a whole component: a plain star
    {"*.log\n!keep.log", "keep.log", false},
    {"*.log\n!keep.log", "x/other.log", true},
    {"!keep.log\n*.log", "keep.log", true},     //  The last line decides
    {"!x", "x", false},
    {"/", "a", false},
    {"/**/*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
};

static void
patterns_match_as_gitignore_says (void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF (cases); i++)
        if (ignored (cases [i].patterns, cases [i].path) != cases [i].ignored)
            fail_msg ("'%s' on '%s'", cases [i].patterns, cases [i].path);
}

static void
too_many_or_too_long_patterns_are_refused (void **state)
{
    (void) state;
    static char text [IGNORE_FILE_SIZE_MAX + 1];
    ignore_t *ignore;
    memset (text, 'a', sizeof text);
    assert_int_equal (ignore_parse (text, IGNORE_PATTERN_SIZE_MAX, &ignore), OK);
    ignore_destroy (&ignore);
    assert_int_equal (ignore_parse (text, IGNORE_PATTERN_SIZE_MAX + 1, &ignore), VALIDATION);
    for (size_t i = 1; i < sizeof text; i += 2)
        text [i] = '\n';
    assert_int_equal (ignore_parse (text, 2 * IGNORE_PATTERNS_MAX, &ignore), OK);
    ignore_destroy (&ignore);
    assert_int_equal (ignore_parse (text, 2 * IGNORE_PATTERNS_MAX + 1, &ignore), VALIDATION);
    assert_int_equal (ignore_parse (text, sizeof text, &ignore), VALIDATION);
    assert_null (ignore);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (patterns_match_as_gitignore_says),
        cmocka_unit_test (too_many_or_too_long_patterns_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
