// SPDX-License-Identifier: MIT
#include "uvarint.h"

#include <assert.h>

code_t
uvarint_take (bytes_t *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned at = 0; at < UVARINT_SIZE_MAX && at < rest->size; at++) {
        uint8_t byte = rest->data [at];
        *value |= (uint64_t) (byte & 0x7f) << 7 * at;
        if (byte & 0x80)
            continue;
        if (byte == 0 && at > 0)        //  A last byte that adds nothing
            return VALIDATION;
        rest->data += at + 1;
        rest->size -= at + 1;
        return OK;
    }
    return VALIDATION;
}

size_t
uvarint_write (uint8_t bytes [UVARINT_SIZE_MAX], uint64_t value)
{
    assert (value >> 63 == 0);
    size_t size = 0;
    for (; value > 0x7f; value >>= 7)
        bytes [size++] = (uint8_t) (value | 0x80);
    bytes [size++] = (uint8_t) value;
    return size;
}
