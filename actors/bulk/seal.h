// SPDX-License-Identifier: MIT
//  Sealing of one direction of a bulk connection: AES-256-GCM (NIST SP 800-38D) or ChaCha20-Poly1305
//  (RFC 8439). The nonce is a counter that is never sent, so a record that is missing, doubled or out
//  of its place does not open. The key is of one connection and direction only.
#ifndef GGEN_BULK_SEAL_H
#define GGEN_BULK_SEAL_H

#include "base.h"

#define SEAL_KEY_BYTES  32
#define SEAL_TAG_BYTES  16
#define SEAL_USES_MAX   (UINT64_C (1) << 32)    //  records of one key; the next is refused
#define SEAL_PARTS_MAX  4

//  Numbers are those on the wire.
typedef enum { SEAL_AES_256_GCM = 1, SEAL_CHACHA20_POLY1305 = 2 } seal_cipher_t;

typedef enum { SEAL_CLOSES, SEAL_OPENS } seal_use_t;

typedef struct seal_t seal_t;

//  NULL: no such cipher, or no memory. The key is copied.
seal_t *seal_new (seal_cipher_t cipher, const uint8_t key[SEAL_KEY_BYTES], seal_use_t use);
void seal_destroy (seal_t **self_p);

//  Seal the parts one after another, and 'aad' without sending it, into 'bytes': the size of the
//  parts and SEAL_TAG_BYTES. SECURITY: the key is used up, or the library fails; never use it again.
must_use code_t seal_close (seal_t *self, bytes_t aad, const bytes_t *parts, unsigned count,
                            uint8_t *bytes);

//  Open the next record where it lies: 'size' with its tag. SECURITY: it is not what was sealed, or
//  not the next; then nothing opens any more, and what lies there is worth nothing.
must_use code_t seal_open (seal_t *self, bytes_t aad, uint8_t *bytes, size_t size);

#endif
