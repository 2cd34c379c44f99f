// SPDX-License-Identifier: MIT
//  What the parts of manifest share: for manifest*.c only.
#ifndef GGEN_MANIFEST_READER_H
#define GGEN_MANIFEST_READER_H

#include "manifest.h"

#define MANIFEST_SOURCES_MAX 4      //  [gpack], [package], [pack], top level

//  One reading of one manifest. 'code' keeps the first failure; after it the result is dropped.
typedef struct {
    const json_t *sources [MANIFEST_SOURCES_MAX];
    size_t sources_count;
    const char *file_name;
    const manifest_rules_t *rules;
    Ggen__Package *package;
    manifest_notes_t *notes;
    code_t code;
} manifest_reader_t;

//  Bytes of 'text' to show, for "%.*s": at most 48, whole characters.
int
    manifest_clip (const char *text);

//  Keep the first error: VALIDATION of 'field', a literal.
void
    manifest_fail (manifest_reader_t *self, const char *field, const char *format, ...)
        printf_like (3, 4);

void
    manifest_warn (manifest_reader_t *self, const char *format, ...) printf_like (2, 3);

//  Copy a text into a field of a message, unless it fails: then 'code' is INTERNAL.
void
    manifest_put (manifest_reader_t *self, char **field, const char *text);

//  Read 'dependencies' and 'optionalDependencies' of every source into the package.
void
    manifest_read_dependencies (manifest_reader_t *self);

#endif
