// SPDX-License-Identifier: MIT
#include "pace.h"

#define FIRST_RTT_MS 500u
#define LATE_MIN_MS  150u
#define LATE_MAX_MS  3000u

//  Fewer failures than this prove nothing.
#define FAILURES_MIN 5

void
pace_init (pace_t *self)
{
    *self = (pace_t) {.rtt_ms8 = 8 * FIRST_RTT_MS, .deviation_ms4 = 2 * FIRST_RTT_MS};
}

static void
turn_window (pace_t *self, int64_t now_ms)
{
    if (now_ms - self->window_ms < PACE_WINDOW_MS)
        return;
    bool follows = now_ms - self->window_ms < 2 * PACE_WINDOW_MS;
    self->answers[1] = follows ? self->answers[0] : 0;
    self->failures[1] = follows ? self->failures[0] : 0;
    self->answers[0] = self->failures[0] = 0;
    self->window_ms = now_ms;
}

void
pace_answered (pace_t *self, uint32_t took_ms, int64_t now_ms)
{
    uint32_t rtt_ms = self->rtt_ms8 / 8;
    uint32_t apart_ms = rtt_ms > took_ms ? rtt_ms - took_ms : took_ms - rtt_ms;
    turn_window (self, now_ms);
    self->answers[0]++;
    self->deviation_ms4 += apart_ms - self->deviation_ms4 / 4;
    self->rtt_ms8 += took_ms - self->rtt_ms8 / 8;
}

void
pace_failed (pace_t *self, int64_t now_ms)
{
    turn_window (self, now_ms);
    self->failures[0]++;
}

uint32_t
pace_late_ms (const pace_t *self, uint32_t rtt_ms)
{
    uint32_t late_ms = rtt_ms > 0 ? 3 * rtt_ms : self->rtt_ms8 / 8 + self->deviation_ms4;
    return late_ms < LATE_MIN_MS ? LATE_MIN_MS : late_ms > LATE_MAX_MS ? LATE_MAX_MS : late_ms;
}

bool
pace_is_our_fault (pace_t *self, int64_t now_ms)
{
    turn_window (self, now_ms);
    uint32_t failures = self->failures[0] + self->failures[1];
    return failures >= FAILURES_MIN && failures > self->answers[0] + self->answers[1];
}
