// SPDX-License-Identifier: MIT
//  Cryptography for the simulator: signatures are keyed hashes (BLAKE2b, RFC 7693) under a key that
//  only this file knows, so nobody can sign but through an identity_t that it was given, and checking
//  one takes half a microsecond in the place of fifty. SHA-256 is real.
#ifndef GGEN_TESTS_CRYPTO_SIM_H
#define GGEN_TESTS_CRYPTO_SIM_H

#include "runtime/actor/crypto.h"

extern const crypto_t crypto_sim;

//  A key pair of either kind. Must not move: identity.context points into it.
typedef struct {
    identity_t identity;
    uint8_t secret[64];
} crypto_sim_identity_t;

//  Number 'number' of those that belong to 'purpose' ("node", "publisher") in runs of 'seed'. Its key
//  is the same for both kinds of cryptography: an Ed25519 public key.
void crypto_sim_identity (crypto_sim_identity_t *self, bool real, uint64_t seed,
                          const char *purpose, uint64_t number);

#endif
