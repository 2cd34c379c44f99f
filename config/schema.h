// SPDX-License-Identifier: MIT
//  Every configuration key: the one source for defaults, validation, `config show`, the sample file
//  and the documentation (SPEC 3.7).
#ifndef GGEN_SCHEMA_H
#define GGEN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define SCHEMA_LIST_MAX 64          //  Elements of a list; more is a range error
#define SCHEMA_TEXT_MAX 1024        //  Bytes of one text; more is a range error
#define SCHEMA_EXPECTED_SIZE 160    //  Buffer for schema_expected ()

typedef enum {
    SCHEMA_BOOL,
    SCHEMA_INT,         //  Whole number
    SCHEMA_REAL,        //  Number
    SCHEMA_SECONDS,     //  Number of seconds, a fraction allowed
    SCHEMA_MIB,         //  Whole number of MiB (1,048,576 bytes)
    SCHEMA_TEXT,        //  'words' = how it has to begin
    SCHEMA_CHOICE,      //  'words' = what it may be
    SCHEMA_PATH,        //  Under home when relative; '~' is the user's home directory
    SCHEMA_ENDPOINT,    //  HOST:PORT, or empty = off
    SCHEMA_LIST,        //  Of texts; 'words' = how each has to begin
    SCHEMA_PEERS        //  Like SCHEMA_LIST; in files also {address = "...", priority = N}
} schema_type_t;

typedef struct {
    const char *key;        //  "section.name"
    schema_type_t type;
    const char *value;      //  Default, as JSON; "null" = none
    double min, max;        //  Of numbers, inclusive
    const char *words;      //  Separated by '|', or NULL
    const char *env;        //  Variables that set it, separated by '|', first one wins; or NULL
    const char *lacks;      //  What is not built yet and it has no effect without; NULL: it works
    const char *help;       //  One line
} schema_key_t;

//  All keys, grouped by section, in the order people read them; the last has a NULL key.
extern const schema_key_t schema_keys [];

//  The row of "section.name", or NULL.
const schema_key_t *
    schema_find (const char *key);

//  The key whose name, without its section, is 'name'. NULL when none or more than one has it.
const schema_key_t *
    schema_find_short (const char *name);

//  The key most like 'path' (Levenshtein 1965), or NULL when none is near: more than a third of its
//  letters differ, in its name and in the whole.
const schema_key_t *
    schema_nearest (const char *path);

//  Does 'value' have the type and range of 'key'?
bool
    schema_accepts (const schema_key_t *key, const json_t *value);

//  What 'key' wants, as "a whole number from 1 to 4096", into 'text'; returns 'text'.
const char *
    schema_expected (const schema_key_t *key, char text [SCHEMA_EXPECTED_SIZE]);

//  Its unit ("s", "MiB") or "".
const char *
    schema_unit (const schema_key_t *key);

//  A value from an environment variable or a flag: lists separated by commas, booleans also as
//  1/0, yes/no, on/off. New, the caller's; NULL when it is no such value (see schema_accepts).
json_t *
    schema_read (const schema_key_t *key, const char *text);

//  The default, new, the caller's; JSON null when there is none.
json_t *
    schema_default (const schema_key_t *key);

#endif
