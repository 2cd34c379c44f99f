// SPDX-License-Identifier: MIT
//  Adversaries: classes of actors that take seats of an honest node (tests/sim/lib/adversary_*.c). A
//  scenario says "liars NAME 10%".
#ifndef GGEN_TESTS_ADVERSARY_H
#define GGEN_TESTS_ADVERSARY_H

#include "honest.h"
#include "world.h"

typedef struct adversary_t {
    const char *name;
    const char *help;
    //  What all of them in one run share; NULL: nothing. Called before the first starts.
    void *(*create) (world_t *world, honest_t *honest);
    void (*destroy) (void *gang);
    //  The plan is that of an honest node: put other classes into its seats. Called at each start.
    void (*arm) (void *gang, world_t *world, uint32_t node, node_plan_t *plan);
} adversary_t;

//  NULL: there is none of this name.
const adversary_t *adversary_find (const char *name);

//  Number 'index' of them; NULL at the end.
const adversary_t *adversary_at (unsigned index);

#endif
