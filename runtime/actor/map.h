// SPDX-License-Identifier: MIT
//  A bounded map from byte strings to pointers: open addressing with linear probing. The bound is
//  given at birth and the table never grows beyond what it needs, so a map that strangers can
//  fill has a known size.
#ifndef GGEN_MAP_H
#define GGEN_MAP_H

#include "base.h"

#define MAP_KEY_MAX 255

typedef struct map_t map_t;

//  At most 'entries_max' entries. 'seed' salts the hash, so that nobody outside can choose keys
//  that collide. NULL: out of memory.
map_t *map_new (uint32_t entries_max, uint64_t seed);

//  Values are not freed.
void map_destroy (map_t **self_p);

//  Copies the key.
//  OK              'value' (not NULL) is there now, in the place of any earlier one.
//  BUSY            the map is full, or memory is; nothing changed.
//  VALIDATION      the key is longer than MAP_KEY_MAX.
must_use code_t map_put (map_t *self, const void *key, size_t size, void *value);

//  The value, or NULL.
void *map_get (const map_t *self, const void *key, size_t size);

//  Take an entry out; returns its value, or NULL.
void *map_remove (map_t *self, const void *key, size_t size);

uint32_t map_count (const map_t *self);

//  Walk: start with *cursor = 0; returns NULL at the end. The order depends on keys, seed and
//  history only. The map must not change during a walk.
void *map_next (const map_t *self, uint32_t *cursor, bytes_t *key);

#endif
