// SPDX-License-Identifier: MIT
//  JSON documents as YAML.
#include "cli/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
expect (const char *json, const char *yaml)
{
    char *text = NULL;
    size_t size = 0;
    json_t *document = json_loads (json, JSON_DECODE_ANY, NULL);
    FILE *out = open_memstream (&text, &size);
    assert_non_null (document);
    yaml_write (out, document);
    fclose (out);
    assert_string_equal (text, yaml);
    free (text);
    json_decref (document);
}

static void
members_and_lists_are_blocks (void **state)
{
    (void) state;
    expect ("{\"peers\": [{\"id\": \"a\", \"rtt\": null, \"tags\": [\"x\", \"y\"]}, {\"id\": \"b\"}],"
            " \"total\": 2}",
            "peers:\n"
            "  - id: \"a\"\n"
            "    rtt: null\n"
            "    tags:\n"
            "      - \"x\"\n"
            "      - \"y\"\n"
            "  - id: \"b\"\n"
            "total: 2\n");
}

static void
what_is_empty_stands_in_its_line (void **state)
{
    (void) state;
    expect ("{\"peers\": [], \"more\": {}}", "peers: []\nmore: {}\n");
    expect ("[]", "[]\n");
    expect ("[[1, 2], [3]]", "- - 1\n  - 2\n- - 3\n");
}

static void
texts_that_mean_something_in_yaml_stay_texts (void **state)
{
    (void) state;
    expect ("{\"a\": \"yes\", \"b\": \"1: 2 # 3\", \"c\": \"two\\nlines\"}",
            "a: \"yes\"\nb: \"1: 2 # 3\"\nc: \"two\\nlines\"\n");
    expect ("{\"score\": 0.85}", "score: 0.85\n");
}

//  Lists in lists, one element each: so many blocks, and what is deeper is written as it would be in JSON.
static void
what_is_too_deep_stands_in_its_line (void **state)
{
    (void) state;
    enum { BLOCKS = 32, LISTS = 40 };
    char json [2 * LISTS + 2], yaml [2 * LISTS + 3];
    memset (json, '[', LISTS);
    json [LISTS] = '1';
    memset (json + LISTS + 1, ']', LISTS);
    json [2 * LISTS + 1] = 0;
    for (unsigned at = 0; at < BLOCKS; at++)
        memcpy (yaml + 2 * at, "- ", 2);
    snprintf (yaml + 2 * BLOCKS, sizeof yaml - 2 * BLOCKS, "[[[[[[[[1]]]]]]]]\n");
    expect (json, yaml);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (members_and_lists_are_blocks),
        cmocka_unit_test (what_is_empty_stands_in_its_line),
        cmocka_unit_test (what_is_too_deep_stands_in_its_line),
        cmocka_unit_test (texts_that_mean_something_in_yaml_stay_texts),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
