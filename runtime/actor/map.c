// SPDX-License-Identifier: MIT
#include "map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_MAX 11u        //  bytes of a key that has no memory of its own

typedef struct {
    void *value;            //  NULL = free
    uint32_t hash;
    uint8_t size;
    uint8_t room[NEAR_MAX]; //  the key, or where it is
} entry_t;
_Static_assert (sizeof (entry_t) == 24, "no byte that is not needed");

struct map_t {
    entry_t *entries;       //  NULL as long as nothing was put
    uint32_t slots_count;   //  0, or a power of two
    uint32_t count;
    uint32_t entries_max;
    uint8_t salt[crypto_shorthash_KEYBYTES];
};

#define SLOTS_MIN 8u

//  ---- keys ----------------------------------------------------------------------------------------

//  NULL: it is in 'room'.
static uint8_t *
far_key (const entry_t *entry)
{
    uint8_t *far = NULL;
    if (entry->size > NEAR_MAX)
        memcpy (&far, entry->room, sizeof far);
    return far;
}

static const uint8_t *
key_of (const entry_t *entry)
{
    const uint8_t *far = far_key (entry);
    return far ? far : entry->room;
}

//  False: out of memory.
static bool
set_key (entry_t *entry, const void *key, uint8_t size)
{
    uint8_t *far = size > NEAR_MAX ? malloc (size) : NULL;
    if (size > NEAR_MAX && !far)
        return false;
    memcpy (far ? far : entry->room, key, size);
    if (far)
        memcpy (entry->room, &far, sizeof far);
    entry->size = size;
    return true;
}

//  ---- life ----------------------------------------------------------------------------------------

map_t *
map_new (uint32_t entries_max, uint64_t seed)
{
    map_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->entries_max = entries_max;
    memcpy (self->salt, &seed, sizeof seed);
    return self;
}

void
map_destroy (map_t **self_p)
{
    map_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->slots_count; i++)
        free (far_key (&self->entries[i]));
    free (self->entries);
    free (self);
    *self_p = NULL;
}

static uint32_t
hash_of (const map_t *self, const void *key, size_t size)
{
    uint64_t hash;
    crypto_shorthash ((uint8_t *) &hash, key, size, self->salt);
    return (uint32_t) hash;
}

//  The slot that holds the key, or the free slot where it would go.
static uint32_t
slot_of (const map_t *self, const void *key, size_t size, uint32_t hash)
{
    uint32_t slot = hash & (self->slots_count - 1);
    for (;;) {
        const entry_t *entry = &self->entries[slot];
        if (!entry->value
            || (entry->hash == hash && entry->size == size && memcmp (key_of (entry), key, size) == 0))
            return slot;
        slot = (slot + 1) & (self->slots_count - 1);
    }
}

static bool
grow (map_t *self)
{
    uint32_t old_count = self->slots_count;
    uint32_t fresh_count = old_count > 0 ? 2 * old_count : SLOTS_MIN;
    entry_t *old = self->entries;
    entry_t *fresh = calloc (fresh_count, sizeof *fresh);
    if (!fresh)
        return false;
    self->entries = fresh;
    self->slots_count = fresh_count;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].value)
            fresh[slot_of (self, key_of (&old[i]), old[i].size, old[i].hash)] = old[i];
    free (old);
    return true;
}

code_t
map_put (map_t *self, const void *key, size_t size, void *value)
{
    if (size > MAP_KEY_MAX)
        return VALIDATION;
    if (self->entries_max == 0 || (!self->entries && !grow (self)))
        return BUSY;
    uint32_t hash = hash_of (self, key, size);
    entry_t *entry = &self->entries[slot_of (self, key, size, hash)];
    if (entry->value) {
        entry->value = value;
        return OK;
    }
    if (self->count == self->entries_max)
        return BUSY;
    if (4 * (uint64_t) (self->count + 1) > 3 * (uint64_t) self->slots_count) {
        if (!grow (self))
            return BUSY;
        entry = &self->entries[slot_of (self, key, size, hash)];
    }
    entry_t fresh = {.value = value, .hash = hash};
    if (!set_key (&fresh, key, (uint8_t) size))
        return BUSY;
    *entry = fresh;
    self->count++;
    return OK;
}

void *
map_get (const map_t *self, const void *key, size_t size)
{
    if (size > MAP_KEY_MAX || self->count == 0)
        return NULL;
    return self->entries[slot_of (self, key, size, hash_of (self, key, size))].value;
}

//  Backward-shift deletion (Knuth, TAOCP 6.4, algorithm R): no tombstones, probes stay short.
static void
close_gap (map_t *self, uint32_t gap)
{
    uint32_t mask = self->slots_count - 1;
    for (uint32_t next = (gap + 1) & mask; self->entries[next].value; next = (next + 1) & mask) {
        uint32_t home = self->entries[next].hash & mask;
        if (((next - home) & mask) >= ((next - gap) & mask)) {
            self->entries[gap] = self->entries[next];
            gap = next;
        }
    }
    self->entries[gap] = (entry_t) {0};
}

void *
map_remove (map_t *self, const void *key, size_t size)
{
    if (size > MAP_KEY_MAX || self->count == 0)
        return NULL;
    uint32_t slot = slot_of (self, key, size, hash_of (self, key, size));
    void *value = self->entries[slot].value;
    if (!value)
        return NULL;
    free (far_key (&self->entries[slot]));
    close_gap (self, slot);
    self->count--;
    return value;
}

uint32_t
map_count (const map_t *self)
{
    return self->count;
}

void *
map_next (const map_t *self, uint32_t *cursor, bytes_t *key)
{
    while (*cursor < self->slots_count) {
        const entry_t *entry = &self->entries[(*cursor)++];
        if (!entry->value)
            continue;
        if (key)
            *key = (bytes_t) {key_of (entry), entry->size};
        return entry->value;
    }
    return NULL;
}
