// SPDX-License-Identifier: MIT
#include "pending.h"

#include <stdlib.h>
#include <string.h>

//  A number is use (24 bits) and slot + 1 (8 bits).
_Static_assert(PENDING_MAX < 255, "a slot has 8 bits");

struct pending_t {
    waiting_t *slots;
    uint32_t slots_count;
    uint32_t count;
    uint32_t use_first;         //  of new slots: above that of any given back
    deadlines_t *deadlines;     //  NULL as there are no slots
};

#define SLOTS_FIRST 4u

//  With more than so many, all are given back when nothing waits.
#define SLOTS_KEPT 8u
#define USE_MASK    0xFFFFFFu

pending_t *
pending_new (void)
{
    return calloc (1, sizeof (pending_t));
}

void
pending_destroy (pending_t **self_p)
{
    pending_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->slots_count; i++)
        free (self->slots[i].to);
    free (self->slots);
    deadlines_destroy (&self->deadlines);
    free (self);
    *self_p = NULL;
}

static uint32_t
number_of (const pending_t *self, uint32_t slot)
{
    return (self->slots[slot].use & USE_MASK) << 8 | (slot + 1);
}

static bool
grow (pending_t *self)
{
    uint32_t count = self->slots_count ? 2 * self->slots_count : SLOTS_FIRST;
    if (count > PENDING_MAX)
        count = PENDING_MAX;
    if (!self->deadlines)
        self->deadlines = deadlines_new (0);
    if (count == self->slots_count || !self->deadlines
        || deadlines_grow (self->deadlines, count))
        return false;
    waiting_t *slots = realloc (self->slots, count * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = self->slots_count; i < count; i++)
        slots[i] = (waiting_t) {.use = self->use_first};
    self->slots = slots;
    self->slots_count = count;
    return true;
}

//  Many waited at one time. No number of theirs may come again soon.
static void
give_back (pending_t *self)
{
    for (uint32_t i = 0; i < self->slots_count; i++)
        if (self->slots[i].use > self->use_first)
            self->use_first = self->slots[i].use;
    free (self->slots);
    self->slots = NULL;
    self->slots_count = 0;
    deadlines_destroy (&self->deadlines);
}

uint32_t
pending_add (pending_t *self, const ask_t *ask, uint32_t budget_ms, int64_t deadline_ms)
{
    if (self->count == self->slots_count && !grow (self))
        return 0;
    uint32_t slot = 0;
    while (self->slots[slot].waiting)
        slot++;
    waiting_t *request = &self->slots[slot];
    char *to = strdup (ask->to);
    if (!to)
        return 0;
    *request = (waiting_t) {.to = to,
                            .on_answer = ask->on_answer,
                            .arg = ask->arg,
                            .expect = ask->expect,
                            .parent = ask->parent,
                            .budget_ms = budget_ms,
                            .use = request->use + 1,
                            .waiting = true,
                            .quiet = ask->quiet};
    deadlines_set (self->deadlines, slot, deadline_ms);
    self->count++;
    return number_of (self, slot);
}

waiting_t *
pending_get (const pending_t *self, uint32_t number)
{
    uint32_t slot = (number & 0xFF) - 1;
    if (slot >= self->slots_count)
        return NULL;
    waiting_t *request = &self->slots[slot];
    return request->waiting && number_of (self, slot) == number ? request : NULL;
}

void
pending_extend (pending_t *self, uint32_t number, int64_t deadline_ms)
{
    if (pending_get (self, number))
        deadlines_set (self->deadlines, (number & 0xFF) - 1, deadline_ms);
}

void
pending_remove (pending_t *self, uint32_t number, waiting_t *taken)
{
    waiting_t *request = pending_get (self, number);
    if (!request)
        return;
    free (request->to);
    *taken = *request;
    taken->to = NULL;
    *request = (waiting_t) {.use = taken->use};
    deadlines_set (self->deadlines, (number & 0xFF) - 1, DEADLINE_NEVER);
    if (--self->count == 0 && self->slots_count > SLOTS_KEPT)
        give_back (self);
}

int64_t
pending_earliest_ms (const pending_t *self)
{
    return self->deadlines ? deadlines_earliest_ms (self->deadlines) : DEADLINE_NEVER;
}

uint32_t
pending_due (const pending_t *self, int64_t now_ms)
{
    uint32_t slot;
    return self->deadlines && deadlines_due (self->deadlines, now_ms, &slot)
               ? number_of (self, slot)
               : 0;
}

uint32_t
pending_next (const pending_t *self, uint32_t *cursor)
{
    while (*cursor < self->slots_count) {
        uint32_t slot = (*cursor)++;
        if (self->slots[slot].waiting)
            return number_of (self, slot);
    }
    return 0;
}

uint32_t
pending_count (const pending_t *self)
{
    return self->count;
}
