// SPDX-License-Identifier: MIT
//  Every manifest of the real packages: DATA/ggen-packages/{packages,packs}/*.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "config/toml.h"
#include "tests/manifest_rules.h"

#define FILE_MAX (1024 * 1024)

//  What a second TOML parser (Python's tomllib) finds in the same data.
#define VALID 117
#define INVALID 1
#define WITHOUT 7
#define DEPENDENCIES 127
#define WARNINGS 19         //  15 values that are no range, 4 missing descriptions

static struct {
    size_t valid, invalid, without, dependencies, warnings, as_expected;
} seen;

static json_t *
parse (const char *name, const char *text, size_t size, toml_error_t *error)
{
    const char *dot = strrchr (name, '.');
    if (strcmp (dot, ".json") != 0)
        return toml_parse (text, size, NULL, error);
    json_error_t problem;
    json_t *doc = json_loadb (text, size, 0, &problem);
    error->line = (unsigned) problem.line;
    error->column = (unsigned) problem.column;
    snprintf (error->reason, sizeof error->reason, "%s", problem.text);
    return doc;
}

static bool
is_known_invalid (const char *path, const toml_error_t *error)
{
    return strstr (path, "packages/rest-api-template/") && error->line == 35
        && error->column == 15;
}

static void
read_manifest (const char *path, const char *name, FILE *file)
{
    static char text [FILE_MAX];
    static manifest_notes_t notes;
    toml_error_t error;
    json_t *doc = parse (name, text, fread (text, 1, sizeof text, file), &error);
    if (!doc) {
        printf ("%s:%u:%u: %s\n", path, error.line, error.column, error.reason);
        seen.invalid++;
        seen.as_expected += is_known_invalid (path, &error);
        return;
    }
    Ggen__Package *package;
    if (manifest_read (doc, name, &lenient, &package, &notes) == OK) {
        seen.valid++;
        seen.as_expected++;
        seen.dependencies += package->n_dependencies;
        ggen__package__free_unpacked (package, NULL);
    } else {
        seen.invalid++;
        printf ("%s: %s\n", path, notes.error);
    }
    for (size_t i = 0; i < notes.warnings_count && i < MANIFEST_WARNINGS_MAX; i++)
        printf ("%s: warning: %s\n", path, notes.warnings [i]);
    seen.warnings += notes.warnings_count;
    json_decref (doc);
}

static void
read_directory (const char *directory)
{
    for (const char *const *name = manifest_names; *name; name++) {
        char path [4096];
        snprintf (path, sizeof path, "%s/%s", directory, *name);
        FILE *file = fopen (path, "rb");
        if (!file)
            continue;
        read_manifest (path, *name, file);
        fclose (file);
        return;
    }
    seen.without++;
}

static void
read_all (const char *data, const char *kind)
{
    char path [2048];
    snprintf (path, sizeof path, "%s/ggen-packages/%s", data, kind);
    DIR *all = opendir (path);
    if (!all) {
        printf ("%s: %s\n", path, strerror (errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir (all));) {
        char directory [3072];
        snprintf (directory, sizeof directory, "%s/%s", path, entry->d_name);
        if (entry->d_name [0] != '.')
            read_directory (directory);
    }
    closedir (all);
}

int
main (int argc, char **argv)
{
    if (argc != 2)
        return 2;
    read_all (argv [1], "packages");
    read_all (argv [1], "packs");
    printf ("manifests: %zu valid, %zu invalid, %zu directories without; %zu dependencies, "
            "%zu warnings\n", seen.valid, seen.invalid, seen.without, seen.dependencies,
            seen.warnings);
    bool is_right = seen.valid == VALID && seen.invalid == INVALID && seen.without == WITHOUT
        && seen.dependencies == DEPENDENCIES && seen.warnings == WARNINGS
        && seen.as_expected == VALID + INVALID;
    printf ("SHARED manifest: %zu of %d\n", seen.as_expected, VALID + INVALID);
    return is_right ? 0 : 1;
}
