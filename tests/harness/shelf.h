// SPDX-License-Identifier: MIT
//  What was published in a run, and the packs that are published: made here, or taken from a folder of
//  real ones. For any thread.
#ifndef GGEN_HARNESS_SHELF_H
#define GGEN_HARNESS_SHELF_H

#include "messages/digest.h"
#include "package.pb-c.h"

#include <stdio.h>

#define SHELF_MAX      4096u        //  releases of a run
#define SHELF_NAME_MAX 80u
#define SHELF_PATH_MAX 512u

typedef struct {
    char name[SHELF_NAME_MAX];
    char version[SHELF_NAME_MAX];
    char word[SHELF_NAME_MAX];      //  that a search has to find it by, beside its name
    digest_t sha256;
    unsigned publisher;             //  number of the node
    uint64_t holders[2];            //  bit i: node i had the bytes when it was asked last
    bool newest;                    //  of its name
} release_t;

typedef struct shelf_t shelf_t;

//  Packs are made in 'dir'; or, with 'packages', are the folders in there, in the order of their names.
//  Both borrowed.
shelf_t *shelf_new (const char *dir, const char *packages);
void shelf_destroy (shelf_t **self_p);

//  The next pack to publish, of 'size_kib' incompressible KiB. False: the folder has no more, or it cannot
//  be written.
bool shelf_make (shelf_t *self, unsigned size_kib, char path[SHELF_PATH_MAX]);

//  The next version of a release's package.
bool shelf_renew (shelf_t *self, const release_t *release, char path[SHELF_PATH_MAX]);

//  A node said that it is published. Full: what comes is left out.
void shelf_add (shelf_t *self, const Ggen__Package *package, unsigned publisher);

unsigned shelf_count (shelf_t *self);

//  A copy of number 'index'.
release_t shelf_at (shelf_t *self, unsigned index);

void shelf_note_holders (shelf_t *self, unsigned index, const uint64_t holders[2]);

#endif
