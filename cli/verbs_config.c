// SPDX-License-Identifier: MIT
//  config show, validate, path. No node is asked: settings are files and the environment.
#include "verbs.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_MAX 2048          //  bytes of a value in the table; longer ones are cut

//  Tell all that is wrong with the settings; always VERB_FAILED.
static int
print_errors (const screen_t *screen, const config_t *config, const char *hint)
{
    const json_t *errors = config_errors (config);
    const size_t count = json_array_size (errors);
    Ggen__Detail rows [CONFIG_NOTES_MAX], *details [CONFIG_NOTES_MAX];
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    AUTO (text_free) char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&message, &size);
    for (size_t at = 0; at < count && at < CONFIG_NOTES_MAX; at++) {
        ggen__detail__init (&rows [at]);
        rows [at].key = "error";
        rows [at].value = (char *) (uintptr_t) json_string_value (json_array_get (errors, at));
        details [failure.n_details++] = &rows [at];
        if (out)
            fprintf (out, "%s%s", at > 0 ? "\n" : "", rows [at].value);
    }
    if (out)
        fclose (out);
    failure.code = CONFIG;
    failure.message = message ? message : "";
    failure.hint = (char *) (uintptr_t) hint;
    failure.details = details;
    render_failure (screen, &failure);
    return VERB_FAILED;
}

static void
print_warnings (const screen_t *screen, const config_t *config)
{
    const json_t *warnings = config_warnings (config);
    for (size_t at = 0; at < json_array_size (warnings); at++)
        render_warning (screen, json_string_value (json_array_get (warnings, at)));
}

//  The settings of this command line; NULL: there is no home, and that was printed.
static config_t *
new_config (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *home = session_home (args, screen);
    config_t *config = home ? config_new (home) : NULL;
    if (home && !config)
        render_error (screen, INTERNAL, "out of memory", NULL);
    return config;
}

//  ---- show --------------------------------------------------------------------------------------

//  The row that a KEY argument names, by its whole or its bare name; NULL: there is none, and that
//  was printed.
static const schema_key_t *
find_key (const screen_t *screen, const char *word)
{
    const schema_key_t *row = schema_find (word);
    if (!row)
        row = schema_find_short (word);
    if (row)
        return row;
    const schema_key_t *near = schema_nearest (word);
    char message [ARGS_TEXT_MAX], hint [ARGS_TEXT_MAX];
    snprintf (message, sizeof message, "there is no setting \"%s\"", word);
    snprintf (hint, sizeof hint, near ? "did you mean %s?" : "see all of them: ggen config show",
              near ? near->key : "");
    render_error (screen, VALIDATION, message, hint);
    return NULL;
}

//  Member "section.name" of {"section": {"name": ...}}, borrowed.
static json_t *
member (const json_t *sections, const char *key)
{
    const char *dot = strchr (key, '.');
    char section [64];
    snprintf (section, sizeof section, "%.*s", (int) (dot - key), key);
    return json_object_get (json_object_get (sections, section), dot + 1);
}

//  A value as people write it.
static void
describe (const schema_key_t *row, const json_t *value, char out [VALUE_MAX])
{
    const char *unit = schema_unit (row);
    if (json_is_null (value)) {
        snprintf (out, VALUE_MAX, "(none)");
        return;
    }
    char *text = json_dumps (value, JSON_ENCODE_ANY | JSON_COMPACT | render_reals (value));
    snprintf (out, VALUE_MAX, "%s%s%s",
              json_is_string (value) ? json_string_value (value) : text ? text : "",
              *unit ? " " : "", unit);
    free (text);
}

static bool
is_wanted (const schema_key_t *row, const schema_key_t *const wanted [], size_t wanted_count)
{
    for (size_t at = 0; at < wanted_count; at++)
        if (wanted [at] == row)
            return true;
    return wanted_count == 0;
}

static int
show_table (const screen_t *screen, const config_t *config, const schema_key_t *const wanted [],
            size_t wanted_count)
{
    static const column_t columns [] = {{"SETTING", 0}, {"VALUE", TABLE_WRAP}, {"FROM", 0}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    json_t *values = config_to_json (config);
    code_t code = table && values ? OK : INTERNAL;
    for (const schema_key_t *row = schema_keys; code == OK && row->key; row++) {
        char value [VALUE_MAX], from [VALUE_MAX];
        if (!is_wanted (row, wanted, wanted_count))
            continue;
        describe (row, member (values, row->key), value);
        snprintf (from, sizeof from, "%s%s", config_origin (config, row->key),
                  row->lacks ? " (no effect yet)" : "");
        code = table_row (table, (const char *const []) {row->key, value, from});
    }
    json_decref (values);
    if (code != OK) {
        render_error (screen, code, "out of memory", NULL);
        return VERB_FAILED;
    }
    table_print (table);
    return VERB_DONE;
}

//  Leave out of {"section": {"name": ...}} what was not asked for.
static void
keep_wanted (json_t *sections, const schema_key_t *const wanted [], size_t wanted_count)
{
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        const char *dot = strchr (row->key, '.');
        char section [64];
        snprintf (section, sizeof section, "%.*s", (int) (dot - row->key), row->key);
        json_t *names = json_object_get (sections, section);
        if (is_wanted (row, wanted, wanted_count))
            continue;
        json_object_del (names, dot + 1);
        if (json_object_size (names) == 0)
            json_object_del (sections, section);
    }
}

//  Which of the settings asked for nothing in this build heeds.
static json_t *
idle_shape (const schema_key_t *const wanted [], size_t wanted_count)
{
    json_t *keys = json_array ();
    for (const schema_key_t *row = schema_keys; row->key; row++)
        if (row->lacks && is_wanted (row, wanted, wanted_count))
            shape_append (&keys, json_string (row->key));
    return keys;
}

static int
show_json (const screen_t *screen, const config_t *config, const schema_key_t *const wanted [],
           size_t wanted_count)
{
    json_t *document = json_object ();
    json_t *values = config_to_json (config), *origins = config_origins_to_json (config);
    keep_wanted (values, wanted, wanted_count);
    keep_wanted (origins, wanted, wanted_count);
    shape_set (&document, "values", values);
    shape_set (&document, "origins", origins);
    shape_set (&document, "no_effect", idle_shape (wanted, wanted_count));
    shape_set (&document, "warnings", json_deep_copy (config_warnings (config)));
    render_json (screen, document);
    return VERB_DONE;
}

int
config_show_run (const args_t *args, const screen_t *screen)
{
    const schema_key_t *wanted [ARGS_POSITIONALS_MAX];
    for (size_t at = 0; at < args->positionals_count; at++)
        if (!(wanted [at] = find_key (screen, args->positionals [at])))
            return VERB_USAGE;
    AUTO (config_destroy) config_t *config = new_config (args, screen);
    if (!config)
        return VERB_FAILED;
    const bool loaded = config_load (config) == OK;
    if (config_check (config) != OK || !loaded)
        return print_errors (screen, config, "correct it: $EDITOR \"$(ggen config path -q)\"");
    if (screen->json)
        return show_json (screen, config, wanted, args->positionals_count);
    print_warnings (screen, config);
    return show_table (screen, config, wanted, args->positionals_count);
}

//  ---- validate ----------------------------------------------------------------------------------

int
config_validate_run (const args_t *args, const screen_t *screen)
{
    const char *given = args_positional (args, 0);
    AUTO (text_free) char *file = NULL;
    if (!path_take (screen, given, PATH_EXISTS, &file))
        return VERB_FAILED;
    AUTO (config_destroy) config_t *config = new_config (args, screen);
    if (!config)
        return VERB_FAILED;
    const bool loaded = (given ? config_read_file (config, file) : config_load (config)) == OK;
    const bool fits = config_check (config) == OK;
    config_warn_idle (config);
    print_warnings (screen, config);
    if (!loaded || !fits)
        return print_errors (screen, config, "what a setting may be: ggen config show");
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "valid", json_true ());
        shape_set (&document, "warnings", json_deep_copy (config_warnings (config)));
        render_json (screen, document);
        return VERB_DONE;
    }
    screen_say (screen, "%s The settings are valid.\n", render_mark (screen, MARK_GOOD));
    return VERB_DONE;
}

//  ---- path --------------------------------------------------------------------------------------

#define FILES_MAX 4

typedef struct {
    char *path;
    bool exists;
} file_t;

//  The files of 'home', what wins first. Returns their count; 0 without memory. The paths are the
//  caller's.
static size_t
list_files (const char *home, file_t files [FILES_MAX])
{
    size_t count = 0, all = 0;
    while (config_files [all])
        all++;
    for (; count < all && count < FILES_MAX; count++) {
        file_t *file = &files [count];
        if (asprintf (&file->path, "%s/%s", home, config_files [all - 1 - count]) < 0) {
            file->path = NULL;
            return 0;
        }
        file->exists = access (file->path, F_OK) == 0;
    }
    return count;
}

//  The one to edit: the first that is there, else the one that is read first.
static const file_t *
file_to_edit (const file_t files [], size_t count)
{
    for (size_t at = 0; at < count; at++)
        if (files [at].exists)
            return &files [at];
    return &files [count - 1];
}

static void
print_files (const screen_t *screen, const file_t files [], size_t count)
{
    const file_t *edit = file_to_edit (files, count);
    if (screen->json) {
        json_t *document = json_object (), *list = json_array ();
        for (size_t at = 0; at < count; at++) {
            json_t *file = json_object ();
            shape_set (&file, "path", shape_text (files [at].path));
            shape_set (&file, "exists", json_boolean (files [at].exists));
            shape_append (&list, file);
        }
        shape_set (&document, "path", shape_text (edit->path));
        shape_set (&document, "exists", json_boolean (edit->exists));
        shape_set (&document, "files", list);
        render_json (screen, document);
        return;
    }
    //  With --quiet for other programs: the name as it is.
    if (screen->quiet)
        fprintf (screen->out, "%s\n", edit->path);
    for (size_t at = 0; at < count && !screen->quiet; at++) {
        AUTO (text_free) char *path = text_clean (files [at].path);
        fprintf (screen->out, "%s%s\n", path ? path : "", files [at].exists ? "" : "  (not there)");
    }
}

int
config_path_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *home = session_home (args, screen);
    if (!home)
        return VERB_FAILED;
    file_t files [FILES_MAX] = {{0}};
    const size_t count = list_files (home, files);
    if (count > 0)
        print_files (screen, files, count);
    else
        render_error (screen, INTERNAL, "out of memory", NULL);
    for (size_t at = 0; at < FILES_MAX; at++)
        free (files [at].path);
    return count > 0 ? VERB_DONE : VERB_FAILED;
}
