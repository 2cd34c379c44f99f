// SPDX-License-Identifier: MIT
//  A few addresses of one node, one behind the other: binary multiaddrs without /p2p, each behind
//  its length. At most MULTIADDR_PEER_MAX; further ones, and those that are none, are left out.
#ifndef GGEN_SWARM_ADDRESSES_H
#define GGEN_SWARM_ADDRESSES_H

#include "multiaddr.h"

//  Most peers have one address of IPv4: as much as that is in the value itself, and takes no memory
//  of its own. What addresses_next and addresses_fields give is borrowed from where the value is, and
//  ends when it is moved.
#define ADDRESSES_NEAR_MAX 14u

//  All zero is empty.
typedef union {
    uint16_t size;                  //  bytes, in front of either of
    struct {
        uint16_t near_size;
        uint8_t near[ADDRESSES_NEAR_MAX];
    };
    struct {
        uint16_t far_size;          //  above ADDRESSES_NEAR_MAX
        uint8_t *far;
    };
} addresses_t;

//  Copy 'count' addresses. One without an IP (0.0.0.0, ::) stands for the IP of '*seen' with its
//  own port (:: for IPv4, too: who listens there takes both); what cannot be dialled even so is left
//  out, as are names: others do not have us ask the DNS. With 'seen' NULL they are kept as they are.
//  Those that name another node than 'key' (NULL: any) are left out. False: out of memory; *self is
//  empty.
bool addresses_set (addresses_t *self, const ProtobufCBinaryData *fields, size_t count,
                    const bytes_t *seen, const peer_key_t *key);

//  The same from a packed Addresses, without those that cannot be dialled; one that does not decode is
//  empty.
bool addresses_unpack (addresses_t *self, bytes_t packed, const peer_key_t *key);

void addresses_clear (addresses_t *self);

//  The next one; start with *cursor = 0. False at the end.
bool addresses_next (const addresses_t *self, uint16_t *cursor, bytes_t *address);

//  As fields of a message, which borrow from *self. Returns how many.
size_t addresses_fields (const addresses_t *self, ProtobufCBinaryData fields[MULTIADDR_PEER_MAX]);

bool addresses_equal (const addresses_t *a, const addresses_t *b);

//  Where strangers are counted: as multiaddr_group; 0 also for what is no address.
uint64_t addresses_group (bytes_t address);

//  Does it say a name, in the place of an IP?
bool addresses_is_name (bytes_t address);

//  Do two addresses have the same IP?
bool addresses_same_ip (bytes_t a, bytes_t b);

//  Could one host have both? The same IPv4, or IPv6 of one /64: who has one of it has all.
bool addresses_same_host (bytes_t a, bytes_t b);

#endif
