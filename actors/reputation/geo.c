// SPDX-License-Identifier: MIT
#include "geo.h"

#include <math.h>

#define DEGREE_E7 1e7

code_t
geo_from_degrees (geo_t *self, double latitude, double longitude)
{
    //  Written so that a NaN fails too.
    if (!(fabs (latitude) <= 90) || !(fabs (longitude) <= 180))
        return VALIDATION;
    self->latitude_e7 = (int32_t) lround (latitude * DEGREE_E7);
    self->longitude_e7 = (int32_t) lround (longitude * DEGREE_E7);
    return OK;
}

double
geo_latitude (const geo_t *self)
{
    return self->latitude_e7 / DEGREE_E7;
}

double
geo_longitude (const geo_t *self)
{
    return self->longitude_e7 / DEGREE_E7;
}

static double
radians (double degrees)
{
    return degrees * acos (-1) / 180;
}

double
geo_distance_km (const geo_t *self, const geo_t *other)
{
    double here = radians (geo_latitude (self)), there = radians (geo_latitude (other));
    double north = sin ((there - here) / 2);
    double east = sin (radians (geo_longitude (other) - geo_longitude (self)) / 2);
    double square = north * north + cos (here) * cos (there) * east * east;
    //  Between antipodes rounding can pass 1, of which there is no arc sine.
    return 2 * GEO_EARTH_RADIUS_KM * asin (sqrt (fmin (1, square)));
}
