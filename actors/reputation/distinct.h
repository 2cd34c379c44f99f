// SPDX-License-Identifier: MIT
//  How many different packages: a count of distinct digests in at most 64 bytes.
//
//  Up to DISTINCT_EXACT it is a list of 32-bit prints and exact, unless two digests share a print
//  (for 16 random ones: once in 3 * 10^7). Beyond that it becomes a HyperLogLog of 64 registers
//  (Flajolet, Fusy, Gandouet & Meunier 2007) with a standard error of 13 %. The score asks whether
//  there are ten (score.h), so what decides is exact; larger numbers are for people.
//
//  Digests are taken as the random bits they are. Whoever could choose them would only count less
//  or more of its own packages, which it can have by publishing them.
#ifndef GGEN_DISTINCT_H
#define GGEN_DISTINCT_H

#include "base.h"

#define DISTINCT_EXACT     16
#define DISTINCT_REGISTERS 64

//  Bytes of a digest that are looked at.
#define DISTINCT_DIGEST_BYTES 4

//  All zero: none.
typedef struct {
    uint8_t count;              //  of prints; DISTINCT_EXACT + 1: these are registers
    union {
        uint32_t prints[DISTINCT_EXACT];
        uint8_t registers[DISTINCT_REGISTERS];
    };
} distinct_t;

//  'digest' has at least DISTINCT_DIGEST_BYTES. Returns true when the count may have changed.
bool distinct_add (distinct_t *self, const uint8_t *digest);

uint32_t distinct_count (const distinct_t *self);

//  As bytes to keep: 4 for each print, or one and the registers. Returns how many are used.
size_t distinct_pack (const distinct_t *self, uint8_t bytes[DISTINCT_REGISTERS + 1]);

//  Back from bytes. VALIDATION: distinct_pack never makes such; *self is none.
must_use code_t distinct_unpack (distinct_t *self, bytes_t bytes);

#endif
