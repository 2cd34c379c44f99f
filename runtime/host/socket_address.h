// SPDX-License-Identifier: MIT
//  A multiaddr with an IP as the system's sockets have it.
#ifndef GGEN_SOCKET_ADDRESS_H
#define GGEN_SOCKET_ADDRESS_H

#include "multiaddr.h"

#include <sys/socket.h>

//  From an IP4 or IP6 one, with its port. Returns the size that bind () and connect () want.
socklen_t socket_address_from (const multiaddr_t *address, struct sockaddr_storage *at);

//  IP and port of an AF_INET or AF_INET6 one; of any other all zeros, as IP4. An IPv4 address inside IPv6 is
//  an IPv4 address.
void socket_address_read (const struct sockaddr_storage *at, multiaddr_t *address);

#endif
