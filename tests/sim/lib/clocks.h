// SPDX-License-Identifier: MIT
//  A node's clocks. The monotonic one starts at a point of its own, so that two nodes' times cannot be
//  compared by mistake; the wall clock is off by a skew and a drift.
#ifndef GGEN_TESTS_CLOCKS_H
#define GGEN_TESTS_CLOCKS_H

#include "base.h"

//  The wall clock of a node that is right, at virtual time 0: 15 January 2027.
#define CLOCKS_START_WALL_MS INT64_C (1800000000000)

typedef struct {
    int64_t offset_ms;          //  of the monotonic clock; > 0
    int64_t skew_ms;            //  of the wall clock at virtual time 0
    int32_t drift_ppm;          //  by which the wall clock runs fast
} clocks_t;

static inline int64_t
clocks_mono_ms (const clocks_t *self, int64_t now_us)
{
    return self->offset_ms + now_us / 1000;
}

static inline uint64_t
clocks_mono_us (const clocks_t *self, int64_t now_us)
{
    return (uint64_t) (self->offset_ms * 1000 + now_us);
}

//  The virtual time at which the monotonic clock shows 'mono_ms'.
static inline int64_t
clocks_virtual_us (const clocks_t *self, int64_t mono_ms)
{
    return (mono_ms - self->offset_ms) * 1000;
}

static inline int64_t
clocks_wall_ms (const clocks_t *self, int64_t now_us)
{
    return CLOCKS_START_WALL_MS + self->skew_ms + now_us / 1000
           + now_us / 1000 * self->drift_ppm / 1000000;
}

#endif
