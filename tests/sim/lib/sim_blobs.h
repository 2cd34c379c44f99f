// SPDX-License-Identifier: MIT
//  "blobs" of the simulator, in the place of actors/cache/blobs_io.c: archives by digest on the
//  simulator's disk. Settings: the sim_disk_t.
#ifndef GGEN_TESTS_SIM_BLOBS_H
#define GGEN_TESTS_SIM_BLOBS_H

#include "runtime/actor/actor.h"

#define SIM_BLOBS "/home/cache/"        //  and the digest

extern const actor_class_t sim_blobs_actor;

#endif
