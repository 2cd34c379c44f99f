// SPDX-License-Identifier: MIT
#include "trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST    4u
#define SCORE_UNIT    65535.0
#define POINT_BYTES   6u

//  2^20 hours: beyond any clock.
#define DOUBLINGS_MAX 20

_Static_assert (TREND_PACKED_SIZE (1) == 1 + POINT_BYTES, "as packed");

void
trend_clear (trend_t *self)
{
    free (self->points);
    *self = (trend_t) {0};
}

static bool
is_due (const trend_t *self, uint32_t at)
{
    if (self->count == 0)
        return true;
    uint32_t last = self->points[self->count - 1].at;
    return at < last || at - last >= (uint64_t) TREND_STEP_SECS << self->doublings;
}

static void
thin (trend_t *self)
{
    for (unsigned i = 0; i < self->count; i += 2)
        self->points[i / 2] = self->points[i];
    self->count = (uint8_t) ((self->count + 1) / 2);
    if (self->doublings < DOUBLINGS_MAX)
        self->doublings++;
}

static bool
has_room (trend_t *self)
{
    if (self->count < self->room)
        return true;
    unsigned room = self->room ? 2u * self->room : ROOM_FIRST;
    if (room > TREND_POINTS_MAX)
        room = TREND_POINTS_MAX;
    trend_point_t *points = realloc (self->points, room * sizeof *points);
    if (!points)
        return false;
    self->points = points;
    self->room = (uint8_t) room;
    return true;
}

bool
trend_add (trend_t *self, uint32_t at, double score)
{
    if (!is_due (self, at))
        return false;
    //  Points in the future were made by a clock that was wrong.
    while (self->count > 0 && self->points[self->count - 1].at > at)
        self->count--;
    if (self->count == TREND_POINTS_MAX) {
        thin (self);
        if (!is_due (self, at))
            return false;
    }
    if (!has_room (self))
        return false;
    self->points[self->count++] =
        (trend_point_t) {at, (uint16_t) lround (fmin (1, fmax (0, score)) * SCORE_UNIT)};
    return true;
}

double
trend_score (const trend_point_t *point)
{
    return point->score / SCORE_UNIT;
}

void
trend_pack (const trend_t *self, uint8_t *bytes)
{
    *bytes++ = self->doublings;
    for (unsigned i = 0; i < self->count; i++) {
        for (unsigned byte = 0; byte < 4; byte++)
            *bytes++ = (uint8_t) (self->points[i].at >> (24 - 8 * byte));
        *bytes++ = (uint8_t) (self->points[i].score >> 8);
        *bytes++ = (uint8_t) self->points[i].score;
    }
}

code_t
trend_unpack (trend_t *self, bytes_t bytes)
{
    *self = (trend_t) {0};
    if (bytes.size == 0)
        return OK;
    size_t count = (bytes.size - 1) / POINT_BYTES;
    if ((bytes.size - 1) % POINT_BYTES != 0 || count > TREND_POINTS_MAX
        || bytes.data[0] > DOUBLINGS_MAX)
        return VALIDATION;
    if (count > 0 && !(self->points = calloc (count, sizeof *self->points)))
        return BUSY;
    self->room = self->count = (uint8_t) count;
    self->doublings = bytes.data[0];
    const uint8_t *from = bytes.data + 1;
    for (size_t i = 0; i < count; i++, from += POINT_BYTES)
        self->points[i] = (trend_point_t) {
            .at = (uint32_t) from[0] << 24 | (uint32_t) from[1] << 16 | (uint32_t) from[2] << 8
                  | from[3],
            .score = (uint16_t) (from[4] << 8 | from[5])};
    return OK;
}
