// SPDX-License-Identifier: MIT
//  How long an answer may take before another node is asked, too; and whether it is the others who
//  do not answer, or we who cannot be heard.
#ifndef GGEN_DHT_PACE_H
#define GGEN_DHT_PACE_H

#include "base.h"

//  The window in which answers and failures are weighed.
#define PACE_WINDOW_MS 30000

typedef struct {
    uint32_t rtt_ms8;           //  of all nodes, in eighths (RFC 6298, section 2)
    uint32_t deviation_ms4;     //  in quarters
    int64_t window_ms;          //  when it began
    uint32_t answers[2];        //  in this window, in the one before
    uint32_t failures[2];
} pace_t;

void
    pace_init (pace_t *self);

//  An answer came after 'took_ms'; none came.
void
    pace_answered (pace_t *self, uint32_t took_ms, int64_t now_ms);
void
    pace_failed (pace_t *self, int64_t now_ms);

//  How long to wait for a node before the next is asked, too. 'rtt_ms' is what it took before; 0 =
//  not known.
uint32_t
    pace_late_ms (const pace_t *self, uint32_t rtt_ms);

//  More than half of those we asked of late did not answer: that is us.
bool
    pace_is_our_fault (pace_t *self, int64_t now_ms);

#endif
