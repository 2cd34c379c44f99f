// SPDX-License-Identifier: MIT
//  Who this node is among others: an Ed25519 key pair in a file of 64 hexadecimal digits (its seed)
//  and a newline, 0600 (SPEC 3.6, p2p/keypair). The secret never leaves this file's functions but as
//  signatures, and as the X25519 key that CURVE needs.
#ifndef GGEN_IDENTITY_IO_H
#define GGEN_IDENTITY_IO_H

#include "runtime/actor/crypto.h"

typedef struct identity_file identity_file_t;

//  Read it; made when there is none.
//  OK; VALIDATION: the file is not what it should be, or others may read it; PERMISSION_DENIED,
//  STORAGE, INSUFFICIENT_DISK_SPACE. 'why' has the words.
must_use code_t identity_file_open (identity_file_t **self_p, const char *path, char *why,
                                    size_t why_size);

//  For one call: the key pair in 'path', if there is one that can be read and no other call is using
//  it now (a second session of one key would end the first); else one that lives as long as the
//  process and is written nowhere. Creates nothing.
//  OK; STORAGE: no memory.
must_use code_t identity_file_borrow (identity_file_t **self_p, const char *path);

//  Wipes the secret. NULL is fine.
void identity_file_close (identity_file_t **self_p);

//  For actors that sign; borrowed.
const identity_t *identity_file_identity (const identity_file_t *self);

//  The X25519 pair of the same key.
void identity_file_transport (const identity_file_t *self, uint8_t public_key[CRYPTO_KEY_BYTES],
                              uint8_t secret_key[CRYPTO_KEY_BYTES]);

#endif
