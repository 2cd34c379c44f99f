// SPDX-License-Identifier: MIT
//  What the store of the simulator has on disk. For sim_store.c.
#ifndef GGEN_TESTS_SIM_STORE_PLACE_H
#define GGEN_TESTS_SIM_STORE_PLACE_H

#include "sim_store.h"
#include "store.pb-c.h"

#define SIM_GENERATIONS_MAX 1024        //  of one root; a further one is refused

//  "ROOT/" and a name made as by printf.
void sim_place (char path[SIM_PATH_MAX], const char *root, const char *format, ...)
    printf_like (3, 4);

//  The current generation, 0 = none; and all there are, ascending.
uint64_t sim_place_current (const sim_disk_t *disk, const char *root);
size_t sim_place_generations (const sim_disk_t *disk, const char *root,
                              uint64_t numbers[SIM_GENERATIONS_MAX]);

//  Where the tree of 'id' in a generation is; false when it is not in it.
bool sim_place_link (const sim_disk_t *disk, const char *root, uint64_t generation,
                     const char *id, char path[SIM_PATH_MAX]);

//  Is the tree at this path as its file list says?
bool sim_place_is_pristine (const sim_disk_t *disk, const char *path, ProtobufCBinaryData files);

//  An instance of this tree that nobody edited; false when there is none.
bool sim_place_instance (const sim_disk_t *disk, const char *root, ProtobufCBinaryData files,
                         char path[SIM_PATH_MAX]);

//  Make every tree of a state be in the store; what was staged gets its place there.
//  False when one is neither in the store nor staged: nothing is lost.
bool sim_place_settle (sim_disk_t *disk, const char *root, Ggen__Tree *const *trees, size_t count);

//  Write the links of a generation to trees that are settled.
void sim_place_link_all (sim_disk_t *disk, const char *root, uint64_t generation,
                         Ggen__Tree *const *trees, size_t count);

#endif
