// SPDX-License-Identifier: MIT
#include "opening.h"

#include <sodium.h>
#include <string.h>

#define ID_AT     8
#define KEY_AT    (ID_AT + OPENING_ID_BYTES)
#define CIPHER_AT (KEY_AT + OPENING_KEY_BYTES)

static const char context[] = "ggen bulk 1";        //  hashed with its NUL

void
seals_clear (seals_t *self)
{
    seal_destroy (&self->closes);
    seal_destroy (&self->opens);
}

void
opening_key (const uint8_t secret[OPENING_SECRET_BYTES], uint8_t key[OPENING_KEY_BYTES])
{
    crypto_scalarmult_curve25519_base (key, secret);
}

void
opening_id (const uint8_t token[OPENING_TOKEN_BYTES], uint8_t id[OPENING_ID_BYTES])
{
    crypto_generichash (id, OPENING_ID_BYTES, (const uint8_t *) context, sizeof context, token,
                        OPENING_TOKEN_BYTES);
}

//  Both keys, first that of the caller's direction: BLAKE2b, keyed with the token, of the shared
//  point, the clear part of the opening and the host's key.
static bool
derive (const uint8_t *token, const uint8_t *secret, const uint8_t *other_key,
        const uint8_t *host_key, const uint8_t *opening, uint8_t keys[2 * SEAL_KEY_BYTES])
{
    uint8_t point[crypto_scalarmult_curve25519_BYTES];
    crypto_generichash_state hash;
    if (crypto_scalarmult_curve25519 (point, secret, other_key) != 0)
        return false;
    crypto_generichash_init (&hash, token, OPENING_TOKEN_BYTES, 2 * SEAL_KEY_BYTES);
    crypto_generichash_update (&hash, (const uint8_t *) context, sizeof context);
    crypto_generichash_update (&hash, point, sizeof point);
    crypto_generichash_update (&hash, opening, OPENING_CLEAR_BYTES);
    crypto_generichash_update (&hash, host_key, OPENING_KEY_BYTES);
    crypto_generichash_final (&hash, keys, 2 * SEAL_KEY_BYTES);
    sodium_memzero (point, sizeof point);
    sodium_memzero (&hash, sizeof hash);
    return true;
}

//  'closing' is the number of the key that this side seals with. The keys are wiped.
static code_t
make (seals_t *seals, seal_cipher_t cipher, uint8_t keys[2 * SEAL_KEY_BYTES], unsigned closing)
{
    seals->closes = seal_new (cipher, keys + closing * SEAL_KEY_BYTES, SEAL_CLOSES);
    seals->opens = seal_new (cipher, keys + (1 - closing) * SEAL_KEY_BYTES, SEAL_OPENS);
    sodium_memzero (keys, 2 * SEAL_KEY_BYTES);
    if (seals->closes && seals->opens)
        return OK;
    seals_clear (seals);
    return BUSY;
}

code_t
opening_write (const uint8_t token[OPENING_TOKEN_BYTES], const uint8_t host_key[OPENING_KEY_BYTES],
               const uint8_t secret[OPENING_SECRET_BYTES], seal_cipher_t cipher,
               uint8_t bytes[OPENING_BYTES], seals_t *seals)
{
    uint8_t keys[2 * SEAL_KEY_BYTES];
    memcpy (bytes, OPENING_MAGIC, ID_AT);
    opening_id (token, bytes + ID_AT);
    opening_key (secret, bytes + KEY_AT);
    bytes[CIPHER_AT] = (uint8_t) cipher;
    if (!derive (token, secret, host_key, host_key, bytes, keys))
        return SECURITY;
    code_t code = make (seals, cipher, keys, 0);
    if (code == OK)
        code = seal_close (seals->closes, (bytes_t) {bytes, OPENING_CLEAR_BYTES}, NULL, 0,
                           bytes + OPENING_CLEAR_BYTES);
    if (code)
        seals_clear (seals);
    return code;
}

code_t
opening_peek (const uint8_t bytes[OPENING_BYTES], uint8_t id[OPENING_ID_BYTES])
{
    if (memcmp (bytes, OPENING_MAGIC, ID_AT) != 0)
        return VALIDATION;
    memcpy (id, bytes + ID_AT, OPENING_ID_BYTES);
    return OK;
}

static code_t
check (seals_t *seals, const uint8_t *bytes, uint8_t *answer)
{
    uint8_t tag[SEAL_TAG_BYTES];
    memcpy (tag, bytes + OPENING_CLEAR_BYTES, sizeof tag);
    code_t code =
        seal_open (seals->opens, (bytes_t) {bytes, OPENING_CLEAR_BYTES}, tag, sizeof tag);
    if (code == OK)
        code = seal_close (seals->closes, (bytes_t) {bytes, OPENING_BYTES}, NULL, 0, answer);
    return code;
}

code_t
opening_read (const uint8_t bytes[OPENING_BYTES], const uint8_t token[OPENING_TOKEN_BYTES],
              const uint8_t secret[OPENING_SECRET_BYTES], uint8_t answer[OPENING_ANSWER_BYTES],
              seals_t *seals)
{
    uint8_t keys[2 * SEAL_KEY_BYTES], host_key[OPENING_KEY_BYTES];
    const seal_cipher_t cipher = bytes[CIPHER_AT];
    if (cipher != SEAL_AES_256_GCM && cipher != SEAL_CHACHA20_POLY1305)
        return VALIDATION;
    opening_key (secret, host_key);
    if (!derive (token, secret, bytes + KEY_AT, host_key, bytes, keys))
        return SECURITY;
    code_t code = make (seals, cipher, keys, 1);
    if (code == OK)
        code = check (seals, bytes, answer);
    if (code)
        seals_clear (seals);
    return code;
}

code_t
opening_confirm (seals_t *seals, const uint8_t opening[OPENING_BYTES],
                 uint8_t answer[OPENING_ANSWER_BYTES])
{
    return seal_open (seals->opens, (bytes_t) {opening, OPENING_BYTES}, answer,
                      OPENING_ANSWER_BYTES);
}
