// SPDX-License-Identifier: MIT
#include "agenda.h"

#include <stdlib.h>

struct agenda_t {
    due_t *heap;
    size_t count;
    size_t room;
    uint64_t pushed;
};

#define WAYS 4u

agenda_t *
agenda_new (void)
{
    agenda_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    return self;
}

void
agenda_destroy (agenda_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->heap);
    free (*self_p);
    *self_p = NULL;
}

static inline bool
before (const due_t *a, const due_t *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order_kind < b->order_kind;
}

void
agenda_push (agenda_t *self, unsigned kind, due_t due)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 1024;
        self->heap = realloc (self->heap, self->room * sizeof *self->heap);
        if (!self->heap)
            abort ();
    }
    due.order_kind = self->pushed++ * AGENDA_KINDS_MAX + kind;
    size_t at = self->count++;
    while (at > 0) {
        size_t parent = (at - 1) / WAYS;
        if (!before (&due, &self->heap[parent]))
            break;
        self->heap[at] = self->heap[parent];
        at = parent;
    }
    self->heap[at] = due;
}

//  The earliest of the children that begin at 'first'.
static inline size_t
earliest_child (const agenda_t *self, size_t first)
{
    size_t end = first + WAYS < self->count ? first + WAYS : self->count;
    size_t best = first;
    for (size_t at = first + 1; at < end; at++)
        if (before (&self->heap[at], &self->heap[best]))
            best = at;
    return best;
}

bool
agenda_pop (agenda_t *self, int64_t until_us, due_t *due_p)
{
    if (self->count == 0 || self->heap[0].at_us > until_us)
        return false;
    *due_p = self->heap[0];
    due_t last = self->heap[--self->count];
    size_t at = 0, first;
    while ((first = WAYS * at + 1) < self->count) {
        size_t child = earliest_child (self, first);
        if (!before (&self->heap[child], &last))
            break;
        self->heap[at] = self->heap[child];
        at = child;
    }
    self->heap[at] = last;
    return true;
}

size_t
agenda_count (const agenda_t *self)
{
    return self->count;
}

size_t
agenda_bytes (const agenda_t *self)
{
    return sizeof *self + self->room * sizeof *self->heap;
}
