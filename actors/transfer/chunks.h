// SPDX-License-Identifier: MIT
//  Which chunks of one archive are there, which are asked for, and which is worth asking next.
#ifndef GGEN_CHUNKS_H
#define GGEN_CHUNKS_H

#include "base.h"

//  As many as a record has room to list (record.h).
#define CHUNKS_MAX  2048
#define CHUNKS_NONE UINT32_MAX

//  ---- bitmaps: one bit a chunk, lowest bit first ------------------------------------------------

size_t bitmap_bytes (uint32_t count);
bool bitmap_get (const uint8_t *bitmap, uint32_t index);
void bitmap_set (uint8_t *bitmap, uint32_t index);

//  Bits that are set among the first 'count'.
uint32_t bitmap_count (const uint8_t *bitmap, uint32_t count);

//  A copy of what another has sent, for 'count' chunks; NULL when it is too short, or memory is.
uint8_t *bitmap_copy (ProtobufCBinaryData field, uint32_t count);

//  ---- chunks of a download ----------------------------------------------------------------------

//  A chunk is missing, asked for (of one or more providers), arrived (being written), or done.
typedef struct {
    uint32_t count;
    uint32_t done_count;
    uint32_t wanted_count;      //  missing, and asked of nobody
    uint8_t *done;              //  bitmap
    uint8_t *asked;             //  each: of how many it is asked
    uint8_t *arrived;           //  bitmap: being written
    uint8_t *scarce;            //  each: how many of those who have not all have it; NULL = unknown
} chunks_t;

//  OK, or BUSY when memory is short. 'done' (a bitmap, or NULL) are there already; it is copied.
must_use code_t chunks_init (chunks_t *self, uint32_t count, const uint8_t *done);
void chunks_clear (chunks_t *self);

void chunks_ask (chunks_t *self, uint32_t chunk);
//  One of those asked has not given it.
void chunks_unask (chunks_t *self, uint32_t chunk);
//  It has arrived and is being written; it is still asked of whom it was.
void chunks_arrive (chunks_t *self, uint32_t chunk);
//  Written: it is there. Or not: it is missing again.
void chunks_written (chunks_t *self, uint32_t chunk, bool good);

bool chunks_missing (const chunks_t *self, uint32_t chunk);
bool chunks_complete (const chunks_t *self);

//  A provider has only these (bitmap): they count for what is rare. OK or BUSY.
must_use code_t chunks_partial (chunks_t *self, const uint8_t *has);

//  The chunk to ask next of a provider that has 'has' (NULL = all): missing, asked of nobody, and
//  held by the fewest; among equals the first from 'start' on, so that those who begin at one time
//  begin at different places. CHUNKS_NONE: none.
uint32_t chunks_pick (const chunks_t *self, const uint8_t *has, uint32_t start);

#endif
