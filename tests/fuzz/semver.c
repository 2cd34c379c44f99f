// SPDX-License-Identifier: MIT
//  Three lines: a version, another, and a range.
#include "messages/semver_range.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static bool
parse_version (semver_t *version, const char *text)
{
    if (semver_parse (version, text))
        return false;
    semver_t again;
    must_hold (semver_is_canonical (semver_text (version)));
    must_hold (semver_parse (&again, semver_text (version)) == OK);
    must_hold (semver_order (version, &again) == 0);
    return true;
}

static int
sign (int number)
{
    return (number > 0) - (number < 0);
}

static void
compare (const semver_t *a, const semver_t *b)
{
    must_hold (sign (semver_compare (a, b)) == -sign (semver_compare (b, a)));
    must_hold (sign (semver_order (a, b)) == -sign (semver_order (b, a)));
    must_hold (!semver_compare (a, b) || sign (semver_compare (a, b)) == sign (semver_order (a, b)));
    must_hold (semver_order (a, b) || strcmp (semver_text (a), semver_text (b)) == 0);
}

static void
match (const char *text, const semver_t *const *versions)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL, *again = NULL;
    if (semver_range_parse (&range, text))
        return;
    //  The normalised text is the same range, unless it is longer than a range may be
    const char *normal = semver_range_text (range);
    if (semver_range_parse (&again, normal) != OK) {
        must_hold (strlen (normal) > SEMVER_RANGE_TEXT_MAX);
        return;
    }
    must_hold (strcmp (normal, semver_range_text (again)) == 0);
    for (; *versions; versions++)
        must_hold (semver_range_satisfied (range, *versions)
                   == semver_range_satisfied (again, *versions));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *first = fuzz_line (&data, &size), *second = fuzz_line (&data, &size);
    char *range = fuzz_text (data, size);
    semver_t a, b;
    const semver_t *versions [3] = {NULL, NULL, NULL};
    size_t count = 0;
    if (parse_version (&a, first))
        versions [count++] = &a;
    if (parse_version (&b, second))
        versions [count++] = &b;
    if (count == 2)
        compare (&a, &b);
    match (range, versions);
    free (first);
    free (second);
    free (range);
    return 0;
}
