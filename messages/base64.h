// SPDX-License-Identifier: MIT
//  Base64 with padding (RFC 4648, section 4): index.json holds records in it.
#ifndef GGEN_BASE64_H
#define GGEN_BASE64_H

#include "base.h"

//  Characters that 'size' bytes become, without a NUL.
size_t
    base64_encoded_size (size_t size);

//  Write base64_encoded_size (size) characters and a NUL at 'text'.
void
    base64_encode (char *text, const uint8_t *data, size_t size);

//  Decode into at most 'size_max' bytes at 'data'. Strict: no white space, full padding, and no
//  bits set in what the padding drops, so that one value has one text.
//  OK          *size_p bytes are there.
//  VALIDATION  not Base64, or more than 'size_max' bytes; 'data' is undefined.
must_use code_t
    base64_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text);

#endif
