// SPDX-License-Identifier: MIT
//  node-semver's fixtures and the semver.org lists. Argument: the data folder; reads semver/*.tsv
//  in it. Rows whose options are not "-" are about modes that ggen does not have, and are not
//  counted. Not run, because ggen has no such operation: semver-inc, semver-truncate,
//  semver-range-intersect, semver-comparator-intersect. Of the four version-*-range suites, "above"
//  and "below" imply "outside".
#include "messages/semver_range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 6
#define NO_OPTIONS CELLS_MAX

typedef bool (row_fn) (char **cells);

static bool
is_version (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK;
}

static bool
compares (const char *a_text, const char *b_text, int expected)
{
    semver_t a, b;
    if (semver_parse (&a, a_text) != OK || semver_parse (&b, b_text) != OK)
        return false;
    int ab = semver_compare (&a, &b), ba = semver_compare (&b, &a);
    return (ab > 0) - (ab < 0) == expected && (ba > 0) - (ba < 0) == -expected;
}

static bool
greater_lesser (char **cells)
{
    return compares (cells [0], cells [1], 1);
}

static bool
lower_higher (char **cells)
{
    return compares (cells [0], cells [1], -1);
}

static bool
equal (char **cells)
{
    return compares (cells [0], cells [1], 0);
}

//  Numbers beyond 64 bits are well-formed by semver.org and refused by node-semver; so are they by
//  ggen.
static bool
spec_valid (char **cells)
{
    bool overflow = strncmp (cells [2], "numbers exceed 64 bits", 22) == 0;
    return is_version (cells [1]) == (*cells [0] == '1' && !overflow);
}

static bool
invalid (char **cells)
{
    return !is_version (cells [0]);
}

//  The identifiers as a JSON array of numbers and strings, e.g. ["alpha",1].
static void
write_identifiers (char *json, const char *text, size_t size, bool numbers)
{
    char copy [SEMVER_TEXT_MAX + 1], *rest = NULL;
    memcpy (copy, text, size);
    copy [size] = 0;
    *json++ = '[';
    for (char *one = strtok_r (copy, ".", &rest); one; one = strtok_r (NULL, ".", &rest)) {
        bool number = numbers && strspn (one, "0123456789") == strlen (one);
        json += sprintf (json, number ? "%s" : "\"%s\"", one);
        if (*rest)
            *json++ = ',';
    }
    strcpy (json, "]");
}

static bool
valid_parts (char **cells)
{
    semver_t version;
    if (semver_parse (&version, cells [0]) != OK)
        return false;
    const char *text = semver_text (&version), *plus = strchr (text, '+');
    char prerelease [4 * SEMVER_TEXT_MAX], build [4 * SEMVER_TEXT_MAX];
    write_identifiers (prerelease, text + version.core_size + 1, version.prerelease_size, true);
    write_identifiers (build, plus ? plus + 1 : "", plus ? strlen (plus + 1) : 0, false);
    return strcmp (text, *cells [0] == 'v' ? cells [0] + 1 : cells [0]) == 0
        && version.major == strtoull (cells [1], NULL, 10)
        && version.minor == strtoull (cells [2], NULL, 10)
        && version.patch == strtoull (cells [3], NULL, 10)
        && strcmp (prerelease, cells [4]) == 0 && strcmp (build, cells [5]) == 0;
}

static bool
includes (char **cells)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    semver_t version;
    return semver_range_parse (&range, cells [0]) == OK && semver_parse (&version, cells [1]) == OK
        && semver_range_satisfied (range, &version);
}

//  The range is always one; the version may be none, and then it is outside.
static bool
excludes (char **cells)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    semver_t version;
    if (semver_range_parse (&range, cells [0]) != OK)
        return false;
    return semver_parse (&version, cells [1]) != OK || !semver_range_satisfied (range, &version);
}

//  The canonical text, which has to be canonical itself.
static bool
normalises (char **cells)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    if (semver_range_parse (&range, cells [0]) != OK)
        return strcmp (cells [1], "\\N") == 0;
    AUTO (semver_range_destroy) semver_range_t *again = NULL;
    return strcmp (semver_range_text (range), cells [1]) == 0
        && semver_range_is_any (range) == (strcmp (cells [1], "*") == 0)
        && semver_range_parse (&again, semver_range_text (range)) == OK
        && strcmp (semver_range_text (again), cells [1]) == 0;
}

static void
unescape_tabs (char *text)
{
    for (char *at = strstr (text, "\\t"); at; at = strstr (at + 1, "\\t")) {
        *at = '\t';
        memmove (at + 1, at + 2, strlen (at + 2) + 1);
    }
}

static void
split_cells (char *line, char **cells)
{
    static char empty [] = "";
    for (size_t i = 0; i < CELLS_MAX; i++)
        cells [i] = empty;
    line [strcspn (line, "\n")] = 0;
    for (size_t i = 0; i < CELLS_MAX && line; i++) {
        cells [i] = strsep (&line, "\t");
        unescape_tabs (cells [i]);
    }
}

//  Run one suite, print its count; false on a mismatch or when there is nothing to run.
static bool
run (const char *folder, const char *name, size_t options_cell, row_fn *row)
{
    char path [4096], line [4096];
    snprintf (path, sizeof path, "%s/semver/%s.tsv", folder, name);
    FILE *file = fopen (path, "r");
    if (!file) {
        printf ("SHARED %s: cannot read %s\n", name, path);
        return false;
    }
    int rows = 0, passed = 0;
    for (int number = 1; fgets (line, sizeof line, file); number++) {
        char *cells [CELLS_MAX];
        if (*line == '#')
            continue;
        split_cells (line, cells);
        if (options_cell != NO_OPTIONS && strcmp (cells [options_cell], "-") != 0)
            continue;
        rows++;
        if (row (cells))
            passed++;
        else
            printf ("%s.tsv:%d: mismatch: \"%s\" \"%s\"\n", name, number, cells [0], cells [1]);
    }
    fclose (file);
    printf ("SHARED %s: %d of %d\n", name, passed, rows);
    return rows > 0 && passed == rows;
}

int
main (int argc, char **argv)
{
    if (argc != 2) {
        fprintf (stderr, "usage: %s DATA-FOLDER\n", argv [0]);
        return 2;
    }
    const struct {
        const char *name;
        size_t options_cell;
        row_fn *row;
    } suites [] = {
        {"semver-compare", 2, greater_lesser},
        {"semver-equal", 2, equal},
        {"semver-spec-precedence", NO_OPTIONS, lower_higher},
        {"semver-spec-regex", NO_OPTIONS, spec_valid},
        {"semver-node-valid", NO_OPTIONS, valid_parts},
        {"semver-node-invalid", 2, invalid},
        {"semver-range-parse", 2, normalises},
        {"semver-range-include", 2, includes},
        {"semver-range-exclude", 2, excludes},
        {"semver-version-gt-range", 2, excludes},
        {"semver-version-lt-range", 2, excludes},
    };
    bool all = true;
    for (size_t i = 0; i < COUNT_OF (suites); i++)
        all &= run (argv [1], suites [i].name, suites [i].options_cell, suites [i].row);
    return all ? 0 : 1;
}
