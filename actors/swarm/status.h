// SPDX-License-Identifier: MIT
//  What the swarm says of itself: handlers of PeersRequest and SwarmStatusRequest.
#ifndef GGEN_SWARM_STATUS_H
#define GGEN_SWARM_STATUS_H

#include "swarm_self.h"

code_t status_peers (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t status_swarm (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  The books of the traffic of "dht", or "dht@PEER".
traffic_t *status_traffic (swarm_t *self, const char *address);

#endif
