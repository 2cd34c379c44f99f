// SPDX-License-Identifier: MIT
#include "body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

body_t *
body_new (bytes_t packed)
{
    body_t *self = calloc (1, sizeof *self + packed.size);
    if (!self)
        return NULL;
    memcpy (self->bytes, packed.data, packed.size);
    self->size = (uint32_t) packed.size;
    self->refs = 1;
    self->pulled_from = NOBODY;
    return self;
}

body_t *
body_hold (body_t *self)
{
    //  All outboxes may be full of it: so many notes of so many neighbours, and a few more.
    assert (self->refs < UINT32_MAX);
    self->refs++;
    return self;
}

void
body_release (body_t **self_p)
{
    body_t *self = *self_p;
    if (self && --self->refs == 0)
        free (self);
    *self_p = NULL;
}
