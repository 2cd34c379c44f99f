// SPDX-License-Identifier: MIT
#include "config/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base.h"

#define PATH_MAX_LETTERS 96     //  Longer unknown keys have no nearest one

static const char *
name_of (const char *path)
{
    const char *dot = strrchr (path, '.');
    return dot ? dot + 1 : path;
}

const schema_key_t *
schema_find (const char *key)
{
    for (const schema_key_t *row = schema_keys; row->key; row++)
        if (strcmp (row->key, key) == 0)
            return row;
    return NULL;
}

const schema_key_t *
schema_find_short (const char *name)
{
    const schema_key_t *found = NULL;
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        if (strcmp (name_of (row->key), name) != 0)
            continue;
        if (found)
            return NULL;
        found = row;
    }
    return found;
}

//  Levenshtein distance of two texts of at most PATH_MAX_LETTERS bytes.
static size_t
distance (const char *a, const char *b)
{
    size_t row [PATH_MAX_LETTERS + 1];
    size_t b_size = strlen (b);
    for (size_t j = 0; j <= b_size; j++)
        row [j] = j;
    for (size_t i = 1; a [i - 1]; i++) {
        size_t diagonal = row [0];
        row [0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = diagonal + (a [i - 1] != b [j - 1]);
            if (best > row [j] + 1)
                best = row [j] + 1;
            if (best > row [j - 1] + 1)
                best = row [j - 1] + 1;
            diagonal = row [j];
            row [j] = best;
        }
    }
    return row [b_size];
}

const schema_key_t *
schema_nearest (const char *path)
{
    if (strlen (path) > PATH_MAX_LETTERS)
        return NULL;
    const schema_key_t *nearest = NULL;
    size_t least = SIZE_MAX;
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        size_t whole = distance (path, row->key);
        size_t name = distance (name_of (path), name_of (row->key));
        bool is_near = name * 3 <= strlen (name_of (row->key)) || whole * 3 <= strlen (row->key);
        //  The name says more than the section; the section decides between equals.
        if (is_near && name * PATH_MAX_LETTERS + whole < least) {
            least = name * PATH_MAX_LETTERS + whole;
            nearest = row;
        }
    }
    return nearest;
}

//  Is 'text' one of 'words', or with 'as_prefix', does it begin with one? No words: anything is.
static bool
fits_words (const char *words, const char *text, bool as_prefix)
{
    if (!words)
        return true;
    size_t text_size = strlen (text);
    for (const char *word = words;; word++) {
        size_t size = strcspn (word, "|");
        if (strncmp (text, word, size) == 0 && (as_prefix ? text_size >= size : text_size == size))
            return true;
        word += size;
        if (!*word)
            return false;
    }
}

static bool
is_text (const schema_key_t *key, const json_t *value)
{
    const char *text = json_string_value (value);
    return text && *text && strlen (text) == json_string_length (value)
        && strlen (text) <= SCHEMA_TEXT_MAX && fits_words (key->words, text, true);
}

static bool
is_endpoint (const char *text)
{
    if (!*text)
        return true;
    const char *colon = strrchr (text, ':');
    if (!colon || colon == text || strlen (text) > SCHEMA_TEXT_MAX)
        return false;
    size_t digits = strspn (colon + 1, "0123456789");
    return digits >= 1 && digits <= 5 && !colon [1 + digits] && atoi (colon + 1) <= 65535;
}

//  {address = "/...", priority = N}
static bool
is_peer (const schema_key_t *key, const json_t *value)
{
    if (!json_is_object (value))
        return is_text (key, value);
    const json_t *priority = json_object_get (value, "priority");
    return is_text (key, json_object_get (value, "address"))
        && json_object_size (value) == (priority ? 2u : 1u)
        && (!priority || json_is_integer (priority));
}

static bool
is_list (const schema_key_t *key, const json_t *value)
{
    if (!json_is_array (value) || json_array_size (value) > SCHEMA_LIST_MAX)
        return false;
    for (size_t i = 0; i < json_array_size (value); i++) {
        const json_t *element = json_array_get (value, i);
        if (key->type == SCHEMA_PEERS ? !is_peer (key, element) : !is_text (key, element))
            return false;
    }
    return true;
}

static bool
is_in_range (const schema_key_t *key, const json_t *value)
{
    double number = json_number_value (value);
    return number >= key->min && number <= key->max;
}

bool
schema_accepts (const schema_key_t *key, const json_t *value)
{
    switch (key->type) {
    case SCHEMA_BOOL:
        return json_is_boolean (value);
    case SCHEMA_INT:
    case SCHEMA_MIB:
        return json_is_integer (value) && is_in_range (key, value);
    case SCHEMA_REAL:
    case SCHEMA_SECONDS:
        return json_is_number (value) && is_in_range (key, value);
    case SCHEMA_TEXT:
    case SCHEMA_PATH:
        return is_text (key, value);
    case SCHEMA_CHOICE:
        return json_is_string (value)
            && fits_words (key->words, json_string_value (value), false);
    case SCHEMA_ENDPOINT:
        return json_is_string (value) && is_endpoint (json_string_value (value));
    case SCHEMA_LIST:
    case SCHEMA_PEERS:
        return is_list (key, value);
    }
    return false;
}

const char *
schema_unit (const schema_key_t *key)
{
    return key->type == SCHEMA_SECONDS ? "s" : key->type == SCHEMA_MIB ? "MiB" : "";
}

//  Append "what WORD, WORD or WORD" to 'text'.
static void
list_words (const schema_key_t *key, const char *what, char text [SCHEMA_EXPECTED_SIZE])
{
    size_t used = (size_t) snprintf (text, SCHEMA_EXPECTED_SIZE, "%s", what);
    for (const char *word = key->words; word && used < SCHEMA_EXPECTED_SIZE;) {
        size_t size = strcspn (word, "|");
        const char *join = word == key->words ? " " : word [size] ? ", " : " or ";
        used += (size_t) snprintf (text + used, SCHEMA_EXPECTED_SIZE - used, "%s\"%.*s\"", join,
                                   (int) size, word);
        word = word [size] ? word + size + 1 : NULL;
    }
}

const char *
schema_expected (const schema_key_t *key, char text [SCHEMA_EXPECTED_SIZE])
{
    static const char *const numbers [] = {
        [SCHEMA_INT] = "a whole number", [SCHEMA_REAL] = "a number",
        [SCHEMA_SECONDS] = "a number of seconds", [SCHEMA_MIB] = "a whole number of MiB",
    };
    switch (key->type) {
    case SCHEMA_BOOL:
        snprintf (text, SCHEMA_EXPECTED_SIZE, "true or false");
        break;
    case SCHEMA_INT:
    case SCHEMA_REAL:
    case SCHEMA_SECONDS:
    case SCHEMA_MIB:
        snprintf (text, SCHEMA_EXPECTED_SIZE, "%s from %.10g to %.10g", numbers [key->type],
                  key->min, key->max);
        break;
    case SCHEMA_PATH:
        snprintf (text, SCHEMA_EXPECTED_SIZE, "a path");
        break;
    case SCHEMA_ENDPOINT:
        snprintf (text, SCHEMA_EXPECTED_SIZE, "\"HOST:PORT\", or \"\" for off");
        break;
    case SCHEMA_CHOICE:
        list_words (key, "one of", text);
        break;
    case SCHEMA_TEXT:
        list_words (key, key->words ? "a text beginning with" : "a text", text);
        break;
    case SCHEMA_LIST:
        list_words (key, key->words ? "a list of texts beginning with" : "a list of texts", text);
        break;
    case SCHEMA_PEERS:
        snprintf (text, SCHEMA_EXPECTED_SIZE,
                  "a list of multiaddresses or {address = \"/...\", priority = N}");
        break;
    }
    return text;
}

static json_t *
read_bool (const char *text)
{
    static const char *const words [] = {"0", "1", "false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < COUNT_OF (words); i++)
        if (strcasecmp (text, words [i]) == 0)
            return json_boolean (i % 2);
    return NULL;
}

static json_t *
read_number (const char *text, bool is_whole)
{
    //  The grammar of JSON, so "0x10", " 5" and "nan" are none.
    json_t *number = isspace ((unsigned char) *text) ? NULL
                                                      : json_loads (text, JSON_DECODE_ANY, NULL);
    if (json_is_integer (number) || (!is_whole && json_is_real (number)))
        return number;
    json_decref (number);
    return NULL;
}

static json_t *
read_list (const char *text)
{
    json_t *list = json_array ();
    for (const char *at = text; list && *at;) {
        size_t size = strcspn (at, ",");
        size_t first = strspn (at, " \t"), last = size;
        while (last > first && isspace ((unsigned char) at [last - 1]))
            last--;
        if (first < last
            && json_array_append_new (list, json_stringn (at + first, last - first)) != 0) {
            json_decref (list);     //  Not UTF-8
            return NULL;
        }
        at += size + (at [size] == ',');
    }
    return list;
}

json_t *
schema_read (const schema_key_t *key, const char *text)
{
    json_t *value = NULL;
    switch (key->type) {
    case SCHEMA_BOOL:
        value = read_bool (text);
        break;
    case SCHEMA_INT:
    case SCHEMA_MIB:
        value = read_number (text, true);
        break;
    case SCHEMA_REAL:
    case SCHEMA_SECONDS:
        value = read_number (text, false);
        break;
    case SCHEMA_TEXT:
    case SCHEMA_CHOICE:
    case SCHEMA_PATH:
    case SCHEMA_ENDPOINT:
        value = json_string (text);
        break;
    case SCHEMA_LIST:
    case SCHEMA_PEERS:
        value = read_list (text);
        break;
    }
    if (value && schema_accepts (key, value))
        return value;
    json_decref (value);
    return NULL;
}

json_t *
schema_default (const schema_key_t *key)
{
    return json_loads (key->value, JSON_DECODE_ANY, NULL);
}
