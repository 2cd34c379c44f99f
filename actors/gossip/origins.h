// SPDX-License-Identifier: MIT
//  Who announces: what of it was heard already, and how much of it.
//  An origin counts its announcements from a number that its start time gives, so the newest number
//  and a window below it say of any other whether it was here (as RFC 4303, 3.4.3), long after its id
//  is forgotten. The window of the run before is kept too: its last words may come after the first
//  ones of this.
#ifndef GGEN_ORIGINS_H
#define GGEN_ORIGINS_H

#include "gossip.h"
#include "id_table.h"

#define ORIGINS_RUN_BITS 20         //  of a number: the count within one run
#define ORIGINS_WINDOW   128

typedef struct {
    uint64_t newest;                //  0 = none
    uint64_t bits [ORIGINS_WINDOW / 64];    //  bit n: newest - n was here
} seq_window_t;

//  In a large network there are as many as there can be: it is kept small.
typedef struct {
    uint8_t mark [ID_MARK_SIZE];    //  of its key
    seq_window_t run;
    seq_window_t *run_before;       //  NULL: there was none
    int64_t heard_ms;
    uint32_t muted_until_s;
    uint16_t tokens;                //  thousandths of an announcement
    uint8_t faults;
} origin_t;
_Static_assert (sizeof (origin_t) == 64, "no byte that is not needed");
_Static_assert (GOSSIP_ORIGIN_BURST * 1000 <= UINT16_MAX, "tokens have room");

typedef struct {
    id_table_t *table;
} origins_t;

//  False: out of memory.
bool
    origins_init (origins_t *self, uint64_t seed);

void
    origins_done (origins_t *self);

//  Was this one here before, or is it too old to know?
bool
    origins_replayed (const origins_t *self, const uint8_t key [ID_SIZE], uint64_t seq);

//  Has it used up its rate, or been muted?
bool
    origins_over (const origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms);

//  Has it used up more than half of its burst? What it says then tells nothing of good paths.
bool
    origins_busy (const origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms);

//  A verified announcement came; it is charged. At GOSSIP_ORIGINS_MAX the one that was heard longest
//  ago is forgotten.
void
    origins_note (origins_t *self, const uint8_t key [ID_SIZE], uint64_t seq, int64_t now_ms);

//  Forget those that were not heard for so long that their numbers do not matter any more.
void
    origins_expire (origins_t *self, int64_t now_ms);

//  One of its items was not what its topic is for. Returns true when it is muted from now on.
bool
    origins_fault (origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms);

#endif
