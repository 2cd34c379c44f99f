// SPDX-License-Identifier: MIT
//  The bootstrap nodes of the settings: which is dialled next, and when again (SPEC 6, N1).
#ifndef GGEN_SWARM_BOOTSTRAPS_H
#define GGEN_SWARM_BOOTSTRAPS_H

#include "swarm_self.h"

#define BOOTSTRAPS_FIRST   2u       //  so many at first: they have many to serve
#define BOOTSTRAPS_MORE_MS 5000     //  then one more each so often, while peers are missing

//  Its address, and with it its key, stay where they are: in the settings.
struct bootstrap_t {
    bool linked;                    //  dialled, or in session
    uint8_t tries;
    int64_t next_ms;
};

//  False: out of memory.
bool bootstraps_begin (swarm_t *self);
void bootstraps_destroy (swarm_t *self);

//  The best of those that are due: fewest failures, then priority, then chance. NULL: none;
//  *next_ms is no later than when there will be one.
bootstrap_t *bootstraps_next (swarm_t *self, int64_t now_ms, int64_t *next_ms);

//  The one that this link leads to; NULL: it leads to none.
bootstrap_t *bootstraps_of (const swarm_t *self, const link_t *link);

//  The key of this one; false: its address says none.
bool bootstraps_key (const swarm_t *self, const bootstrap_t *bootstrap, peer_key_t *key);

//  It could not be reached: wait longer, at most BOOK_RETRY_MAX_MS.
void bootstraps_failed (swarm_t *self, bootstrap_t *bootstrap);

//  Not to be dialled before: the one with this key, or with NULL all.
void bootstraps_leave (swarm_t *self, const peer_key_t *key, int64_t until_ms);

#endif
