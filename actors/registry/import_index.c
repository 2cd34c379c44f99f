// SPDX-License-Identifier: MIT
#include "actors/registry/import_index.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/registry/layout.h"
#include "actors/registry/reply.h"
#include "messages/base64.h"
#include "messages/digest.h"
#include "messages/package_id.h"
#include "messages/rfc3339.h"
#include "messages/semver_range.h"

//  ---- fields ------------------------------------------------------------------------------------

//  The first of these members that is a text; "" without.
static const char *
text_of (const json_t *json, const char *first, const char *second)
{
    const char *text = json_string_value (json_object_get (json, first));
    if (!text && second)
        text = json_string_value (json_object_get (json, second));
    return text ? text : "";
}

static void
set (char **field, const char *text)
{
    if (*text)
        reply_set_text (field, text);
}

static void
add_texts (Ggen__Package *package, const char *field, const json_t *value)
{
    size_t index;
    json_t *item;
    if (json_is_string (value) && *json_string_value (value))
        reply_add_text (&package->base, field, json_string_value (value));
    json_array_foreach (value, index, item)
        if (json_is_string (item))
            reply_add_text (&package->base, field, json_string_value (item));
}

//  0 when it is no time.
static int64_t
time_of (const json_t *value)
{
    int64_t wall_s;
    return json_is_string (value) && rfc3339_read (json_string_value (value), &wall_s) == OK ? wall_s
                                                                                             : 0;
}

//  64 hex digits, alone or behind "sha256-" or "sha256:".
static void
read_digest (import_index_t *self, Ggen__Package *package, const char *text)
{
    digest_t digest;
    if (strncmp (text, "sha256", 6) == 0 && (text [6] == '-' || text [6] == ':'))
        text += 7;
    if (digest_from_hex (&digest, text) != OK) {
        self->digests_dropped += *text != 0;
        return;
    }
    package->sha256.data = malloc (DIGEST_SIZE);
    if (!package->sha256.data)
        return;
    memcpy (package->sha256.data, digest.bytes, DIGEST_SIZE);
    package->sha256.len = DIGEST_SIZE;
}

//  The bytes of a record, to be freed; NULL: it is none.
static uint8_t *
read_record (const char *text, size_t *size_p)
{
    size_t size_max = strlen (text) / 4 * 3 + 3;
    uint8_t *data = *text && size_max <= IMPORT_RECORD_MAX ? malloc (size_max) : NULL;
    *size_p = 0;
    if (data && base64_decode (data, size_max, size_p, text) == OK && *size_p > 0)
        return data;
    free (data);
    return NULL;
}

static bool
make_room_for_head (import_index_t *self)
{
    if (self->heads_count < self->heads_room)
        return true;
    size_t room = self->heads_room ? 2 * self->heads_room : 64;
    import_head_t *longer = room <= 2 * IMPORT_HEADS_MAX
                                ? reallocarray (self->heads, room, sizeof *longer) : NULL;
    if (!longer)
        return false;
    self->heads = longer;
    self->heads_room = room;
    return true;
}

static void
read_heads (import_index_t *self, const char *id, const json_t *list)
{
    size_t index;
    json_t *item;
    json_array_foreach (list, index, item) {
        if (!json_is_string (item) || self->heads_count == IMPORT_HEADS_MAX
            || !make_room_for_head (self))
            continue;
        import_head_t head;
        head.data = read_record (json_string_value (item), &head.size);
        head.id = head.data ? strdup (id) : NULL;
        if (head.id)
            self->heads [self->heads_count++] = head;
        else
            free (head.data);
    }
}

static int
by_id (const void *a, const void *b)
{
    return strcmp (((const import_head_t *) a)->id, ((const import_head_t *) b)->id);
}

//  By id, and no more than IMPORT_HEADS_OF_ID_MAX of one.
static void
sort_heads (import_index_t *self)
{
    size_t kept = 0, same = 0;
    if (self->heads_count > 0)
        qsort (self->heads, self->heads_count, sizeof *self->heads, by_id);
    for (size_t i = 0; i < self->heads_count; i++) {
        import_head_t head = self->heads [i];
        same = kept > 0 && by_id (&head, &self->heads [kept - 1]) == 0 ? same + 1 : 1;
        if (same <= IMPORT_HEADS_OF_ID_MAX) {
            self->heads [kept++] = head;
            continue;
        }
        free (head.id);
        free (head.data);
    }
    self->heads_count = kept;
}

//  ---- dependencies ------------------------------------------------------------------------------

static void
add_dependency (import_index_t *self, Ggen__Package *package, const char *name,
                const char *requirement, bool optional)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *range = NULL;
    semver_range_t *parsed = NULL;
    //  "other@^1" says both.
    if (package_id_split (name, id, &range) != OK
        || semver_range_parse (&parsed, *requirement ? requirement : range ? range : "*") != OK) {
        self->dependencies_dropped++;
        return;
    }
    semver_range_destroy (&parsed);
    Ggen__Dependency **longer
        = reallocarray (package->dependencies, package->n_dependencies + 1, sizeof *longer);
    Ggen__Dependency *needs = longer ? reply_new (&ggen__dependency__descriptor) : NULL;
    if (!needs)
        return;
    reply_set_text (&needs->name, id);
    reply_set_text (&needs->requirement, *requirement ? requirement : range ? range : "*");
    needs->optional = optional;
    package->dependencies = longer;
    package->dependencies [package->n_dependencies++] = needs;
}

static void
read_dependencies (import_index_t *self, Ggen__Package *package, const json_t *list)
{
    size_t index;
    const char *key;
    json_t *item;
    json_array_foreach (list, index, item)
        if (json_is_string (item))
            add_dependency (self, package, json_string_value (item), "", false);
        else
            add_dependency (self, package, text_of (item, "name", "id"),
                            text_of (item, "version_req", "version"),
                            json_is_true (json_object_get (item, "optional")));
    //  An object's value is cast for its macro, which takes no const.
    json_object_foreach ((json_t *) (uintptr_t) list, key, item)
        add_dependency (self, package, key, json_is_string (item) ? json_string_value (item) : "",
                        false);
}

//  ---- entries -----------------------------------------------------------------------------------

static void
skip (import_index_t *self, const char *name, const char *version, const char *reason)
{
    self->skipped_count++;
    if (self->skipped_listed == IMPORT_SKIPPED_MAX)
        return;
    Ggen__SkippedEntry **longer
        = reallocarray (self->skipped, self->skipped_listed + 1, sizeof *longer);
    if (!longer)
        return;
    self->skipped = longer;
    Ggen__SkippedEntry *entry = reply_new (&ggen__skipped_entry__descriptor);
    reply_set_text (&entry->name, name);
    reply_set_text (&entry->version, version);
    reply_set_text (&entry->reason, reason);
    self->skipped [self->skipped_listed++] = entry;
}

void
import_index_skip (import_index_t *self, size_t index, const char *reason)
{
    Ggen__Package *package = self->packages [index];
    skip (self, package->id, package->version, reason);
    ggen__package__free_unpacked (package, NULL);
    self->packages [index] = NULL;
}

static bool
make_room (import_index_t *self)
{
    if (self->packages_count < self->packages_room)
        return true;
    size_t room = self->packages_room ? 2 * self->packages_room : 64;
    Ggen__Package **longer = reallocarray (self->packages, room, sizeof *longer);
    if (!longer)
        return false;
    self->packages = longer;
    self->packages_room = room;
    return true;
}

static bool
is_full (const import_index_t *self)
{
    return self->packages_count + self->skipped_count >= IMPORT_ENTRIES_MAX;
}

//  Where the archive is: an URL or path; of a repository its revision.
static void
read_location (Ggen__Package *package, const json_t *entry, const json_t *version)
{
    const char *url = text_of (version, "download_url", "url"),
               *git = text_of (version, "git_url", NULL), *rev = text_of (version, "git_rev", NULL);
    char *place = NULL;
    if (!*url)
        url = text_of (entry, "download_url", "url");
    if (*url)
        set (&package->location, url);
    else if (*git && asprintf (&place, "%s%s%s", git, *rev ? "#" : "", rev) >= 0) {
        set (&package->location, place);
        free (place);
    }
}

//  What an entry tells of its package, and one of its versions of itself.
static void
read_fields (import_index_t *self, Ggen__Package *package, const json_t *entry,
             const json_t *version)
{
    const char *sum = text_of (version, "checksum", "sha256"),
               *title = text_of (entry, "title", "name");
    json_t *needs = json_object_get (version, "dependencies");
    set (&package->title, strcmp (title, package->id) == 0 ? "" : title);
    set (&package->description, text_of (entry, "description", NULL));
    set (&package->license, text_of (entry, "license", NULL));
    set (&package->repository, text_of (entry, "repository", NULL));
    set (&package->homepage, text_of (entry, "homepage", NULL));
    add_texts (package, "authors", json_object_get (entry, "author"));
    add_texts (package, "authors", json_object_get (entry, "authors"));
    add_texts (package, "categories", json_object_get (entry, "category"));
    add_texts (package, "categories", json_object_get (entry, "categories"));
    add_texts (package, "tags", json_object_get (entry, "tags"));
    add_texts (package, "keywords", json_object_get (entry, "keywords"));
    read_dependencies (self, package, needs ? needs : json_object_get (entry, "dependencies"));
    read_digest (self, package, *sum ? sum : text_of (entry, "checksum", "sha256"));
    package->record.data = read_record (text_of (version, "record", NULL), &package->record.len);
    read_location (package, entry, version);
    json_int_t size = json_integer_value (json_object_get (version, "size_bytes"));
    package->size_bytes = size > 0 ? (uint64_t) size : 0;
    package->created_at = time_of (json_object_get (version, "published_at"));
    package->yanked = json_is_true (json_object_get (version, "yanked"));
}

static code_t
add_version (import_index_t *self, const char *id, const char *number, const json_t *entry,
             const json_t *version)
{
    if (is_full (self))
        return VALIDATION;
    if (*number == 'v')
        number++;
    if (!layout_version_is_valid (number)) {
        skip (self, id, number, *number ? "its version is no SemVer version" : "it has no version");
        return OK;
    }
    if (!make_room (self))
        return BUSY;
    Ggen__Package *package = reply_new (&ggen__package__descriptor);
    reply_set_text (&package->id, id);
    reply_set_text (&package->version, number);
    read_fields (self, package, entry, version);
    self->packages [self->packages_count++] = package;
    return OK;
}

static code_t
add_entry (import_index_t *self, const char *key, const json_t *entry)
{
    const char *own = text_of (entry, "id", NULL);
    const char *name = key ? key : text_of (entry, "name", NULL);
    const char *id = layout_id_is_valid (own) ? own : layout_id_is_valid (name) ? name : NULL;
    json_t *versions = json_object_get (entry, "versions"), *version;
    const char *number = text_of (entry, "version", "latest_version");
    code_t code = OK;
    size_t index;
    if (is_full (self))
        return VALIDATION;
    if (!id || !json_is_object (entry)) {
        skip (self, *name ? name : own, number,
              json_is_object (entry) ? "neither its id nor its name is a package id"
                                     : "it is no object");
        return OK;
    }
    if (!json_is_array (versions) && !json_is_object (versions))
        return add_version (self, id, number, entry, entry);
    read_heads (self, id, json_object_get (entry, "heads"));
    json_array_foreach (versions, index, version)
        if (code == OK)
            code = add_version (self, id,
                                json_is_string (version) ? json_string_value (version)
                                                         : text_of (version, "version", NULL),
                                entry, version);
    json_object_foreach (versions, number, version)
        if (code == OK)
            code = add_version (self, id, number, entry, version);
    return code;
}

static code_t
add_entries (import_index_t *self, json_t *entries)
{
    size_t index;
    const char *key;
    json_t *entry;
    code_t code = OK;
    json_array_foreach (entries, index, entry)
        if (code == OK)
            code = add_entry (self, NULL, entry);
    json_object_foreach (entries, key, entry)
        if (code == OK)
            code = add_entry (self, key, entry);
    return code;
}

//  ---- what is there twice -----------------------------------------------------------------------

typedef struct {
    const Ggen__Package *package;
    size_t place;
} place_t;

static int
by_identity (const void *a_, const void *b_)
{
    const place_t *a = a_, *b = b_;
    int order = strcasecmp (a->package->id, b->package->id);
    if (order == 0)
        order = strcmp (a->package->id, b->package->id);
    if (order == 0)
        order = strcmp (a->package->version, b->package->version);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

//  The first of each version stays, and one id of those that differ in case only.
static code_t
drop_twins (import_index_t *self)
{
    size_t count = self->packages_count;
    place_t *places = calloc (count + 1, sizeof *places);
    if (!places)
        return BUSY;
    for (size_t i = 0; i < count; i++)
        places [i] = (place_t) {self->packages [i], i};
    qsort (places, count, sizeof *places, by_identity);
    const Ggen__Package *kept = NULL;
    for (size_t i = 0; i < count; i++)
        if (kept && strcmp (places [i].package->id, kept->id) == 0
            && strcmp (places [i].package->version, kept->version) == 0)
            import_index_skip (self, places [i].place, "it is listed twice; the first one holds");
        else if (kept && strcasecmp (places [i].package->id, kept->id) == 0
                 && strcmp (places [i].package->id, kept->id) != 0)
            import_index_skip (self, places [i].place, "another id differs from it in case only");
        else
            kept = places [i].package;
    free (places);
    return OK;
}

//  ---- the whole ---------------------------------------------------------------------------------

//  The entries, and which shape this is; NULL: none that is known.
static json_t *
find_entries (json_t *root, const char **shape_p)
{
    json_t *packages = json_object_get (root, "packages"), *packs = json_object_get (root, "packs");
    *shape_p = json_is_array (root)         ? "list"
               : json_is_object (packages)  ? "1.0.0"
               : json_is_array (packages)   ? "packages"
                                            : "packs";
    json_t *entries = json_is_array (root) ? root : packages ? packages : packs;
    return json_is_array (entries) || json_is_object (entries) ? entries : NULL;
}

//  Would it fit into memory when it is parsed? Up to its first fault a parser sees the same strings.
static bool
is_bearable (const char *text, size_t size)
{
    size_t objects = 0, values = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (text [i] == '\\' && quoted)
            i++;
        else if (text [i] == '"')
            quoted = !quoted;
        else if (!quoted) {
            objects += text [i] == '{' || text [i] == '[';
            values += text [i] == ',';
        }
    }
    return objects <= IMPORT_OBJECTS_MAX && values <= IMPORT_VALUES_MAX;
}

void
import_index_clear (import_index_t *self)
{
    for (size_t i = 0; i < self->packages_count; i++)
        if (self->packages [i])
            ggen__package__free_unpacked (self->packages [i], NULL);
    for (size_t i = 0; i < self->skipped_listed; i++)
        ggen__skipped_entry__free_unpacked (self->skipped [i], NULL);
    for (size_t i = 0; i < self->heads_count; i++) {
        free (self->heads [i].id);
        free (self->heads [i].data);
    }
    free (self->packages);
    free (self->heads);
    free (self->skipped);
    *self = (import_index_t) {.shape = ""};
}

code_t
import_index_read (import_index_t *self, const char *text, size_t size, char *why, size_t why_size)
{
    *self = (import_index_t) {.shape = ""};
    if (size > IMPORT_TEXT_MAX) {
        snprintf (why, why_size, "it is longer than %u bytes", IMPORT_TEXT_MAX);
        return VALIDATION;
    }
    if (!is_bearable (text, size)) {
        snprintf (why, why_size, "it has more than %u objects or %u values", IMPORT_OBJECTS_MAX,
                  IMPORT_VALUES_MAX);
        return VALIDATION;
    }
    json_error_t error;
    AUTO (json_decrefp) json_t *root = json_loadb (text, size, 0, &error);
    json_t *entries = find_entries (root, &self->shape);
    if (!root || !entries) {
        if (root)
            snprintf (why, why_size, "it has neither packages nor packs, and is no list of them");
        else
            snprintf (why, why_size, "line %d, column %d: %s", error.line, error.column,
                      error.text);
        return SERIALIZATION;
    }
    code_t code = add_entries (self, entries);
    sort_heads (self);
    if (code == OK)
        code = drop_twins (self);
    if (code == OK)
        return OK;
    import_index_clear (self);
    if (code == VALIDATION)
        snprintf (why, why_size, "it has more than %d entries", IMPORT_ENTRIES_MAX);
    else
        snprintf (why, why_size, "out of memory");
    return code;
}

//  ---- paths -------------------------------------------------------------------------------------

static int
hex_value (char c)
{
    return isdigit ((unsigned char) c)    ? c - '0'
           : isxdigit ((unsigned char) c) ? tolower ((unsigned char) c) - 'a' + 10
                                          : -1;
}

//  True for a path that stays below where it begins.
static bool
stays_inside (const char *path)
{
    if (!*path || *path == '/')
        return false;
    for (const char *part = path; part; part = strchr (part, '/')) {
        part += *part == '/';
        size_t size = strcspn (part, "/");
        if (size == 2 && part [0] == '.' && part [1] == '.')
            return false;
    }
    return true;
}

char *
import_index_path (const char *url)
{
    //  A scheme: letters, digits, + - . and a colon (RFC 3986, section 3.1).
    size_t scheme = strspn (url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    char *path = url [scheme] == ':' ? NULL : strdup (url), *to = path;
    for (const char *from = path; from && *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_value (from [1]), low = high >= 0 ? hex_value (from [2]) : -1;
        if (low < 0 || high + low == 0) {
            free (path);
            return NULL;
        }
        *to++ = (char) (high * 16 + low);
        from += 2;
    }
    if (path)
        *to = 0;
    if (path && !stays_inside (path)) {
        free (path);
        return NULL;
    }
    return path;
}
