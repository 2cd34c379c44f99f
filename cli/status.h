// SPDX-License-Identifier: MIT
//  What a running node says of itself, from all its actors: asked, as JSON, and for people.
#ifndef GGEN_STATUS_H
#define GGEN_STATUS_H

#include "screen.h"
#include "cache.pb-c.h"
#include "dht.pb-c.h"
#include "gossip.pb-c.h"
#include "hot.pb-c.h"
#include "metrics.pb-c.h"
#include "node.pb-c.h"
#include "p2p.pb-c.h"
#include "reputation.pb-c.h"
#include "swarm.pb-c.h"
#include "transfer.pb-c.h"

#include <jansson.h>

//  Peers of the best reputation that are told.
#define STATUS_PEERS_MAX 5

//  Borrowed from whom it was asked by.
typedef struct {
    const Ggen__NodeStatusReply *node;
    const Ggen__InstallerStatusReply *installer;
    const Ggen__RegistryStatusReply *registry;
    const Ggen__CacheStatusReply *cache;
    const Ggen__HotStatusReply *hot;

    //  All NULL when the node is not of the network.
    const Ggen__SwarmStatusReply *swarm;
    const Ggen__DhtStatusReply *dht;
    const Ggen__GossipStatusReply *gossip;
    const Ggen__TransferStatusReply *transfer;
    const Ggen__P2pStatusReply *packages;
    const Ggen__ReputationReply *reputation;
} status_t;

//  Asks an actor and waits; NULL when it did not answer. What it gives is borrowed from 'context'.
typedef const void *(status_ask_fn) (void *context, const char *to, const ProtobufCMessage *request,
                                     const ProtobufCMessageDescriptor *expect);

//  Ask a node that runs. Returns false when one of its actors did not answer.
bool
    status_ask (status_t *self, status_ask_fn *ask, void *context);

//  The document of docs/json/p2p-status.json. New, the caller's; NULL only without memory.
json_t *
    status_shape (const status_t *self, bool is_detailed);

void
    status_print (const status_t *self, const screen_t *screen, bool is_detailed);

#endif
