// SPDX-License-Identifier: MIT
//  What the parts of config share: for config*.c only.
#ifndef GGEN_CONFIG_STATE_H
#define GGEN_CONFIG_STATE_H

#include "config/config.h"

#define KEYS_MAX 64
#define NOTE_SIZE 512
#define ORIGIN_SIZE 128

//  What goes before what.
typedef enum { FROM_DEFAULT, FROM_FILE, FROM_ENV, FROM_FLAG } rank_t;

typedef struct {
    json_t *value;
    rank_t rank;
    char origin [ORIGIN_SIZE];
} setting_t;

struct config {
    char *home;
    size_t keys_count;
    setting_t settings [KEYS_MAX];  //  Parallel to schema_keys
    json_t *errors, *warnings;
};

//  Keep an error; always CONFIG.
code_t
    config_fail (config_t *self, const char *format, ...) printf_like (2, 3);

void
    config_warn (config_t *self, const char *format, ...) printf_like (2, 3);

//  Take 'value', of the type of 'row', unless what is there goes before it. It is copied.
void
    config_put (config_t *self, const schema_key_t *row, const json_t *value, rank_t rank,
                const char *origin);

//  The setting of a key; an unknown key is our own bug: an assert.
const setting_t *
    config_setting (const config_t *self, const char *key);

#endif
