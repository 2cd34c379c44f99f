// SPDX-License-Identifier: MIT
//  Base58 as Bitcoin writes it ("base58btc" of multiformats/multibase, without its 'z'): peer ids
//  are text in it. The bytes are one number, most significant byte first; each leading zero byte
//  is a leading '1'. Computed five digits and four bytes at a time, so that a peer id costs less
//  than a microsecond.
#ifndef GGEN_BASE58_H
#define GGEN_BASE58_H

#include "base.h"

#define BASE58_SIZE_MAX 64          //  bytes
#define BASE58_TEXT_MAX 88          //  characters they become at most

//  Write 'size' bytes (at most BASE58_SIZE_MAX) as text, which ends with a NUL. Returns its size.
size_t
    base58_encode (char text [BASE58_TEXT_MAX + 1], const uint8_t *data, size_t size);

//  Decode into at most 'size_max' bytes at 'data'. A value has one text.
//  OK          *size_p bytes are there.
//  VALIDATION  a character is none of base58, or it is more than 'size_max' bytes, BASE58_SIZE_MAX
//              bytes or BASE58_TEXT_MAX characters; 'data' is undefined.
must_use code_t
    base58_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text);

#endif
