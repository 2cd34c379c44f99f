// SPDX-License-Identifier: MIT
//  "keyring" of the simulator, in the place of actors/trust/keyring_io.c, and how anybody else in
//  it signs: Ed25519 as ever, with keys that come from the seed, or an identity of the world's
//  (crypto_sim.h). Settings: our sim_signer_t, the first of its keys, called "default"; the others are
//  "key-1", "key-2" and so on.
#ifndef GGEN_TESTS_SIM_KEYRING_H
#define GGEN_TESTS_SIM_KEYRING_H

#include "publisher_key.h"
#include "record.pb-c.h"
#include "runtime/actor/actor.h"

#define SIM_KEYRING_KEYS_MAX 8u     //  of one keyring; those beyond are not seen

typedef struct sim_signer_t sim_signer_t;

struct sim_signer_t {
    publisher_key_t key;
    uint8_t secret[64];
    const identity_t *identity;     //  signs in the place of 'secret'; NULL: none
    const sim_signer_t *next;       //  another key of the same keyring, borrowed; NULL: none
};

//  A key pair from the stream.
void sim_signer_make (sim_signer_t *self, rng_t *rng);

//  Somebody who signs as this identity, which is borrowed.
void sim_signer_of (sim_signer_t *self, const identity_t *identity);

//  A packed SignedRecord of this payload; free its data. len = 0: the payload cannot be signed.
ProtobufCBinaryData sim_signer_sign (const sim_signer_t *self, Ggen__RecordKind kind,
                                     bytes_t payload);

//  The same of a message, which can be signed (aborts: it cannot); and by an identity.
ProtobufCBinaryData sim_signer_sign_message (const sim_signer_t *self, Ggen__RecordKind kind,
                                             const ProtobufCMessage *message);
ProtobufCBinaryData sim_sign (const identity_t *identity, Ggen__RecordKind kind,
                              const ProtobufCMessage *message);

extern const actor_class_t sim_keyring_actor;

#endif
