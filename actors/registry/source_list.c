// SPDX-License-Identifier: MIT
#include "actors/registry/source_list.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_VERSION 1

static const char *const kinds [] = {"home", "directory", "imported", "web"};

const char *
source_kind_text (Ggen__SourceKind kind)
{
    return kind < (int) COUNT_OF (kinds) ? kinds [kind] : "";
}

bool
source_name_is_valid (const char *name)
{
    static const char *const taken [] = {"file", "p2p",       "http",  "all",    "central",
                                         "path", "installed", "cache", "sources"};
    size_t size = strlen (name);
    if (size == 0 || size > SOURCE_NAME_MAX || strchr ("._-", name [0])
        || strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != size)
        return false;
    for (size_t i = 0; i < COUNT_OF (taken); i++)
        if (strcmp (name, taken [i]) == 0)
            return false;
    return true;
}

bool
source_is_web (const char *location)
{
    return strncmp (location, "http://", 7) == 0 || strncmp (location, "https://", 8) == 0;
}

//  ---- one source --------------------------------------------------------------------------------

Ggen__Source *
source_new (const char *name, Ggen__SourceKind kind, const char *location, const char *directory,
            int64_t added_at)
{
    Ggen__Source *self = malloc (sizeof *self);
    if (!self)
        return NULL;
    ggen__source__init (self);
    self->name = strdup (name);
    self->location = strdup (location);
    self->directory = strdup (directory);
    self->kind = kind;
    self->added_at = added_at;
    if (self->name && self->location && self->directory)
        return self;
    ggen__source__free_unpacked (self, NULL);
    return NULL;
}

//  What a place has to be: it is opened as it stands.
static bool
is_placed (const Ggen__Source *self)
{
    bool web = self->kind == GGEN__SOURCE_KIND__SOURCE_WEB;
    return strlen (self->location) <= SOURCE_LOCATION_MAX
           && strlen (self->directory) <= SOURCE_LOCATION_MAX
           && (web ? source_is_web (self->location) && !*self->directory
                   : self->directory [0] == '/');
}

static Ggen__Source *
read_source (json_t *json)
{
    const char *name, *kind, *location, *directory;
    json_int_t added_at = 0;
    if (json_unpack (json, "{s:s, s:s, s:s, s:s, s?I}", "name", &name, "kind", &kind, "location",
                     &location, "directory", &directory, "added_at", &added_at)
        != 0)
        return NULL;
    for (size_t i = 1; i < COUNT_OF (kinds); i++)
        if (strcmp (kind, kinds [i]) == 0)
            return source_new (name, (Ggen__SourceKind) i, location, directory, added_at);
    return NULL;
}

//  ---- the list ----------------------------------------------------------------------------------

void
source_list_clear (source_list_t *self)
{
    while (self->count > 0)
        ggen__source__free_unpacked (self->items [--self->count], NULL);
}

Ggen__Source *
source_list_find (const source_list_t *self, const char *name)
{
    for (unsigned i = 0; i < self->count; i++)
        if (strcmp (self->items [i]->name, name) == 0)
            return self->items [i];
    return NULL;
}

code_t
source_list_add (source_list_t *self, Ggen__Source *source)
{
    if (self->count == SOURCE_LIST_MAX)
        return VALIDATION;
    self->items [self->count++] = source;
    return OK;
}

code_t
source_list_add_url (source_list_t *self, const char *url)
{
    if (!url)
        return OK;
    Ggen__Source *source = source_new (SOURCE_URL_NAME, GGEN__SOURCE_KIND__SOURCE_WEB, url, "", 0);
    if (source)
        self->items [self->count++] = source;
    return source ? OK : BUSY;
}

Ggen__Source *
source_list_take (source_list_t *self, const char *name)
{
    for (unsigned i = 0; i < self->count; i++) {
        Ggen__Source *found = self->items [i];
        if (strcmp (found->name, name) != 0)
            continue;
        memmove (self->items + i, self->items + i + 1,
                 (--self->count - i) * sizeof *self->items);
        return found;
    }
    return NULL;
}

//  Adds what one element says. *why_p is set when it cannot be.
static code_t
read_item (source_list_t *self, json_t *json, const char **why_p)
{
    Ggen__Source *source = read_source (json);
    code_t code = source ? VALIDATION : SERIALIZATION;
    *why_p = "it has no name, kind, location and directory";
    if (source && !source_name_is_valid (source->name))
        *why_p = "no source can have this name";
    else if (source && !is_placed (source))
        *why_p = "it is in no place that can be";
    else if (source && source_list_find (self, source->name))
        *why_p = "the name is there twice";
    else if (source) {
        *why_p = "there are too many sources";
        code = source_list_add (self, source);
    }
    if (code != OK && source)
        ggen__source__free_unpacked (source, NULL);
    return code;
}

static code_t
read_items (source_list_t *self, json_t *items, char *why, size_t why_size)
{
    size_t index;
    json_t *item;
    json_array_foreach (items, index, item) {
        const char *reason;
        code_t code = read_item (self, item, &reason);
        if (code == OK)
            continue;
        snprintf (why, why_size, "source %zu: %s", index + 1, reason);
        source_list_clear (self);
        return code;
    }
    return OK;
}

code_t
source_list_read (source_list_t *self, const char *text, size_t size, char *why, size_t why_size)
{
    *self = (source_list_t) {.count = 0};
    if (size == 0)
        return OK;
    if (size > SOURCE_LIST_TEXT_MAX) {
        snprintf (why, why_size, "it is longer than %u bytes", SOURCE_LIST_TEXT_MAX);
        return VALIDATION;
    }
    json_error_t error;
    AUTO (json_decrefp) json_t *root = json_loadb (text, size, JSON_REJECT_DUPLICATES, &error);
    json_t *items = json_object_get (root, "sources");
    if (!root)
        snprintf (why, why_size, "line %d, column %d: %s", error.line, error.column, error.text);
    else if (json_integer_value (json_object_get (root, "version")) != LIST_VERSION)
        snprintf (why, why_size, "this program knows version %d of it", LIST_VERSION);
    else if (!json_is_array (items))
        snprintf (why, why_size, "it has no list of sources");
    else
        return read_items (self, items, why, why_size);
    return SERIALIZATION;
}

char *
source_list_text (const source_list_t *self)
{
    json_t *items = json_array ();
    bool whole = true;
    for (unsigned i = 0; i < self->count; i++) {
        const Ggen__Source *source = self->items [i];
        json_t *item = json_pack ("{s:s, s:s, s:s, s:s, s:I}", "name", source->name, "kind",
                                  source_kind_text (source->kind), "location", source->location,
                                  "directory", source->directory, "added_at",
                                  (json_int_t) source->added_at);
        whole = json_array_append_new (items, item) == 0 && whole;
    }
    AUTO (json_decrefp) json_t *root
        = json_pack ("{s:i, s:o}", "version", LIST_VERSION, "sources", items);
    return root && whole ? json_dumps (root, JSON_INDENT (2)) : NULL;
}
