// SPDX-License-Identifier: MIT
//  The named sources of a home, as text and in memory: HOME/registries.json (SPEC 2.1).
//
//      {"version": 1, "sources": [{"name", "kind": "directory"|"imported"|"web", "location",
//                                  "directory", "added_at"}]}
//
//  They stand in the order of adding, which is the order in which they are believed.
#ifndef GGEN_SOURCE_LIST_H
#define GGEN_SOURCE_LIST_H

#include "messages/base.h"
#include "sources.pb-c.h"

#define SOURCE_LIST_FILE     "registries.json"
#define SOURCE_LIST_MAX      16             //  sources; one more is refused with VALIDATION
#define SOURCE_LIST_TEXT_MAX (1u << 20)     //  bytes of the text; more is refused with VALIDATION
#define SOURCE_URL_NAME      "http"
#define SOURCE_NAME_MAX      64             //  bytes
#define SOURCE_LOCATION_MAX  4096           //  bytes of a location, and of a directory

typedef struct {
    Ggen__Source *items [SOURCE_LIST_MAX + 1];      //  the last place is for source_list_add_url
    unsigned count;
} source_list_t;

//  1 to SOURCE_NAME_MAX of [a-z0-9._-], the first one a letter or digit, and no name that means
//  something else: "file", "p2p", "http", "all", "central", "path", "installed", "cache", "sources".
bool source_name_is_valid (const char *name);

//  "http://..." or "https://...".
bool source_is_web (const char *location);

//  Read a text; an empty one has no sources.
//  OK             '*self' is filled; source_list_clear.
//  SERIALIZATION  no JSON, or not of this shape, or made by a later program. VALIDATION: too long, too
//                 many, a name twice, a name or place that cannot be. 'why' says which.
must_use code_t source_list_read (source_list_t *self, const char *text, size_t size, char *why,
                                  size_t why_size);

//  The text of it, to be freed; equal lists give equal bytes. NULL: out of memory, or a path is no
//  UTF-8, which JSON cannot tell.
char *source_list_text (const source_list_t *self);

void source_list_clear (source_list_t *self);

//  The source of this name, borrowed; NULL without.
Ggen__Source *source_list_find (const source_list_t *self, const char *name);

//  At the end; takes 'source'. VALIDATION: SOURCE_LIST_MAX are there; it stays the caller's.
must_use code_t source_list_add (source_list_t *self, Ggen__Source *source);

//  The HTTP registry of the settings (registry.url), as a source named "http", behind all others. It is
//  never part of the text. Nothing for NULL. BUSY: out of memory.
must_use code_t source_list_add_url (source_list_t *self, const char *url);

//  Take one out, which is the caller's then; NULL: there is none of this name.
Ggen__Source *source_list_take (source_list_t *self, const char *name);

//  One more source, to be freed with ggen__source__free_unpacked. NULL: out of memory.
Ggen__Source *source_new (const char *name, Ggen__SourceKind kind, const char *location,
                          const char *directory, int64_t added_at);

//  "directory", "imported", "web", "home".
const char *source_kind_text (Ggen__SourceKind kind);

#endif
