// SPDX-License-Identifier: MIT
//  What the parts of multiaddr share: multiaddr.c (bytes), multiaddr_text.c, multiaddr_class.c.
#ifndef GGEN_MULTIADDR_INSIDE_H
#define GGEN_MULTIADDR_INSIDE_H

#include "multiaddr.h"

#define MULTIADDR_KINDS (MULTIADDR_DNSADDR + 1)

//  Protocols of the host, by multiaddr_kind_t.
typedef struct {
    const char *name;
    uint64_t code;
} multiaddr_protocol_t;

extern const multiaddr_protocol_t multiaddr_hosts [MULTIADDR_KINDS];

//  Bytes of the address; 0 for names.
size_t
    multiaddr_ip_size (const multiaddr_t *self);

//  Is it of ::ffff:0:0/96?
bool
    multiaddr_is_ip4_in_ip6 (const uint8_t ip [16]);

//  Is it a name in lower case that no resolver takes for an address?
bool
    multiaddr_is_host (const char *host);

#endif
