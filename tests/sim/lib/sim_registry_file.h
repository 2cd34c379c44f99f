// SPDX-License-Identifier: MIT
//  "registry_file" of the simulator, in the place of actors/registry/registry_file_io.c: reads as
//  tests/memory_registry.h does, checks what is published by the rules of the real one
//  (actors/registry/publication.h), and keeps archives on the simulator's disk.
//  Settings: a sim_registry_file_t, which outlives the actor.
#ifndef GGEN_TESTS_SIM_REGISTRY_FILE_H
#define GGEN_TESTS_SIM_REGISTRY_FILE_H

#include "package.pb-c.h"
#include "runtime/actor/actor.h"
#include "sim_disk.h"

#define SIM_SHELF "/registry/"          //  and ID/VERSION.tar.gz

typedef struct sim_registry_file_t sim_registry_file_t;

sim_registry_file_t *sim_registry_file_new (sim_disk_t *disk);
void sim_registry_file_destroy (sim_registry_file_t **self_p);

//  A package gets there without anybody looking at it, as from a registry that somebody else wrote;
//  'archive' is copied to its place. False when there is no more room.
bool sim_registry_file_smuggle (sim_registry_file_t *self, Ggen__Package *package,
                                bytes_t archive);

extern const actor_class_t sim_registry_file_actor;

#endif
