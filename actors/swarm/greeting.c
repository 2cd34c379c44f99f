// SPDX-License-Identifier: MIT
#include "greeting.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  What is signed begins with it, its NUL included.
static const char domain[] = "ggen identify 1";

greeting_t *
greeting_new (void)
{
    return calloc (1, sizeof (greeting_t));
}

void
greeting_destroy (greeting_t **self_p)
{
    greeting_t *self = *self_p;
    if (!self)
        return;
    assert (self->parked.count == 0);
    addresses_clear (&self->addresses);
    free (self);
    *self_p = NULL;
}

bytes_t
greeting_address (const greeting_t *self)
{
    bytes_t address = {NULL, 0};
    uint16_t cursor = self->current;
    if (self->next > self->current)
        addresses_next (&self->addresses, &cursor, &address);
    return address;
}

//  What is signed: the domain and the message without its signature. NULL: out of memory.
static uint8_t *
signed_bytes (const Ggen__Identify *identify, size_t *size_p)
{
    Ggen__Identify bare = *identify;
    bare.signature = (ProtobufCBinaryData) {0, NULL};
    uint8_t *bytes = malloc (sizeof domain + ggen__identify__get_packed_size (&bare));
    if (!bytes)
        return NULL;
    memcpy (bytes, domain, sizeof domain);
    *size_p = sizeof domain + ggen__identify__pack (&bare, bytes + sizeof domain);
    return bytes;
}

bool
greeting_sign (Ggen__Identify *identify, const identity_t *identity,
               uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    size_t size;
    identify->peer_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) identity->key};
    uint8_t *bytes = signed_bytes (identify, &size);
    if (!bytes)
        return false;
    identity->sign (identity->context, bytes, size, signature);
    identify->signature = (ProtobufCBinaryData) {CRYPTO_SIGNATURE_BYTES, signature};
    free (bytes);
    return true;
}

static bool
is (ProtobufCBinaryData field, const uint8_t *bytes, size_t size)
{
    return field.len == size && memcmp (field.data, bytes, size) == 0;
}

code_t
greeting_check (const greeting_t *self, const Ggen__Identify *identify, const crypto_t *crypto,
                peer_key_t *key)
{
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    if (peer_key_from_field (key, identify->peer_key) != OK
        || identify->nonce.len != GREETING_NONCE_SIZE
        || identify->signature.len != CRYPTO_SIGNATURE_BYTES)
        return VALIDATION;
    if (!is (identify->answers, self->nonce, GREETING_NONCE_SIZE)
        || !crypto->transport_key (key->bytes, transport_key)
        || memcmp (transport_key, self->transport_key, sizeof transport_key) != 0)
        return SECURITY;
    size_t size;
    uint8_t *bytes = signed_bytes (identify, &size);
    if (!bytes)
        return BUSY;
    bool good = crypto->verify (NULL, identify->signature.data, bytes, size, key->bytes);
    free (bytes);
    return good ? OK : INVALID_SIGNATURE;
}
