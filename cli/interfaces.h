// SPDX-License-Identifier: MIT
//  Where a node that listens on all interfaces can be reached: the addresses of this machine.
#ifndef GGEN_INTERFACES_H
#define GGEN_INTERFACES_H

#include "multiaddr.h"

#define INTERFACES_MAX 16       //  addresses that are told of; further ones are left out

//  'listening' itself, unless that is the unspecified address (0.0.0.0 or ::), at which nobody can be
//  dialled: then the same port at each address of that family that an interface which is up has and that
//  others can dial, loopback last. Returns how many; 'listening' alone when there are none, or when the
//  system does not tell.
size_t
    interfaces_reach (const multiaddr_t *listening, multiaddr_t list [INTERFACES_MAX]);

#endif
