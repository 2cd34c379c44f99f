// SPDX-License-Identifier: MIT
//  The language of scenario files (lib/script.h), and what stands in the repository of them.
#include "lib/check.h"
#include "lib/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static char why[256];

static script_t *
parse (const char *text)
{
    why[0] = 0;
    return script_parse (SCRIPT_SIM, "x.scn", text, why, sizeof why);
}

static rng_t
stream (void)
{
    const uint8_t key[RNG_KEY_BYTES] = {7};
    rng_t rng;
    rng_init (&rng, key);
    return rng;
}

static void
arguments_stand_at_their_place_or_behind_their_name (void **state)
{
    (void) state;
    script_t *script = parse ("# nothing\n\n  cut 50% for 2m at 1500ms  # halves\nnodes 12\n");
    assert_non_null (script);
    assert_int_equal (script->count, 2);
    const script_line_t *cut = &script->lines[0];
    rng_t rng = stream ();
    assert_int_equal (cut->verb->id, VERB_CUT);
    assert_int_equal (cut->line, 3);
    assert_true (script_value (cut, "<who>")->share);
    assert_true (script_number (cut, "<who>", 0, &rng) == 0.5);
    assert_true (script_number (cut, "at", 0, &rng) == 1.5);
    assert_true (script_number (cut, "for", 0, &rng) == 120);
    assert_ptr_equal (script_find (script, VERB_NODES), &script->lines[1]);
    assert_null (script_find (script, VERB_CHURN));
    script_destroy (&script);
    assert_null (script);
}

static void
numbers_have_their_units (void **state)
{
    (void) state;
    script_t *script = parse ("churn 36%/h from 1h until 2d\nread full 6/m\njoin rest\n"
                              "expect lookups >= 99.9%\n");
    rng_t rng = stream ();
    assert_non_null (script);
    assert_float_equal (script_number (&script->lines[0], "<share>", 0, &rng), 0.0001, 1e-9);
    assert_true (script_number (&script->lines[0], "until", 0, &rng) == 172800);
    assert_float_equal (script_number (&script->lines[1], "<rate>", 0, &rng), 0.1, 1e-9);
    assert_true (script_number (&script->lines[1], "from", 42, &rng) == 42);
    assert_true (script_value (&script->lines[2], "<who>")->rest);
    assert_float_equal (script_number (&script->lines[3], "<value>", 0, &rng), 0.999, 1e-9);
    script_destroy (&script);
}

static void
a_range_is_drawn_between_its_ends (void **state)
{
    (void) state;
    script_t *script = parse ("maybe 40% kill 3..9 for 1s..2m\n");
    rng_t rng = stream ();
    double lowest = 9, highest = 3;
    assert_non_null (script);
    assert_float_equal (script->lines[0].chance, 0.4, 1e-9);
    for (unsigned i = 0; i < 1000; i++) {
        double number = script_number (&script->lines[0], "<who>", 0, &rng);
        assert_true (number >= 3 && number <= 9);
        lowest = number < lowest ? number : lowest;
        highest = number > highest ? number : highest;
    }
    assert_true (lowest < 3.1 && highest > 8.9);
    script_destroy (&script);
}

static void
what_is_wrong_is_told_with_its_line (void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {{"nodes 3\nfly 3\n", "x.scn:2: there is no verb fly"},
                 {"nodes\n", "x.scn:1: <count> is missing: a number"},
                 {"nodes many\n", "x.scn:1: <count> is many: that is not a number"},
                 {"nodes 3s\n", "x.scn:1: <count> is 3s: that is not a number"},
                 {"cut 50% at 5\n", "x.scn:1: at is 5: that is not a time, as 300ms, 20s, 5m, 2h or 30d"},
                 {"cut 50% in 5m\n", "x.scn:1: cut has no in"},
                 {"cut 50% at 5m at 6m\n", "x.scn:1: at is given twice"},
                 {"slow 3\n", "x.scn:1: slow needs by"},
                 {"freeze 9..3\n", "x.scn:1: 9..3 ends before it begins"},
                 {"\n\nmaybe 30%\n", "x.scn:3: maybe what?"},
                 {"churn 30%\n", "x.scn:1: <share> is 30%: that is not a turnover, as 30%/h"}};
    (void) state;
    for (unsigned i = 0; i < COUNT_OF (cases); i++) {
        assert_null (parse (cases[i].text));
        assert_string_equal (why, cases[i].why);
    }
}

//  ---- the documents -------------------------------------------------------------------------------

static char *
read_document (const char *name)
{
    char path[512];
    const char *data = getenv ("TESTS_DATA");
    snprintf (path, sizeof path, "%s/../../docs/%s", data ? data : "tests/data", name);
    FILE *file = fopen (path, "r");
    char *text = calloc (1, 1 << 18);
    assert_non_null (file);
    assert_non_null (text);
    assert_true (fread (text, 1, (1 << 18) - 1, file) > 0);
    fclose (file);
    return text;
}

static void
assert_told (const char *document, const char *text, const char *name)
{
    char quoted[80];
    snprintf (quoted, sizeof quoted, "`%s", name);
    if (!strstr (text, quoted))
        fail_msg ("docs/%s says nothing of %s", document, name);
}

static void
every_verb_and_checker_is_in_the_document (void **state)
{
    (void) state;
    static const char simulator[] = "SIMULATION.md", harness[] = "HARNESS.md";
    char *of_simulator = read_document (simulator), *of_harness = read_document (harness);
    for (unsigned i = 0; script_verb (i); i++) {
        if (script_verb (i)->program != SCRIPT_HARNESS)
            assert_told (simulator, of_simulator, script_verb (i)->name);
        if (script_verb (i)->program != SCRIPT_SIM)
            assert_told (harness, of_harness, script_verb (i)->name);
    }
    for (unsigned i = 0; check_at (i); i++)
        assert_told (simulator, of_simulator, check_at (i)->name);
    free (of_simulator);
    free (of_harness);
}

static void
a_verb_or_argument_of_the_other_program_is_none (void **state)
{
    (void) state;
    script_t *script = script_parse (SCRIPT_HARNESS, "x.scn", "storm 3\npublish 1 size 9\n", why,
                                     sizeof why);
    assert_non_null (script);
    script_destroy (&script);
    assert_null (parse ("storm 3\n"));
    assert_string_equal (why, "x.scn:1: there is no verb storm");
    assert_null (parse ("publish 1 size 9\n"));
    assert_string_equal (why, "x.scn:1: publish has no size");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (arguments_stand_at_their_place_or_behind_their_name),
        cmocka_unit_test (numbers_have_their_units),
        cmocka_unit_test (a_range_is_drawn_between_its_ends),
        cmocka_unit_test (what_is_wrong_is_told_with_its_line),
        cmocka_unit_test (a_verb_or_argument_of_the_other_program_is_none),
        cmocka_unit_test (every_verb_and_checker_is_in_the_document)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
