// SPDX-License-Identifier: MIT
//  Base32 without padding (RFC 4648, section 6), as multiformats/multibase has it under 'b' (lower
//  case) and 'B' (upper case): CIDs are text in it.
#ifndef GGEN_BASE32_H
#define GGEN_BASE32_H

#include "base.h"

//  Decode into at most 'size_max' bytes at 'data'; 'first' is the first letter of the alphabet,
//  'a' or 'A'. Strict: letters of that case only, no padding, no bits set behind the last byte, so
//  that one value has one text.
//  OK          *size_p bytes are there.
//  VALIDATION  not base32, or more than 'size_max' bytes; 'data' is undefined.
must_use code_t
    base32_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text, char first);

#endif
