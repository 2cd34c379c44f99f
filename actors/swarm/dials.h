// SPDX-License-Identifier: MIT
//  Dialling: one dial for a peer, whoever wants it, through its addresses one after the other.
#ifndef GGEN_SWARM_DIALS_H
#define GGEN_SWARM_DIALS_H

#include "swarm_self.h"

//  Why there is no dial; code OK: there is.
typedef struct {
    code_t code;
    const char *why;
} dial_refusal_t;

//  What a dial is for.
typedef struct {
    const peer_key_t *key;          //  NULL: whoever is at the addresses
    addresses_t *addresses;         //  taken
    bool kept;
} dial_t;

//  Have a link to the peer named so, at the addresses of 'route' (packed Addresses) or at those
//  that are known. VALIDATION: not a peer id; CONNECTION_FAILED: no address, or it failed just now;
//  LOW_REPUTATION: banned; BUSY: a bound.
dial_refusal_t dials_for (swarm_t *self, const char *text, bytes_t route, link_t **link_p);

//  Where a peer may be: at 'address' (may be empty) and where the book says. False: nowhere.
bool dials_addresses (const swarm_t *self, const peer_key_t *key, bytes_t address,
                      addresses_t *addresses);

//  Begin a dial to a peer that nobody talks to yet.
dial_refusal_t dials_begin (swarm_t *self, const dial_t *dial, link_t **link_p);

//  Try the addresses one after the other and tell 'ticket' which were reached, at the node that has
//  this transport key.
dial_refusal_t dials_trial (swarm_t *self, ticket_t ticket, addresses_t *addresses,
                            const uint8_t transport_key[CRYPTO_KEY_BYTES]);

//  It may be at these, too (taken). As many are tried as an address list has.
void dials_add (link_t *link, addresses_t *addresses);

//  A dial to whoever is there has learned who that should be. False: this peer may not be dialled.
bool dials_name (swarm_t *self, link_t *link, const peer_key_t *key);

//  This address is none: go on with the next, or end it all.
void dials_next (swarm_t *self, link_t *link, code_t code);

//  It ends without a session: all that waits fails, and *link is gone.
void dials_fail (swarm_t *self, link_t *link, code_t code, const char *why);

#endif
