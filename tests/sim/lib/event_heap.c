// SPDX-License-Identifier: MIT
#include "event_heap.h"

#include <stdlib.h>

struct event_heap_t {
    event_t *events;
    size_t count;
    size_t room;
    uint64_t pushed;
};

event_heap_t *
event_heap_new (void)
{
    return calloc (1, sizeof (event_heap_t));
}

void
event_heap_destroy (event_heap_t **self_p)
{
    event_heap_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        letter_destroy (&self->events[i].letter);
    free (self->events);
    free (self);
    *self_p = NULL;
}

static bool
before (const event_t *a, const event_t *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void
event_heap_push (event_heap_t *self, const event_t *event)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->events = realloc (self->events, self->room * sizeof *self->events);
        if (!self->events)
            abort ();
    }
    event_t fresh = *event;
    fresh.order = self->pushed++;
    size_t at = self->count++;
    for (; at > 0 && before (&fresh, &self->events[(at - 1) / 2]); at = (at - 1) / 2)
        self->events[at] = self->events[(at - 1) / 2];
    self->events[at] = fresh;
}

bool
event_heap_pop (event_heap_t *self, int64_t until_us, event_t *event_p)
{
    if (self->count == 0 || self->events[0].at_us > until_us)
        return false;
    *event_p = self->events[0];
    event_t last = self->events[--self->count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < self->count) {
        if (child + 1 < self->count && before (&self->events[child + 1], &self->events[child]))
            child++;
        if (!before (&self->events[child], &last))
            break;
        self->events[at] = self->events[child];
        at = child;
    }
    self->events[at] = last;
    return true;
}
