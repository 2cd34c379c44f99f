// SPDX-License-Identifier: MIT
#include "recovery.h"
#include "hex.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "recovery:"

code_t
recovery_make (recovery_t *self)
{
    uint8_t seed [crypto_sign_SEEDBYTES], public_key [crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key [crypto_sign_SECRETKEYBYTES];
    if (sodium_init () < 0)
        return INTERNAL;
    randombytes_buf (seed, sizeof seed);
    crypto_sign_seed_keypair (public_key, secret_key, seed);
    strcpy (self->text, PREFIX);
    hex_encode (self->text + strlen (PREFIX), seed, sizeof seed);
    crypto_hash_sha256 (self->public_sha256.bytes, public_key, sizeof public_key);
    sodium_memzero (seed, sizeof seed);
    sodium_memzero (secret_key, sizeof secret_key);
    return OK;
}

void
recovery_wipe (recovery_t *self)
{
    sodium_memzero (self, sizeof *self);
}
