// SPDX-License-Identifier: MIT
#include "window.h"

#define PATIENCE_MIN_MS 50      //  a scheduler's hiccup is no reason to ask twice
#define TOOK_MAX_MS     (UINT32_MAX / 16)
#define FAST 2                  //  times the fastest: the path has room
#define SLOW 5                  //  times the fastest: chunks queue

static unsigned
ceiling (const window_t *self)
{
    unsigned more = (WINDOW_MAX - WINDOW_START) * self->best_ms / WINDOW_FULL_MS;
    unsigned most = WINDOW_START + more;
    return self->best_ms < WINDOW_FULL_MS && most < WINDOW_MAX ? most : WINDOW_MAX;
}

unsigned
window_credit (const window_t *self)
{
    return self->credit > 0 ? self->credit : WINDOW_START;
}

//  A window's worth of chunks in time: one more.
static void
grow (window_t *self)
{
    unsigned credit = window_credit (self);
    if (++self->gained < credit || credit >= ceiling (self))
        return;
    self->credit = (uint8_t) (credit + 1);
    self->gained = 0;
}

static void
shrink (window_t *self)
{
    self->gained = 0;
    if (window_credit (self) > WINDOW_START)
        self->credit = (uint8_t) (self->credit - 1);
}

void
window_arrived (window_t *self, int64_t took_ms)
{
    uint32_t ms = took_ms < 1 ? 1 : took_ms > TOOK_MAX_MS ? TOOK_MAX_MS : (uint32_t) took_ms;
    self->usual_ms = self->usual_ms == 0 ? ms : (7 * self->usual_ms + 3 * ms) / 10;
    if (self->best_ms == 0 || ms < self->best_ms)
        self->best_ms = ms;
    if (ms <= FAST * self->best_ms)
        grow (self);
    else if (ms > SLOW * self->best_ms)
        shrink (self);
}

void
window_late (window_t *self)
{
    unsigned credit = window_credit (self) / 2;
    self->credit = (uint8_t) (credit > 0 ? credit : 1);
    self->gained = 0;
}

int64_t
window_patience_ms (const window_t *self, int64_t unknown_ms)
{
    if (self->usual_ms == 0)
        return unknown_ms;
    int64_t patience_ms = 2 * (int64_t) self->usual_ms;
    return patience_ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : patience_ms;
}
