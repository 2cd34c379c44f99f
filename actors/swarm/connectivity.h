// SPDX-License-Identifier: MIT
//  Are we connected? OFFLINE without any session; LIMITED when kept sessions are fewer than
//  min_peers, or than half of the most that there were within the last hour, and none came within a
//  minute; else CONNECTED (SPEC 6, N1, N3, N4).
#ifndef GGEN_SWARM_CONNECTIVITY_H
#define GGEN_SWARM_CONNECTIVITY_H

#include "swarm_self.h"

#define CONNECTIVITY_NEW_MS 60000   //  without a new peer for so long

//  A session began, ended, or is kept from now on. 'fresh': it is kept and new.
void connectivity_changed (swarm_t *self, bool fresh);

//  Its time has come (swarm_t.connectivity.next_ms).
void connectivity_run (swarm_t *self, int64_t now_ms);

//  Kept sessions that we want to have.
uint32_t connectivity_wanted (const swarm_t *self);

//  Peers were lost not long ago: those that are known are redialled often.
bool connectivity_eager (const swarm_t *self);

#endif
