// SPDX-License-Identifier: MIT
//  Can we be dialled? Peers at different IP groups are asked to try it, and whoever dials us proves
//  it. Until we know, and as long as we cannot, we are a client (SPEC 8).
#ifndef GGEN_SWARM_DIALABILITY_H
#define GGEN_SWARM_DIALABILITY_H

#include "swarm_self.h"

#define DIALABILITY_RETRY_MS 60000      //  when nobody could say
#define DIALABILITY_BUSY_MS  2000       //  when all who were asked had no time: a crowd joins at once
#define DIALABILITY_AGAIN_MS 1800000    //  then it is asked again
#define DIALABILITY_DOUBT_MS 15000      //  the same when we cannot be dialled, at first; then twice that
#define DIALABILITY_HOPE_MS  300000     //  each time, up to this
#define DIALABILITY_MS       15000      //  longest that a peer may take to try
#define TRIALS_MAX           8u         //  that others have us make at one time

void dialability_begin (swarm_t *self);

//  Our addresses have changed.
void dialability_reset (swarm_t *self);

//  A session has begun.
void dialability_up (swarm_t *self, link_t *link);

//  Its time has come (swarm_t.dialability.next_ms).
void dialability_run (swarm_t *self);

//  Handler of a peer's request.
code_t dialability_back (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  Where we can be dialled, as far as we know, as Dialability says it. Borrows from 'self'.
void dialability_say (const swarm_t *self, Ggen__Dialability *message,
                      ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX]);

#endif
