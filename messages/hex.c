// SPDX-License-Identifier: MIT
#include "hex.h"

#include <string.h>

static const char digits [] = "0123456789abcdef";

void
hex_encode (char *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *text++ = digits [data [i] >> 4];
        *text++ = digits [data [i] & 15];
    }
    *text = 0;
}

static int
value_of (char digit)
{
    const char *found = digit ? strchr (digits, digit) : NULL;
    return found ? (int) (found - digits) : -1;
}

code_t
hex_decode (uint8_t *data, size_t size, const char *text)
{
    for (size_t i = 0; i < size; i++) {
        int high = value_of (text [2 * i]);
        int low = high < 0 ? -1 : value_of (text [2 * i + 1]);
        if (low < 0)
            return VALIDATION;
        data [i] = (uint8_t) (high << 4 | low);
    }
    return text [2 * size] ? VALIDATION : OK;
}
