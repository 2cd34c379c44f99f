// SPDX-License-Identifier: MIT
//  An index.json of any shape that there ever was, as packages (SPEC 3.4, "The older shapes import"):
//
//      "1.0.0"     {"version", "packages": {ID: {..., "versions": [{"version", "download_url",
//                  "checksum", "dependencies": [{"name", "version_req", "optional"}], "published_at",
//                  "size_bytes", "record", "yanked"}], "heads": [record]}}}
//      "packages"  {"packages": [{"name", "version", "download_url", "checksum",
//                  "dependencies": ["other", "other@^1"], ...}]}
//      "packs"     {"packs": {ID: {"id", ..., "versions": {V: {"git_url", "git_rev", "sha256"}}}}}
//      "list"      [{"id", "name", "version", "path", ...}]
//
//  Identity: the `id` field when it is a package id (SPEC 3.1), else the key or `name` when that is
//  one; else the entry is skipped, as are versions that are no SemVer and what is there twice. A
//  digest that is none counts as absent; a dependency that is no range is left out.
//  All other fields are taken when they are what they should be, and ignored when not.
#ifndef GGEN_IMPORT_INDEX_H
#define GGEN_IMPORT_INDEX_H

#include "messages/base.h"
#include "package.pb-c.h"
#include "sources.pb-c.h"

#define IMPORT_TEXT_MAX    (256u << 20)     //  bytes; more is VALIDATION
#define IMPORT_ENTRIES_MAX 500000           //  versions, and what was skipped; more is VALIDATION
#define IMPORT_OBJECTS_MAX (12u * IMPORT_ENTRIES_MAX)   //  and lists; parsed they take 80 times their text
#define IMPORT_VALUES_MAX  (24u * IMPORT_ENTRIES_MAX)   //  commas; more of either is VALIDATION
#define IMPORT_SKIPPED_MAX 1000             //  named; the others are counted
#define IMPORT_RECORD_MAX  (4u << 20)       //  bytes of a record; a longer one is left out
#define IMPORT_HEADS_MAX   500000           //  heads and rotations; more are left out
#define IMPORT_HEADS_OF_ID_MAX 256          //  of one package: each is compared with each of its versions

//  A head, or a rotation, that the index tells of a package; nobody has looked into it yet.
typedef struct {
    char *id;
    uint8_t *data;
    size_t size;
} import_head_t;

typedef struct {
    const char *shape;                      //  static
    Ggen__Package **packages;               //  NULL where one was skipped; 'location' is as in the file
    size_t packages_count;
    size_t packages_room;
    import_head_t *heads;                   //  by id, those of one in the order of the file
    size_t heads_count;
    size_t heads_room;
    Ggen__SkippedEntry **skipped;
    size_t skipped_listed;
    size_t skipped_count;                   //  listed or not
    size_t dependencies_dropped;
    size_t digests_dropped;
} import_index_t;

//  OK             'self' is filled; import_index_clear.
//  SERIALIZATION  no JSON, or of no known shape; VALIDATION: too long, too many entries. 'why' has
//                 the words.
must_use code_t import_index_read (import_index_t *self, const char *text, size_t size, char *why,
                                   size_t why_size);
void import_index_clear (import_index_t *self);

//  Take package 'index' out, with this reason.
void import_index_skip (import_index_t *self, size_t index, const char *reason);

//  A relative URL ("a%20b/c.tar.gz") as a relative path, to be freed. NULL: it is absolute, has a
//  scheme, leaves its directory ("..") or escapes what no path can hold.
char *import_index_path (const char *url);

#endif
