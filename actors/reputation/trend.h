// SPDX-License-Identifier: MIT
//  How a score went over time: at most TREND_POINTS_MAX points, however long the time. The first
//  points are TREND_STEP_SECS apart; whenever there is no more room every second one goes and the
//  step doubles, so the points always span the whole time, evenly.
#ifndef GGEN_TREND_H
#define GGEN_TREND_H

#include "base.h"

#define TREND_POINTS_MAX 24
#define TREND_STEP_SECS  3600u

typedef struct {
    uint32_t at;                //  wall seconds
    uint16_t score;             //  of 65535
} trend_point_t;

//  All zero: no points. Grows as points come.
typedef struct {
    trend_point_t *points;      //  oldest first
    uint8_t count;
    uint8_t room;
    uint8_t doublings;          //  of the step
} trend_t;

void trend_clear (trend_t *self);

//  Add a point, if the last is a step old, or in the future (a clock that was set back). Returns
//  true when it was added; false also when memory is short.
bool trend_add (trend_t *self, uint32_t at, double score);

double trend_score (const trend_point_t *point);

//  As bytes to keep, and back. The size of what pack writes is TREND_PACKED_SIZE (count).
#define TREND_PACKED_SIZE(count) (1u + 6u * (count))
void trend_pack (const trend_t *self, uint8_t *bytes);

//  OK, or VALIDATION: trend_pack never makes such; or BUSY: memory is short. *self is empty then.
must_use code_t trend_unpack (trend_t *self, bytes_t bytes);

#endif
