// SPDX-License-Identifier: MIT
//  "beacon": says on the local network where this node can be dialled, and tells swarm of nodes that
//  say so there (messages/lan.proto). What counts is in beacon.h; the sockets are lan_io.h's.
//
//  It begins when "link" says where we listen. A node that listens on loopback alone has no beacon
//  and hears none; one that listens nowhere, or says nothing of itself ('silent'), only asks.
#ifndef GGEN_BEACON_IO_H
#define GGEN_BEACON_IO_H

#include "peer_id.h"
#include "runtime/actor/actor.h"

//  Datagrams that are looked at; what comes meanwhile waits in a small buffer of the system's or is
//  lost there.
#define BEACON_HEARD_MAX 100            //  within
#define BEACON_HEARD_MS  100

//  Borrowed for the actor's life.
typedef struct {
    peer_key_t key;
    bool silent;                        //  a client: nobody gains by dialling it
} beacon_settings_t;

extern const actor_class_t beacon_actor;

#endif
