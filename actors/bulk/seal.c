// SPDX-License-Identifier: MIT
#include "seal.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_BYTES 12

struct seal_t {
    EVP_CIPHER_CTX *context;
    uint64_t used;                      //  the nonce of the next record
    bool broken;
};

static const char *
name_of (seal_cipher_t cipher)
{
    switch (cipher) {
    case SEAL_AES_256_GCM:
        return "AES-256-GCM";
    case SEAL_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305";
    default:
        return NULL;
    }
}

static bool
prepare (seal_t *self, const char *name, const uint8_t *key, seal_use_t use)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch (NULL, name, NULL);
    self->context = cipher ? EVP_CIPHER_CTX_new () : NULL;
    bool ready = self->context
                 && EVP_CipherInit_ex2 (self->context, cipher, key, NULL, use == SEAL_CLOSES, NULL);
    EVP_CIPHER_free (cipher);
    return ready;
}

seal_t *
seal_new (seal_cipher_t cipher, const uint8_t key[SEAL_KEY_BYTES], seal_use_t use)
{
    const char *name = name_of (cipher);
    seal_t *self = name ? calloc (1, sizeof *self) : NULL;
    if (self && !prepare (self, name, key, use))
        seal_destroy (&self);
    return self;
}

void
seal_destroy (seal_t **self_p)
{
    seal_t *self = *self_p;
    if (!self)
        return;
    EVP_CIPHER_CTX_free (self->context);        //  wipes the key
    free (self);
    *self_p = NULL;
}

//  Four zero bytes and the counter, lowest byte first.
static bool
next_nonce (seal_t *self, bytes_t aad)
{
    uint8_t nonce[NONCE_BYTES] = {0};
    int written;
    assert (aad.size <= INT_MAX);
    if (self->broken || self->used == SEAL_USES_MAX)
        return false;
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t) (self->used >> (8 * i));
    self->used++;
    return EVP_CipherInit_ex2 (self->context, NULL, NULL, nonce, -1, NULL)
           && EVP_CipherUpdate (self->context, NULL, &written, aad.data, (int) aad.size);
}

static bool
close_parts (seal_t *self, const bytes_t *parts, unsigned count, uint8_t *bytes)
{
    int written;
    for (unsigned i = 0; i < count; i++) {
        assert (parts[i].size <= INT_MAX);
        if (parts[i].size == 0)
            continue;
        if (!EVP_CipherUpdate (self->context, bytes, &written, parts[i].data, (int) parts[i].size))
            return false;
        bytes += written;
    }
    return EVP_CipherFinal_ex (self->context, bytes, &written)
           && EVP_CIPHER_CTX_ctrl (self->context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES, bytes);
}

code_t
seal_close (seal_t *self, bytes_t aad, const bytes_t *parts, unsigned count, uint8_t *bytes)
{
    assert (count <= SEAL_PARTS_MAX);
    if (next_nonce (self, aad) && close_parts (self, parts, count, bytes))
        return OK;
    self->broken = true;
    return SECURITY;
}

code_t
seal_open (seal_t *self, bytes_t aad, uint8_t *bytes, size_t size)
{
    int written = 0;
    const size_t text = size - SEAL_TAG_BYTES;
    if (size >= SEAL_TAG_BYTES && size <= INT_MAX && next_nonce (self, aad)
        && (text == 0 || EVP_CipherUpdate (self->context, bytes, &written, bytes, (int) text))
        && EVP_CIPHER_CTX_ctrl (self->context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES, bytes + text)
        && EVP_CipherFinal_ex (self->context, bytes + written, &written))
        return OK;
    self->broken = true;
    return SECURITY;
}
