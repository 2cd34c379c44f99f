// SPDX-License-Identifier: MIT
#include "crypto.h"

#include <openssl/sha.h>
#include <sodium.h>

static void
real_sha256 (const void *data, size_t size, uint8_t hash[CRYPTO_HASH_BYTES])
{
    SHA256 (data, size, hash);
}

static bool
real_verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
             const uint8_t *key)
{
    (void) context;
    return crypto_sign_verify_detached (signature, message, size, key) == 0;
}

static bool
real_transport_key (const uint8_t key[CRYPTO_KEY_BYTES], uint8_t transport_key[CRYPTO_KEY_BYTES])
{
    return crypto_sign_ed25519_pk_to_curve25519 (transport_key, key) == 0;
}

const crypto_t crypto_real = {real_sha256, real_verify, real_transport_key};
