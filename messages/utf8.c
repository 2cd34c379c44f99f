// SPDX-License-Identifier: MIT
#include "utf8.h"

#include <string.h>

//  Bytes of the sequence that begins with 'lead', 0 when none does; *low_p and *high_p are the
//  bounds of its second byte (RFC 3629, section 4).
static int
sequence_size (uint8_t lead, uint8_t *low_p, uint8_t *high_p)
{
    *low_p = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high_p = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

bool
utf8_valid (const char *text)
{
    const uint8_t *at = (const uint8_t *) text;
    while (*at) {
        uint8_t low, high;
        int size = sequence_size (*at++, &low, &high);
        if (size == 0)
            return false;
        for (int i = 1; i < size; i++, at++) {      //  The NUL is below every bound
            if (*at < low || *at > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}

void
utf8_trim (char *text)
{
    size_t size = strlen (text), start = size;
    while (start > 0 && size - start < 3 && ((unsigned char) text [start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char) text [start - 1];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length > size - start + 1)
        text [start - 1] = 0;
}
