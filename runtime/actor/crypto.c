// SPDX-License-Identifier: MIT
#include "crypto.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdatomic.h>

//  SHA256 () looks its algorithm up at each call, behind a lock, which takes three times as long as a
//  short hash itself. Found once it stays as long as the process.
static EVP_MD *
sha256_algorithm (void)
{
    static _Atomic (EVP_MD *) found;
    EVP_MD *algorithm = atomic_load (&found);
    if (algorithm)
        return algorithm;
    algorithm = EVP_MD_fetch (NULL, "SHA256", NULL);
    EVP_MD *none = NULL;
    if (algorithm && !atomic_compare_exchange_strong (&found, &none, algorithm)) {
        EVP_MD_free (algorithm);
        algorithm = none;
    }
    return algorithm;
}

static void
real_sha256 (const void *data, size_t size, uint8_t hash[CRYPTO_HASH_BYTES])
{
    EVP_MD *algorithm = sha256_algorithm ();
    if (!algorithm || !EVP_Digest (data, size, hash, NULL, algorithm, NULL))
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

const crypto_t crypto_real = {
    .sha256 = real_sha256, .verify = real_verify, .transport_key = real_transport_key};
