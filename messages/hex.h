// SPDX-License-Identifier: MIT
//  Bytes as lowercase hexadecimal digits.
#ifndef GGEN_HEX_H
#define GGEN_HEX_H

#include "base.h"

//  Write 2 * 'size' digits and a NUL at 'text'.
void
    hex_encode (char *text, const uint8_t *data, size_t size);

//  Read exactly 2 * 'size' digits.
//  VALIDATION  another count of digits, or a byte that is not of [0-9a-f]; 'data' is undefined.
//              Capitals are refused, so that one value has one text.
must_use code_t
    hex_decode (uint8_t *data, size_t size, const char *text);

#endif
