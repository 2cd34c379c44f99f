// SPDX-License-Identifier: MIT
#include "deadlines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT16_MAX

struct deadlines_t {
    uint32_t slots_count;
    uint32_t heap_count;
    int64_t earliest_ms;    //  asked after every message, so it is at hand
    int64_t *at_ms;         //  slot -> deadline; the block that holds all three
    uint16_t *heap;         //  slots, earliest first
    uint16_t *where;        //  slot -> place in heap, or NOWHERE
};

deadlines_t *
deadlines_new (uint32_t slots_count)
{
    deadlines_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->earliest_ms = DEADLINE_NEVER;
    if (deadlines_grow (self, slots_count))
        deadlines_destroy (&self);
    return self;
}

code_t
deadlines_grow (deadlines_t *self, uint32_t slots_count)
{
    if (slots_count <= self->slots_count)
        return OK;
    if (slots_count > DEADLINES_SLOTS_MAX)
        return BUSY;
    int64_t *at_ms = malloc (slots_count * (sizeof *at_ms + 2 * sizeof (uint16_t)));
    if (!at_ms)
        return BUSY;
    uint16_t *heap = (uint16_t *) (at_ms + slots_count), *where = heap + slots_count;
    if (self->slots_count > 0) {
        memcpy (at_ms, self->at_ms, self->slots_count * sizeof *at_ms);
        memcpy (heap, self->heap, self->heap_count * sizeof *heap);
        memcpy (where, self->where, self->slots_count * sizeof *where);
    }
    for (uint32_t slot = self->slots_count; slot < slots_count; slot++) {
        where[slot] = NOWHERE;
        at_ms[slot] = DEADLINE_NEVER;
    }
    free (self->at_ms);
    self->at_ms = at_ms;
    self->heap = heap;
    self->where = where;
    self->slots_count = slots_count;
    return OK;
}

void
deadlines_destroy (deadlines_t **self_p)
{
    deadlines_t *self = *self_p;
    if (!self)
        return;
    free (self->at_ms);
    free (self);
    *self_p = NULL;
}

static bool
before (const deadlines_t *self, uint32_t a, uint32_t b)
{
    if (self->at_ms[a] != self->at_ms[b])
        return self->at_ms[a] < self->at_ms[b];
    return a < b;
}

static void
place (deadlines_t *self, uint32_t at, uint32_t slot)
{
    self->heap[at] = (uint16_t) slot;
    self->where[slot] = (uint16_t) at;
}

static void
rise (deadlines_t *self, uint32_t at)
{
    uint32_t slot = self->heap[at];
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!before (self, slot, self->heap[parent]))
            break;
        place (self, at, self->heap[parent]);
        at = parent;
    }
    place (self, at, slot);
}

static void
sink (deadlines_t *self, uint32_t at)
{
    uint32_t slot = self->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= self->heap_count)
            break;
        if (child + 1 < self->heap_count
            && before (self, self->heap[child + 1], self->heap[child]))
            child++;
        if (!before (self, self->heap[child], slot))
            break;
        place (self, at, self->heap[child]);
        at = child;
    }
    place (self, at, slot);
}

static void
clear (deadlines_t *self, uint32_t slot)
{
    uint32_t at = self->where[slot];
    if (at == NOWHERE)
        return;
    self->where[slot] = NOWHERE;
    self->at_ms[slot] = DEADLINE_NEVER;
    uint32_t last = self->heap[--self->heap_count];
    if (last == slot)
        return;
    place (self, at, last);
    rise (self, at);
    sink (self, self->where[last]);
}

static void
move (deadlines_t *self, uint32_t slot, int64_t at_ms)
{
    self->at_ms[slot] = at_ms;
    if (self->where[slot] == NOWHERE)
        place (self, self->heap_count++, slot);
    rise (self, self->where[slot]);
    sink (self, self->where[slot]);
}

void
deadlines_set (deadlines_t *self, uint32_t slot, int64_t at_ms)
{
    assert (slot < self->slots_count);
    if (at_ms == DEADLINE_NEVER)
        clear (self, slot);
    else
        move (self, slot, at_ms);
    self->earliest_ms = self->heap_count > 0 ? self->at_ms[self->heap[0]] : DEADLINE_NEVER;
}

int64_t
deadlines_get (const deadlines_t *self, uint32_t slot)
{
    assert (slot < self->slots_count);
    return self->at_ms[slot];
}

int64_t
deadlines_earliest_ms (const deadlines_t *self)
{
    return self->earliest_ms;
}

bool
deadlines_due (const deadlines_t *self, int64_t now_ms, uint32_t *slot_p)
{
    if (deadlines_earliest_ms (self) > now_ms || self->heap_count == 0)
        return false;
    *slot_p = self->heap[0];
    return true;
}
