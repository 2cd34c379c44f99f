// SPDX-License-Identifier: MIT
//  Lanes: the bulk connection beside a session (messages/bulk.proto), as swarm sees it. Replies with
//  bulk bytes go there when it stands, and over the session when it does not: nothing waits for it.
//
//  The side of a session that was dialled offers it, since the other can reach it; that one dials. It is
//  made when two chunks are asked of a peer at one time, and once in LANE_PAUSE_SECS when that fails.
#ifndef GGEN_SWARM_LANES_H
#define GGEN_SWARM_LANES_H

#include "bulk.pb-c.h"
#include "swarm_self.h"

#define LANE_PROTOCOL "bulk/1"
#define LANE_ASK_SECS   5           //  for an offer to come
#define LANE_MAKE_SECS  20          //  for a lane to stand; "bulk" gives up earlier
#define LANE_PAUSE_SECS 60          //  after one that could not be made, or broke

//  Is a request of this type answered with bulk bytes?
bool lanes_is_bulky (const char *type);

//  There will be bulk bytes from there: have a lane, if there can be one.
void lanes_prepare (swarm_t *self, link_t *link);

//  How "bulk" knows it.
uint64_t lanes_number (const link_t *link);

//  Does it stand?
bool lanes_open (const link_t *link);

//  Its session is over.
void lanes_close (swarm_t *self, link_t *link);

//  Said by the peer, in its session.
void lanes_wanted (swarm_t *self, link_t *link);
void lanes_offered (swarm_t *self, link_t *link, const Ggen__BulkOffer *offer);

//  Rows of the class: what "bulk" tells.
code_t lanes_invited (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t lanes_up (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t lanes_down (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t lanes_received (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t lanes_returned (void *self, const delivery_t *at, const ProtobufCMessage *message);

#endif
