// SPDX-License-Identifier: MIT
//  An actor's stream of random numbers: ChaCha20 (RFC 8439) under a 256-bit key. The host draws a
//  fresh key for every incarnation; the simulator derives keys from its seed, so a run repeats.
#ifndef GGEN_RNG_H
#define GGEN_RNG_H

#include "base.h"

#define RNG_KEY_BYTES 32

typedef struct {
    uint8_t key[RNG_KEY_BYTES];
    uint64_t block;             //  next block of the stream
    uint8_t buffer[64];
    uint32_t used;              //  bytes of buffer already handed out
} rng_t;

void rng_init (rng_t *self, const uint8_t key[RNG_KEY_BYTES]);

//  Fill 'size' bytes.
void rng_bytes (rng_t *self, void *data, size_t size);

//  Uniform over all 64-bit values.
uint64_t rng_u64 (rng_t *self);

//  Uniform in [0, limit); 0 when limit is 0. Without modulo bias (rejection).
uint64_t rng_below (rng_t *self, uint64_t limit);

//  Uniform in [0, 1).
double rng_unit (rng_t *self);

#endif
