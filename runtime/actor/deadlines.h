// SPDX-License-Identifier: MIT
//  Which of a fixed number of slots is due first: an indexed binary min-heap. Setting, moving and
//  clearing a slot's deadline is O(log n), the earliest is O(1).
#ifndef GGEN_DEADLINES_H
#define GGEN_DEADLINES_H

#include "base.h"

#define DEADLINE_NEVER INT64_MAX

#define DEADLINES_SLOTS_MAX 65535u      //  more are not offered: slots are kept as 16 bits

typedef struct deadlines_t deadlines_t;

//  For slots 0 .. slots_count - 1 (at most DEADLINES_SLOTS_MAX), none of which has a deadline. NULL: out
//  of memory.
deadlines_t *deadlines_new (uint32_t slots_count);
void deadlines_destroy (deadlines_t **self_p);

//  Have 'slots_count' slots from now on (never fewer than before).
//  OK, or BUSY when memory is short or it is more than DEADLINES_SLOTS_MAX: nothing changed.
must_use code_t deadlines_grow (deadlines_t *self, uint32_t slots_count);

//  Slot is due at 'at_ms' from now on, whatever it was before; DEADLINE_NEVER clears it.
void deadlines_set (deadlines_t *self, uint32_t slot, int64_t at_ms);

//  When 'slot' is due; DEADLINE_NEVER when it is not set.
int64_t deadlines_get (const deadlines_t *self, uint32_t slot);

//  When the earliest slot is due; DEADLINE_NEVER when none is set.
int64_t deadlines_earliest_ms (const deadlines_t *self);

//  The earliest slot due at or before 'now_ms' (equal times: the lower slot). Stays set.
//  Returns false when none is due.
bool deadlines_due (const deadlines_t *self, int64_t now_ms, uint32_t *slot_p);

#endif
