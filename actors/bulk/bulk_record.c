// SPDX-License-Identifier: MIT
#include "bulk_record.h"

static void
put_u16 (uint8_t *bytes, size_t value)
{
    bytes[0] = (uint8_t) value;
    bytes[1] = (uint8_t) (value >> 8);
}

static size_t
get_u16 (const uint8_t *bytes)
{
    return (size_t) bytes[0] | (size_t) bytes[1] << 8;
}

static bool
valid (const bulk_record_t *self)
{
    return self->envelope.size > 0 && self->envelope.size <= BULK_ENVELOPE_MAX
           && self->body.size <= BULK_BODY_MAX && self->attachment.size > 0
           && self->attachment.size <= ATTACHMENT_BYTES_MAX;
}

size_t
bulk_record_size (const bulk_record_t *self)
{
    return valid (self) ? BULK_HEADER_BYTES + BULK_SEALED_MIN + self->envelope.size
                              + self->body.size + self->attachment.size
                        : 0;
}

code_t
bulk_record_write (const bulk_record_t *self, seal_t *seal, uint8_t *bytes)
{
    const size_t sealed = bulk_record_size (self) - BULK_HEADER_BYTES;
    uint8_t sizes[BULK_SIZES_BYTES];
    put_u16 (bytes, sealed);
    put_u16 (bytes + 2, sealed >> 16);
    put_u16 (sizes, self->envelope.size);
    put_u16 (sizes + 2, self->body.size);
    const bytes_t parts[] = {{sizes, sizeof sizes}, self->envelope, self->body, self->attachment};
    return seal_close (seal, (bytes_t) {bytes, BULK_HEADER_BYTES}, parts, COUNT_OF (parts),
                       bytes + BULK_HEADER_BYTES);
}

size_t
bulk_record_sealed (const uint8_t header[BULK_HEADER_BYTES])
{
    size_t size = get_u16 (header) | get_u16 (header + 2) << 16;
    return size >= BULK_SEALED_MIN && size <= BULK_SEALED_MAX ? size : 0;
}

code_t
bulk_record_read (bulk_record_t *self, seal_t *seal, const uint8_t header[BULK_HEADER_BYTES],
                  uint8_t *bytes, size_t size)
{
    if (seal_open (seal, (bytes_t) {header, BULK_HEADER_BYTES}, bytes, size) != OK)
        return SECURITY;
    const size_t left = size - BULK_SEALED_MIN;
    const size_t envelope = get_u16 (bytes), body = get_u16 (bytes + 2);
    if (envelope + body > left)
        return VALIDATION;
    const uint8_t *at = bytes + BULK_SIZES_BYTES;
    *self = (bulk_record_t) {.envelope = {at, envelope},
                             .body = {at + envelope, body},
                             .attachment = {at + envelope + body, left - envelope - body}};
    return valid (self) ? OK : VALIDATION;
}
