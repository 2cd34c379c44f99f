// SPDX-License-Identifier: MIT
//  How much of what nodes hold is data: signed records, and what a lookup of them needs. What is left is
//  what a node costs that nobody has told anything.
#ifndef GGEN_TESTS_STORED_H
#define GGEN_TESTS_STORED_H

#include "world.h"

#define STORED_KINDS 4u

//  Bytes of all nodes that are on, in the order of stored_name.
typedef struct {
    uint64_t bytes[STORED_KINDS];
    uint64_t all;
} stored_t;

stored_t stored_bytes (const world_t *world);

//  The seat that holds them.
const char *stored_name (unsigned kind);

#endif
