// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/toml.h"
#include "messages/base.h"

static void
assert_reads_as (const char *text, const char *expected)
{
    toml_error_t error;
    json_t *json = toml_parse (text, strlen (text), NULL, &error);
    if (!json)
        fail_msg ("%u:%u: %s", error.line, error.column, error.reason);
    char *got = json_dumps (json, JSON_COMPACT);
    assert_string_equal (got, expected);
    free (got);
    json_decref (json);
}

static void
assert_refused_at (const char *text, size_t size, unsigned line, unsigned column, const char *why)
{
    toml_error_t error;
    json_t *lines = (json_t *) &error;
    assert_null (toml_parse (text, size, &lines, &error));
    assert_null (lines);
    if (error.line != line || error.column != column || !strstr (error.reason, why))
        fail_msg ("%.*s: got %u:%u: %s", (int) size, text, error.line, error.column, error.reason);
}

#define assert_refused(text, line, column, why)                                                    \
    assert_refused_at (text, strlen (text), line, column, why)

static void
every_kind_of_value_has_its_json (void **state)
{
    (void) state;
    assert_reads_as ("a = 1\nb = 1.5\nc = true\nd = 'x'\ne = [1, [2]]\nf = {g = 1}\n",
                     "{\"a\":1,\"b\":1.5,\"c\":true,\"d\":\"x\",\"e\":[1,[2]],\"f\":{\"g\":1}}");
    assert_reads_as ("a = -9223372036854775808", "{\"a\":-9223372036854775808}");
    assert_reads_as ("a = 3.0", "{\"a\":3.0}");
    assert_reads_as ("d = 2026-11-20\nt = 05:46:00\nx = 2026-11-20T05:46:00Z",
                     "{\"d\":\"2026-11-20\",\"t\":\"05:46:00\",\"x\":\"2026-11-20T05:46:00Z\"}");
    assert_reads_as ("[[n]]\na = 1\n[[n]]\na = 2\n", "{\"n\":[{\"a\":1},{\"a\":2}]}");
    assert_reads_as ("", "{}");
    assert_reads_as ("a = \"\"\"\\\n  ä\"\"\" # ä", "{\"a\":\"ä\"}");
}

static void
keys_keep_the_order_of_the_text (void **state)
{
    (void) state;
    assert_reads_as ("z = 1\n[m]\nb = 1\na = 2\n[a.c]\nx = 1\n",
                     "{\"z\":1,\"m\":{\"b\":1,\"a\":2},\"a\":{\"c\":{\"x\":1}}}");
    assert_reads_as ("t = {z = 1, a = 2}", "{\"t\":{\"z\":1,\"a\":2}}");
}

static void
an_error_has_its_line_and_column (void **state)
{
    (void) state;
    assert_refused ("a = \n", 1, 5, "");
    assert_refused ("a = 1\nb = 2\nb = 3\n", 3, 5, "b");
    assert_refused ("[generation]\nframeworks = {\n  rust = \"axum\",\n}\n", 2, 15, "");
    assert_refused ("a = \"\xff\"", 1, 5, "utf-8");
    assert_refused ("ok = 1\nname = inf", 2, 8, "inf");
    assert_refused ("a = nan", 1, 5, "nan");
    assert_refused ("x = 1\na = \"1\\u00002\"", 2, 5, "NUL");
    assert_refused ("größe = 1", 1, 3, "");
    assert_refused ("[[[a]]]", 1, 1, "not TOML");
    assert_refused ("x = 1\n\n[[=\ny = 2\n", 3, 1, "not TOML");
    assert_refused ("\"k\\u0000\" = 1", 1, 1, "NUL");
    assert_refused_at ("a = 1\0", 6, 1, 6, "");
}

static void
lines_tell_where_each_key_stands (void **state)
{
    (void) state;
    const char *text = "top = 1\n\n[storage]\n# a comment\nmax_cache_size = 5\n"
                       "[[peers]]\naddress = 'x'\n[a.b]\nc.d = 1\n";
    toml_error_t error;
    json_t *lines;
    json_t *json = toml_parse (text, strlen (text), &lines, &error);
    assert_non_null (json);
    char *got = json_dumps (lines, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal (got, "{\"a\":8,\"a.b\":8,\"a.b.c\":9,\"a.b.c.d\":9,\"peers\":6,"
                              "\"storage\":3,\"storage.max_cache_size\":5,\"top\":1}");
    free (got);
    json_decref (lines);
    json_decref (json);
}

//  'size' bytes that repeat 'unit' after 'head'.
static char *
repeated (const char *head, const char *unit, size_t size)
{
    char *text = malloc (size);
    assert_non_null (text);
    size_t head_size = strlen (head), unit_size = strlen (unit);
    for (size_t at = 0; at < size; at++)
        text [at] = at < head_size ? head [at] : unit [(at - head_size) % unit_size];
    return text;
}

static void
assert_refused_when_repeated (const char *head, const char *unit, size_t size, unsigned line,
                              const char *why)
{
    char *text = repeated (head, unit, size);
    toml_error_t error;
    assert_null (toml_parse (text, size, NULL, &error));
    assert_int_equal (error.line, line);
    if (!strstr (error.reason, why))
        fail_msg ("'%s' lacks '%s'", error.reason, why);
    free (text);
}

static void
given_hostile_depth_or_size_when_parsed_then_it_is_refused (void **state)
{
    (void) state;
    const size_t whole = TOML_TEXT_MAX;
    assert_refused_when_repeated ("a=", "[", 60000, 1, "nest");
    assert_refused_when_repeated ("a=", "{a=", 30000, 1, "nest");
    assert_refused_when_repeated ("\n[", "a.", whole, 2, "32 parts");
    assert_refused_when_repeated ("\n", "a.", whole, 2, "32 parts");
    assert_refused_when_repeated ("a=", "[", whole, 1, "too many");
    assert_refused_when_repeated ("a=[", "[],", whole, 1, "too many");
    assert_refused_when_repeated ("#", "x", whole + 1, 0, "1 MiB");
}

static void
dots_in_strings_and_comments_are_no_depth (void **state)
{
    (void) state;
    const char *forms [] = {
        "a = \"%s\"\n",   "a = '%s'\n",         "a = \"\"\"%s\"\"\"\"\"\n", "a = '''\n%s''''\n",
        "# %s\na = 'b'\n", "a = \"\\\"%s\"\n", "a = ''#%s\n",           "\"%s\" = 1",
    };
    char *dots = repeated ("", ".", 201);
    dots [200] = 0;
    for (size_t i = 0; i < COUNT_OF (forms); i++) {
        char text [400];
        //  The form is from the table above.
        char *mark = strstr (strcpy (text, forms [i]), "%s");
        char tail [64];
        strcpy (tail, mark + 2);
        strcpy (stpcpy (mark, dots), tail);
        toml_error_t error;
        json_t *json = toml_parse (text, strlen (text), NULL, &error);
        if (!json)
            fail_msg ("%s: %u:%u: %s", forms [i], error.line, error.column, error.reason);
        json_decref (json);
    }
    free (dots);
    //  Where the string ends, counting starts again.
    char text [400];
    strcpy (stpcpy (stpcpy (text, "a = '''x'''''\n"), "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b."),
            "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b = 1");
    assert_refused (text, 2, 1, "32 parts");
    strcpy (stpcpy (stpcpy (text, "a = {s = '''x'''', "), "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b."),
            "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b = 1}");
    assert_refused (text, 1, 1, "32 parts");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_kind_of_value_has_its_json),
        cmocka_unit_test (keys_keep_the_order_of_the_text),
        cmocka_unit_test (an_error_has_its_line_and_column),
        cmocka_unit_test (lines_tell_where_each_key_stands),
        cmocka_unit_test (given_hostile_depth_or_size_when_parsed_then_it_is_refused),
        cmocka_unit_test (dots_in_strings_and_comments_are_no_depth),
    };
    return cmocka_run_group_tests_name ("toml", tests, NULL, NULL);
}
