// SPDX-License-Identifier: MIT
//  A publisher's recovery key: made here, shown once, kept by nobody. Only the digest of its public
//  half goes anywhere (SPEC 9): it is in the publisher's first head, and a rotation signed by it
//  beats one by the publishing key.
#ifndef GGEN_RECOVERY_H
#define GGEN_RECOVERY_H

#include "digest.h"
#include "publisher_key.h"

#define RECOVERY_TEXT_SIZE 73       //  "recovery:" and 64 digits

typedef struct {
    char text [RECOVERY_TEXT_SIZE + 1];     //  The secret: the Ed25519 seed
    digest_t public_sha256;                 //  SHA-256 of the 32 bytes of the public key
} recovery_t;

//  Make one from the system's randomness.
//  INTERNAL  libsodium does not start; *self is undefined
must_use code_t
    recovery_make (recovery_t *self);

//  Read one that recovery_make made, as a person typed it: spaces around it are fine.
//  VALIDATION  it is none; *self is undefined
must_use code_t
    recovery_read (recovery_t *self, const char *text);

//  Sign that 'former' is succeeded by 'next': a packed SignedRecord, the caller's to free.
//  OK, or INTERNAL: out of memory.
must_use code_t
    recovery_rotate (const recovery_t *self, publisher_key_t *former, publisher_key_t *next,
                     int64_t now_s, ProtobufCBinaryData *record);

//  Overwrite the secret; for AUTO.
void
    recovery_wipe (recovery_t *self);

#endif
