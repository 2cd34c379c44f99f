// SPDX-License-Identifier: MIT
//  The end of a node that was asked to stop: no new requests of clients, those that run get time to end,
//  then every actor that keeps something back writes it.
#include "bus_inside.h"

#include "clock.h"

void
bus_drain_begin (bus_t *self)
{
    if (self->drain.phase != DRAIN_NOT)
        return;
    self->drain.phase = DRAIN_REQUESTS;
    self->drain.until_ms = clock_ms () + BUS_DRAIN_MS;
}

static bool
any_open (const bus_t *self)
{
    for (unsigned i = 0; i < ATTACHED_MAX; i++)
        if (self->attached.clients[i].id_size > 0 && self->attached.clients[i].open > 0)
            return true;
    return false;
}

static bool
keeps_something (const seat_t *seat)
{
    const handler_t *row = seat->setup.class->rows;
    while (row->message && row->message != &ggen__save_request__descriptor)
        row++;
    return seat->pipe && row->message;
}

static void
ask_to_save (bus_t *self)
{
    self->drain.phase = DRAIN_SAVING;
    self->drain.until_ms = clock_ms () + BUS_SAVE_MS;
    for (unsigned i = 0; i < self->seats_count; i++) {
        if (!keeps_something (&self->seats[i]))
            continue;
        Ggen__SaveRequest request = GGEN__SAVE_REQUEST__INIT;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__REQUEST;
        envelope.id = i + 1;
        envelope.budget_ms = BUS_SAVE_MS;
        self->drain.saving |= 1ull << i;
        bus_self_say (self, self->seats[i].name, &envelope, &request.base);
    }
}

void
bus_drain_saved (bus_t *self, uint64_t id)
{
    if (id >= 1 && id <= self->seats_count)
        self->drain.saving &= ~(1ull << (id - 1));
}

void
bus_drain_run (bus_t *self)
{
    const bool late = self->drain.phase != DRAIN_NOT && clock_ms () >= self->drain.until_ms;
    if (self->drain.phase == DRAIN_REQUESTS && (late || !any_open (self)))
        ask_to_save (self);
    if (self->drain.phase == DRAIN_SAVING
        && (self->drain.saving == 0 || clock_ms () >= self->drain.until_ms))
        self->stopped = true;
}

long
bus_drain_in_ms (const bus_t *self)
{
    if (self->drain.phase == DRAIN_NOT)
        return -1;
    int64_t left_ms = self->drain.until_ms - clock_ms ();
    return left_ms > 0 ? (long) left_ms : 0;
}
