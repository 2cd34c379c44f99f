// SPDX-License-Identifier: MIT
//  The paths of one package: finds two that are the same, would be the same on a file system that
//  folds case or normalises Unicode, or need one name to be both a file and a directory.
//  A tree of names in one hash table; the directories of a path are in it by implication.
#ifndef GGEN_PATH_SET_H
#define GGEN_PATH_SET_H

#include "refusal.h"

#define PATH_SET_KEY_SIZE 16

typedef struct path_set path_set_t;

//  At most 'nodes_max' files and directories (beyond: a refusal of class "bomb"). 'key' is secret
//  randomness for the hash table, so that no archive can be made to be slow; fixed in tests.
//  NULL: no memory.
path_set_t *
    path_set_new (uint32_t nodes_max, const uint8_t key [PATH_SET_KEY_SIZE]);
void
    path_set_destroy (path_set_t **self_p);

typedef struct {
    uint32_t node;          //  Of the path itself; numbers are never used twice
    uint32_t parent;        //  Of the directory it is in; 0 is the root
    size_t name_offset;     //  Where its last component begins
    size_t new_offset;      //  Where the first component begins that was not there before;
                            //  the path's size when all of them were
} path_set_place_t;

//  Add a path that entry_rules_check () has passed.
//  OK        'place' says where it is.
//  else      the refusal: duplicate, collision (names the other path) or bomb; the set may hold
//            some of the path's directories and is only good for destruction.
//  INTERNAL  no memory.
must_use code_t
    path_set_add (path_set_t *self, const char *path, size_t size, bool directory,
                  path_set_place_t *place, refusal_t *refusal);

#endif
