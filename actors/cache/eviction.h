// SPDX-License-Identifier: MIT
//  Keeps the cache within its limits: asks the blob store to remove what the index names, a few
//  at one time.
#ifndef GGEN_EVICTION_H
#define GGEN_EVICTION_H

#include "lru.h"
#include "runtime/actor/out.h"

#define EVICTION_REMOVES_MAX 8     //  under way at one time

//  Filled by its owner, which may not move it while removes are under way; the last two are its
//  own.
typedef struct {
    out_t *out;
    const char *blobs;              //  address of the blob store
    lru_t *lru;
    int64_t grace_ms;               //  what was used less than this ago stays
    lru_pinned_fn *pinned;
    const void *arg;                //  of 'pinned'
    int64_t again_ms;               //  when to run it again; DEADLINE_NEVER within the limits
    unsigned removes;
} eviction_t;

//  Do what can be done now. To be called when something was added or may go now, and at again_ms.
//  A blob that turns out impossible to remove is out of the index until the next start lists it.
void eviction_run (eviction_t *self);

#endif
