// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/package_id.h"

#include <string.h>

static void
ids_of_one_and_two_parts_are_valid (void **state)
{
    (void) state;
    static const char *const ids [] = {
        "a", "io.ggen.rust-cli_2", "A-B", "-x", "x.", "@scope/name", "ns/name", "@a/.b", "a/...",
        "@.ggen/x", "@s/1.0.0", "ns/v1.0.0", "ns/ggen.lock", "ggen.lock2"
    };
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        if (!package_id_valid (ids [i]))
            fail_msg ("refused: %s", ids [i]);
}

static void
other_ids_are_refused (void **state)
{
    (void) state;
    static const char *const ids [] = {
        "", ".", "..", "/", "a/", "/a", "a/b/c", "@scope", "@scope/", "@/name", "@s/n/m", "a/..",
        "a/.",
        "./a", "../a", "@../a", "@s/..", "a b", "a\\b", "a@b", "@@a/b", "a:b", "caf\xc3\xa9",
        "a\n", "a//b",
        "Next.js Ontology-Driven CRUD"
    };
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        if (package_id_valid (ids [i]))
            fail_msg ("accepted: %s", ids [i]);
}

static void
ids_that_are_files_of_ours_are_refused (void **state)
{
    (void) state;
    static const char *const ids [] = {
        "ggen.lock", "GGEN.Lock", ".ggen", ".ggen/x", ".git", "index.json", "Index.json/x",
        "index.json.corrupted", "ns/1.0.0", "ns/1.0.0-rc.1"
    };
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        if (package_id_valid (ids [i]))
            fail_msg ("accepted: %s", ids [i]);
}

static void
an_id_ends_at_214_bytes (void **state)
{
    (void) state;
    char id [PACKAGE_ID_MAX + 2], copy [PACKAGE_ID_MAX + 1];
    const char *range;
    memset (id, 'a', sizeof id);
    id [PACKAGE_ID_MAX + 1] = 0;
    assert_false (package_id_valid (id));
    assert_int_equal (package_id_split (id, copy, &range), VALIDATION);
    id [PACKAGE_ID_MAX] = 0;
    assert_true (package_id_valid (id));
    assert_int_equal (package_id_split (id, copy, &range), OK);
    assert_string_equal (copy, id);
}

static void
ids_collide_when_only_case_differs (void **state)
{
    (void) state;
    assert_true (package_id_collides ("Rust-CLI", "rust-cli"));
    assert_true (package_id_collides ("@S/a", "@s/A"));
    assert_false (package_id_collides ("rust-cli", "rust-cli"));
    assert_false (package_id_collides ("rust-cli", "rust_cli"));
    assert_false (package_id_collides ("rust", "rust-cli"));
}

static void
assert_split (const char *text, const char *id_expected, const char *range_expected)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *range = "unset";
    assert_int_equal (package_id_split (text, id, &range), OK);
    assert_string_equal (id, id_expected);
    if (range_expected)
        assert_string_equal (range, range_expected);
    else
        assert_null (range);
}

static void
a_range_stands_behind_the_last_at_sign (void **state)
{
    (void) state;
    assert_split ("pkg", "pkg", NULL);
    assert_split ("pkg@^1.2", "pkg", "^1.2");
    assert_split ("@scope/pkg", "@scope/pkg", NULL);
    assert_split ("@scope/pkg@>=1 <2", "@scope/pkg", ">=1 <2");
    assert_split ("pkg@", "pkg", "");
}

static void
a_split_of_no_id_is_refused (void **state)
{
    (void) state;
    static const char *const texts [] = {"", "@", "@1.0", "@scope", "a@b@1", "../x@1", "@scope@1"};
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        char id [PACKAGE_ID_MAX + 1] = "unset";
        const char *range = "unset";
        if (package_id_split (texts [i], id, &range) != VALIDATION)
            fail_msg ("accepted: %s", texts [i]);
        assert_string_equal (id, "");
        assert_null (range);
    }
}

static void
a_flat_id_is_one_path_component (void **state)
{
    (void) state;
    char flat [PACKAGE_ID_MAX + 1];
    package_id_flat ("@scope/name", flat);
    assert_string_equal (flat, "@scope-name");
    package_id_flat ("plain", flat);
    assert_string_equal (flat, "plain");
}

static void
paths_are_told_from_ids (void **state)
{
    (void) state;
    static const char *const paths [] = {".", "..", "./dir", "../dir", "/abs", "file.tar.gz",
        "a/b.tgz",
        "p.tar.zst"};
    static const char *const ids [] = {"", "pkg", "ns/name", "@s/n@^1", ".tar.gz", "..x", "tar.gz"};
    for (size_t i = 0; i < COUNT_OF (paths); i++)
        assert_true (package_id_is_path (paths [i]));
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        assert_false (package_id_is_path (ids [i]));
}

static bool
fits (const char *pattern, const char *id)
{
    return package_id_fits (pattern, (bytes_t) {(const uint8_t *) id, strlen (id)});
}

static void
a_pattern_fits_the_whole_of_an_id (void **state)
{
    (void) state;
    static const char *const fit [][2] = {{"acme-*", "acme-"}, {"acme-*", "acme-x"}, {"*", ""},
        {"@acme/?", "@acme/x"}, {"*-int?rnal", "a-int-internal"}, {"a*b*c", "abbcbc"}, {"x", "x"},
        {"a?c", "abc"}};
    static const char *const do_not [][2] = {{"acme-?", "acme-"}, {"acme-?", "acme-xy"},
        {"acme", "acme-x"}, {"acme-x", "acme"}, {"*b", "abc"}, {"", "a"}, {"a", "A"}};
    for (size_t i = 0; i < COUNT_OF (fit); i++)
        assert_true (fits (fit [i][0], fit [i][1]));
    for (size_t i = 0; i < COUNT_OF (do_not); i++)
        assert_false (fits (do_not [i][0], do_not [i][1]));
    assert_true (package_id_fits ("a?", (bytes_t) {(const uint8_t *) "abc", 2}));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (ids_of_one_and_two_parts_are_valid),
        cmocka_unit_test (other_ids_are_refused),
        cmocka_unit_test (ids_that_are_files_of_ours_are_refused),
        cmocka_unit_test (an_id_ends_at_214_bytes),
        cmocka_unit_test (ids_collide_when_only_case_differs),
        cmocka_unit_test (a_range_stands_behind_the_last_at_sign),
        cmocka_unit_test (a_split_of_no_id_is_refused),
        cmocka_unit_test (a_flat_id_is_one_path_component),
        cmocka_unit_test (paths_are_told_from_ids),
        cmocka_unit_test (a_pattern_fits_the_whole_of_an_id),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
