// SPDX-License-Identifier: MIT
#include "lru.h"

#include "runtime/actor/map.h"

#include <assert.h>
#include <stdlib.h>

typedef struct entry_t entry_t;

//  In a ring with the index's 'ends': its next is the oldest, its previous the newest.
struct entry_t {
    entry_t *next;
    entry_t *previous;
    digest_t digest;
    uint64_t size_bytes;
    int64_t used_ms;
};

struct lru_t {
    map_t *map;
    entry_t ends;
    lru_limits_t limits;
    uint64_t bytes;
};

lru_t *
lru_new (lru_limits_t limits, uint64_t seed)
{
    assert (limits.entries_max > 0 && limits.entries_max <= LRU_ENTRIES_MAX);
    lru_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->ends.next = self->ends.previous = &self->ends;
    self->limits = limits;
    self->map = map_new (LRU_ENTRIES_MAX, seed);
    if (!self->map)
        lru_destroy (&self);
    return self;
}

void
lru_destroy (lru_t **self_p)
{
    lru_t *self = *self_p;
    if (!self)
        return;
    for (entry_t *entry = self->ends.next; entry != &self->ends;) {
        entry_t *next = entry->next;
        free (entry);
        entry = next;
    }
    map_destroy (&self->map);
    free (self);
    *self_p = NULL;
}

static void
unlink_entry (entry_t *entry)
{
    entry->next->previous = entry->previous;
    entry->previous->next = entry->next;
}

static void
link_newest (lru_t *self, entry_t *entry)
{
    entry->next = &self->ends;
    entry->previous = self->ends.previous;
    entry->previous->next = entry;
    self->ends.previous = entry;
}

static entry_t *
find (const lru_t *self, const digest_t *digest)
{
    return map_get (self->map, digest->bytes, sizeof digest->bytes);
}

static entry_t *
add (lru_t *self, const digest_t *digest)
{
    entry_t *entry = calloc (1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->digest = *digest;
    if (map_put (self->map, digest->bytes, sizeof digest->bytes, entry) != OK) {
        free (entry);
        return NULL;
    }
    return entry;
}

code_t
lru_put (lru_t *self, const digest_t *digest, uint64_t size_bytes, int64_t now_ms)
{
    entry_t *entry = find (self, digest);
    if (entry)
        unlink_entry (entry);
    else
        entry = add (self, digest);
    if (!entry)
        return BUSY;
    self->bytes += size_bytes - entry->size_bytes;
    entry->size_bytes = size_bytes;
    entry->used_ms = now_ms;
    link_newest (self, entry);
    return OK;
}

bool
lru_remove (lru_t *self, const digest_t *digest)
{
    entry_t *entry = map_remove (self->map, digest->bytes, sizeof digest->bytes);
    if (!entry)
        return false;
    self->bytes -= entry->size_bytes;
    unlink_entry (entry);
    free (entry);
    return true;
}

uint32_t
lru_count (const lru_t *self)
{
    return map_count (self->map);
}

uint64_t
lru_bytes (const lru_t *self)
{
    return self->bytes;
}

bool
lru_exceeded (const lru_t *self)
{
    return self->bytes > self->limits.bytes_max || lru_count (self) > self->limits.entries_max;
}

const digest_t *
lru_victim (const lru_t *self, int64_t before_ms, lru_pinned_fn *pinned, const void *arg)
{
    if (!lru_exceeded (self))
        return NULL;
    for (const entry_t *entry = self->ends.next; entry != &self->ends; entry = entry->next)
        if (entry->used_ms < before_ms && !(pinned && pinned (arg, &entry->digest)))
            return &entry->digest;
    return NULL;
}
