// SPDX-License-Identifier: MIT
#include "clock.h"

#include <time.h>

uint64_t
clock_us (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u;
}

int64_t
clock_ms (void)
{
    return (int64_t) (clock_us () / 1000);
}

int64_t
clock_wall_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
