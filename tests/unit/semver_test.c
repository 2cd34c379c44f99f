// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/semver.h"

#include <string.h>

static semver_t
version_of (const char *text)
{
    semver_t version;
    assert_int_equal (semver_parse (&version, text), OK);
    return version;
}

static int
compare (const char *a_text, const char *b_text)
{
    semver_t a = version_of (a_text), b = version_of (b_text);
    return semver_compare (&a, &b);
}

static void
a_version_is_read_into_its_parts (void **state)
{
    (void) state;
    semver_t version = version_of ("1.22.333-rc.1+build.5");
    assert_int_equal (version.major, 1);
    assert_int_equal (version.minor, 22);
    assert_int_equal (version.patch, 333);
    assert_true (semver_is_prerelease (&version));
    assert_string_equal (semver_text (&version), "1.22.333-rc.1+build.5");
}

static void
space_and_a_leading_v_are_dropped (void **state)
{
    (void) state;
    semver_t version = version_of (" \tv1.2.3\n");
    assert_string_equal (semver_text (&version), "1.2.3");
    assert_false (semver_is_prerelease (&version));
    assert_false (semver_is_canonical ("v1.2.3"));
    assert_false (semver_is_canonical ("1.2.3 "));
    assert_true (semver_is_canonical ("1.2.3+b"));
}

static void
what_is_no_version_is_refused (void **state)
{
    (void) state;
    static const char *const texts [] = {
        "", "v", "1", "1.2", "1.2.", "1.2.3.4", "01.2.3", "1.2.03", "1.2.3-", "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3+", "1.2.3+a+b", "1.2.3-a_b", "=1.2.3", "vv1.2.3", "V1.2.3", "1 .2.3", "-1.2.3",
        "1.2.3 x",
        "1.2.3-\xc3\xa9", "latest"
    };
    semver_t version;
    for (size_t i = 0; i < COUNT_OF (texts); i++)
        if (semver_parse (&version, texts [i]) != VALIDATION)
            fail_msg ("accepted: %s", texts [i]);
}

static void
numbers_end_at_2_to_the_53_minus_1 (void **state)
{
    (void) state;
    semver_t version = version_of ("9007199254740991.0.9007199254740991");
    assert_true (version.major == SEMVER_NUMBER_MAX && version.patch == SEMVER_NUMBER_MAX);
    assert_int_equal (semver_parse (&version, "9007199254740992.0.0"), VALIDATION);
    assert_int_equal (semver_parse (&version, "0.0.18446744073709551617"), VALIDATION);
}

static void
texts_end_at_256_bytes (void **state)
{
    (void) state;
    char text [SEMVER_TEXT_MAX + 2];
    memset (text, 'a', sizeof text);
    memcpy (text, "1.2.3-", 6);
    text [SEMVER_TEXT_MAX + 1] = 0;
    semver_t version;
    assert_int_equal (semver_parse (&version, text), VALIDATION);
    text [SEMVER_TEXT_MAX] = 0;
    version = version_of (text);
    assert_string_equal (semver_text (&version), text);
    assert_int_equal (version.prerelease_size, SEMVER_TEXT_MAX - 6);
}

static void
versions_are_made_from_parts_within_the_limits (void **state)
{
    (void) state;
    char many [SEMVER_TEXT_MAX];
    memset (many, 'a', sizeof many);
    semver_t version;
    assert_int_equal (semver_make (&version, (uint64_t [3]) {1, 2, 3}, "rc.1", 4), OK);
    assert_string_equal (semver_text (&version), "1.2.3-rc.1");
    assert_int_equal (semver_make (&version, (uint64_t [3]) {1, 2, 3}, NULL, 0), OK);
    assert_string_equal (semver_text (&version), "1.2.3");
    assert_int_equal (semver_make (&version, (uint64_t [3]) {1, 2, 3}, many, SEMVER_TEXT_MAX - 6),
        OK);
    assert_int_equal (strlen (semver_text (&version)), SEMVER_TEXT_MAX);
    assert_int_equal (semver_make (&version, (uint64_t [3]) {1, 2, 3}, many, SEMVER_TEXT_MAX - 5),
        VALIDATION);
    assert_int_equal (semver_make (&version, (uint64_t [3]) {0, SEMVER_NUMBER_MAX + 1, 0}, NULL, 0),
        VALIDATION);
}

static void
precedence_is_that_of_semver_2_0_0 (void **state)
{
    (void) state;
    static const char *const ascending [] = {
        "0.9.10", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-10.a", "1.0.0--", "1.0.0-A",
        "1.0.0-alpha",
        "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1",
        "1.10.0",
        "2.0.0-0", "2.0.0", "10.0.0"
    };
    for (size_t i = 0; i < COUNT_OF (ascending); i++)
        for (size_t j = 0; j < COUNT_OF (ascending); j++) {
            int order = compare (ascending [i], ascending [j]);
            assert_int_equal ((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void
prerelease_numbers_have_no_limit (void **state)
{
    (void) state;
    assert_true (compare ("1.0.0-99999999999999999999999999",
        "1.0.0-99999999999999999999999998") > 0);
    assert_true (compare ("1.0.0-100000000000000000000000000",
        "1.0.0-99999999999999999999999999") > 0);
}

static void
build_metadata_orders_lists_but_has_no_precedence (void **state)
{
    (void) state;
    assert_int_equal (compare ("1.0.0+a", "1.0.0+b"), 0);
    semver_t a = version_of ("1.0.0+a"), b = version_of ("1.0.0+b");
    assert_true (semver_order (&a, &b) < 0);
    assert_true (semver_order (&b, &a) > 0);
    assert_int_equal (semver_order (&a, &a), 0);
}

static void
latest_is_a_prerelease_only_if_nothing_else_exists (void **state)
{
    (void) state;
    semver_t mixed [] = {version_of ("1.0.0"), version_of ("2.0.0-rc.1"), version_of ("1.2.0"),
        version_of ("1.1.9")};
    assert_ptr_equal (semver_latest (mixed, 4), &mixed [2]);
    semver_t early [] = {version_of ("0.1.0-a"), version_of ("0.1.0-b")};
    assert_ptr_equal (semver_latest (early, 2), &early [1]);
    assert_null (semver_latest (early, 0));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_version_is_read_into_its_parts),
        cmocka_unit_test (space_and_a_leading_v_are_dropped),
        cmocka_unit_test (what_is_no_version_is_refused),
        cmocka_unit_test (numbers_end_at_2_to_the_53_minus_1),
        cmocka_unit_test (texts_end_at_256_bytes),
        cmocka_unit_test (versions_are_made_from_parts_within_the_limits),
        cmocka_unit_test (precedence_is_that_of_semver_2_0_0),
        cmocka_unit_test (prerelease_numbers_have_no_limit),
        cmocka_unit_test (build_metadata_orders_lists_but_has_no_precedence),
        cmocka_unit_test (latest_is_a_prerelease_only_if_nothing_else_exists),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
