// SPDX-License-Identifier: MIT
//  The effective configuration: flag > environment > file > default (SPEC 2.2, 3.7).
//
//      AUTO (config_destroy) config_t *config = config_new (home);
//      config_load (config);                               //  Files of the home, environment
//      config_set (config, "network.listen_addresses", "/ip4/127.0.0.1/tcp/0", "--listen");
//      if (config_check (config))
//          ... config_errors (config) ...
//
//  Nothing is printed: errors and warnings are kept as lists of texts. Not for several threads at
//  once, except reading after config_check ().
#ifndef GGEN_CONFIG_H
#define GGEN_CONFIG_H

#include <jansson.h>

#include "base.h"
#include "config/schema.h"

#define CONFIG_FILE_MAX (1024 * 1024)   //  Bytes of a file; a longer one is an error
#define CONFIG_NOTES_MAX 64             //  Errors, and warnings; those beyond it are dropped

typedef struct config config_t;

//  The home directory: 'flag' when not NULL, else $GGEN_HOME, else ~/.ggen; made absolute by the
//  current directory, '~' expanded. New, the caller's to free; NULL when there is none to be found.
char *
    config_home (const char *flag);

//  All defaults. 'home' is an absolute path and copied; nothing is read. NULL when memory is out.
config_t *
    config_new (const char *home);

void
    config_destroy (config_t **self_p);

//  The files of a home in the order they are read: a later one wins. The last is NULL.
extern const char *const config_files [];

//  Read the files of the home (a missing one is no error), and the environment.
//  OK       all read.
//  CONFIG   something is wrong: config_errors () has all of it.
must_use code_t
    config_load (config_t *self);

//  Read one file. Besides [section] name, a key's bare name is understood at top level, and both
//  forms under [p2p] and [marketplace]. Unknown keys are warnings, with the nearest known key.
//  OK       read.
//  CONFIG   cannot be read, is no TOML, or has a value of wrong type or range: see
//           config_errors (). Its right values are set all the same.
must_use code_t
    config_read_file (config_t *self, const char *path);

//  The same of a text; 'name' stands for the file in messages and origins.
must_use code_t
    config_read_text (config_t *self, const char *name, const char *text, size_t size);

//  Read the environment variables of the schema; an empty one counts as absent. RUST_LOG belongs to
//  other programs too: a value of it that is no level is passed over.
//  OK, CONFIG as above.
must_use code_t
    config_read_env (config_t *self);

//  Set a key from the command line; 'flag' ("--listen") names it in messages and origins. Lists are
//  separated by commas. Wins over all else, whatever the order of calls.
//  OK       set.
//  CONFIG   unknown key, or wrong type or range: see config_errors ().
must_use code_t
    config_set (config_t *self, const char *key, const char *text, const char *flag);

//  Rules between keys: encryption is off only on loopback, min_peers fits max_peers, a place has
//  both coordinates, HTTP alone needs an url, the floor fits the limit.
//  OK       no error by now, of this or any earlier call.
//  CONFIG   see config_errors ().
must_use code_t
    config_check (config_t *self);

//  A warning for each setting that was changed although nothing in this build heeds it.
void
    config_warn_idle (config_t *self);

//  Texts such as "config.toml:12: performance.max_peers: expected a whole number from 1 to 4096".
//  Borrowed arrays of strings, empty when there are none.
const json_t *
    config_errors (const config_t *self);
const json_t *
    config_warnings (const config_t *self);

//  Values. 'key' is one of the schema and has that type, else it is our own bug: an assert.

//  Texts, choices, endpoints. NULL when none. Borrowed until the key changes.
const char *
    config_string (const config_t *self, const char *key);
//  Paths: absolute, '~' expanded. New, the caller's to free; NULL when memory is out.
char *
    config_path (const config_t *self, const char *key);
bool
    config_bool (const config_t *self, const char *key);
//  Whole numbers; of a SCHEMA_MIB the MiB.
int64_t
    config_int (const config_t *self, const char *key);
//  Of a SCHEMA_MIB.
int64_t
    config_bytes (const config_t *self, const char *key);
//  Of a SCHEMA_SECONDS, in milliseconds, rounded.
int64_t
    config_ms (const config_t *self, const char *key);
//  Of a SCHEMA_REAL; 'none' when the key has no value.
double
    config_real (const config_t *self, const char *key, double none);
//  Array of strings, borrowed until the key changes. Bootstrap nodes with the smallest priority
//  come first, those without one last.
const json_t *
    config_list (const config_t *self, const char *key);

//  Where a value is from: "default", "config.toml:12", "env GGEN_LOG", "flag --listen". Borrowed.
const char *
    config_origin (const config_t *self, const char *key);

//  {"section": {"name": value}} of all keys, paths absolute; units as in the schema. And the same
//  shape with origins for values. New, the caller's to json_decref.
json_t *
    config_to_json (const config_t *self);
json_t *
    config_origins_to_json (const config_t *self);

#endif
