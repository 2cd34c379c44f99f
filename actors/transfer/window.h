// SPDX-License-Identifier: MIT
//  How many chunks may be on their way from one provider (SPEC 8: credit 4, up to 16 with the round
//  trip), and how long a chunk from it should take.
//  The credit is steered by delay, as TCP Vegas (Brakmo and Peterson 1995) steers its window: as
//  long as a chunk takes about as long as the fastest ever did, more of them fit on the path; when
//  it takes several times that, they queue. The ceiling grows with the fastest time, because on a
//  short path a larger window only costs memory (measured: 4 is as fast as 64 on loopback).
#ifndef GGEN_WINDOW_H
#define GGEN_WINDOW_H

#include "base.h"

#define WINDOW_START 4
#define WINDOW_MAX   16
#define WINDOW_FULL_MS 100      //  at this round trip the ceiling is WINDOW_MAX

//  Zeroed, it is that of a provider that has given nothing yet.
typedef struct {
    uint32_t best_ms;           //  the fastest chunk; 0 = none yet
    uint32_t usual_ms;          //  moving average
    uint8_t credit;             //  0 = WINDOW_START
    uint8_t gained;             //  chunks in time since the credit grew
} window_t;

//  Chunks that may be on their way; 1 .. WINDOW_MAX.
unsigned window_credit (const window_t *self);

//  A chunk came after 'took_ms' (below 1 counts as 1).
void window_arrived (window_t *self, int64_t took_ms);

//  One did not come in time, or not at all: half of the credit, at least 1.
void window_late (window_t *self);

//  How long a chunk should take at most: twice the usual. 'unknown_ms' when none came yet.
int64_t window_patience_ms (const window_t *self, int64_t unknown_ms);

#endif
