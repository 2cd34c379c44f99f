// SPDX-License-Identifier: MIT
//  Decompression of exactly one gzip member (RFC 1952) or one Zstandard frame (RFC 8878), checksum
//  verified. libarchive's own filters accept members after the first, garbage after the last,
//  skippable frames, and do not check gzip's CRC: two readers could see two packages in one file.
#ifndef GGEN_EXPAND_H
#define GGEN_EXPAND_H

#include "refusal.h"

#define EXPAND_HEAD_SIZE 8      //  Bytes of a file that tell its format
//  The most memory a Zstandard frame may ask for, as a power of two: what zstd(1) takes.
#define EXPAND_WINDOW_LOG_MAX 27

typedef struct expand expand_t;

//  Choose by the first bytes of a file (EXPAND_HEAD_SIZE of them, or all if it is shorter).
//  OK        *self_p is a new object.
//  else      the refusal: "wrong format" names what it looks like, or "malformed".
//  INTERNAL  no memory.
must_use code_t
    expand_new (const uint8_t *head, size_t size, expand_t **self_p, refusal_t *refusal);
void
    expand_destroy (expand_t **self_p);

//  Take bytes from 'in' (moved on by what was taken), write at most 'room' of output.
//  OK    *used bytes were written. When neither input nor output moved, more input is needed.
//        expand_ended () says whether the member or frame is complete.
//  else  the refusal: malformed, also for input that follows the end.
must_use code_t
    expand_step (expand_t *self, bytes_t *in, uint8_t *out, size_t room, size_t *used,
                 refusal_t *refusal);
bool
    expand_ended (const expand_t *self);

#endif
