// SPDX-License-Identifier: MIT
//  Dialling a name: "names" says where it leads, and the dial goes on with what it said. Names come
//  from people (settings, connect) and from what they had us remember; what other nodes say of
//  themselves has IPs only (addresses.h), so nobody can have us ask for names.
#ifndef GGEN_SWARM_RESOLVE_H
#define GGEN_SWARM_RESOLVE_H

#include "swarm_self.h"

#define RESOLVE_MS 5000             //  longest that a name may take

//  Ask where this address of the dial leads; 'link' has its number and its deadline already.
//  False: it cannot be asked.
bool resolve_begin (swarm_t *self, const link_t *link, bytes_t address);

#endif
