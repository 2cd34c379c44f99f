// SPDX-License-Identifier: MIT
//  A bounded table of fixed-size entries by id; entries leave in the order they came. Memory grows and
//  shrinks with what is in it.
#ifndef GGEN_ID_TABLE_H
#define GGEN_ID_TABLE_H

#include "base.h"

#define ID_SIZE  32
#define ID_MARK_SIZE 16             //  so many bytes of an id, or of a key, are nobody else's either

typedef struct id_table_t id_table_t;

//  Entries have 'entry_size' bytes, of which the first 'key_size' are the key: ID_SIZE, or ID_MARK_SIZE,
//  the first bytes of the ids that the functions below are given. At most ID_TABLE_MAX. 'seed' salts the
//  hash, so that nobody outside can choose keys that collide. NULL: out of memory.
#define ID_TABLE_MAX 32768
id_table_t *
    id_table_new (uint32_t entries_max, size_t key_size, size_t entry_size, uint64_t seed);

void
    id_table_destroy (id_table_t **self_p);

//  The entry, or NULL. Borrowed until the next add or drop.
void *
    id_table_find (const id_table_t *self, const uint8_t *id);

//  A new entry, zeroed but for its key, which must not be there yet. Borrowed until the next add or
//  drop. NULL: the table is full, or memory is.
void *
    id_table_add (id_table_t *self, const uint8_t *id);

uint32_t
    id_table_count (const id_table_t *self);

//  Entry number 'at' in the order they came, below the count.
void *
    id_table_at (const id_table_t *self, uint32_t at);

//  The table must not be empty.
void
    id_table_drop_oldest (id_table_t *self);

#endif
