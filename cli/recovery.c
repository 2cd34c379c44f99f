// SPDX-License-Identifier: MIT
#include "recovery.h"
#include "hex.h"
#include "record.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
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

code_t
recovery_read (recovery_t *self, const char *text)
{
    uint8_t seed [crypto_sign_SEEDBYTES], public_key [crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key [crypto_sign_SECRETKEYBYTES];
    if (sodium_init () < 0)
        return INTERNAL;
    while (isspace ((unsigned char) *text))
        text++;
    size_t size = strlen (text);
    while (size > 0 && isspace ((unsigned char) text [size - 1]))
        size--;
    if (size != RECOVERY_TEXT_SIZE)
        return VALIDATION;
    memcpy (self->text, text, size);
    self->text [size] = 0;
    if (strncmp (self->text, PREFIX, strlen (PREFIX)) != 0
        || hex_decode (seed, sizeof seed, self->text + strlen (PREFIX)) != OK)
        return VALIDATION;
    crypto_sign_seed_keypair (public_key, secret_key, seed);
    crypto_hash_sha256 (self->public_sha256.bytes, public_key, sizeof public_key);
    sodium_memzero (seed, sizeof seed);
    sodium_memzero (secret_key, sizeof secret_key);
    return OK;
}

//  The signature over a payload of kind ROTATION, and whose it is.
static code_t
sign_rotation (const recovery_t *self, bytes_t payload,
               uint8_t public_key [crypto_sign_PUBLICKEYBYTES],
               uint8_t signature [RECORD_SIGNATURE_SIZE])
{
    uint8_t seed [crypto_sign_SEEDBYTES], secret_key [crypto_sign_SECRETKEYBYTES];
    size_t size;
    uint8_t *bytes = record_signing_bytes (GGEN__RECORD_KIND__ROTATION, payload, &size);
    code_t code = hex_decode (seed, sizeof seed, self->text + strlen (PREFIX));
    if (bytes && code == OK) {
        crypto_sign_seed_keypair (public_key, secret_key, seed);
        crypto_sign_detached (signature, NULL, bytes, size, secret_key);
    }
    sodium_memzero (seed, sizeof seed);
    sodium_memzero (secret_key, sizeof secret_key);
    free (bytes);
    return bytes && code == OK ? OK : INTERNAL;
}

code_t
recovery_rotate (const recovery_t *self, publisher_key_t *former, publisher_key_t *next,
                 int64_t now_s, ProtobufCBinaryData *packed)
{
    uint8_t payload [256], public_key [crypto_sign_PUBLICKEYBYTES];
    uint8_t signature [RECORD_SIGNATURE_SIZE];
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    rotation.former_key = publisher_key_to_field (former);
    rotation.new_key = publisher_key_to_field (next);
    //  Later ones have a higher number wherever they are made.
    rotation.seq = now_s > 0 ? (uint64_t) now_s : 1;
    rotation.issued_at = now_s;
    if (ggen__rotation__get_packed_size (&rotation) > sizeof payload)
        return INTERNAL;
    record.kind = GGEN__RECORD_KIND__ROTATION;
    record.payload = (ProtobufCBinaryData) {ggen__rotation__pack (&rotation, payload), payload};
    if (sign_rotation (self, (bytes_t) {payload, record.payload.len}, public_key, signature) != OK)
        return INTERNAL;
    record.key = (ProtobufCBinaryData) {sizeof public_key, public_key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    packed->data = malloc (ggen__signed_record__get_packed_size (&record));
    if (!packed->data)
        return INTERNAL;
    packed->len = ggen__signed_record__pack (&record, packed->data);
    return OK;
}

void
recovery_wipe (recovery_t *self)
{
    sodium_memzero (self, sizeof *self);
}
