// SPDX-License-Identifier: MIT
//  Looks into signed records (SPEC 9) without judging them: signatures were verified before a
//  record came to the registry, and are verified again by whoever installs from it.
#ifndef GGEN_SIGNED_HEAD_H
#define GGEN_SIGNED_HEAD_H

#include "messages/base.h"
#include "publisher.pb-c.h"
#include "record.pb-c.h"

#define SIGNED_HEAD_KEY_SIZE 32

//  The head inside a packed SignedRecord, and whose it is; free it with ggen__head__free_unpacked.
//  NULL when the bytes are no SignedRecord of kind HEAD with a key of 32 bytes.
Ggen__Head *signed_head_open (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE]);

//  The rotation inside a packed SignedRecord, and the recovery key that signed it; free it with
//  ggen__rotation__free_unpacked. NULL when the bytes are none.
Ggen__Rotation *signed_rotation_open (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE]);

//  The key of a packed SignedRecord of kind RELEASE. False when the bytes are none.
must_use bool signed_head_release_key (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE]);

#endif
