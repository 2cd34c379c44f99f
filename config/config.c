// SPDX-License-Identifier: MIT
#include "config/config_state.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
release_text (char **text)
{
    free (*text);
}

static void
release_json (json_t **json)
{
    json_decref (*json);
}

config_t *
config_new (const char *home)
{
    assert (home [0] == '/');
    config_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->home = strdup (home);
    self->errors = json_array ();
    self->warnings = json_array ();
    bool is_whole = self->home && self->errors && self->warnings;
    for (const schema_key_t *row = schema_keys; row->key && is_whole; row++) {
        assert (self->keys_count < KEYS_MAX);
        setting_t *setting = &self->settings [self->keys_count++];
        setting->value = schema_default (row);
        strcpy (setting->origin, "default");
        is_whole = setting->value != NULL;
    }
    if (!is_whole)
        config_destroy (&self);
    return self;
}

void
config_destroy (config_t **self_p)
{
    config_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->keys_count; i++)
        json_decref (self->settings [i].value);
    json_decref (self->errors);
    json_decref (self->warnings);
    free (self->home);
    free (self);
    *self_p = NULL;
}

//  Of a text cut in the middle of a character, and of one that is no UTF-8 (a path), only what JSON
//  can hold is kept.
static json_t *
printable (char *text)
{
    size_t size = strlen (text);
    for (size_t cut = 0; cut < 4 && cut < size; cut++) {
        json_t *string = json_stringn (text, size - cut);
        if (string)
            return string;
    }
    for (char *at = text; *at; at++)
        if ((unsigned char) *at >= 0x80)
            *at = '?';
    return json_string (text);
}

static void
note (json_t *list, const char *format, va_list values)
{
    char text [NOTE_SIZE];
    vsnprintf (text, sizeof text, format, values);
    if (json_array_size (list) < CONFIG_NOTES_MAX)
        json_array_append_new (list, printable (text));
}

code_t
config_fail (config_t *self, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    note (self->errors, format, values);
    va_end (values);
    return CONFIG;
}

void
config_warn (config_t *self, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    note (self->warnings, format, values);
    va_end (values);
}

const json_t *
config_errors (const config_t *self)
{
    return self->errors;
}

const json_t *
config_warnings (const config_t *self)
{
    return self->warnings;
}

static int64_t
priority_of (const json_t *peer)
{
    const json_t *priority = json_object_get (peer, "priority");
    return priority ? json_integer_value (priority) : INT64_MAX;
}

//  The addresses of a SCHEMA_PEERS list, smallest priority first, equal ones as they stand.
static json_t *
sorted_addresses (const json_t *peers)
{
    json_t *addresses = json_array ();
    const json_t *order [SCHEMA_LIST_MAX];
    size_t count = json_array_size (peers);
    for (size_t i = 0; i < count; i++) {
        const json_t *peer = json_array_get (peers, i);
        size_t at = i;
        for (; at > 0 && priority_of (order [at - 1]) > priority_of (peer); at--)
            order [at] = order [at - 1];
        order [at] = peer;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *address = json_object_get (order [i], "address");
        json_array_append_new (addresses, json_copy ((json_t *) (address ? address : order [i])));
    }
    return addresses;
}

void
config_put (config_t *self, const schema_key_t *row, const json_t *value, rank_t rank,
            const char *origin)
{
    setting_t *setting = &self->settings [row - schema_keys];
    if (setting->rank > rank)
        return;
    json_t *copy = row->type == SCHEMA_PEERS ? sorted_addresses (value) : json_deep_copy (value);
    if (!copy)
        return;
    json_decref (setting->value);
    setting->value = copy;
    setting->rank = rank;
    snprintf (setting->origin, sizeof setting->origin, "%s", origin);
}

code_t
config_set (config_t *self, const char *key, const char *text, const char *flag)
{
    const schema_key_t *row = schema_find (key);
    if (!row) {
        const schema_key_t *nearest = schema_nearest (key);
        return config_fail (self, "%s: unknown key '%.100s'%s%s", flag, key,
                                  nearest ? "; did you mean " : "", nearest ? nearest->key : "");
    }
    AUTO (release_json) json_t *value = schema_read (row, text);
    char expected [SCHEMA_EXPECTED_SIZE], origin [ORIGIN_SIZE];
    if (!value)
        return config_fail (self, "%s: %s: expected %s", flag, key,
                                  schema_expected (row, expected));
    snprintf (origin, sizeof origin, "flag %.100s", flag);
    config_put (self, row, value, FROM_FLAG, origin);
    return OK;
}

const char *const config_files [] = {"config.toml", "p2p-config.toml", NULL};

code_t
config_load (config_t *self)
{
    code_t result = OK;
    for (size_t i = 0; config_files [i]; i++) {
        AUTO (release_text) char *path = NULL;
        if (asprintf (&path, "%s/%s", self->home, config_files [i]) < 0) {
            path = NULL;
            return config_fail (self, "out of memory");
        }
        if (access (path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        code_t read = config_read_file (self, path);
        result = result ? result : read;
    }
    code_t env = config_read_env (self);
    return result ? result : env;
}

const setting_t *
config_setting (const config_t *self, const char *key)
{
    const schema_key_t *row = schema_find (key);
    assert (row);
    return &self->settings [row - schema_keys];
}

const char *
config_string (const config_t *self, const char *key)
{
    const json_t *value = config_setting (self, key)->value;
    assert (json_is_string (value) || json_is_null (value));
    return json_string_value (value);
}

bool
config_bool (const config_t *self, const char *key)
{
    const json_t *value = config_setting (self, key)->value;
    assert (json_is_boolean (value));
    return json_is_true (value);
}

int64_t
config_int (const config_t *self, const char *key)
{
    const json_t *value = config_setting (self, key)->value;
    assert (json_is_integer (value));
    return json_integer_value (value);
}

int64_t
config_bytes (const config_t *self, const char *key)
{
    assert (schema_find (key)->type == SCHEMA_MIB);
    return config_int (self, key) * 1024 * 1024;
}

int64_t
config_ms (const config_t *self, const char *key)
{
    assert (schema_find (key)->type == SCHEMA_SECONDS);
    return llround (json_number_value (config_setting (self, key)->value) * 1000);
}

double
config_real (const config_t *self, const char *key, double none)
{
    const json_t *value = config_setting (self, key)->value;
    assert (json_is_number (value) || json_is_null (value));
    return json_is_null (value) ? none : json_number_value (value);
}

const json_t *
config_list (const config_t *self, const char *key)
{
    const json_t *value = config_setting (self, key)->value;
    assert (json_is_array (value));
    return value;
}

const char *
config_origin (const config_t *self, const char *key)
{
    return config_setting (self, key)->origin;
}

//  'path' with '~' expanded, and under 'base' when it is relative.
static char *
absolute (const char *path, const char *base)
{
    char *result = NULL;
    const char *user = getenv ("HOME");
    bool is_user = path [0] == '~' && (!path [1] || path [1] == '/') && user && user [0] == '/';
    int size = is_user           ? asprintf (&result, "%s%s", user, path + 1)
             : path [0] == '/' ? asprintf (&result, "%s", path)
                                 : asprintf (&result, "%s/%s", base, path);
    return size < 0 ? NULL : result;
}

char *
config_path (const config_t *self, const char *key)
{
    assert (schema_find (key)->type == SCHEMA_PATH);
    return absolute (config_string (self, key), self->home);
}

char *
config_home (const char *flag)
{
    const char *env = getenv ("GGEN_HOME");
    const char *wanted = flag && *flag ? flag : env && *env ? env : "~/.ggen";
    const char *user = getenv ("HOME");
    if (wanted [0] == '~' && (!user || user [0] != '/'))
        return NULL;
    AUTO (release_text) char *here = getcwd (NULL, 0);
    if (!here && wanted [0] != '/' && wanted [0] != '~')
        return NULL;
    return absolute (wanted, here ? here : "/");
}

//  Set root.SECTION.NAME of 'row', making the section when it is not there.
static void
place (json_t *root, const schema_key_t *row, json_t *value)
{
    const char *dot = strchr (row->key, '.');
    char name [64];
    snprintf (name, sizeof name, "%.*s", (int) (dot - row->key), row->key);
    json_t *section = json_object_get (root, name);
    if (!section) {
        section = json_object ();
        json_object_set_new (root, name, section);
    }
    json_object_set_new (section, dot + 1, value);
}

static json_t *
shown (const config_t *self, const schema_key_t *row)
{
    if (row->type != SCHEMA_PATH)
        return json_deep_copy (config_setting (self, row->key)->value);
    AUTO (release_text) char *path = config_path (self, row->key);
    return json_string (path ? path : "");
}

json_t *
config_to_json (const config_t *self)
{
    json_t *root = json_object ();
    for (const schema_key_t *row = schema_keys; row->key; row++)
        place (root, row, shown (self, row));
    return root;
}

json_t *
config_origins_to_json (const config_t *self)
{
    json_t *root = json_object ();
    for (const schema_key_t *row = schema_keys; row->key; row++)
        place (root, row, json_string (config_origin (self, row->key)));
    return root;
}
