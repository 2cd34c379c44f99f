// SPDX-License-Identifier: MIT
#include "tickets.h"

#include <stdlib.h>
#include <string.h>

struct tickets_t {
    open_request_t *slots;
    uint32_t slots_count;
    uint32_t count;
    uint32_t use_first;         //  of new slots: above that of any given back
    deadlines_t *deadlines;     //  NULL as there are no slots
};

#define SLOTS_FIRST 4u

//  With more than so many, all are given back when none is open.
#define SLOTS_KEPT 8u

tickets_t *
tickets_new (void)
{
    return calloc (1, sizeof (tickets_t));
}

static void
free_asker (open_request_t *request)
{
    if (request->reply_to != request->from)
        free (request->reply_to);
    free (request->from);
}

void
tickets_destroy (tickets_t **self_p)
{
    tickets_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->slots_count; i++)
        free_asker (&self->slots[i]);
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
    uint32_t count = self->slots_count ? 2 * self->slots_count : SLOTS_FIRST;
    if (count > OPEN_MAX)
        count = OPEN_MAX;
    if (!self->deadlines)
        self->deadlines = deadlines_new (0);
    if (count == self->slots_count || !self->deadlines
        || deadlines_grow (self->deadlines, count))
        return false;
    open_request_t *slots = realloc (self->slots, count * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = self->slots_count; i < count; i++)
        slots[i] = (open_request_t) {.use = self->use_first};
    self->slots = slots;
    self->slots_count = count;
    return true;
}

//  Many were open at one time. No ticket of theirs may ever come again.
static void
give_back (tickets_t *self)
{
    for (uint32_t i = 0; i < self->slots_count; i++)
        if (self->slots[i].use > self->use_first)
            self->use_first = self->slots[i].use;
    free (self->slots);
    self->slots = NULL;
    self->slots_count = 0;
    deadlines_destroy (&self->deadlines);
}

static char *
copy_reply_to (const Ggen__Envelope *envelope, char *from)
{
    bool same = !*envelope->reply_to || strcmp (envelope->reply_to, envelope->from) == 0;
    return same ? from : strdup (envelope->reply_to);
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
    char *reply_to = from ? copy_reply_to (envelope, from) : NULL;
    if (!reply_to) {
        free (from);
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
    free_asker (request);
    *request = (open_request_t) {.use = request->use};
    deadlines_set (self->deadlines, (uint32_t) ticket - 1, DEADLINE_NEVER);
    if (--self->count == 0 && self->slots_count > SLOTS_KEPT)
        give_back (self);
}

int64_t
tickets_earliest_ms (const tickets_t *self)
{
    return self->deadlines ? deadlines_earliest_ms (self->deadlines) : DEADLINE_NEVER;
}

ticket_t
tickets_due (const tickets_t *self, int64_t now_ms)
{
    uint32_t slot;
    return self->deadlines && deadlines_due (self->deadlines, now_ms, &slot)
               ? ticket_of (self, slot)
               : 0;
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
