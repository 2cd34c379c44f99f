// SPDX-License-Identifier: MIT
#include "sha256.h"

#include <assert.h>
#include <openssl/evp.h>

sha256_t *
sha256_new (void)
{
    sha256_t *self = EVP_MD_CTX_new ();
    if (self && EVP_DigestInit_ex (self, EVP_sha256 (), NULL) != 1)
        sha256_destroy (&self);
    return self;
}

void
sha256_destroy (sha256_t **self_p)
{
    EVP_MD_CTX_free (*self_p);
    *self_p = NULL;
}

void
sha256_start (sha256_t *self)
{
    //  NULL keeps the algorithm that sha256_new () fetched: no look-up for each small file
    int done = EVP_DigestInit_ex (self, NULL, NULL);
    assert (done == 1);
    (void) done;
}

void
sha256_add (sha256_t *self, const void *data, size_t size)
{
    int done = EVP_DigestUpdate (self, data, size);
    assert (done == 1);
    (void) done;
}

void
sha256_finish (sha256_t *self, uint8_t digest [SHA256_SIZE])
{
    int done = EVP_DigestFinal_ex (self, digest, NULL);
    assert (done == 1);
    (void) done;
}

void
sha256_of (sha256_t *self, const void *data, size_t size, uint8_t digest [SHA256_SIZE])
{
    sha256_start (self);
    sha256_add (self, data, size);
    sha256_finish (self, digest);
}

void
sha256_to_hex (const uint8_t digest [SHA256_SIZE], char hex [SHA256_HEX_SIZE + 1])
{
    static const char digits [] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        hex [2 * i] = digits [digest [i] >> 4];
        hex [2 * i + 1] = digits [digest [i] & 15];
    }
    hex [SHA256_HEX_SIZE] = 0;
}

static int
digit (char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
sha256_from_hex (const char *hex, size_t size, uint8_t digest [SHA256_SIZE])
{
    if (size != SHA256_HEX_SIZE)
        return false;
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        int high = digit (hex [2 * i]), low = digit (hex [2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest [i] = (uint8_t) (high << 4 | low);
    }
    return true;
}
