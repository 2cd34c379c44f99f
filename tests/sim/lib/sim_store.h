// SPDX-License-Identifier: MIT
//  "store" of the simulator, in the place of actors/store/*_io.c: packs, unpacks and keeps trees
//  and generations on the simulator's disk. A tree is the bytes of its archive (sim_archive.h).
//
//  Below a root ("" is SIM_HOME):
//      store/INSTANCE              a tree; HEX of its file list, or HEX.N when the user edited HEX
//      staged/...                  packed and unpacked, until a commit or a discard
//      generations/N/ggen.lock     and generations/N/links/ID: which instance
//      packages                    the number of the current generation
//  Settings: the sim_disk_t.
#ifndef GGEN_TESTS_SIM_STORE_H
#define GGEN_TESTS_SIM_STORE_H

#include "runtime/actor/actor.h"
#include "sim_disk.h"

#define SIM_HOME "/home"

extern const actor_class_t sim_store_actor;

//  Where the tree of 'id' in the current generation is; false when it is not installed.
bool sim_store_tree (const sim_disk_t *disk, const char *root, const char *id,
                     char path[SIM_PATH_MAX]);

#endif
