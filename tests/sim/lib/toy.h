// SPDX-License-Identifier: MIT
//  Two actors that show what the world does, and what it costs: "toy" asks toys of other nodes for an
//  echo, and "swarm" here is the least that can carry that: a link for each peer, no session.
#ifndef GGEN_TESTS_TOY_H
#define GGEN_TESTS_TOY_H

#include "world.h"

typedef struct {
    world_t *world;             //  where addresses come from
    uint32_t node;
    uint32_t interval_ms;       //  between two asks
} toy_settings_t;

extern const actor_class_t toy_actor;
extern const actor_class_t toy_swarm_actor;

//  What a node's "toy" has seen.
typedef struct {
    uint64_t asked, answered, failed;
    int64_t rtt_ms_sum;
} toy_counts_t;

toy_counts_t toy_counts (const void *state);

#endif
