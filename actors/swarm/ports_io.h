// SPDX-License-Identifier: MIT
//  Addresses of sockets. Whether a node can listen where it is told to is found out before its actors
//  start: "link" can only fail to be born, and nobody would see why.
#ifndef GGEN_PORTS_IO_H
#define GGEN_PORTS_IO_H

#include "multiaddr.h"

//  Bind each (IP4 or IP6) for a moment; port 0 stands for any.
//  OK, or NETWORK: taken, not of this host, or not allowed; 'why' has the address and the reason.
must_use code_t ports_try (const multiaddr_t *addresses, size_t count, char *why, size_t why_size);

//  The other side of a connection; an IPv4 address inside IPv6 is an IPv4 address. Zeros: there is
//  none.
void ports_peer (int fd, multiaddr_t *address);

#endif
