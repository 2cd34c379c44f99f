// SPDX-License-Identifier: MIT
//  Making an installed state true (SPEC 3.6, 6-I2). Everything new is complete and on the disk
//  (one syncfs) before the renames that make it visible; the last of them switches all of it.
//  A crash at any instruction leaves the old state or the new, and leftovers that
//  commit_sweep removes.
#ifndef GGEN_COMMIT_IO_H
#define GGEN_COMMIT_IO_H

#include "place_io.h"

//  Beginning of the names of things in the making, in store/ and generations/.
#define COMMIT_TEMPORARY "tmp."

typedef struct {
    const char *id;
    const uint8_t *files_sha256;
    const char *staged;             //  an instance in the making ("tmp.7.1" in store/), or NULL
    const char *clean;              //  an instance that was just found clean, or NULL: not known
    const char *adopted;            //  its path in generation 0, where it stays; or NULL: the store's
} commit_tree_t;

//  What else there is to say of a new state. All borrowed.
typedef struct {
    bytes_t lock;                   //  text of its ggen.lock
    bool replaces_lock;
    uint64_t expected;              //  the current generation
    char *const *dropped;           //  paths in generation 0
    size_t dropped_count;
    char *const *adopts;            //  directories of a target that become its generation 0
    size_t adopts_count;
} commit_state_t;

//  Make a new generation of these trees and switch to it. Those without 'staged' must be in the
//  store. 'lock' becomes its ggen.lock; with 'replaces_lock' also where a target has a file of that name.
//  What the current generation links to of generation 0 stays linked, but for the 'dropped' paths.
//  OK                *generation_p is current, also after a power loss.
//  BUSY              the current generation is no longer 'expected'.
//  VALIDATION        an id that is none, two ids of which one is a directory of the other ("ns" and
//                    "ns/name"), a lock of more than PLACE_LOCK_MAX bytes.
//  ALREADY_EXISTS    a target already has something else where a package's link would be.
//  STORAGE           a tree that should be in the store is not, or the system says no.
//  PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE
must_use code_t
    commit_generation (place_t *place, const commit_tree_t *trees, size_t trees_count,
                       const commit_state_t *state, uint64_t *generation_p, refusal_t *refusal);

//  Switch to an earlier generation; to 0 as it is. Where a user edited a tree of it, its link is first
//  moved to a clean instance (in the store, or staged). Errors as above; PACKAGE_NOT_FOUND: there is no
//  such generation.
must_use code_t
    commit_activate (place_t *place, uint64_t generation, const commit_tree_t *trees,
                     size_t trees_count, refusal_t *refusal);

//  Remove what a crash left: things in the making, links of a target that lead nowhere. Only for who
//  holds the place (place_take).
void
    commit_sweep (const place_t *place);

#endif
