// SPDX-License-Identifier: MIT
//  Cryptography as actors see it: an interface, so that the simulator can put a keyed hash in its
//  place. Both implementations are pure computation.
#ifndef GGEN_CRYPTO_H
#define GGEN_CRYPTO_H

#include "base.h"

#define CRYPTO_HASH_BYTES      32
#define CRYPTO_KEY_BYTES       32
#define CRYPTO_SIGNATURE_BYTES 64

//  One signature among many: what verify () is given, and what it says.
typedef struct {
    const uint8_t *signature, *message, *key;
    size_t size;                    //  of the message
    bool holds;
} crypto_check_t;

typedef struct {
    //  SHA-256 (FIPS 180-4).
    void (*sha256) (const void *data, size_t size, uint8_t hash[CRYPTO_HASH_BYTES]);
    //  Ed25519 (RFC 8032): true when 'signature' over 'message' was made by 'key'. Shaped as the
    //  record_verify_fn of messages/record.h; 'context' is not used.
    bool (*verify) (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
                    const uint8_t *key);
    //  The X25519 key of an Ed25519 public key (RFC 7748, 4.1), which a transport proves. False
    //  when it is none.
    bool (*transport_key) (const uint8_t key[CRYPTO_KEY_BYTES],
                           uint8_t transport_key[CRYPTO_KEY_BYTES]);
    //  verify () for each of them, which sets 'holds'; NULL: whoever has many asks one by one. A host
    //  with several processors may use them.
    void (*verify_many) (crypto_check_t *checks, size_t count);
} crypto_t;

//  This node among others: its public key, and signing with the secret one, which nobody sees.
typedef struct {
    uint8_t key[CRYPTO_KEY_BYTES];      //  Ed25519
    void (*sign) (void *context, const void *message, size_t size,
                  uint8_t signature[CRYPTO_SIGNATURE_BYTES]);
    void *context;
} identity_t;

//  OpenSSL's SHA-256 (it uses the CPU's SHA instructions) and libsodium's Ed25519.
extern const crypto_t crypto_real;

#endif
