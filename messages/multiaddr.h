// SPDX-License-Identifier: MIT
//  Multiaddrs (multiformats/multiaddr) of the kinds a node can be dialled at:
//      /ip4/A/tcp/P  /ip6/A/tcp/P  /dns/H/tcp/P  /dns4/H/tcp/P  /dns6/H/tcp/P  /dnsaddr/H
//  each with an optional /p2p/ID at its end. On the wire and in messages they are binary; text is
//  for people. Strict in both directions: one text, one binary form.
#ifndef GGEN_MULTIADDR_H
#define GGEN_MULTIADDR_H

#include "peer_id.h"

#define MULTIADDR_SIZE_MAX  256     //  bytes, binary
#define MULTIADDR_TEXT_MAX  512     //  characters
#define MULTIADDR_PEER_MAX  10      //  addresses of one node

typedef enum { MULTIADDR_IP4, MULTIADDR_IP6, MULTIADDR_DNS, MULTIADDR_DNS4, MULTIADDR_DNS6,
               MULTIADDR_DNSADDR } multiaddr_kind_t;

typedef struct {
    multiaddr_kind_t kind;
    uint8_t ip [16];                //  IP4: the first 4
    char host [254];                //  DNS...
    uint16_t port;                  //  0 for DNSADDR
    bool has_peer;
    peer_key_t peer;
} multiaddr_t;

//  INVALID_MULTIADDR  with the reason in 'why': syntax, an unknown or misplaced protocol, a number out
//                     of range, an address longer than its bound, a peer id that is refused.
must_use code_t
    multiaddr_parse (multiaddr_t *self, const char *text, char *why, size_t why_size);

//  From bytes. INVALID_MULTIADDR as above, and for varints that are longer than needed.
must_use code_t
    multiaddr_decode (multiaddr_t *self, bytes_t bytes);

//  Bytes written, at most MULTIADDR_SIZE_MAX.
size_t
    multiaddr_encode (const multiaddr_t *self, uint8_t bytes [MULTIADDR_SIZE_MAX]);

//  As text; ends with a NUL.
void
    multiaddr_text (const multiaddr_t *self, char text [MULTIADDR_TEXT_MAX + 1]);

bool
    multiaddr_equal (const multiaddr_t *a, const multiaddr_t *b);

//  An address that means something on this host or in its network only: loopback, link-local,
//  private (RFC 1918, RFC 6598, RFC 4193). Names are none of these.
bool
    multiaddr_is_loopback (const multiaddr_t *self);
bool
    multiaddr_is_private (const multiaddr_t *self);

//  The group an address counts to where strangers are limited by address: /16 of IPv4, /32 of IPv6.
//  Names, private and loopback addresses have none: 0.
uint64_t
    multiaddr_group (const multiaddr_t *self);

#endif
