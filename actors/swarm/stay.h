// SPDX-License-Identifier: MIT
//  Whether a session is there to stay. It is when both sides keep it: who has no room for what the
//  other one keeps, or lets go of it, says for how long it does not want to be asked again
//  (SessionUpdate.pause_secs), and the other one keeps it no longer either.
#ifndef GGEN_SWARM_STAY_H
#define GGEN_SWARM_STAY_H

#include "swarm_self.h"

//  Keep it from now on. Nothing changes when there is no room for it.
void stay_keep (swarm_t *self, link_t *link, bool persistent);

//  Keep it no longer, and say so: it ends when nothing passes for a while. *link may be gone.
void stay_release (swarm_t *self, link_t *link);

//  A session has begun, or goes on instead of another one, of which Hello said 'said'. Say what is
//  no longer so.
void stay_settle (swarm_t *self, link_t *link, bool said);

//  The other side says whether it keeps it. *link may be gone; then false.
bool stay_heard (swarm_t *self, link_t *link, const Ggen__SessionUpdate *update);

//  May we ask the other side to keep it?
bool stay_may_ask (const swarm_t *self, const link_t *link);

#endif
