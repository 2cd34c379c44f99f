// SPDX-License-Identifier: MIT
#include "base58.h"

#include <assert.h>
#include <string.h>

#define GROUP      5                //  Digits whose value fits 32 bits
#define GROUP_BASE 656356768u       //  58 to the power of GROUP
#define GROUPS_MAX ((BASE58_TEXT_MAX + GROUP - 1) / GROUP)
#define WORDS_MAX  (BASE58_SIZE_MAX / 4 + 1)    //  Of the largest number of BASE58_TEXT_MAX digits

static const char alphabet [] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

//  Value of each character plus one; 0: it is none of the alphabet.
static const uint8_t values [256] = {
    ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7, ['8'] = 8,
    ['9'] = 9, ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15, ['G'] = 16,
    ['H'] = 17, ['J'] = 18, ['K'] = 19, ['L'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
    ['R'] = 25, ['S'] = 26, ['T'] = 27, ['U'] = 28, ['V'] = 29, ['W'] = 30, ['X'] = 31, ['Y'] = 32,
    ['Z'] = 33, ['a'] = 34, ['b'] = 35, ['c'] = 36, ['d'] = 37, ['e'] = 38, ['f'] = 39, ['g'] = 40,
    ['h'] = 41, ['i'] = 42, ['j'] = 43, ['k'] = 44, ['m'] = 45, ['n'] = 46, ['o'] = 47, ['p'] = 48,
    ['q'] = 49, ['r'] = 50, ['s'] = 51, ['t'] = 52, ['u'] = 53, ['v'] = 54, ['w'] = 55, ['x'] = 56,
    ['y'] = 57, ['z'] = 58};

//  A number in limbs, least significant first; the last one is not 0.
typedef struct {
    uint32_t limbs [GROUPS_MAX];
    size_t count;
} number_t;

_Static_assert (WORDS_MAX <= GROUPS_MAX, "a number has room in either base");

//  In limbs of base GROUP_BASE: 'count' more 'bits' (at most 32) follow.
static void
push_bits (number_t *number, uint32_t bits, unsigned count)
{
    uint64_t carry = bits;
    for (size_t i = 0; i < number->count; i++) {
        carry += (uint64_t) number->limbs [i] << count;
        number->limbs [i] = (uint32_t) (carry % GROUP_BASE);
        carry /= GROUP_BASE;
    }
    for (; carry; carry /= GROUP_BASE)
        number->limbs [number->count++] = (uint32_t) (carry % GROUP_BASE);
}

//  In limbs of 32 bits: more digits follow; 'factor' is 58 to the power of their count.
static void
push_digits (number_t *number, uint32_t digits, uint32_t factor)
{
    uint64_t carry = digits;
    for (size_t i = 0; i < number->count; i++) {
        carry += (uint64_t) number->limbs [i] * factor;
        number->limbs [i] = (uint32_t) carry;
        carry >>= 32;
    }
    if (carry)
        number->limbs [number->count++] = (uint32_t) carry;
}

//  The digits of a number in limbs of GROUP_BASE, without leading zeros. Returns their end.
static char *
write_digits (char *text, const number_t *number)
{
    char digits [GROUPS_MAX * GROUP], *at = digits + number->count * GROUP;
    const char *end = at;
    for (size_t i = 0; i < number->count; i++) {
        uint32_t rest = number->limbs [i];
        for (size_t digit = 0; digit < GROUP; digit++, rest /= 58)
            *--at = alphabet [rest % 58];
    }
    while (at < end && *at == alphabet [0])
        at++;
    memcpy (text, at, (size_t) (end - at));
    return text + (end - at);
}

size_t
base58_encode (char text [BASE58_TEXT_MAX + 1], const uint8_t *data, size_t size)
{
    assert (size <= BASE58_SIZE_MAX);
    char *at = text;
    for (; size > 0 && *data == 0; data++, size--)
        *at++ = '1';
    number_t number = {.count = 0};
    for (; size % 4; data++, size--)
        push_bits (&number, *data, 8);
    for (; size > 0; data += 4, size -= 4)
        push_bits (&number, (uint32_t) data [0] << 24 | (uint32_t) data [1] << 16
                            | (uint32_t) data [2] << 8 | data [3], 32);
    at = write_digits (at, &number);
    *at = 0;
    return (size_t) (at - text);
}

//  The bytes of a number in limbs of 32 bits, without leading zeros; false when they have no room.
static bool
write_bytes (uint8_t *data, size_t size_max, size_t *size_p, const number_t *number)
{
    size_t size = number->count * 4;
    if (number->count > 0)
        size -= (size_t) __builtin_clz (number->limbs [number->count - 1]) / 8;
    if (size > size_max)
        return false;
    for (size_t i = 0; i < size; i++)
        data [size - 1 - i] = (uint8_t) (number->limbs [i / 4] >> 8 * (i % 4));
    *size_p = size;
    return true;
}

code_t
base58_decode (uint8_t *data, size_t size_max, size_t *size_p, const char *text)
{
    if (size_max > BASE58_SIZE_MAX)
        size_max = BASE58_SIZE_MAX;
    size_t left = strnlen (text, BASE58_TEXT_MAX + 1), zeros = 0;
    if (left > BASE58_TEXT_MAX)
        return VALIDATION;
    for (; *text == '1'; text++, left--)
        zeros++;
    if (zeros > size_max)
        return VALIDATION;

    number_t number = {.count = 0};
    while (left > 0) {
        size_t taken = left % GROUP ? left % GROUP : GROUP;
        uint32_t digits = 0, factor = 1;
        for (size_t i = 0; i < taken; i++, factor *= 58) {
            uint8_t value = values [(uint8_t) *text++];
            if (value == 0)
                return VALIDATION;
            digits = digits * 58 + value - 1;
        }
        push_digits (&number, digits, factor);
        left -= taken;
    }
    memset (data, 0, zeros);
    if (!write_bytes (data + zeros, size_max - zeros, size_p, &number))
        return VALIDATION;
    *size_p += zeros;
    return OK;
}
