// SPDX-License-Identifier: MIT
//  The host's clocks. Pure actors are given time; only the host reads it.
#ifndef GGEN_CLOCK_H
#define GGEN_CLOCK_H

#include <stdint.h>

//  CLOCK_MONOTONIC in microseconds and milliseconds; the same for all processes of the machine.
uint64_t clock_us (void);
int64_t clock_ms (void);

//  Milliseconds since 1970.
int64_t clock_wall_ms (void);

#endif
