// SPDX-License-Identifier: MIT
//  A SHA-256 digest as a value. Computing one is the business of runtime/actor's crypto interface.
#ifndef GGEN_DIGEST_H
#define GGEN_DIGEST_H

#include "base.h"

#define DIGEST_SIZE 32              //  bytes
#define DIGEST_HEX_SIZE 64          //  digits
#define DIGEST_INTEGRITY_SIZE 71    //  "sha256-" and the digits (SPEC 3.5)

typedef struct {
    uint8_t bytes [DIGEST_SIZE];
} digest_t;

bool
    digest_equal (const digest_t *a, const digest_t *b);

//  From bytes, for instance a field of a message.
//  VALIDATION  they are not DIGEST_SIZE; *self is untouched.
must_use code_t
    digest_from_bytes (digest_t *self, bytes_t bytes);
must_use code_t
    digest_from_field (digest_t *self, ProtobufCBinaryData field);

//  As a field of a message: it borrows the bytes of *self.
ProtobufCBinaryData
    digest_to_field (digest_t *self);

//  As 64 lowercase hexadecimal digits.
//  VALIDATION  'text' is not exactly that; *self is undefined.
void
    digest_to_hex (const digest_t *self, char text [DIGEST_HEX_SIZE + 1]);
must_use code_t
    digest_from_hex (digest_t *self, const char *text);

//  As "sha256-<64 digits>", the integrity of ggen.lock.
//  VALIDATION  'text' is not exactly that; *self is undefined.
void
    digest_to_integrity (const digest_t *self, char text [DIGEST_INTEGRITY_SIZE + 1]);
must_use code_t
    digest_from_integrity (digest_t *self, const char *text);

#endif
