// SPDX-License-Identifier: MIT
//  Unsigned varints of multiformats/unsigned-varint: seven bits a byte, least significant first,
//  at most 9 bytes (63 bits), and never longer than the value needs: one value has one encoding.
#ifndef GGEN_UVARINT_H
#define GGEN_UVARINT_H

#include "base.h"

#define UVARINT_SIZE_MAX 9          //  bytes

//  Take one from the front of *rest.
//  VALIDATION  cut short, above 63 bits, or longer than needed; *rest is undefined.
must_use code_t
    uvarint_take (bytes_t *rest, uint64_t *value);

//  Write 'value', which is below 2^63. Returns the bytes written.
size_t
    uvarint_write (uint8_t bytes [UVARINT_SIZE_MAX], uint64_t value);

#endif
