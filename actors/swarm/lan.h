// SPDX-License-Identifier: MIT
//  Nodes that the beacon of the local network heard (messages/lan.proto): which of them are dialled.
//  What it says is not proven, and may be as much as the sieve of the beacon lets through (beacon.h).
#ifndef GGEN_SWARM_LAN_H
#define GGEN_SWARM_LAN_H

#include "swarm_self.h"

#define LAN_PEERS_WANTED 8u         //  kept sessions of the local network, even if there are enough others
#define LAN_DIALS_MAX    4u         //  at one time; what comes meanwhile is heard again later

//  Handler of LanSighting.
code_t lan_sighted (void *self, const delivery_t *at, const ProtobufCMessage *message);

#endif
