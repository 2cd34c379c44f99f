// SPDX-License-Identifier: MIT
//  Multiaddrs (multiformats/multiaddr) of the kinds a node can be dialled at:
//      /ip4/A/tcp/P  /ip6/A/tcp/P  /dns/H/tcp/P  /dns4/H/tcp/P  /dns6/H/tcp/P  /dnsaddr/H
//  each with an optional /p2p/ID at its end. On the wire and in messages they are binary; text is
//  for people. An address has one binary form, and one text that multiaddr_text () writes; what
//  people write may also say /ipfs/ for /p2p/, the peer id as a CID, names in capitals and IPv6
//  with zeros. Decided here because the specification leaves it open: no zone ids, no IPv4 inside
//  IPv6, no names that are numbers (a resolver would take them for addresses), no final dot or
//  slash. No percent-encoding: nothing here needs it.
#ifndef GGEN_MULTIADDR_H
#define GGEN_MULTIADDR_H

#include "peer_id.h"

#define MULTIADDR_HOST_MAX  253     //  bytes of a name
#define MULTIADDR_SIZE_MAX  300     //  bytes, binary: of the longest name with port and peer
#define MULTIADDR_TEXT_MAX  512     //  characters
#define MULTIADDR_PEER_MAX  10      //  addresses of one node

typedef enum { MULTIADDR_IP4, MULTIADDR_IP6, MULTIADDR_DNS, MULTIADDR_DNS4, MULTIADDR_DNS6,
               MULTIADDR_DNSADDR } multiaddr_kind_t;

typedef struct {
    multiaddr_kind_t kind;
    uint8_t ip [16];                //  IP4: the first 4
    char host [MULTIADDR_HOST_MAX + 1];     //  DNS...; in lower case
    uint16_t port;                  //  0 for DNSADDR
    bool has_peer;
    peer_key_t peer;
} multiaddr_t;

//  INVALID_MULTIADDR  with the reason in 'why': syntax, an unknown or misplaced protocol, a number
//                     out of range, longer than its bound, a peer id that is refused. *self is
//                     undefined. A reason is always printable ASCII.
must_use code_t
    multiaddr_parse (multiaddr_t *self, const char *text, char *why, size_t why_size);

//  From bytes. INVALID_MULTIADDR as above, and for varints that are longer than needed, names that
//  are not in lower case and bytes that follow. What it accepts, multiaddr_encode () gives again.
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

//  An address that means something on this host only, or on it and in its networks only: loopback,
//  link-local, private (RFC 1918, RFC 6598, RFC 4193). Every loopback address is private, too.
//  Names are none of these.
bool
    multiaddr_is_loopback (const multiaddr_t *self);
bool
    multiaddr_is_private (const multiaddr_t *self);

//  Can it be dialled at all? Not with port 0, at the unspecified, multicast or reserved addresses,
//  nor at link-local IPv6, which says nothing without its zone. Such may only be listened on.
bool
    multiaddr_is_dialable (const multiaddr_t *self);

//  Are both at one IP? Of IPv6 at one /64: who has one address there has the whole network. Names and
//  ports do not count; a name is nobody's.
bool
    multiaddr_same_host (const multiaddr_t *a, const multiaddr_t *b);

//  The group an address counts to where strangers are limited by address: /16 of IPv4, /32 of IPv6.
//  Names, private and loopback addresses have none: 0.
uint64_t
    multiaddr_group (const multiaddr_t *self);

#endif
