// SPDX-License-Identifier: MIT
//  Sessions: who gets one, which of two links to one peer stays, and how they end.
#ifndef GGEN_SWARM_SESSIONS_H
#define GGEN_SWARM_SESSIONS_H

#include "swarm_self.h"

//  Both sides have shown who they are: 'key', by 'identify', on 'link', which is GREETING. What comes
//  of it is a session, a second link that drains, or a refusal; 'link' may be gone after it.
void sessions_begin (swarm_t *self, link_t *link, const peer_key_t *key,
                     const Ggen__Identify *identify);

//  The peer says that something of it has changed.
void sessions_update (swarm_t *self, link_t *link, const Ggen__SessionUpdate *update);

//  Tell the peer what has changed of us.
void sessions_renew (swarm_t *self, link_t *link);

//  It is over: what is in flight fails, listeners hear of it, *link is gone.
void sessions_end (swarm_t *self, link_t *link, code_t code, const char *why);

//  The same, said to the peer.
void sessions_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
                       uint32_t pause_secs);

//  A DRAINING or transient link is due.
void sessions_due (swarm_t *self, link_t *link);

//  What we are now: CLIENT as long as we do not know that we can be dialled.
Ggen__Tier sessions_tier (const swarm_t *self);

#endif
