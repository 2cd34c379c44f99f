// SPDX-License-Identifier: MIT
//  Randomness for property tests: one seed a run, told by every failure. SEED=7 PROGRAM repeats it.
#ifndef GGEN_TESTS_SEEDED_H
#define GGEN_TESTS_SEEDED_H

#include "runtime/actor/rng.h"

#include <stdlib.h>
#include <string.h>

#define SEED_DEFAULT 1u

static inline uint64_t
seed_of_run (void)
{
    const char *text = getenv ("SEED");
    return text ? strtoull (text, NULL, 10) : SEED_DEFAULT;
}

//  A stream of its own for each 'purpose'.
static inline rng_t
seeded_rng (uint64_t purpose)
{
    uint8_t key[RNG_KEY_BYTES] = {0};
    uint64_t seed = seed_of_run ();
    memcpy (key, &seed, sizeof seed);
    memcpy (key + sizeof seed, &purpose, sizeof purpose);
    rng_t rng;
    rng_init (&rng, key);
    return rng;
}

//  assert_true that says how to see it again.
#define assert_seeded(condition, round)                                                           \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            print_error ("%s: round %u; repeat with SEED=%llu\n", #condition, (unsigned) (round), \
                         (unsigned long long) seed_of_run ());                                    \
            assert_true (condition);                                                              \
        }                                                                                         \
    } while (0)

#endif
