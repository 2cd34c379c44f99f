// SPDX-License-Identifier: MIT
//  OpenSSL's libcrypto: 20,000 relocations.
#include "late.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/sha.h>

#define TEXT(number) TEXT_OF (number)
#define TEXT_OF(number) #number

#define FUNCTIONS(F)                                                                               \
    F (EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())                                                   \
    F (EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * in, const char *name, const char *properties),      \
       (in, name, properties))                                                                     \
    F (const EVP_MD *, EVP_sha256, (void), ())                                                     \
    F (const EVP_MD *, EVP_blake2b512, (void), ())                                                 \
    F (int, EVP_Digest,                                                                            \
       (const void *data, size_t size, unsigned char *hash, unsigned *hash_size,                   \
        const EVP_MD *by, ENGINE *engine),                                                         \
       (data, size, hash, hash_size, by, engine))                                                  \
    F (int, EVP_DigestInit_ex, (EVP_MD_CTX * self, const EVP_MD *by, ENGINE *engine),              \
       (self, by, engine))                                                                         \
    F (int, EVP_DigestUpdate, (EVP_MD_CTX * self, const void *data, size_t size),                  \
       (self, data, size))                                                                         \
    F (int, EVP_DigestFinal_ex, (EVP_MD_CTX * self, unsigned char *hash, unsigned *hash_size),     \
       (self, hash, hash_size))                                                                    \
    F (unsigned char *, SHA256, (const unsigned char *data, size_t size, unsigned char *hash),     \
       (data, size, hash))                                                                         \
    F (EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), ())                                           \
    F (int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * self, int what, int number, void *pointer),     \
       (self, what, number, pointer))                                                              \
    F (EVP_CIPHER *, EVP_CIPHER_fetch,                                                             \
       (OSSL_LIB_CTX * in, const char *name, const char *properties), (in, name, properties))      \
    F (int, EVP_CipherInit_ex2,                                                                    \
       (EVP_CIPHER_CTX * self, const EVP_CIPHER *by, const unsigned char *key,                     \
        const unsigned char *nonce, int seals, const OSSL_PARAM settings []),                      \
       (self, by, key, nonce, seals, settings))                                                    \
    F (int, EVP_CipherUpdate,                                                                      \
       (EVP_CIPHER_CTX * self, unsigned char *out, int *out_size, const unsigned char *in,         \
        int in_size),                                                                              \
       (self, out, out_size, in, in_size))                                                         \
    F (int, EVP_CipherFinal_ex, (EVP_CIPHER_CTX * self, unsigned char *out, int *out_size),        \
       (self, out, out_size))                                                                      \
    F (const char *, OpenSSL_version, (int what), (what))

//  Nobody has anything to free, nor a thread anything to leave, that the library has not made.
#define ENDINGS(F)                                                                                 \
    F (void, EVP_MD_CTX_free, (EVP_MD_CTX * self), (self))                                         \
    F (void, EVP_MD_free, (EVP_MD * self), (self))                                                 \
    F (void, EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX * self), (self))                                 \
    F (void, EVP_CIPHER_free, (EVP_CIPHER * self), (self))                                         \
    F (void, OPENSSL_thread_stop, (void), ())

LATE_LIBRARY ("libcrypto.so." TEXT (OPENSSL_SHLIB_VERSION), FUNCTIONS, ENDINGS)
