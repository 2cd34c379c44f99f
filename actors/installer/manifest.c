// SPDX-License-Identifier: MIT
#include "manifest_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIP_BYTES 48

const char *const manifest_names [] = {
    "gpack.toml", "package.toml", "pack.toml", "package.json", NULL
};

int
manifest_clip (const char *text)
{
    size_t size = strnlen (text, CLIP_BYTES + 1);
    if (size <= CLIP_BYTES)
        return (int) size;
    do
        size--;
    while (size > 0 && ((unsigned char) text [size] & 0xC0) == 0x80);
    return (int) size;
}

//  "FILE: what there is to say" into 'note'. Callers shorten values, so nothing is cut here.
static void
compose (manifest_reader_t *self, char note [MANIFEST_NOTE_SIZE], const char *format,
         va_list values)
{
    int used = snprintf (note, MANIFEST_NOTE_SIZE, "%.*s: ", manifest_clip (self->file_name),
                         self->file_name);
    vsnprintf (note + used, MANIFEST_NOTE_SIZE - (size_t) used, format, values);
}

void
manifest_fail (manifest_reader_t *self, const char *field, const char *format, ...)
{
    if (self->code)
        return;
    va_list values;
    va_start (values, format);
    compose (self, self->notes->error, format, values);
    va_end (values);
    self->notes->field = field;
    self->code = VALIDATION;
}

void
manifest_warn (manifest_reader_t *self, const char *format, ...)
{
    if (self->notes->warnings_count++ >= MANIFEST_WARNINGS_MAX)
        return;
    va_list values;
    va_start (values, format);
    compose (self, self->notes->warnings [self->notes->warnings_count - 1], format, values);
    va_end (values);
}

void
manifest_put (manifest_reader_t *self, char **field, const char *text)
{
    if (!*text)
        return;             //  protobuf-c's default is the empty text
    char *copy = strdup (text);
    if (copy)
        *field = copy;
    else
        self->code = self->code ? self->code : INTERNAL;
}

static const json_t *
find (const manifest_reader_t *self, const char *field)
{
    for (size_t i = 0; i < self->sources_count; i++) {
        const json_t *value = json_object_get (self->sources [i], field);
        if (value && !json_is_null (value))
            return value;
    }
    return NULL;
}

//  The text of a field; npm writes some as an object, whose 'member' it is then. NULL when absent.
static const char *
text_of (manifest_reader_t *self, const char *field, const char *member)
{
    const json_t *value = find (self, field);
    if (json_is_object (value) && member)
        value = json_object_get (value, member);
    if (value && !json_is_string (value))
        manifest_warn (self, "%s: expected a text; left out", field);
    return json_string_value (value);
}

static void
read_text (manifest_reader_t *self, const char *field, const char *member, char **target)
{
    const char *text = text_of (self, field, member);
    if (text)
        manifest_put (self, target, text);
}

static void
append_unique (manifest_reader_t *self, const char *text, size_t *count, char ***list)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp ((*list) [i], text) == 0)
            return;
    char **grown = realloc (*list, (*count + 1) * sizeof *grown);
    char *copy = strdup (text);
    if (grown)
        *list = grown;
    if (grown && copy) {
        grown [(*count)++] = copy;
        return;
    }
    free (copy);
    self->code = self->code ? self->code : INTERNAL;
}

//  A text, or a person as npm writes one: {name, email}.
static bool
append_element (manifest_reader_t *self, const json_t *value, size_t *count, char ***list)
{
    const char *name = json_string_value (json_object_get (value, "name"));
    const char *email = json_string_value (json_object_get (value, "email"));
    char person [MANIFEST_NOTE_SIZE];
    const char *text = json_string_value (value);
    if (name) {
        snprintf (person, sizeof person, "%.*s%s%.*s%s", manifest_clip (name), name,
                  email ? " <" : "", email ? manifest_clip (email) : 0, email ? email : "",
                  email ? ">" : "");
        text = person;
    }
    if (!text)
        return false;
    if (*text)
        append_unique (self, text, count, list);
    return true;
}

//  A list of texts: ["a", "b"], "a", or a table that holds it once more, as real manifests do:
//  [package.tags] tags = ["a", "b"].
static void
read_list (manifest_reader_t *self, const char *field, size_t *count, char ***list)
{
    const json_t *value = find (self, field);
    const json_t *inner = json_object_get (value, field);
    if (inner)
        value = inner;
    if (!value)
        return;
    if (!json_is_array (value)) {
        if (!append_element (self, value, count, list))
            manifest_warn (self, "%s: expected a list of texts; left out", field);
        return;
    }
    for (size_t i = 0; i < json_array_size (value); i++) {
        if (*count == MANIFEST_LIST_MAX) {
            manifest_warn (self, "%s: only the first %d are kept", field, MANIFEST_LIST_MAX);
            return;
        }
        if (!append_element (self, json_array_get (value, i), count, list))
            manifest_warn (self, "%s: element %zu is no text; left out", field, i + 1);
    }
}

static void
read_identity (manifest_reader_t *self)
{
    const char *field = find (self, "id") ? "id" : "name";
    const json_t *value = find (self, field);
    const char *id = json_string_value (value);
    if (!value)
        manifest_fail (self, field, "name: missing");
    else if (!id)
        manifest_fail (self, field, "%s: expected a text", field);
    else if (!self->rules->is_id (id))
        manifest_fail (self, field, "%s: '%.*s' is no package id", field, manifest_clip (id), id);
    else
        manifest_put (self, &self->package->id, id);
}

static void
read_version (manifest_reader_t *self)
{
    const json_t *value = find (self, "version");
    const char *version = self->rules->version ? self->rules->version : json_string_value (value);
    if (!version) {
        manifest_fail (self, "version", value ? "version: expected a text like \"1.0.0\""
                                              : "version: missing");
        return;
    }
    const char *bare = version + (version [0] == 'v');
    if (self->rules->is_version (bare))
        manifest_put (self, &self->package->version, bare);
    else
        manifest_fail (self, "version", "version: '%.*s' is no version like 1.0.0",
                       manifest_clip (version), version);
}

static void
read_texts (manifest_reader_t *self)
{
    Ggen__Package *package = self->package;
    static const char *const titles [] = {"title", "full_name", "name"};
    const char *title = NULL;
    for (size_t i = 0; i < COUNT_OF (titles) && (!title || !*title); i++)
        title = text_of (self, titles [i], NULL);
    manifest_put (self, &package->title, title ? title : package->id);

    const char *description = text_of (self, "description", NULL);
    if (description && *description)
        manifest_put (self, &package->description, description);
    else if (!self->rules->is_lax && self->rules->is_strict)
        manifest_fail (self, "description", "description: missing");
    else if (!self->rules->is_lax)
        manifest_warn (self, "description: missing");

    read_text (self, "readme", NULL, &package->readme);
    read_text (self, "license", "type", &package->license);
    read_text (self, "repository", "url", &package->repository);
    read_text (self, "homepage", "url", &package->homepage);
    read_text (self, "ggen_compat", NULL, &package->ggen_compat);
}

static void
read_lists (manifest_reader_t *self)
{
    Ggen__Package *package = self->package;
    read_list (self, "authors", &package->n_authors, &package->authors);
    read_list (self, "author", &package->n_authors, &package->authors);
    read_list (self, "categories", &package->n_categories, &package->categories);
    read_list (self, "category", &package->n_categories, &package->categories);
    read_list (self, "tags", &package->n_tags, &package->tags);
    read_list (self, "keywords", &package->n_keywords, &package->keywords);
}

code_t
manifest_read (const json_t *doc, const char *file_name, const manifest_rules_t *rules,
               Ggen__Package **package_p, manifest_notes_t *notes)
{
    *package_p = NULL;
    memset (notes, 0, sizeof *notes);
    manifest_reader_t self = {.file_name = file_name, .rules = rules, .notes = notes};
    static const char *const sections [] = {"gpack", "package", "pack"};
    for (size_t i = 0; i < COUNT_OF (sections); i++) {
        const json_t *section = json_object_get (doc, sections [i]);
        if (json_is_object (section))
            self.sources [self.sources_count++] = section;
    }
    self.sources [self.sources_count++] = doc;

    self.package = malloc (sizeof *self.package);
    if (!self.package)
        return INTERNAL;
    ggen__package__init (self.package);
    read_identity (&self);
    read_version (&self);
    if (!self.code) {
        read_texts (&self);
        read_lists (&self);
        manifest_read_dependencies (&self);
    }
    if (self.code)
        ggen__package__free_unpacked (self.package, NULL);
    else
        *package_p = self.package;
    return self.code;
}
