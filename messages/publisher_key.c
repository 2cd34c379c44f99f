// SPDX-License-Identifier: MIT
#include "publisher_key.h"

#include "hex.h"

#include <string.h>

#define PREFIX "ed25519:"
#define PREFIX_SIZE (sizeof PREFIX - 1)

_Static_assert (PUBLISHER_KEY_TEXT_SIZE == PREFIX_SIZE + 2 * PUBLISHER_KEY_SIZE,
    "a prefix and the digits");

bool
publisher_key_equal (const publisher_key_t *a, const publisher_key_t *b)
{
    return memcmp (a->bytes, b->bytes, PUBLISHER_KEY_SIZE) == 0;
}

code_t
publisher_key_from_bytes (publisher_key_t *self, bytes_t bytes)
{
    if (bytes.size != PUBLISHER_KEY_SIZE)
        return VALIDATION;
    memcpy (self->bytes, bytes.data, PUBLISHER_KEY_SIZE);
    return OK;
}

code_t
publisher_key_from_field (publisher_key_t *self, ProtobufCBinaryData field)
{
    return publisher_key_from_bytes (self, (bytes_t) {field.data, field.len});
}

ProtobufCBinaryData
publisher_key_to_field (publisher_key_t *self)
{
    return (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, self->bytes};
}

void
publisher_key_to_text (const publisher_key_t *self, char text [PUBLISHER_KEY_TEXT_SIZE + 1])
{
    memcpy (text, PREFIX, PREFIX_SIZE);
    hex_encode (text + PREFIX_SIZE, self->bytes, PUBLISHER_KEY_SIZE);
}

code_t
publisher_key_from_text (publisher_key_t *self, const char *text)
{
    if (strncmp (text, PREFIX, PREFIX_SIZE) != 0)
        return VALIDATION;
    return hex_decode (self->bytes, PUBLISHER_KEY_SIZE, text + PREFIX_SIZE);
}

void
publisher_key_fingerprint (const publisher_key_t *self,
    char text [PUBLISHER_KEY_FINGERPRINT_SIZE + 1])
{
    for (size_t group = 0; group < 4; group++) {
        hex_encode (text + 5 * group, self->bytes + 2 * group, 2);
        text [5 * group + 4] = group < 3 ? ' ' : 0;
    }
}
