// SPDX-License-Identifier: MIT
#include "lockfile.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "memory.h"
#include "package_id.h"
#include "publisher_key.h"
#include "rfc3339.h"

#define FORMAT_VERSION 1

static code_t printf_like (3, 4)
refuse (code_t code, char **why_p, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    int size = vasprintf (why_p, format, arguments);
    va_end (arguments);
    assert (size >= 0);
    return code;
}

static void
set_bytes (ProtobufCBinaryData *field, const void *bytes, size_t size)
{
    field->data = memory_new (size, 1);
    field->len = size;
    memcpy (field->data, bytes, size);
}

//  ---- reading -----------------------------------------------------------------------------------

//  A package as it is read. 'where' names it in complaints: its key, or its position in a list.
typedef struct {
    json_t *json;
    const char *where;
    bool old;                       //  An older shape: what was not written then may be absent
    Ggen__LockedPackage *package;
    char **why_p;
} entry_t;

//  A member that is text or absent (or null).
static code_t
read_text (const entry_t *self, const char *key, char **field)
{
    json_t *value = json_object_get (self->json, key);
    if (!value || json_is_null (value))
        return OK;
    if (!json_is_string (value))
        return refuse (SERIALIZATION, self->why_p, "%s: %s is no text", self->where, key);
    *field = memory_strdup (json_string_value (value));
    return OK;
}

//  Take the place of a text that is empty, which it is also when the file says so.
static void
fill_text (char **field, const char *text)
{
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = memory_strdup (text);
}

//  Name and version, from the members or from the key "NAME@VERSION", which must agree.
static code_t
read_identity (const entry_t *self)
{
    Ggen__LockedPackage *package = self->package;
    char id [PACKAGE_ID_MAX + 1];
    const char *version = NULL;
    if (read_text (self, "name", &package->name) != OK
    ||  read_text (self, "version", &package->version) != OK)
        return SERIALIZATION;
    if (package_id_split (self->where, id, &version) != OK)
        return *package->name && *package->version && self->old ? OK
            : refuse (VALIDATION, self->why_p, "'%s' is no package name", self->where);
    if (!*package->name)
        fill_text (&package->name, id);
    if (!*package->version && version)
        fill_text (&package->version, version);
    if (strcmp (package->name, id) || (version && strcmp (package->version, version))
    || (!version && !self->old))
        return refuse (VALIDATION, self->why_p, "%s: names %s@%s", self->where, package->name,
            package->version);
    return OK;
}

static code_t
read_digest (const entry_t *self, const char *key, bool bare, ProtobufCBinaryData *field)
{
    json_t *value = json_object_get (self->json, key);
    digest_t digest;
    if (!value || json_is_null (value))
        return OK;
    const char *text = json_is_string (value) ? json_string_value (value) : "";
    if (digest_from_integrity (&digest, text) != OK
    && (!bare || digest_from_hex (&digest, text) != OK))
        return refuse (VALIDATION, self->why_p, "%s: %s is no sha256-<64 hex digits>",
            self->where, key);
    set_bytes (field, digest.bytes, sizeof digest.bytes);
    return OK;
}

//  It may be null (a package taken over from an older lock), but in our own shape not absent.
static code_t
read_integrity (const entry_t *self)
{
    const char *key = json_object_get (self->json, "integrity") || !self->old
        ? "integrity" : "checksum";
    code_t code = read_digest (self, key, self->old, &self->package->sha256);
    if (code == OK && !json_object_get (self->json, key) && !self->old)
        return refuse (VALIDATION, self->why_p, "%s: no integrity", self->where);
    return code;
}

static code_t
read_publisher (const entry_t *self)
{
    json_t *value = json_object_get (self->json, "publisher");
    publisher_key_t key;
    if (!value || json_is_null (value))
        return OK;
    if (!json_is_string (value) || publisher_key_from_text (&key, json_string_value (value)) != OK)
        return refuse (VALIDATION, self->why_p, "%s: publisher is no ed25519:<64 hex digits>",
            self->where);
    set_bytes (&self->package->publisher_key, key.bytes, sizeof key.bytes);
    return OK;
}

static code_t
read_numbers (const entry_t *self)
{
    json_t *at = json_object_get (self->json, "installed_at");
    json_t *size = json_object_get (self->json, "size_bytes");
    self->package->direct = json_is_true (json_object_get (self->json, "direct"));
    if (size && (!json_is_integer (size) || json_integer_value (size) < 0))
        return refuse (VALIDATION, self->why_p, "%s: size_bytes is no size", self->where);
    self->package->size_bytes = (uint64_t) json_integer_value (size);
    if (!at || json_is_null (at))
        return OK;
    if (!json_is_string (at)
    ||  rfc3339_read (json_string_value (at), &self->package->installed_at) != OK)
        return refuse (VALIDATION, self->why_p, "%s: installed_at is no time", self->where);
    return OK;
}

static code_t
read_categories (const entry_t *self)
{
    json_t *list = json_object_get (self->json, "categories"), *value;
    size_t index;
    self->package->categories = memory_new (json_array_size (list), sizeof (char *));
    json_array_foreach (list, index, value) {
        if (!json_is_string (value))
            return refuse (SERIALIZATION, self->why_p, "%s: a category is no text", self->where);
        self->package->categories [self->package->n_categories++] =
            memory_strdup (json_string_value (value));
    }
    return OK;
}

static code_t
add_dependency (const entry_t *self, const char *name, const char *version)
{
    if (!name || !version)
        return refuse (SERIALIZATION, self->why_p, "%s: a dependency is no name and version",
            self->where);
    Ggen__LockedDependency *need = memory_new (1, sizeof *need);
    ggen__locked_dependency__init (need);
    need->name = memory_strdup (name);
    need->version = memory_strdup (version);
    self->package->dependencies [self->package->n_dependencies++] = need;
    return OK;
}

//  One element of a list: "NAME@VERSION" or {"name": ..., "version": ...}.
static code_t
add_listed_dependency (const entry_t *self, json_t *value)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *version = NULL;
    if (json_is_object (value))
        return add_dependency (self, json_string_value (json_object_get (value, "name")),
            json_string_value (json_object_get (value, "version")));
    if (!json_is_string (value) || package_id_split (json_string_value (value), id, &version) != OK)
        version = NULL;
    return add_dependency (self, id, version);
}

static code_t
read_dependencies (const entry_t *self)
{
    json_t *needs = json_object_get (self->json, "dependencies"), *value;
    const char *name;
    size_t index, count = json_is_array (needs) ? json_array_size (needs)
        : json_object_size (needs);
    code_t code = OK;
    if (count > LOCK_DEPENDENCIES_MAX)
        return refuse (VALIDATION, self->why_p, "%s: more than %d dependencies", self->where,
            LOCK_DEPENDENCIES_MAX);
    self->package->dependencies = memory_new (count, sizeof (void *));
    json_object_foreach (needs, name, value)
        if (code == OK)
            code = add_dependency (self, name, json_string_value (value));
    json_array_foreach (needs, index, value)
        if (code == OK)
            code = add_listed_dependency (self, value);
    return code;
}

static code_t
read_entry (const entry_t *self)
{
    code_t code = json_is_object (self->json) ? OK
        : refuse (SERIALIZATION, self->why_p, "%s: no JSON object", self->where);
    if (code == OK)
        code = read_identity (self);
    if (code == OK)
        code = read_text (self, "resolved", &self->package->resolved);
    if (code == OK)
        code = read_text (self, "description", &self->package->description);
    if (code == OK)
        code = read_text (self, "adopted", &self->package->adopted);
    if (code == OK)
        code = read_integrity (self);
    if (code == OK)
        code = read_digest (self, "files_sha256", true, &self->package->files_sha256);
    if (code == OK)
        code = read_publisher (self);
    if (code == OK)
        code = read_numbers (self);
    if (code == OK)
        code = read_categories (self);
    return code == OK ? read_dependencies (self) : code;
}

static code_t
add_entry (Ggen__Lock *lock, json_t *json, const char *where, bool old, char **why_p)
{
    Ggen__LockedPackage *package = memory_new (1, sizeof *package);
    ggen__locked_package__init (package);
    lock->packages [lock->n_packages++] = package;
    entry_t entry = {json, where, old, package, why_p};
    return read_entry (&entry);
}

static code_t
read_packages (Ggen__Lock *lock, json_t *packages, bool old, char **why_p)
{
    size_t index, count = json_is_array (packages) ? json_array_size (packages)
        : json_object_size (packages);
    const char *key;
    json_t *value;
    code_t code = OK;
    if (!json_is_object (packages) && !(old && json_is_array (packages)))
        return refuse (SERIALIZATION, why_p, "it has no packages");
    if (count > LOCK_PACKAGES_MAX)
        return refuse (VALIDATION, why_p, "more than %d packages", LOCK_PACKAGES_MAX);
    lock->packages = memory_new (count, sizeof (void *));
    json_object_foreach (packages, key, value)
        if (code == OK)
            code = add_entry (lock, value, key, old, why_p);
    json_array_foreach (packages, index, value) {
        const char *name = json_string_value (json_object_get (value, "name"));
        if (code == OK)
            code = add_entry (lock, value, name ? name : "a package without a name", old, why_p);
    }
    return code;
}

//  *old says whether it is of an older shape than FORMAT_VERSION.
static code_t
read_version (json_t *root, bool *old, char **why_p)
{
    json_t *version = json_object_get (root, "version");
    if (!json_is_object (root))
        return refuse (SERIALIZATION, why_p, "it is no JSON object");
    *old = !json_is_integer (version);
    if (json_is_integer (version) && json_integer_value (version) != FORMAT_VERSION)
        return refuse (VALIDATION, why_p, "its version is %" JSON_INTEGER_FORMAT
            ", this program knows version %d", json_integer_value (version), FORMAT_VERSION);
    return OK;
}

static bool
tells_direct (json_t *packages)
{
    size_t index;
    const char *key;
    json_t *value;
    bool tells = false;
    json_object_foreach (packages, key, value)
        tells |= json_object_get (value, "direct") != NULL;
    json_array_foreach (packages, index, value)
        tells |= json_object_get (value, "direct") != NULL;
    return tells;
}

//  Where nobody wrote what was asked for, it is what nothing else needs: without roots nothing stays.
static void
mark_roots (Ggen__Lock *lock)
{
    for (size_t i = 0; i < lock->n_packages; i++)
        lock->packages [i]->direct = true;
    for (size_t i = 0; i < lock->n_packages; i++)
        for (size_t j = 0; j < lock->packages [i]->n_dependencies; j++)
            lock_find (lock, lock->packages [i]->dependencies [j]->name)->direct = false;
}

static code_t
read_root (json_t *root, Ggen__Lock *lock, char **why_p)
{
    bool old = false;
    code_t code = read_version (root, &old, why_p);
    if (code == OK)
        code = read_packages (lock, json_object_get (root, "packages"), old, why_p);
    if (code != OK)
        return code;
    lock_sort (lock);
    code = lock_check (lock, why_p);
    if (code == OK && !tells_direct (json_object_get (root, "packages")))
        mark_roots (lock);
    return code;
}

code_t
lockfile_read (const char *text, size_t size, Ggen__Lock **lock_p, char **why_p)
{
    *lock_p = NULL;
    *why_p = NULL;
    if (size > LOCKFILE_TEXT_MAX)
        return refuse (VALIDATION, why_p, "it is longer than %d bytes", LOCKFILE_TEXT_MAX);
    json_error_t error;
    AUTO (json_decrefp) json_t *root = json_loadb (text, size, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return refuse (SERIALIZATION, why_p, "line %d, column %d: %s", error.line, error.column,
            error.text);
    Ggen__Lock *lock = memory_new (1, sizeof *lock);
    ggen__lock__init (lock);
    code_t code = read_root (root, lock, why_p);
    if (code == OK)
        *lock_p = lock;
    else
        ggen__lock__free_unpacked (lock, NULL);
    return code;
}

//  ---- writing -----------------------------------------------------------------------------------

static void
put (json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new (object, key, value);
    assert (!failed);               //  lock_check () has seen to UTF-8
}

static json_t *
digest_json (ProtobufCBinaryData field)
{
    digest_t digest;
    char text [DIGEST_INTEGRITY_SIZE + 1];
    if (digest_from_field (&digest, field) != OK)
        return json_null ();
    digest_to_integrity (&digest, text);
    return json_string (text);
}

static json_t *
publisher_json (ProtobufCBinaryData field)
{
    publisher_key_t key;
    char text [PUBLISHER_KEY_TEXT_SIZE + 1];
    if (publisher_key_from_field (&key, field) != OK)
        return json_null ();        //  Unsigned
    publisher_key_to_text (&key, text);
    return json_string (text);
}

static json_t *
time_json (int64_t wall_s)
{
    char text [RFC3339_SIZE + 1];
    rfc3339_write (wall_s, text);
    return json_string (text);
}

static json_t *
package_json (const Ggen__LockedPackage *package)
{
    json_t *json = json_object (), *needs = json_object (), *categories = json_array ();
    for (size_t index = 0; index < package->n_dependencies; index++)
        put (needs, package->dependencies [index]->name,
            json_string (package->dependencies [index]->version));
    for (size_t index = 0; index < package->n_categories; index++)
        json_array_append_new (categories, json_string (package->categories [index]));

    put (json, "name", json_string (package->name));
    put (json, "version", json_string (package->version));
    put (json, "resolved", json_string (package->resolved));
    put (json, "integrity", digest_json (package->sha256));
    put (json, "publisher", publisher_json (package->publisher_key));
    put (json, "installed_at", time_json (package->installed_at));
    put (json, "dependencies", needs);
    put (json, "files_sha256", digest_json (package->files_sha256));
    put (json, "direct", json_boolean (package->direct));
    put (json, "description", json_string (package->description));
    put (json, "categories", categories);
    if (*package->adopted)
        put (json, "adopted", json_string (package->adopted));
    put (json, "size_bytes", json_integer ((json_int_t) (package->size_bytes & INT64_MAX)));
    return json;
}

code_t
lockfile_write (const Ggen__Lock *lock, char **text_p, char **why_p)
{
    *text_p = NULL;
    code_t code = lock_check (lock, why_p);
    if (code != OK)
        return code;
    json_t *packages = json_object ();
    for (size_t index = 0; index < lock->n_packages; index++) {
        const Ggen__LockedPackage *package = lock->packages [index];
        char *key = NULL;
        int size = asprintf (&key, "%s@%s", package->name, package->version);
        assert (size >= 0);
        put (packages, key, package_json (package));
        free (key);
    }
    AUTO (json_decrefp) json_t *root = json_object ();
    put (root, "version", json_integer (FORMAT_VERSION));
    put (root, "packages", packages);

    char *text = json_dumps (root, JSON_SORT_KEYS | JSON_INDENT (2));
    assert (text);
    size_t size = strlen (text);
    *text_p = realloc (text, size + 2);
    assert (*text_p);
    strcpy (*text_p + size, "\n");
    return OK;
}
