// SPDX-License-Identifier: MIT
//  The forms real manifests give their dependencies (SPEC 3.1).
#include "manifest_reader.h"

#include <stdlib.h>
#include <string.h>

static bool
is_known (manifest_reader_t *self, const char *name, const char *requirement)
{
    const Ggen__Package *package = self->package;
    for (size_t i = 0; i < package->n_dependencies; i++) {
        if (strcmp (package->dependencies [i]->name, name) != 0)
            continue;
        if (strcmp (package->dependencies [i]->requirement, requirement) != 0)
            manifest_warn (self, "dependencies: '%.*s' stands there twice; the first one counts",
                           manifest_clip (name), name);
        return true;
    }
    return false;
}

static void
append (manifest_reader_t *self, const char *name, const char *requirement, bool is_optional)
{
    Ggen__Package *package = self->package;
    size_t count = package->n_dependencies;
    if (count == MANIFEST_DEPENDENCIES_MAX) {
        manifest_fail (self, "dependencies", "dependencies: more than %d",
                       MANIFEST_DEPENDENCIES_MAX);
        return;
    }
    Ggen__Dependency **grown = realloc (package->dependencies, (count + 1) * sizeof *grown);
    if (grown)
        package->dependencies = grown;
    Ggen__Dependency *dependency = grown ? malloc (sizeof *dependency) : NULL;
    if (!dependency) {
        self->code = self->code ? self->code : INTERNAL;
        return;
    }
    ggen__dependency__init (dependency);
    manifest_put (self, &dependency->name, name);
    manifest_put (self, &dependency->requirement, requirement);
    dependency->optional = is_optional;
    grown [package->n_dependencies++] = dependency;
}

//  Take a dependency, or leave it out with one warning when nothing could ever resolve it.
static void
add (manifest_reader_t *self, const char *name, const char *requirement, bool is_optional)
{
    if (!*requirement)
        requirement = "*";
    if (!self->rules->is_id (name))
        manifest_warn (self, "dependencies: '%.*s' is no package id; not resolved",
                       manifest_clip (name), name);
    else if (!self->rules->is_range (requirement))
        manifest_warn (self, "dependencies.%.*s: '%.*s' is no version range; not resolved",
                       manifest_clip (name), name, manifest_clip (requirement), requirement);
    else if (!is_known (self, name, requirement))
        append (self, name, requirement, is_optional);
}

//  {version = "1", optional = true}: what it requires; NULL when it says nothing of the kind.
static const char *
requirement_of (const json_t *table)
{
    static const char *const names [] = {"version", "version_req", "requirement"};
    static const char *const elsewhere [] = {"path", "git", "url", "workspace"};
    for (size_t i = 0; i < COUNT_OF (names); i++)
        if (json_is_string (json_object_get (table, names [i])))
            return json_string_value (json_object_get (table, names [i]));
    for (size_t i = 0; i < COUNT_OF (elsewhere); i++)
        if (json_object_get (table, elsewhere [i]))
            return NULL;
    return json_is_boolean (json_object_get (table, "optional")) ? "*" : NULL;
}

//  "name" or "name@range".
static void
add_text (manifest_reader_t *self, const char *text, bool is_optional)
{
    const char *at = strrchr (text, '@');
    if (!at || at == text) {
        add (self, text, "*", is_optional);
        return;
    }
    char *name = strndup (text, (size_t) (at - text));
    if (name)
        add (self, name, at + 1, is_optional);
    else
        self->code = self->code ? self->code : INTERNAL;
    free (name);
}

//  Names, or tables {name, version, optional}.
static void
read_names (manifest_reader_t *self, const json_t *list, bool is_optional)
{
    for (size_t i = 0; i < json_array_size (list) && !self->code; i++) {
        const json_t *element = json_array_get (list, i);
        const char *name = json_string_value (json_object_get (element, "name"));
        const char *requirement = requirement_of (element);
        if (json_is_string (element))
            add_text (self, json_string_value (element), is_optional);
        else if (name)
            add (self, name, requirement ? requirement : "*",
                 is_optional || json_is_true (json_object_get (element, "optional")));
        else
            manifest_warn (self, "dependencies: element %zu has no name; not resolved", i + 1);
    }
}

static void
read_table (manifest_reader_t *self, const json_t *table, bool is_optional, bool is_inner)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *) table, name, value) {
        if (self->code)
            return;
        //  [dependencies] required = ["a"], or [dependencies.optional] a = "1"
        bool is_optional_group = strcmp (name, "optional") == 0;
        bool is_group = !is_inner && (is_optional_group || strcmp (name, "required") == 0);
        const char *requirement = json_is_string (value) ? json_string_value (value)
                                                         : requirement_of (value);
        if (requirement)
            add (self, name, requirement,
                 is_optional || json_is_true (json_object_get (value, "optional")));
        else if (is_group && json_is_array (value))
            read_names (self, value, is_optional || is_optional_group);
        else if (is_group && json_is_object (value))
            read_table (self, value, is_optional || is_optional_group, true);
        else
            manifest_warn (self, "dependencies.%.*s: no version range; not resolved",
                           manifest_clip (name), name);
    }
}

static void
read_dependencies (manifest_reader_t *self, const json_t *value, bool is_optional)
{
    if (json_is_array (value))
        read_names (self, value, is_optional);
    else if (json_is_object (value))
        read_table (self, value, is_optional, false);
    else if (value && !json_is_null (value))
        manifest_warn (self, "dependencies: expected a table or a list; not resolved");
}

void
manifest_read_dependencies (manifest_reader_t *self)
{
    for (size_t i = 0; i < self->sources_count; i++) {
        const json_t *source = self->sources [i];
        //  npm lists an optional one under both names.
        read_dependencies (self, json_object_get (source, "optionalDependencies"), true);
        read_dependencies (self, json_object_get (source, "dependencies"), false);
    }
}
