// SPDX-License-Identifier: MIT
#include "base64.h"

#include <string.h>

static const char alphabet [] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encoded_size (size_t size)
{
    return (size + 2) / 3 * 4;
}

void
base64_encode (char *text, const uint8_t *data, size_t size)
{
    for (; size > 0; data += 3) {
        size_t taken = size < 3 ? size : 3;
        uint32_t bits = (uint32_t) data [0] << 16;
        if (taken > 1)
            bits |= (uint32_t) data [1] << 8;
        if (taken > 2)
            bits |= data [2];
        *text++ = alphabet [bits >> 18];
        *text++ = alphabet [bits >> 12 & 63];
        *text++ = taken > 1 ? alphabet [bits >> 6 & 63] : '=';
        *text++ = taken > 2 ? alphabet [bits & 63] : '=';
        size -= taken;
    }
    *text = 0;
}

//  The six bits of a character, or 64 when it is not of the alphabet.
static uint32_t
value_of (char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t) (c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t) (c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint32_t) (c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

//  Decode four characters of which the last 'padding' count as zero bits.
static bool
decode_group (uint8_t *data, const char *text, size_t padding)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i < 4 - padding ? value_of (text [i]) : 0;
        if (value > 63)
            return false;
        bits = bits << 6 | value;
    }
    for (size_t i = 0; i < 3 - padding; i++)
        data [i] = (uint8_t) (bits >> (16 - 8 * i));
    uint32_t dropped = (1u << 8 * padding) - 1;
    return (bits & dropped) == 0;
}

code_t
base64_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text)
{
    size_t text_size = strlen (text);
    if (text_size % 4)
        return VALIDATION;
    size_t padding = 0;
    while (padding < 2 && padding < text_size && text [text_size - 1 - padding] == '=')
        padding++;
    size_t size = text_size / 4 * 3 - padding;
    if (size > size_max)
        return VALIDATION;

    for (size_t at = 0; at < text_size; at += 4, data += 3)
        if (!decode_group (data, text + at, at + 4 == text_size ? padding : 0))
            return VALIDATION;
    *size_p = size;
    return OK;
}
