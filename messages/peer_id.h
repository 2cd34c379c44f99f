// SPDX-License-Identifier: MIT
//  Peer ids as in libp2p (specs/peer-ids): the identity multihash of the protobuf of an Ed25519
//  public key, 38 bytes, as text in base58btc ("12D3KooW..."). A node is named by its key; the text
//  is for people and for addresses of actors ("dht@12D3KooW...").
#ifndef GGEN_PEER_ID_H
#define GGEN_PEER_ID_H

#include "base.h"

#define PEER_KEY_SIZE  32           //  bytes of an Ed25519 public key
#define PEER_ID_SIZE   38           //  bytes of its multihash
#define PEER_ID_TEXT   52           //  characters of every Ed25519 peer id
#define PEER_ACTOR_MAX 64           //  characters of an actor's name in an address
#define PEER_ADDRESS_SIZE (PEER_ACTOR_MAX + 1 + PEER_ID_TEXT + 1)

typedef struct {
    uint8_t bytes [PEER_KEY_SIZE];
} peer_key_t;

bool
    peer_key_equal (const peer_key_t *a, const peer_key_t *b);

//  From a field of a message. VALIDATION: it has another size.
must_use code_t
    peer_key_from_field (peer_key_t *self, ProtobufCBinaryData field);

//  As a field of a message: it borrows the bytes of *self.
ProtobufCBinaryData
    peer_key_to_field (const peer_key_t *self);

//  The bytes of the peer id; their SHA-256 is the node's place in the DHT (dht_key.h).
void
    peer_id_bytes (const peer_key_t *key, uint8_t bytes [PEER_ID_SIZE]);

//  As text; ends with a NUL.
void
    peer_id_text (const peer_key_t *key, char text [PEER_ID_TEXT + 1]);

//  From the bytes of a peer id. Strict: varints no longer than needed, the fields of the key's
//  protobuf once each and in their order, nothing else.
//  VALIDATION           they are no peer id; 'why' says what is wrong (NULL when 'why_size' is 0).
//  FEATURE_NOT_ENABLED  they are one of another kind of key: the key is not in it but its hash
//                       ("Qm..."), or it is RSA, secp256k1 or ECDSA.
must_use code_t
    peer_id_from_bytes (peer_key_t *key, bytes_t bytes, char *why, size_t why_size);

//  From text: base58btc ("1...", "Qm...") or a CIDv1 with codec libp2p-key in multibase base32
//  ("bafz...", "BAFZ...") or base58btc ("z..."). Codes as peer_id_from_bytes ().
must_use code_t
    peer_id_parse (peer_key_t *key, const char *text, char *why, size_t why_size);

//  The address of an actor on another node: "dht@12D3KooW...". 'text' has room for
//  PEER_ADDRESS_SIZE bytes, of which an address (ADDRESS_MAX of runtime/actor/actor.h) is never
//  short; 'actor' is at most PEER_ACTOR_MAX bytes.
void
    peer_id_address (const peer_key_t *key, const char *actor, char *text);

//  The node of such an address: what follows its '@', written as peer_id_text () does, so that a
//  node has one address. VALIDATION: there is none in it, or no actor.
must_use code_t
    peer_id_of_address (peer_key_t *key, const char *address);

#endif
