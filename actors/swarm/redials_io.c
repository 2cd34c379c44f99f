// SPDX-License-Identifier: MIT
#include "actors/swarm/redials_io.h"

#include "runtime/actor/deadlines.h"

#include <stdlib.h>

void
redials_clear (redials_t *self)
{
    while (self->count > 0)
        free (self->list[--self->count]);
}

bool
redials_put (redials_t *self, const outbound_t *dial, int64_t now_ms)
{
    redial_t *it = self->count < REDIALS_MAX ? malloc (sizeof *it) : NULL;
    if (!it)
        return false;
    *it = (redial_t) {*dial, now_ms + REDIALS_WAIT_MS};
    if (it->until_ms > dial->ends_ms)
        it->until_ms = dial->ends_ms;
    if (self->count == 0)
        self->look_ms = now_ms + REDIALS_LOOK_MS;
    self->list[self->count++] = it;
    return true;
}

void
redials_drop (redials_t *self, uint64_t number)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->list[i]->dial.number == number) {
            free (self->list[i]);
            self->list[i] = self->list[--self->count];
            return;
        }
}

int64_t
redials_next_ms (const redials_t *self)
{
    return self->count > 0 ? self->look_ms : DEADLINE_NEVER;
}
