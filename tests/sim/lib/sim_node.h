// SPDX-License-Identifier: MIT
//  A node in the simulator: the real "installer", "registry", "trust" and "cache", and a stand-in
//  for each actor that does I/O in a real one (actors/node.c).
#ifndef GGEN_TESTS_SIM_NODE_H
#define GGEN_TESTS_SIM_NODE_H

#include "sim_disk.h"
#include "sim_keyring.h"
#include "sim_registry_file.h"
#include "sim_state.h"
#include "world.h"

#define SIM_ACTORS_COUNT 9

//  Their names, the real ones first.
extern const char *const sim_node_actors[SIM_ACTORS_COUNT];

//  What outlives the actors; borrowed by them.
typedef struct {
    sim_disk_t *disk;
    sim_state_t *state;
    sim_registry_file_t *registry;
    const sim_signer_t *signer;
} sim_things_t;

//  A compose_fn; its context is the sim_things_t.
void sim_node_compose (void *things, world_t *world, uint32_t node, node_plan_t *plan);

#endif
