// SPDX-License-Identifier: MIT
//  A node in the simulator: the real "installer", "registry", "trust" and "cache", and a stand-in
//  for each actor that does I/O in a real one (actors/node.c).
#ifndef GGEN_TESTS_SIM_NODE_H
#define GGEN_TESTS_SIM_NODE_H

#include "scheduler.h"
#include "sim_disk.h"
#include "sim_keyring.h"
#include "sim_registry_file.h"
#include "sim_state.h"

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

void sim_node_start (const sim_things_t *things, scheduler_t *scheduler);

#endif
