// SPDX-License-Identifier: MIT
#include "tickets.h"

#include <stdlib.h>
#include <string.h>

struct tickets_t {
    open_request_t *slots;
    uint32_t slots_count;
    uint32_t count;
    deadlines_t *deadlines;
};

#define SLOTS_FIRST 4u

tickets_t *
tickets_new (void)
{
    tickets_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->deadlines = deadlines_new (SLOTS_FIRST);
    self->slots = calloc (SLOTS_FIRST, sizeof *self->slots);
    self->slots_count = SLOTS_FIRST;
    if (!self->deadlines || !self->slots)
        tickets_destroy (&self);
    return self;
}

void
tickets_destroy (tickets_t **self_p)
{
    tickets_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; self->slots && i < self->slots_count; i++) {
        free (self->slots[i].from);
        free (self->slots[i].reply_to);
    }
    free (self->slots);
    deadlines_destroy (&self->deadlines);
    free (self);
    *self_p = NULL;
}

static ticket_t
ticket_of (const tickets_t *self, uint32_t slot)
{
    return (uint64_t) self->slots[slot].use << 32 | (slot + 1);
}

static bool
grow (tickets_t *self)
{
    uint32_t count = 2 * self->slots_count < OPEN_MAX ? 2 * self->slots_count : OPEN_MAX;
    if (count == self->slots_count || deadlines_grow (self->deadlines, count))
        return false;
    open_request_t *slots = realloc (self->slots, count * sizeof *slots);
    if (!slots)
        return false;
    memset (slots + self->slots_count, 0, (count - self->slots_count) * sizeof *slots);
    self->slots = slots;
    self->slots_count = count;
    return true;
}

ticket_t
tickets_open (tickets_t *self, const Ggen__Envelope *envelope, int64_t deadline_ms)
{
    if (self->count == self->slots_count && !grow (self))
        return 0;
    uint32_t slot = 0;
    while (self->slots[slot].open)
        slot++;
    open_request_t *request = &self->slots[slot];
    char *from = strdup (envelope->from);
    char *reply_to = strdup (*envelope->reply_to ? envelope->reply_to : envelope->from);
    if (!from || !reply_to) {
        free (from);
        free (reply_to);
        return 0;
    }
    *request = (open_request_t) {.from = from,
                                 .reply_to = reply_to,
                                 .id = envelope->id,
                                 .trace = envelope->trace,
                                 .budget_ms = envelope->budget_ms,
                                 .use = request->use + 1,
                                 .open = true};
    deadlines_set (self->deadlines, slot, deadline_ms);
    self->count++;
    return ticket_of (self, slot);
}

open_request_t *
tickets_get (const tickets_t *self, ticket_t ticket)
{
    uint32_t slot = (uint32_t) ticket - 1;
    if (slot >= self->slots_count)
        return NULL;
    open_request_t *request = &self->slots[slot];
    return request->open && request->use == ticket >> 32 ? request : NULL;
}

int64_t
tickets_deadline_ms (const tickets_t *self, ticket_t ticket)
{
    return tickets_get (self, ticket) ? deadlines_get (self->deadlines, (uint32_t) ticket - 1)
                                      : DEADLINE_NEVER;
}

void
tickets_extend (tickets_t *self, ticket_t ticket, int64_t deadline_ms)
{
    if (tickets_get (self, ticket))
        deadlines_set (self->deadlines, (uint32_t) ticket - 1, deadline_ms);
}

void
tickets_close (tickets_t *self, ticket_t ticket)
{
    open_request_t *request = tickets_get (self, ticket);
    if (!request)
        return;
    free (request->from);
    free (request->reply_to);
    *request = (open_request_t) {.use = request->use};
    deadlines_set (self->deadlines, (uint32_t) ticket - 1, DEADLINE_NEVER);
    self->count--;
}

int64_t
tickets_earliest_ms (const tickets_t *self)
{
    return deadlines_earliest_ms (self->deadlines);
}

ticket_t
tickets_due (const tickets_t *self, int64_t now_ms)
{
    uint32_t slot;
    return deadlines_due (self->deadlines, now_ms, &slot) ? ticket_of (self, slot) : 0;
}

ticket_t
tickets_next (const tickets_t *self, uint32_t *cursor)
{
    while (*cursor < self->slots_count) {
        uint32_t slot = (*cursor)++;
        if (self->slots[slot].open)
            return ticket_of (self, slot);
    }
    return 0;
}

uint32_t
tickets_count (const tickets_t *self)
{
    return self->count;
}
