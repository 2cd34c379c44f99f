// SPDX-License-Identifier: MIT
#include "config/config_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/toml.h"

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

//  One walk over a file.
typedef struct {
    config_t *config;
    const char *name;       //  Of the file, for messages
    const json_t *lines;
    bool is_short;          //  This walk is for bare names; the other one is for "section.name"
    code_t result;
} reading_t;

static int
line_of (const reading_t *self, const char *path)
{
    return (int) json_integer_value (json_object_get (self->lines, path));
}

//  'path' without "p2p." and "marketplace." in front of a known key, or of a bare name.
static const schema_key_t *
find_key (const char *path, bool *is_short)
{
    static const char *const wrappers [] = {"marketplace.", "p2p."};
    const schema_key_t *row = schema_find (path);
    *is_short = false;
    for (size_t i = 0; !row && i < COUNT_OF (wrappers); i++) {
        size_t size = strlen (wrappers [i]);
        if (strncmp (path, wrappers [i], size) == 0) {
            path += size;
            row = schema_find (path);
        }
    }
    if (!row && !strchr (path, '.')) {
        row = schema_find_short (path);
        *is_short = true;
    }
    return row;
}

static void
warn_unknown (reading_t *self, const char *path)
{
    const schema_key_t *nearest = schema_nearest (path);
    if (nearest)
        config_warn (self->config, "%s:%d: unknown key '%.100s'; did you mean '%s'?", self->name,
                     line_of (self, path), path, nearest->key);
    else
        config_warn (self->config, "%s:%d: unknown key '%.100s'", self->name,
                     line_of (self, path), path);
}

static void
read_key (reading_t *self, const schema_key_t *row, const char *path, const json_t *value)
{
    char text [SCHEMA_EXPECTED_SIZE];
    int line = line_of (self, path);
    if (!schema_accepts (row, value)) {
        self->result = config_fail (self->config, "%s:%d: %s: expected %s", self->name, line,
                                    row->key, schema_expected (row, text));
        return;
    }
    char origin [ORIGIN_SIZE];
    snprintf (origin, sizeof origin, "%.100s:%d", self->name, line);
    config_put (self->config, row, value, FROM_FILE, origin);
}

static void
read_table (reading_t *self, const char *prefix, const json_t *table)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *) table, name, value) {
        AUTO (release_text) char *path = NULL;
        if (asprintf (&path, "%s%s%s", prefix, *prefix ? "." : "", name) < 0) {
            path = NULL;
            self->result = config_fail (self->config, "%s: out of memory", self->name);
            return;
        }
        bool is_short;
        const schema_key_t *row = find_key (path, &is_short);
        if (row && is_short == self->is_short)
            read_key (self, row, path, value);
        else if (!row && json_is_object (value))
            read_table (self, path, value);
        else if (!row && !self->is_short)
            warn_unknown (self, path);
    }
}

code_t
config_read_text (config_t *self, const char *name, const char *text, size_t size)
{
    toml_error_t error;
    AUTO (release_json) json_t *lines = NULL;
    AUTO (release_json) json_t *root = toml_parse (text, size, &lines, &error);
    if (!root)
        return config_fail (self, "%s:%u:%u: %s", name, error.line, error.column, error.reason);
    //  Bare names first: of a file that has both forms the sectioned one counts.
    reading_t reading = {.config = self, .name = name, .lines = lines, .is_short = true};
    read_table (&reading, "", root);
    reading.is_short = false;
    read_table (&reading, "", root);
    return reading.result;
}

//  All of a regular file; NULL and errno when it cannot be had.
static char *
read_whole (const char *path, size_t *size_p)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct stat info;
    char *text = malloc (CONFIG_FILE_MAX + 1);
    int problem = !text ? ENOMEM : fstat (fd, &info) != 0 ? errno : 0;
    if (!problem && !S_ISREG (info.st_mode))
        problem = EINVAL;
    size_t size = 0;
    while (!problem && size <= CONFIG_FILE_MAX) {
        ssize_t got = read (fd, text + size, CONFIG_FILE_MAX + 1 - size);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            problem = errno;
        size += got > 0 ? (size_t) got : 0;
    }
    if (!problem && size > CONFIG_FILE_MAX)
        problem = EFBIG;
    close (fd);
    if (!problem) {
        *size_p = size;
        return text;
    }
    free (text);
    errno = problem;
    return NULL;
}

code_t
config_read_file (config_t *self, const char *path)
{
    size_t size = 0;
    AUTO (release_text) char *text = read_whole (path, &size);
    if (!text)
        return config_fail (self, "%s: cannot be read: %s", path, strerror (errno));
    const char *slash = strrchr (path, '/');
    return config_read_text (self, slash ? slash + 1 : path, text, size);
}

static code_t
read_variable (config_t *self, const schema_key_t *row, const char *name, const char *text)
{
    AUTO (release_json) json_t *value = schema_read (row, text);
    char expected [SCHEMA_EXPECTED_SIZE], origin [ORIGIN_SIZE];
    if (!value)
        return strcmp (name, "RUST_LOG") == 0
            ? OK
            : config_fail (self, "%s: %s: expected %s", name, row->key,
                           schema_expected (row, expected));
    snprintf (origin, sizeof origin, "env %s", name);
    config_put (self, row, value, FROM_ENV, origin);
    return OK;
}

code_t
config_read_env (config_t *self)
{
    code_t result = OK;
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        for (const char *at = row->env; at;) {
            char name [64];
            size_t size = strcspn (at, "|");
            snprintf (name, sizeof name, "%.*s", (int) size, at);
            at = at [size] ? at + size + 1 : NULL;
            const char *text = getenv (name);
            if (!text || !*text)
                continue;
            code_t read = read_variable (self, row, name, text);
            result = result ? result : read;
            break;
        }
    }
    return result;
}
