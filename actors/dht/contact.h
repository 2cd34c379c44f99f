// SPDX-License-Identifier: MIT
//  A node as the DHT keeps it: its key, where that lies, and how to dial it, in 72 bytes.
#ifndef GGEN_DHT_CONTACT_H
#define GGEN_DHT_CONTACT_H

#include "runtime/actor/crypto.h"

#include "dht.pb-c.h"
#include "peer_id.h"

//  Bytes of addresses that are kept: three of IPv4, or one of IPv6, or a name of 20 characters;
//  each a size and a binary multiaddr without /p2p. What does not fit is left out.
#define CONTACT_ADDRESSES_BYTES 27
#define CONTACT_ADDRESSES_MAX   (CONTACT_ADDRESSES_BYTES / 3)

//  Room for contact_route.
#define CONTACT_ROUTE_MAX 64

typedef struct {
    //  The first 64 bits of SHA-256 over the bytes of the peer id, first byte highest. They order any
    //  number of nodes there will be; two that agree in all of them are equally far from anything.
    uint64_t place;
    peer_key_t key;
    uint32_t group;             //  multiaddr_group of its first public address, folded; 0 = none
    uint8_t addresses_size;
    uint8_t addresses[CONTACT_ADDRESSES_BYTES];
} contact_t;

typedef void (sha256_fn) (const void *data, size_t size, uint8_t hash[CRYPTO_HASH_BYTES]);

//  The first 64 bits of a key, as a place.
uint64_t
    contact_place_of (const uint8_t *key);

//  Where a node lies.
uint64_t
    contact_place (const peer_key_t *key, sha256_fn *sha256);

//  A contact that others named. Addresses that do not decode, or that are another node's, are left out.
//  VALIDATION  the key has another size.
must_use code_t
    contact_from_message (contact_t *self, const Ggen__Contact *message, sha256_fn *sha256);

//  The same of a key and its addresses.
must_use code_t
    contact_from_fields (contact_t *self, ProtobufCBinaryData key,
        const ProtobufCBinaryData *addresses, size_t addresses_count, sha256_fn *sha256);

//  The group of an address, as in contact_t; 0 = none.
uint32_t
    contact_group (ProtobufCBinaryData address);

//  A message that borrows what is in a contact.
typedef struct {
    Ggen__Contact message;
    ProtobufCBinaryData addresses[CONTACT_ADDRESSES_MAX];
} contact_message_t;

void
    contact_to_message (const contact_t *self, contact_message_t *room);

//  Its addresses as fields; returns how many.
size_t
    contact_addresses (const contact_t *self, ProtobufCBinaryData fields[CONTACT_ADDRESSES_MAX]);

//  Its addresses as a packed Addresses, for ask_t.route.
bytes_t
    contact_route (const contact_t *self, uint8_t room[CONTACT_ROUTE_MAX]);

#endif
