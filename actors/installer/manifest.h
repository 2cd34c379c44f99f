// SPDX-License-Identifier: MIT
//  A package's manifest: from its parsed file to a Package (SPEC 3.1).
#ifndef GGEN_MANIFEST_H
#define GGEN_MANIFEST_H

#include <jansson.h>

#include "base.h"
#include "package.pb-c.h"

#define MANIFEST_LIST_MAX 256           //  Elements of a list; the rest is left out, warned
#define MANIFEST_DEPENDENCIES_MAX 1024  //  More are refused
#define MANIFEST_WARNINGS_MAX 32        //  Further ones are counted only
#define MANIFEST_NOTE_SIZE 320          //  Bytes of an error or warning; values in it are shortened

//  File names in the order they are looked for; the last is NULL.
extern const char *const manifest_names [];

//  What is asked of a manifest.
typedef struct {
    bool (*is_id) (const char *text);
    bool (*is_version) (const char *text);
    bool (*is_range) (const char *text);
    const char *version;    //  Stands for the manifest's own version; or NULL
    bool is_strict;         //  A missing description is an error
    bool is_lax;            //  A missing description is nothing to tell; goes before is_strict
} manifest_rules_t;

//  What there is to say about it. UTF-8; texts of the manifest in it may hold terminal escapes.
typedef struct {
    const char *field;                      //  Of the error: "name", "version", ... or NULL
    char error [MANIFEST_NOTE_SIZE];
    size_t warnings_count;                  //  All; of these MANIFEST_WARNINGS_MAX are kept
    char warnings [MANIFEST_WARNINGS_MAX] [MANIFEST_NOTE_SIZE];
} manifest_notes_t;

//  Read 'doc', the parsed file 'file_name' (for messages). Fields stand at top level or in [gpack],
//  [package] or [pack], where they go before those of the top level. Of package.json the npm forms
//  are understood. A dependency that cannot be resolved (a path, a glob, a table of another
//  language's packages) is left out with one warning; unknown tables are passed over.
//  OK           *package_p is new, to be freed by ggen__package__free_unpacked (p, NULL). Its
//               version has no leading 'v'; publisher, digest and record are not set.
//  VALIDATION   notes->field and notes->error tell what is missing or wrong; *package_p is NULL.
//  INTERNAL     memory is out; *package_p is NULL.
//  'notes' is overwritten.
must_use code_t
    manifest_read (const json_t *doc, const char *file_name, const manifest_rules_t *rules,
                   Ggen__Package **package_p, manifest_notes_t *notes);

//  A commented gpack.toml for a new package. New, the caller's to free; NULL when memory is out or
//  'name' holds a quote, a backslash or a control character (no id does).
char *
    manifest_init_text (const char *name);

#endif
