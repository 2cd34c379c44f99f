// SPDX-License-Identifier: MIT
//  Civil time as text (RFC 3339), years 1970 to 9999.
#ifndef GGEN_RFC3339_H
#define GGEN_RFC3339_H

#include "base.h"

#define RFC3339_SIZE 20             //  "2026-11-20T05:46:00Z"

//  'wall_s' is seconds since 1970, UTC; out of range it becomes the nearest that is in range.
void
    rfc3339_write (int64_t wall_s, char text [RFC3339_SIZE + 1]);

//  Read a date and time with any offset; fractions of a second are dropped.
//  OK          *wall_s_p is set.
//  VALIDATION  not of that form, or not a date ("2026-02-30").
must_use code_t
    rfc3339_read (const char *text, int64_t *wall_s_p);

#endif
