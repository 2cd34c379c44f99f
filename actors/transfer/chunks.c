// SPDX-License-Identifier: MIT
#include "chunks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  ---- bitmaps -----------------------------------------------------------------------------------

size_t
bitmap_bytes (uint32_t count)
{
    return (count + 7u) / 8u;
}

bool
bitmap_get (const uint8_t *bitmap, uint32_t index)
{
    return bitmap[index / 8] >> index % 8 & 1;
}

void
bitmap_set (uint8_t *bitmap, uint32_t index)
{
    bitmap[index / 8] |= (uint8_t) (1u << index % 8);
}

static void
bitmap_unset (uint8_t *bitmap, uint32_t index)
{
    bitmap[index / 8] &= (uint8_t) ~(1u << index % 8);
}

uint32_t
bitmap_count (const uint8_t *bitmap, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += bitmap_get (bitmap, i);
    return found;
}

uint8_t *
bitmap_copy (ProtobufCBinaryData field, uint32_t count)
{
    size_t size = bitmap_bytes (count);
    uint8_t *copy = field.len >= size ? malloc (size) : NULL;
    if (copy)
        memcpy (copy, field.data, size);
    return copy;
}

//  ---- chunks of a download ----------------------------------------------------------------------

code_t
chunks_init (chunks_t *self, uint32_t count, const uint8_t *done)
{
    assert (count > 0 && count <= CHUNKS_MAX);
    size_t size = bitmap_bytes (count);
    *self = (chunks_t) {.count = count};
    self->done = calloc (1, 2 * size + count);
    if (!self->done)
        return BUSY;
    self->arrived = self->done + size;
    self->asked = self->arrived + size;
    for (uint32_t i = 0; done && i < count; i++)
        if (bitmap_get (done, i))
            bitmap_set (self->done, i);
    self->done_count = bitmap_count (self->done, count);
    self->wanted_count = count - self->done_count;
    return OK;
}

void
chunks_clear (chunks_t *self)
{
    free (self->done);
    free (self->scarce);
    *self = (chunks_t) {0};
}

bool
chunks_missing (const chunks_t *self, uint32_t chunk)
{
    return !bitmap_get (self->done, chunk) && !bitmap_get (self->arrived, chunk);
}

bool
chunks_complete (const chunks_t *self)
{
    return self->done_count == self->count;
}

void
chunks_ask (chunks_t *self, uint32_t chunk)
{
    if (self->asked[chunk]++ == 0 && chunks_missing (self, chunk))
        self->wanted_count--;
}

void
chunks_unask (chunks_t *self, uint32_t chunk)
{
    assert (self->asked[chunk] > 0);
    if (--self->asked[chunk] == 0 && chunks_missing (self, chunk))
        self->wanted_count++;
}

void
chunks_arrive (chunks_t *self, uint32_t chunk)
{
    assert (chunks_missing (self, chunk));
    if (self->asked[chunk] == 0)
        self->wanted_count--;
    bitmap_set (self->arrived, chunk);
}

void
chunks_written (chunks_t *self, uint32_t chunk, bool good)
{
    assert (bitmap_get (self->arrived, chunk));
    bitmap_unset (self->arrived, chunk);
    if (good) {
        bitmap_set (self->done, chunk);
        self->done_count++;
    }
    else if (self->asked[chunk] == 0)
        self->wanted_count++;
}

code_t
chunks_partial (chunks_t *self, const uint8_t *has)
{
    if (!self->scarce)
        self->scarce = calloc (1, self->count);
    if (!self->scarce)
        return BUSY;
    for (uint32_t i = 0; i < self->count; i++)
        if (bitmap_get (has, i) && self->scarce[i] < UINT8_MAX)
            self->scarce[i]++;
    return OK;
}

uint32_t
chunks_pick (const chunks_t *self, const uint8_t *has, uint32_t start)
{
    uint32_t best = CHUNKS_NONE;
    for (uint32_t i = 0; i < self->count && self->wanted_count > 0; i++) {
        uint32_t chunk = (start + i) % self->count;
        if (self->asked[chunk] > 0 || !chunks_missing (self, chunk)
            || (has && !bitmap_get (has, chunk)))
            continue;
        if (!self->scarce)
            return chunk;
        if (best == CHUNKS_NONE || self->scarce[chunk] < self->scarce[best])
            best = chunk;
    }
    return best;
}
