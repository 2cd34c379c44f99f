// SPDX-License-Identifier: MIT
#include "heapbook.h"

#include <stdlib.h>
#include <string.h>

struct heapbook_t {
    heap_fn *heap;
    const char *names[HEAPBOOK_NAMES_MAX];
    int64_t bytes[HEAPBOOK_NAMES_MAX];
    unsigned count;
    int64_t before;
};

heapbook_t *
heapbook_new (heap_fn *heap)
{
    heapbook_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->heap = heap;
    return self;
}

void
heapbook_destroy (heapbook_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

void
heapbook_begin (heapbook_t *self, size_t own_bytes)
{
    self->before = (int64_t) self->heap () - (int64_t) own_bytes;
}

//  Beyond HEAPBOOK_NAMES_MAX names all are the last one's.
static unsigned
place_of (heapbook_t *self, const char *name)
{
    unsigned at = 0;
    while (at < self->count && strcmp (self->names[at], name) != 0)
        at++;
    if (at == HEAPBOOK_NAMES_MAX)
        return at - 1;
    if (at == self->count)
        self->names[self->count++] = name;
    return at;
}

void
heapbook_end (heapbook_t *self, const char *name, size_t own_bytes)
{
    self->bytes[place_of (self, name)] +=
        (int64_t) self->heap () - (int64_t) own_bytes - self->before;
}

const char *
heapbook_name (const heapbook_t *self, unsigned index, int64_t *bytes_p)
{
    if (index >= self->count)
        return NULL;
    *bytes_p = self->bytes[index];
    return self->names[index];
}
