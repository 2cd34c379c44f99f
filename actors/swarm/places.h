// SPDX-License-Identifier: MIT
//  Places for sessions: max_peers that are kept, of which a quarter is for those whom we dialled,
//  and max_transients that are made for one lookup. Whoever needs one may cost another its place.
#ifndef GGEN_SWARM_PLACES_H
#define GGEN_SWARM_PLACES_H

#include "swarm_self.h"

//  Would a peer that comes in now get a session, which it wants to keep or not?
bool places_left (const swarm_t *self, bool kept);

//  Make room for a session more. False: there is none. '*kept' is what is wanted, then what it may
//  be.
bool places_take (swarm_t *self, bool inbound, bool *kept);

//  Make room for one more that is kept; one that came in by itself may go for one that we dialled.
bool places_keep (swarm_t *self, bool inbound, census_t census);

//  The transient session that was used longest ago and can go; NULL: none can.
link_t *places_idlest (const swarm_t *self);

//  Does one side of this session still wait for an answer?
bool places_busy (const link_t *link, int64_t now_ms);

#endif
