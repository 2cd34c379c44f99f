// SPDX-License-Identifier: MIT
//  Sessions: who gets one, which of two links to one peer stays, and how they end.
#ifndef GGEN_SWARM_SESSIONS_H
#define GGEN_SWARM_SESSIONS_H

#include "swarm_self.h"

//  Both sides have shown who they are: 'key', by 'identify', on 'link', which is GREETING. What
//  comes of it is a session, a second link that drains, or a refusal; 'link' may be gone after it.
void sessions_begin (swarm_t *self, link_t *link, const peer_key_t *key,
                     const Ggen__Identify *identify);

//  The peer says that something of it has changed.
void sessions_update (swarm_t *self, link_t *link, const Ggen__SessionUpdate *update);

//  Tell the peer what has changed of us; and, with a pause, that we do not keep the session, and
//  for how long it needs not ask for it.
void sessions_renew (swarm_t *self, link_t *link, uint32_t pause_secs);

//  Tell listeners what is said of it now.
void sessions_tell (swarm_t *self, link_t *link);

//  It is over: what is in flight fails, listeners hear of it, *link is gone.
void sessions_end (swarm_t *self, link_t *link, code_t code, const char *why);

//  Who talks, or begins to talk, to this peer. A session that is being left makes way: it is
//  nobody's from now on, and another can be begun.
link_t *sessions_peer (swarm_t *self, const char *text);

//  The peer said Goodbye. What was asked of it before is still answered, unless it was put out.
void sessions_left (swarm_t *self, link_t *link, const Ggen__Goodbye *goodbye);

//  What was asked on a LEAVING link has been answered.
void sessions_answered (swarm_t *self, link_t *link);

//  It is over, said to the peer. With OK or BUSY, and when nothing was asked of it, what the peer
//  has asked meanwhile is still answered; otherwise as sessions_end.
void sessions_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
                       uint32_t pause_secs);

//  A session, or what is left of one, is due.
void sessions_due (swarm_t *self, link_t *link);

//  Until when a Goodbye keeps us from dialling its sender of ourselves.
int64_t sessions_pause_ms (const swarm_t *self, const Ggen__Goodbye *goodbye);

//  What we are now: CLIENT as long as we do not know that we can be dialled.
Ggen__Tier sessions_tier (const swarm_t *self);

#endif
