// SPDX-License-Identifier: MIT
//  Places on the Earth, as peers declare them.
#ifndef GGEN_GEO_H
#define GGEN_GEO_H

#include "base.h"

#define GEO_EARTH_RADIUS_KM 6371.0

//  Degrees times 10^7, north and east: a centimetre, in half the room of two doubles.
typedef struct {
    int32_t latitude_e7;
    int32_t longitude_e7;
} geo_t;

//  OK, or VALIDATION: not finite, not within -90 .. 90 and -180 .. 180.
must_use code_t geo_from_degrees (geo_t *self, double latitude, double longitude);

double geo_latitude (const geo_t *self);
double geo_longitude (const geo_t *self);

//  Along the great circle (haversine; Sinnott 1984), on a sphere of GEO_EARTH_RADIUS_KM.
double geo_distance_km (const geo_t *self, const geo_t *other);

#endif
