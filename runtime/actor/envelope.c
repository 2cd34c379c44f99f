// SPDX-License-Identifier: MIT
#include "envelope.h"

#include <string.h>

//  Wire types, the low three bits of a tag.
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define TAG(field, wire_type) (uint8_t) ((field) << 3 | (wire_type))

//  ---- writing -------------------------------------------------------------------------------------
//  As in proto3, what is zero or empty is left out.

static size_t
varint_size (uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static uint8_t *
write_varint (uint8_t *end, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *end++ = (uint8_t) (value | 0x80);
    *end++ = (uint8_t) value;
    return end;
}

static size_t
number_size (uint64_t value)
{
    return value ? 1 + varint_size (value) : 0;
}

static uint8_t *
write_number (uint8_t *end, unsigned field, uint64_t value)
{
    if (value == 0)
        return end;
    *end++ = TAG (field, VARINT);
    return write_varint (end, value);
}

static uint8_t *
write_fixed (uint8_t *end, unsigned field, uint64_t value)
{
    if (value == 0)
        return end;
    *end++ = TAG (field, FIXED64);
    for (unsigned shift = 0; shift < 64; shift += 8)
        *end++ = (uint8_t) (value >> shift);
    return end;
}

static size_t
string_size (const char *text)
{
    size_t size = text ? strlen (text) : 0;
    return size ? 1 + varint_size (size) + size : 0;
}

static uint8_t *
write_string (uint8_t *end, unsigned field, const char *text)
{
    size_t size = text ? strlen (text) : 0;
    if (size == 0)
        return end;
    *end++ = TAG (field, BYTES);
    end = write_varint (end, size);
    memcpy (end, text, size);
    return end + size;
}

static size_t
bytes_size (ProtobufCBinaryData data)
{
    return data.len ? 1 + varint_size (data.len) + data.len : 0;
}

static uint8_t *
write_bytes (uint8_t *end, unsigned field, ProtobufCBinaryData data)
{
    if (data.len == 0)
        return end;
    *end++ = TAG (field, BYTES);
    end = write_varint (end, data.len);
    memcpy (end, data.data, data.len);
    return end + data.len;
}

//  An enum is an int32, and protobuf makes 64 bits of its sign.
static uint64_t
kind_number (const Ggen__Envelope *self)
{
    return (uint64_t) (int64_t) (int32_t) self->kind;
}

size_t
envelope_size (const Ggen__Envelope *self)
{
    return number_size (kind_number (self)) + (self->id ? 9 : 0) + string_size (self->from)
           + string_size (self->reply_to) + string_size (self->type)
           + number_size (self->budget_ms) + (self->trace ? 9 : 0) + (self->sent_us ? 9 : 0)
           + string_size (self->to) + bytes_size (self->route);
}

size_t
envelope_pack (const Ggen__Envelope *self, uint8_t *bytes)
{
    uint8_t *end = write_number (bytes, 1, kind_number (self));
    end = write_fixed (end, 2, self->id);
    end = write_string (end, 3, self->from);
    end = write_string (end, 4, self->reply_to);
    end = write_string (end, 5, self->type);
    end = write_number (end, 6, self->budget_ms);
    end = write_fixed (end, 7, self->trace);
    end = write_fixed (end, 8, self->sent_us);
    end = write_string (end, 9, self->to);
    end = write_bytes (end, 10, self->route);
    return (size_t) (end - bytes);
}

//  ---- reading -------------------------------------------------------------------------------------

static uint64_t
fixed_of (bytes_t part)
{
    uint64_t value = 0;
    for (unsigned i = 8; i > 0; i--)
        value = value << 8 | part.data[i - 1];
    return value;
}

static bool
read_string (char **text_p, wire_arena_t *arena, bytes_t part)
{
    char *text = wire_utf8_valid (part) ? wire_arena_alloc (arena, part.size + 1) : NULL;
    if (!text)
        return false;
    memcpy (text, part.data, part.size);
    text[part.size] = 0;
    *text_p = text;
    return true;
}

static bool
read_bytes (ProtobufCBinaryData *data, wire_arena_t *arena, bytes_t part)
{
    *data = (ProtobufCBinaryData) {0};
    if (part.size == 0)
        return true;
    data->data = wire_arena_alloc (arena, part.size);
    if (!data->data)
        return false;
    memcpy (data->data, part.data, part.size);
    data->len = part.size;
    return true;
}

//  One field, whose value is in 'value' or 'part'. A known number with another wire type is wrong.
static bool
read_field (Ggen__Envelope *self, wire_arena_t *arena, uint64_t tag, uint64_t value, bytes_t part)
{
    switch (tag) {
    case TAG (1, VARINT):
        self->kind = (Ggen__Kind) (int32_t) (uint32_t) value;
        return true;
    case TAG (2, FIXED64):
        self->id = fixed_of (part);
        return true;
    case TAG (3, BYTES):
        return read_string (&self->from, arena, part);
    case TAG (4, BYTES):
        return read_string (&self->reply_to, arena, part);
    case TAG (5, BYTES):
        return read_string (&self->type, arena, part);
    case TAG (6, VARINT):
        self->budget_ms = (uint32_t) value;
        return true;
    case TAG (7, FIXED64):
        self->trace = fixed_of (part);
        return true;
    case TAG (8, FIXED64):
        self->sent_us = fixed_of (part);
        return true;
    case TAG (9, BYTES):
        return read_string (&self->to, arena, part);
    case TAG (10, BYTES):
        return read_bytes (&self->route, arena, part);
    default:
        return tag >> 3 > 10;
    }
}

bool
envelope_unpack (Ggen__Envelope *self, wire_arena_t *arena, bytes_t wire)
{
    ggen__envelope__init (self);
    while (wire.size > 0) {
        wire_field_t field;
        if (!wire_take_field (&wire, &field)
            || !read_field (self, arena, field.tag, field.value, field.part))
            return false;
    }
    return true;
}
