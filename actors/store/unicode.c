// SPDX-License-Identifier: MIT
#include "unicode.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { JOINER_NON = 0x200c, JOINER_ZERO_WIDTH = 0x200d };

static bool
is_joiner (ucs4_t point)
{
    return point == JOINER_NON || point == JOINER_ZERO_WIDTH;
}

//  Nearly every name is ASCII: no table is touched for those.
static bool
is_ascii (const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) text [i] >= 0x80)
            return false;
    return true;
}

bool
unicode_is_utf8 (const char *text, size_t size)
{
    if (memchr (text, 0, size))
        return false;
    return is_ascii (text, size) || !u8_check ((const uint8_t *) text, size);
}

static bool
is_plain_point (ucs4_t point)
{
    return is_joiner (point)
           || !uc_is_general_category_withtable (
               point, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs
                          | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
}

bool
unicode_is_plain (const char *text, size_t size)
{
    if (!unicode_is_utf8 (text, size))
        return false;
    const uint8_t *at = (const uint8_t *) text, *end = at + size;
    while (at < end) {
        if (*at < 0x80) {
            if (*at < 0x20 || *at == 0x7f)
                return false;
            at++;
            continue;
        }
        ucs4_t point;
        int taken = u8_mbtouc (&point, at, (size_t) (end - at));
        if (taken <= 0 || !is_plain_point (point))
            return false;
        at += taken;
    }
    return true;
}

static size_t
drop_joiners (uint8_t *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size;) {
        ucs4_t point;
        int taken = u8_mbtouc (&point, text + i, size - i);
        if (taken <= 0)
            return 0;
        if (!is_joiner (point)) {
            memmove (text + kept, text + i, (size_t) taken);
            kept += (size_t) taken;
        }
        i += (size_t) taken;
    }
    return kept;
}

size_t
unicode_fold (const char *text, size_t size, char *key, size_t room)
{
    if (is_ascii (text, size)) {
        if (size > room)
            return 0;
        for (size_t i = 0; i < size; i++)
            key [i] = (char) (text [i] >= 'A' && text [i] <= 'Z' ? text [i] + ('a' - 'A')
                                                                  : text [i]);
        return size;
    }
    size_t folded_size = 0;
    uint8_t *folded =
        u8_casefold ((const uint8_t *) text, size, NULL, UNINORM_NFD, NULL, &folded_size);
    if (!folded)
        return 0;
    folded_size = drop_joiners (folded, folded_size);
    if (folded_size > room)
        folded_size = 0;
    memcpy (key, folded, folded_size);
    free (folded);
    return folded_size;
}
