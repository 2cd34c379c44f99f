// SPDX-License-Identifier: MIT
#include "crypto_sim.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof ((crypto_sim_identity_t *) 0)->secret == crypto_sign_SECRETKEYBYTES,
               "room for the secret key");

static const uint8_t sealed[32] = "known to the simulator, no other";

static void
hash_sha256 (const void *data, size_t size, uint8_t hash[CRYPTO_HASH_BYTES])
{
    crypto_real.sha256 (data, size, hash);
}

static void
seal (uint8_t signature[CRYPTO_SIGNATURE_BYTES], const uint8_t *key, const void *message,
      size_t size)
{
    crypto_generichash_state state;
    crypto_generichash_init (&state, sealed, sizeof sealed, CRYPTO_SIGNATURE_BYTES);
    crypto_generichash_update (&state, key, CRYPTO_KEY_BYTES);
    crypto_generichash_update (&state, message, size);
    crypto_generichash_final (&state, signature, CRYPTO_SIGNATURE_BYTES);
}

static bool
sim_verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
            const uint8_t *key)
{
    (void) context;
    uint8_t expected[CRYPTO_SIGNATURE_BYTES];
    seal (expected, key, message, size);
    return memcmp (expected, signature, sizeof expected) == 0;
}

//  As with real keys, two keys that differ in the sign bit have one transport key (RFC 7748, 4.1).
static bool
sim_transport_key (const uint8_t key[CRYPTO_KEY_BYTES], uint8_t transport_key[CRYPTO_KEY_BYTES])
{
    for (unsigned i = 0; i < CRYPTO_KEY_BYTES; i++)
        transport_key[i] = key[i] ^ 0x5A;
    transport_key[CRYPTO_KEY_BYTES - 1] &= 0x7F;
    return true;
}

const crypto_t crypto_sim = {
    .sha256 = hash_sha256, .verify = sim_verify, .transport_key = sim_transport_key};

static void
sign_sim (void *context, const void *message, size_t size,
          uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    const crypto_sim_identity_t *self = context;
    seal (signature, self->identity.key, message, size);
}

static void
sign_real (void *context, const void *message, size_t size,
           uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    const crypto_sim_identity_t *self = context;
    crypto_sign_detached (signature, NULL, message, size, self->secret);
}

void
crypto_sim_identity (crypto_sim_identity_t *self, bool real, uint64_t seed, const char *purpose,
                     uint64_t number)
{
    uint8_t secret[crypto_sign_SEEDBYTES];
    crypto_generichash_state state;
    crypto_generichash_init (&state, (const uint8_t *) &seed, 0, sizeof secret);
    crypto_generichash_update (&state, (const uint8_t *) &seed, sizeof seed);
    crypto_generichash_update (&state, (const uint8_t *) purpose, strlen (purpose) + 1);
    crypto_generichash_update (&state, (const uint8_t *) &number, sizeof number);
    crypto_generichash_final (&state, secret, sizeof secret);
    crypto_sign_seed_keypair (self->identity.key, self->secret, secret);
    self->identity.sign = real ? sign_real : sign_sim;
    self->identity.context = self;
}
