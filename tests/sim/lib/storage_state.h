// SPDX-License-Identifier: MIT
//  "state" on a node of the simulator: what runtime/host/state_io.h says, on a disk (storage.h) that
//  takes its time. Settings: a storage_state_settings_t, which outlives the actor; world_storage has
//  the node's disk, and takes back what was not acknowledged when the node is killed.
#ifndef GGEN_TESTS_STORAGE_STATE_H
#define GGEN_TESTS_STORAGE_STATE_H

#include "runtime/actor/actor.h"
#include "storage.h"

typedef struct {
    storage_t *storage;
    uint32_t sync_ms_min, sync_ms_max;      //  until a batch is on disk; 0, 0 = 2 .. 15
} storage_state_settings_t;

extern const actor_class_t storage_state_actor;

#endif
