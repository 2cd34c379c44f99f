// SPDX-License-Identifier: MIT
#include "arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (64 * 1024)

typedef struct block_t {
    struct block_t *next;
    size_t used;
    size_t room;
    alignas (max_align_t) unsigned char bytes [];
} block_t;

struct arena_t {
    block_t *blocks;        //  Newest first; only the first has room
};

arena_t *
arena_new (void)
{
    arena_t *self = calloc (1, sizeof *self);
    assert (self);
    return self;
}

void
arena_destroy (arena_t **self_p)
{
    arena_t *self = *self_p;
    if (!self)
        return;
    while (self->blocks) {
        block_t *block = self->blocks;
        self->blocks = block->next;
        free (block);
    }
    free (self);
    *self_p = NULL;
}

void *
arena_alloc (arena_t *self, size_t size)
{
    size_t align = alignof (max_align_t);
    assert (size <= SIZE_MAX - BLOCK_BYTES - sizeof (block_t));
    size = (size + align - 1) / align * align;

    if (!self->blocks || self->blocks->room - self->blocks->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block_t *block = calloc (1, sizeof *block + room);
        assert (block);
        block->room = room;
        block->next = self->blocks;
        self->blocks = block;
    }
    void *bytes = self->blocks->bytes + self->blocks->used;
    self->blocks->used += size;
    return bytes;
}

char *
arena_strdup (arena_t *self, const char *text)
{
    size_t size = strlen (text) + 1;
    return memcpy (arena_alloc (self, size), text, size);
}

void *
arena_grow (arena_t *self, const void *items, size_t *room, size_t item_bytes)
{
    size_t count = *room;
    *room = count ? count * 2 : 8;
    assert (*room <= SIZE_MAX / item_bytes);
    void *grown = arena_alloc (self, *room * item_bytes);
    if (count)
        memcpy (grown, items, count * item_bytes);
    return grown;
}
