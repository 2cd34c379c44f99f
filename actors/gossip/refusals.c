// SPDX-License-Identifier: MIT
#include "refusals.h"

#include <stdlib.h>
#include <string.h>

void
refusals_done (refusals_t *self)
{
    free (self->marks);
    self->marks = NULL;
}

//  An id is a hash: one part of it says where its mark is, another is the mark.
static uint64_t
mark_of (const uint8_t id [ID_SIZE])
{
    uint64_t mark;
    memcpy (&mark, id, sizeof mark);
    return mark;
}

static uint64_t *
place_of (const refusals_t *self, const uint8_t id [ID_SIZE])
{
    uint32_t place;
    memcpy (&place, id + sizeof (uint64_t), sizeof place);
    return &self->marks [place % REFUSALS_MAX];
}

void
refusals_note (refusals_t *self, const uint8_t id [ID_SIZE], int64_t now_ms)
{
    if (!self->marks)
        self->marks = calloc (REFUSALS_MAX, sizeof *self->marks);
    if (!self->marks)
        return;
    *place_of (self, id) = mark_of (id);
    self->last_ms = now_ms;
}

bool
refusals_has (const refusals_t *self, const uint8_t id [ID_SIZE])
{
    return self->marks && *place_of (self, id) == mark_of (id);
}

void
refusals_expire (refusals_t *self, int64_t now_ms)
{
    if (self->marks && now_ms - self->last_ms >= REFUSALS_KEPT_MS)
        refusals_done (self);
}
