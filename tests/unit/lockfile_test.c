// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/installer/lockfile.h"
#include "messages/rfc3339.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const whole =
    "{\n"
    "  \"packages\": {\n"
    "    \"@scope/lib@1.2.3-rc.1\": {\n"
    "      \"categories\": [],\n"
    "      \"dependencies\": {},\n"
    "      \"description\": \"\",\n"
    "      \"direct\": false,\n"
    "      \"files_sha256\": null,\n"
    "      \"installed_at\": \"2026-11-20T05:46:00Z\",\n"
    "      \"integrity\": \"sha256-" HEX "\",\n"
    "      \"name\": \"@scope/lib\",\n"
    "      \"publisher\": null,\n"
    "      \"resolved\": \"file registry/@scope/lib/1.2.3-rc.1\",\n"
    "      \"size_bytes\": 0,\n"
    "      \"version\": \"1.2.3-rc.1\"\n"
    "    },\n"
    "    \"app@1.0.0\": {\n"
    "      \"categories\": [\n"
    "        \"web\",\n"
    "        \"rdf\"\n"
    "      ],\n"
    "      \"dependencies\": {\n"
    "        \"@scope/lib\": \"1.2.3-rc.1\"\n"
    "      },\n"
    "      \"description\": \"Ein Schl\\u00fcssel \\\"x\\\"\",\n"
    "      \"direct\": true,\n"
    "      \"files_sha256\": \"sha256-" HEX "\",\n"
    "      \"installed_at\": \"1970-01-01T00:00:00Z\",\n"
    "      \"integrity\": \"sha256-" HEX "\",\n"
    "      \"name\": \"app\",\n"
    "      \"publisher\": \"ed25519:" HEX "\",\n"
    "      \"resolved\": \"http://mirror/app\",\n"
    "      \"size_bytes\": 4711,\n"
    "      \"version\": \"1.0.0\"\n"
    "    }\n"
    "  },\n"
    "  \"version\": 1\n"
    "}\n";

static code_t
read_code (const char *text, Ggen__Lock **lock_p, char **why_p)
{
    code_t code = lockfile_read (text, strlen (text), lock_p, why_p);
    assert_true ((code == OK) == (*lock_p != NULL));
    assert_true ((code == OK) == (*why_p == NULL));
    return code;
}

static void
assert_refused (const char *text, code_t expected, const char *reason)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    code_t code = read_code (text, &lock, &why);
    if (code != expected || !strstr (why, reason))
        fail_msg ("%s: expected %s, \"%s\" but was %s, \"%s\"", text, code_name (expected), reason,
            code_name (code), why ? why : "");
    free (why);
}

static Ggen__Lock *
assert_read (const char *text)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    if (read_code (text, &lock, &why) != OK)
        fail_msg ("%s: %s", text, why);
    return lock;
}

static void
assert_written (const Ggen__Lock *lock, const char *expected)
{
    char *text = NULL, *why = NULL;
    assert_int_equal (lockfile_write (lock, &text, &why), OK);
    assert_string_equal (text, expected);
    free (text);
}

//  ---- what is read back -------------------------------------------------------------------------

static void
every_field_is_read (void **unused)
{
    (void) unused;
    Ggen__Lock *lock = assert_read (whole);
    assert_int_equal (lock->n_packages, 2);
    const Ggen__LockedPackage *app = lock_find (lock, "app");
    assert_non_null (app);
    assert_string_equal (app->version, "1.0.0");
    assert_string_equal (app->resolved, "http://mirror/app");
    assert_string_equal (app->description, "Ein Schl\xc3\xbcssel \"x\"");
    assert_int_equal (app->sha256.len, 32);
    assert_int_equal (app->sha256.data [1], 0x11);
    assert_int_equal (app->files_sha256.len, 32);
    assert_int_equal (app->publisher_key.len, 32);
    assert_int_equal (app->installed_at, 0);
    assert_int_equal (app->size_bytes, 4711);
    assert_true (app->direct);
    assert_int_equal (app->n_categories, 2);
    assert_string_equal (app->categories [1], "rdf");
    assert_int_equal (app->n_dependencies, 1);
    assert_string_equal (app->dependencies [0]->version, "1.2.3-rc.1");
    const Ggen__LockedPackage *lib = lock_find (lock, "@scope/lib");
    assert_int_equal (lib->installed_at, 1795153560);
    assert_int_equal (lib->publisher_key.len, 0);
    assert_null (lock_find (lock, "ap"));
    assert_null (lock_find (lock, "zz"));
    ggen__lock__free_unpacked (lock, NULL);
}

static void
what_was_written_is_read_and_written_again_byte_for_byte (void **unused)
{
    (void) unused;
    Ggen__Lock *lock = assert_read (whole), *copy = lock_copy (lock);
    char *text = NULL, *why = NULL;
    assert_int_equal (lockfile_write (copy, &text, &why), OK);
    Ggen__Lock *again = assert_read (text);
    assert_written (again, text);
    assert_int_equal (text [strlen (text) - 1], '\n');
    assert_null (strchr (text, '\t'));
    ggen__lock__free_unpacked (again, NULL);
    ggen__lock__free_unpacked (copy, NULL);
    ggen__lock__free_unpacked (lock, NULL);
    free (text);
}

static void
keys_are_sorted_whatever_the_order_read (void **unused)
{
    (void) unused;
    Ggen__Lock *one = assert_read ("{\"version\":1,\"packages\":{"
        "\"b@1.0.0\":{\"integrity\":null},\"a@1.0.0\":{\"integrity\":null,"
        "\"dependencies\":{\"c\":\"1.0.0\",\"b\":\"1.0.0\"}},\"c@1.0.0\":{\"integrity\":null}}}");
    Ggen__Lock *two = assert_read ("{\"packages\":{\"c@1.0.0\":{\"integrity\":null},"
        "\"a@1.0.0\":{\"dependencies\":{\"b\":\"1.0.0\",\"c\":\"1.0.0\"},"
        "\"integrity\":null,\"new\":[1]},"
        "\"b@1.0.0\":{\"integrity\":null}},\"version\":1,\"later\":{}}");
    char *text = NULL, *why = NULL;
    assert_string_equal (one->packages [0]->dependencies [0]->name, "b");
    assert_int_equal (lockfile_write (one, &text, &why), OK);
    assert_written (two, text);
    free (text);
    ggen__lock__free_unpacked (one, NULL);
    ggen__lock__free_unpacked (two, NULL);
}

static void
an_empty_lock_is_a_lock (void **unused)
{
    (void) unused;
    Ggen__Lock *lock = assert_read ("{\"version\":1,\"packages\":{}}");
    assert_int_equal (lock->n_packages, 0);
    assert_written (lock, "{\n  \"packages\": {},\n  \"version\": 1\n}\n");
    ggen__lock__free_unpacked (lock, NULL);
}

//  ---- older shapes ------------------------------------------------------------------------------

static void
older_shapes_are_read (void **unused)
{
    (void) unused;
    const char *const shapes [] = {
        "{\"version\":\"1.0.0\",\"packages\":{\"a@1.0.0\":{\"dependencies\":{\"b\":\"2.0.0\"}},"
            "\"b@2.0.0\":{\"integrity\":\"" HEX "\"}}}",
        "{\"packages\":{\"a\":{\"version\":\"1.0.0\",\"dependencies\":[\"b@2.0.0\"]},"
            "\"b\":{\"version\":\"2.0.0\",\"checksum\":\"" HEX "\"}}}",
        "{\"packages\":[{\"name\":\"b\",\"version\":\"2.0.0\",\"integrity\":\"sha256-" HEX "\"},"
            "{\"name\":\"a\",\"version\":\"1.0.0\","
            "\"installed_at\":\"2025-11-20T06:46:00.25+01:00\","
            "\"dependencies\":[{\"name\":\"b\",\"version\":\"2.0.0\"}]}]}"};
    for (size_t index = 0; index < COUNT_OF (shapes); index++) {
        Ggen__Lock *lock = assert_read (shapes [index]);
        assert_int_equal (lock->n_packages, 2);
        assert_string_equal (lock->packages [0]->name, "a");
        assert_string_equal (lock->packages [0]->dependencies [0]->name, "b");
        assert_true (lock->packages [0]->direct);
        assert_false (lock->packages [1]->direct);
        assert_string_equal (lock->packages [1]->version, "2.0.0");
        assert_int_equal (lock->packages [1]->sha256.len, 32);
        char *text = NULL, *why = NULL;
        assert_int_equal (lockfile_write (lock, &text, &why), OK);
        Ggen__Lock *upgraded = assert_read (text);
        assert_int_equal (upgraded->n_packages, 2);
        ggen__lock__free_unpacked (upgraded, NULL);
        ggen__lock__free_unpacked (lock, NULL);
        free (text);
    }
}

//  ---- refusals ----------------------------------------------------------------------------------

#define ONE(key, members) "{\"version\":1,\"packages\":{\"" key "\":{" members "}}}"
#define FINE "\"integrity\":\"sha256-" HEX "\""

static void
what_is_not_a_lockfile_is_refused_with_the_reason (void **unused)
{
    (void) unused;
    const struct { const char *text; code_t code; const char *reason; } rows [] = {
        {"", SERIALIZATION, "line 1"},
        {"{\n  \"version\": 1,\n  oops", SERIALIZATION, "line 3"},
        {"[]", SERIALIZATION, "no JSON object"},
        {"{\"version\":1}", SERIALIZATION, "no packages"},
        {"{\"version\":1,\"packages\":[]}", SERIALIZATION, "no packages"},
        {"{\"version\":2,\"packages\":{}}", VALIDATION, "version 1"},
        {"{\"version\":1,\"version\":1,\"packages\":{}}", SERIALIZATION, "duplicate"},
        {"{\"version\":1,\"packages\":{\"a@1.0.0\":7}}", SERIALIZATION, "no JSON object"},
        {ONE ("a@1.0.0", ""), VALIDATION, "no integrity"},
        {ONE ("a@1.0.0", "\"integrity\":\"sha256-1234\""), VALIDATION, "integrity is no"},
        {ONE ("a@1.0.0", "\"integrity\":\"" HEX "\""), VALIDATION, "integrity is no"},
        {ONE ("a@1.0.0", "\"integrity\":5"), VALIDATION, "integrity is no"},
        {ONE ("a@1.0", FINE), VALIDATION, "'1.0' is no version"},
        {ONE ("../a@1.0.0", FINE), VALIDATION, "no package name"},
        {ONE ("a", FINE ",\"version\":\"1.0.0\""), VALIDATION, "names a@1.0.0"},
        {ONE ("a@1.0.0", FINE ",\"version\":\"1.0.1\""), VALIDATION, "names a@1.0.1"},
        {ONE ("a@1.0.0", FINE ",\"name\":\"b\""), VALIDATION, "names b@1.0.0"},
        {ONE ("a@1.0.0", FINE ",\"name\":[]"), SERIALIZATION, "name is no text"},
        {ONE ("a@1.0.0", FINE ",\"publisher\":\"ed25519:1\""), VALIDATION, "publisher"},
        {ONE ("a@1.0.0", FINE ",\"installed_at\":\"yesterday\""), VALIDATION, "installed_at"},
        {ONE ("a@1.0.0", FINE ",\"size_bytes\":-1"), VALIDATION, "size_bytes"},
        {ONE ("a@1.0.0", FINE ",\"categories\":[1]"), SERIALIZATION, "category"},
        {ONE ("a@1.0.0", FINE ",\"files_sha256\":\"x\""), VALIDATION, "files_sha256"},
        {ONE ("a@1.0.0", FINE ",\"dependencies\":{\"b\":1}"), SERIALIZATION, "dependency"},
        {ONE ("a@1.0.0", FINE ",\"dependencies\":[\"b\"]"), SERIALIZATION, "dependency"},
        {ONE ("a@1.0.0", FINE ",\"dependencies\":{\"b\":\"1.0.0\"}"), VALIDATION,
            "b@1.0.0 is not in the lockfile"},
        {"{\"version\":1,\"packages\":{\"a@1.0.0\":{" FINE ",\"dependencies\":{\"b\":\"1.0.0\"}},"
            "\"b@1.0.1\":{" FINE "}}}", VALIDATION, "b@1.0.0 is not in the lockfile"},
        {"{\"version\":1,\"packages\":{\"a@1.0.0\":{" FINE "},\"a@2.0.0\":{" FINE "}}}", VALIDATION,
            "a: two versions, 1.0.0 and 2.0.0"},
        {ONE ("a@1.0.0", FINE ",\"description\":\"\\u0000\""), SERIALIZATION, "NUL"},
    };
    for (size_t index = 0; index < COUNT_OF (rows); index++)
        assert_refused (rows [index].text, rows [index].code, rows [index].reason);
}

static void
a_cycle_is_refused_with_its_path (void **unused)
{
    (void) unused;
    assert_refused ("{\"version\":1,\"packages\":{"
        "\"a@1.0.0\":{" FINE ",\"dependencies\":{\"b\":\"2.0.0\"}},"
        "\"b@2.0.0\":{" FINE ",\"dependencies\":{\"c\":\"3.0.0\"}},"
        "\"c@3.0.0\":{" FINE ",\"dependencies\":{\"b\":\"2.0.0\"}}}}",
        CIRCULAR_DEPENDENCY, "b@2.0.0 -> c@3.0.0 -> b@2.0.0");
    assert_refused (ONE ("a@1.0.0", FINE ",\"dependencies\":{\"a\":\"1.0.0\"}"),
        CIRCULAR_DEPENDENCY, "a@1.0.0 -> a@1.0.0");
}

static void
text_beyond_the_bound_is_refused_unread (void **unused)
{
    (void) unused;
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    size_t size = (size_t) LOCKFILE_TEXT_MAX + 1;
    assert_int_equal (lockfile_read (NULL, size, &lock, &why), VALIDATION);
    assert_non_null (strstr (why, "longer than"));
    free (why);
}

static void
more_packages_than_the_bound_are_refused (void **unused)
{
    (void) unused;
    size_t size = 0;
    char *text = NULL, *why = NULL;
    Ggen__Lock *lock = NULL;
    FILE *stream = open_memstream (&text, &size);
    fprintf (stream, "{\"version\":1,\"packages\":{");
    for (int index = 0; index <= LOCK_PACKAGES_MAX; index++)
        fprintf (stream, "%s\"a%d@1.0.0\":{}", index ? "," : "", index);
    fprintf (stream, "}}");
    fclose (stream);
    assert_int_equal (lockfile_read (text, size, &lock, &why), VALIDATION);
    assert_non_null (strstr (why, "more than"));
    free (why);
    free (text);
}

static void
no_truncation_of_a_lockfile_is_read (void **unused)
{
    (void) unused;
    for (size_t size = 0; size < strlen (whole) - 2; size++) {
        Ggen__Lock *lock = NULL;
        char *why = NULL;
        assert_int_equal (lockfile_read (whole, size, &lock, &why), SERIALIZATION);
        assert_null (lock);
        free (why);
    }
}

static void
what_would_not_be_read_is_not_written (void **unused)
{
    (void) unused;
    Ggen__Lock *lock = assert_read (ONE ("a@1.0.0", FINE ",\"resolved\":\"here\""));
    char *text = NULL, *why = NULL;
    free (lock->packages [0]->version);
    lock->packages [0]->version = strdup ("one");
    assert_int_equal (lockfile_write (lock, &text, &why), VALIDATION);
    assert_null (text);
    assert_non_null (strstr (why, "no version"));
    free (why);
    free (lock->packages [0]->version);
    lock->packages [0]->version = strdup ("1.0.0");
    free (lock->packages [0]->resolved);
    lock->packages [0]->resolved = strdup ("\xff");
    assert_int_equal (lockfile_write (lock, &text, &why), VALIDATION);
    assert_non_null (strstr (why, "UTF-8"));
    free (why);
    ggen__lock__free_unpacked (lock, NULL);
}

//  ---- times -------------------------------------------------------------------------------------

static void
times_are_read_with_any_offset_and_refused_when_they_are_none (void **unused)
{
    (void) unused;
    int64_t wall_s = 0;
    char text [RFC3339_SIZE + 1];
    assert_int_equal (rfc3339_read ("2024-02-29T23:59:59Z", &wall_s), OK);
    rfc3339_write (wall_s, text);
    assert_string_equal (text, "2024-02-29T23:59:59Z");
    assert_int_equal (rfc3339_read ("1970-01-01t01:30:00.123+01:30", &wall_s), OK);
    assert_int_equal (wall_s, 0);
    assert_int_equal (rfc3339_read ("1969-12-31T23:00:00-01:00", &wall_s), OK);
    assert_int_equal (wall_s, 0);
    const char *const none [] = {"", "2024", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
        "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:00",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+1", "2024-01-01T00:00:00+24:00",
        "1969-12-31T23:59:59Z", "2024-01-01T00:00:00Zx", "2024-00-10T00:00:00Z"};
    for (size_t index = 0; index < COUNT_OF (none); index++)
        assert_int_equal (rfc3339_read (none [index], &wall_s), VALIDATION);
    rfc3339_write (-1, text);
    assert_string_equal (text, "1970-01-01T00:00:00Z");
    rfc3339_write (INT64_MAX, text);
    assert_string_equal (text, "9999-12-31T23:59:59Z");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_field_is_read),
        cmocka_unit_test (what_was_written_is_read_and_written_again_byte_for_byte),
        cmocka_unit_test (keys_are_sorted_whatever_the_order_read),
        cmocka_unit_test (an_empty_lock_is_a_lock),
        cmocka_unit_test (older_shapes_are_read),
        cmocka_unit_test (what_is_not_a_lockfile_is_refused_with_the_reason),
        cmocka_unit_test (a_cycle_is_refused_with_its_path),
        cmocka_unit_test (text_beyond_the_bound_is_refused_unread),
        cmocka_unit_test (more_packages_than_the_bound_are_refused),
        cmocka_unit_test (no_truncation_of_a_lockfile_is_read),
        cmocka_unit_test (what_would_not_be_read_is_not_written),
        cmocka_unit_test (times_are_read_with_any_offset_and_refused_when_they_are_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
