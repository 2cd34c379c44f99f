// SPDX-License-Identifier: MIT
//  A publisher's Ed25519 public key as a value, and how people read it.
#ifndef GGEN_PUBLISHER_KEY_H
#define GGEN_PUBLISHER_KEY_H

#include "base.h"

#define PUBLISHER_KEY_SIZE 32               //  bytes
#define PUBLISHER_KEY_TEXT_SIZE 72          //  "ed25519:" and 64 digits
#define PUBLISHER_KEY_FINGERPRINT_SIZE 19   //  "89ab 4567 cdef 0123"

typedef struct {
    uint8_t bytes [PUBLISHER_KEY_SIZE];
} publisher_key_t;

bool
    publisher_key_equal (const publisher_key_t *a, const publisher_key_t *b);

//  From bytes, for instance a field of a message.
//  VALIDATION  they are not PUBLISHER_KEY_SIZE (none at all means unsigned); *self is untouched.
must_use code_t
    publisher_key_from_bytes (publisher_key_t *self, bytes_t bytes);
must_use code_t
    publisher_key_from_field (publisher_key_t *self, ProtobufCBinaryData field);

//  As a field of a message: it borrows the bytes of *self.
ProtobufCBinaryData
    publisher_key_to_field (publisher_key_t *self);

//  As "ed25519:<64 lowercase hexadecimal digits>", in ggen.lock, --publisher and trust add.
//  VALIDATION  'text' is not exactly that; *self is undefined.
void
    publisher_key_to_text (const publisher_key_t *self, char text [PUBLISHER_KEY_TEXT_SIZE + 1]);
must_use code_t
    publisher_key_from_text (publisher_key_t *self, const char *text);

//  For people to compare by eye or by voice: the first 16 hexadecimal digits of the key itself, in
//  groups of 4. 64 bits: enough to tell keys apart by mistake, too few against somebody who
//  searches for a look-alike, so nothing is ever decided by it.
void
    publisher_key_fingerprint (const publisher_key_t *self,
        char text [PUBLISHER_KEY_FINGERPRINT_SIZE + 1]);

#endif
