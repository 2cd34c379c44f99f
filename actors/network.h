// SPDX-License-Identifier: MIT
//  The actors of the peer-to-peer network and what a node's settings make of them. Part of the
//  composition (node.c): nothing else knows which there are.
#ifndef GGEN_NETWORK_H
#define GGEN_NETWORK_H

#include "runtime/host/host.h"

typedef struct config config_t;
typedef struct network_t network_t;

//  Where the registry is that it makes.
#define NETWORK_REGISTRY "registry_p2p"

//  'home' is absolute. Makes the node's identity when it has none.
//  OK; CONFIG: a setting is not what it should be; NETWORK: an address cannot be listened on;
//  VALIDATION, PERMISSION_DENIED, STORAGE, INSUFFICIENT_DISK_SPACE: the identity's file;
//  FEATURE_NOT_ENABLED: this is a build without the network (make P2P=0). 'why' has the words.
must_use code_t network_open (network_t **self_p, const config_t *config, const char *home,
                              char *why, size_t why_size);

//  The same for a node that lives for one call: it asks, and neither listens nor serves nor keeps anything
//  for others (tier "client"). It has the home's identity if no other call is using it, else one of
//  its own; it creates nothing.
//  'asked': the user wants the network, so the local one is looked at even if nobody set
//  network.lan_discovery.
must_use code_t network_open_brief (network_t **self_p, const config_t *config, const char *home,
                                    bool asked, char *why, size_t why_size);

//  The same as network_open for a node of which nothing will run: it creates nothing and tries no port.
must_use code_t network_open_still (network_t **self_p, const config_t *config, const char *home,
                                    char *why, size_t why_size);

//  Is it in this build?
bool network_built (void);

//  Do the settings name a way into the network?
bool network_has_way_in (const config_t *config, bool asked);

//  After its actors have ended. NULL is fine.
void network_close (network_t **self_p);

//  Does it live for one call?
bool network_is_brief (const network_t *self);

//  Number 'index' of its roles; false at the end. Borrowed until network_close.
bool network_role (const network_t *self, unsigned index, role_t *role);

//  What others call us: a peer id.
const char *network_peer_id (const network_t *self);

#endif
