// SPDX-License-Identifier: MIT
//  What the verbs below `p2p` share: peers and addresses as people write them, and the node that has to
//  run.
#ifndef GGEN_PEERS_H
#define GGEN_PEERS_H

#include "multiaddr.h"
#include "session.h"
#include "reputation.pb-c.h"
#include "swarm.pb-c.h"

#include <jansson.h>

//  "" for what is none.
const char *
    peers_address (ProtobufCBinaryData field, char text [MULTIADDR_TEXT_MAX + 1]);

const char *
    peers_tier (Ggen__Tier tier);

//  A peer of `p2p peers` and `p2p peer-info`, as docs/json says; 'seen' is what reputation knows.
json_t *
    peers_shape (const Ggen__PeerStatus *peer, const Ggen__PeerReputation *seen);

//  What is in 'reply' of this peer; NULL: nothing.
const Ggen__PeerReputation *
    peers_seen (const Ggen__ReputationReply *reply, ProtobufCBinaryData peer_key);

//  False: no node runs on this home, and that was printed.
bool
    peers_node_runs (session_t *session, const screen_t *screen);

//  The exit status after a question that was not answered.
int
    peers_status (session_t *session);

//  A peer id, or with 'address' also an address of the command line. False: it is neither, and that
//  was printed. 'address' NULL: an address has to say whose it is, and only that is taken.
bool
    peers_take (const screen_t *screen, const char *word, peer_key_t *key, bool *is_key,
                multiaddr_t *address);

#endif
