// SPDX-License-Identifier: MIT
#include "id_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 8u

struct id_table_t {
    uint8_t *ring;
    uint16_t *index;            //  2 * capacity: place in the ring + 1, or 0
    uint32_t capacity;          //  a power of two, or 0
    uint32_t oldest;            //  its place in the ring
    uint32_t count;
    uint32_t entries_max;
    size_t key_size, entry_size;
    uint64_t salt [2];
};

id_table_t *
id_table_new (uint32_t entries_max, size_t key_size, size_t entry_size, uint64_t seed)
{
    assert (entries_max <= ID_TABLE_MAX);
    id_table_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->entries_max = entries_max;
    self->key_size = key_size;
    self->entry_size = entry_size;
    self->salt [0] = seed | 1;
    self->salt [1] = (seed * 0x9e3779b97f4a7c15u) | 1;
    return self;
}

void
id_table_destroy (id_table_t **self_p)
{
    id_table_t *self = *self_p;
    if (!self)
        return;
    free (self->ring);
    free (self->index);
    free (self);
    *self_p = NULL;
}

static uint8_t *
entry_at (const id_table_t *self, uint32_t place)
{
    return self->ring + place * self->entry_size;
}

//  Multiplication by secret odd numbers; keys are hashes or public keys already.
static uint32_t
home_of (const id_table_t *self, const uint8_t *id)
{
    uint64_t a, b;
    memcpy (&a, id, sizeof a);
    memcpy (&b, id + sizeof a, sizeof b);
    uint64_t mixed = (a * self->salt [0] + b) * self->salt [1];
    return (uint32_t) (mixed >> 32) & (2 * self->capacity - 1);
}

//  The slot of the index that has this key, or the free one where it would go.
static uint32_t
slot_of (const id_table_t *self, const uint8_t *id)
{
    uint32_t slot = home_of (self, id);
    while (self->index [slot]
           && memcmp (entry_at (self, self->index [slot] - 1u), id, self->key_size) != 0)
        slot = (slot + 1) & (2 * self->capacity - 1);
    return slot;
}

static bool
resize (id_table_t *self, uint32_t capacity)
{
    id_table_t fresh = *self;
    fresh.capacity = capacity;
    fresh.oldest = 0;
    fresh.ring = malloc (capacity * self->entry_size);
    fresh.index = calloc (2 * (size_t) capacity, sizeof *fresh.index);
    if (!fresh.ring || !fresh.index) {
        free (fresh.ring);
        free (fresh.index);
        return false;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const uint8_t *entry = id_table_at (self, i);
        memcpy (entry_at (&fresh, i), entry, self->entry_size);
        fresh.index [slot_of (&fresh, entry)] = (uint16_t) (i + 1);
    }
    free (self->ring);
    free (self->index);
    *self = fresh;
    return true;
}

void *
id_table_find (const id_table_t *self, const uint8_t *id)
{
    if (self->count == 0)
        return NULL;
    uint32_t place = self->index [slot_of (self, id)];
    return place ? entry_at (self, place - 1) : NULL;
}

void *
id_table_add (id_table_t *self, const uint8_t *id)
{
    if (self->count == self->entries_max)
        return NULL;
    if (self->count == self->capacity
        && !resize (self, self->capacity ? 2 * self->capacity : CAPACITY_MIN))
        return NULL;
    uint32_t place = (self->oldest + self->count++) & (self->capacity - 1);
    self->index [slot_of (self, id)] = (uint16_t) (place + 1);
    uint8_t *entry = entry_at (self, place);
    memset (entry, 0, self->entry_size);
    memcpy (entry, id, self->key_size);
    return entry;
}

uint32_t
id_table_count (const id_table_t *self)
{
    return self->count;
}

void *
id_table_at (const id_table_t *self, uint32_t at)
{
    assert (at < self->count);
    return entry_at (self, (self->oldest + at) & (self->capacity - 1));
}

//  Backward-shift deletion (Knuth, TAOCP 6.4, algorithm R).
static void
close_gap (id_table_t *self, uint32_t gap)
{
    uint32_t mask = 2 * self->capacity - 1;
    for (uint32_t next = (gap + 1) & mask; self->index [next]; next = (next + 1) & mask) {
        uint32_t home = home_of (self, entry_at (self, self->index [next] - 1u));
        if (((next - home) & mask) >= ((next - gap) & mask)) {
            self->index [gap] = self->index [next];
            gap = next;
        }
    }
    self->index [gap] = 0;
}

void
id_table_drop_oldest (id_table_t *self)
{
    assert (self->count > 0);
    close_gap (self, slot_of (self, entry_at (self, self->oldest)));
    self->oldest = (self->oldest + 1) & (self->capacity - 1);
    self->count--;
    //  Without memory for the smaller table the larger one goes on.
    if (self->capacity > CAPACITY_MIN && 8 * self->count <= self->capacity)
        (void) resize (self, self->capacity / 2);
}
