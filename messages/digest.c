// SPDX-License-Identifier: MIT
#include "digest.h"

#include "hex.h"

#include <string.h>

#define PREFIX "sha256-"
#define PREFIX_SIZE (sizeof PREFIX - 1)

_Static_assert (DIGEST_INTEGRITY_SIZE == PREFIX_SIZE + DIGEST_HEX_SIZE, "a prefix and the digits");

bool
digest_equal (const digest_t *a, const digest_t *b)
{
    return memcmp (a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

code_t
digest_from_bytes (digest_t *self, bytes_t bytes)
{
    if (bytes.size != DIGEST_SIZE)
        return VALIDATION;
    memcpy (self->bytes, bytes.data, DIGEST_SIZE);
    return OK;
}

code_t
digest_from_field (digest_t *self, ProtobufCBinaryData field)
{
    return digest_from_bytes (self, (bytes_t) {field.data, field.len});
}

ProtobufCBinaryData
digest_to_field (digest_t *self)
{
    return (ProtobufCBinaryData) {DIGEST_SIZE, self->bytes};
}

void
digest_to_hex (const digest_t *self, char text [DIGEST_HEX_SIZE + 1])
{
    hex_encode (text, self->bytes, DIGEST_SIZE);
}

code_t
digest_from_hex (digest_t *self, const char *text)
{
    return hex_decode (self->bytes, DIGEST_SIZE, text);
}

void
digest_to_integrity (const digest_t *self, char text [DIGEST_INTEGRITY_SIZE + 1])
{
    memcpy (text, PREFIX, PREFIX_SIZE);
    digest_to_hex (self, text + PREFIX_SIZE);
}

code_t
digest_from_integrity (digest_t *self, const char *text)
{
    if (strncmp (text, PREFIX, PREFIX_SIZE) != 0)
        return VALIDATION;
    return digest_from_hex (self, text + PREFIX_SIZE);
}
