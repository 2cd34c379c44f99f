// SPDX-License-Identifier: MIT
#include "base32.h"

//  The five bits of a character, or 32 when it is not of the alphabet.
static uint32_t
value_of (char c, char first)
{
    if (c >= first && c < first + 26)
        return (uint32_t) (c - first);
    return c >= '2' && c <= '7' ? (uint32_t) (c - '2' + 26) : 32;
}

code_t
base32_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text, char first)
{
    uint32_t bits = 0;
    unsigned count = 0;                 //  Of bits that wait for a whole byte
    size_t size = 0;
    for (; *text; text++) {
        uint32_t value = value_of (*text, first);
        if (value > 31)
            return VALIDATION;
        bits = bits << 5 | value;
        count += 5;
        if (count >= 8) {
            if (size == size_max)
                return VALIDATION;
            count -= 8;
            data [size++] = (uint8_t) (bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    if (count >= 5 || bits)             //  A character too many, or bits that no byte has
        return VALIDATION;
    *size_p = size;
    return OK;
}
