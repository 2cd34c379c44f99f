// SPDX-License-Identifier: MIT
#include "frame.h"

#include "runtime/actor/wire.h"

#include <string.h>

//  Fields of Envelope, with their wire types.
enum { KIND = 1 << 3, ID = 2 << 3 | 1, FROM = 3 << 3 | 2, TYPE = 5 << 3 | 2, BUDGET = 6 << 3,
       TRACE = 7 << 3 | 1, TO = 9 << 3 | 2 };

static bool
name_byte (uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool
type_byte (uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
read_text (char *text, size_t size_max, bytes_t part, bool (*valid) (uint8_t c))
{
    if (part.size > size_max)
        return false;
    for (size_t i = 0; i < part.size; i++)
        if (!valid (part.data[i]))
            return false;
    memcpy (text, part.data, part.size);
    text[part.size] = 0;
    return true;
}

static uint64_t
fixed_of (bytes_t part)
{
    uint64_t value = 0;
    for (unsigned i = 8; i > 0; i--)
        value = value << 8 | part.data[i - 1];
    return value;
}

static bool
read_field (frame_t *self, const wire_field_t *field)
{
    switch (field->tag) {
    case KIND:
        self->kind = field->value > INT32_MAX ? GGEN__KIND__KIND_NONE : (Ggen__Kind) field->value;
        return true;
    case ID:
        self->id = fixed_of (field->part);
        return true;
    case TRACE:
        self->trace = fixed_of (field->part);
        return true;
    case BUDGET:
        self->budget_ms = field->value > UINT32_MAX ? UINT32_MAX : (uint32_t) field->value;
        return true;
    case FROM:
        return read_text (self->from, SWARM_NAME_MAX, field->part, name_byte);
    case TO:
        return read_text (self->to, SWARM_NAME_MAX, field->part, name_byte);
    case TYPE:
        return read_text (self->type, FRAME_TYPE_MAX, field->part, type_byte);
    default:
        return true;
    }
}

bool
frame_read (frame_t *self, bytes_t wire)
{
    *self = (frame_t) {.kind = GGEN__KIND__KIND_NONE};
    while (wire.size > 0) {
        wire_field_t field;
        if (!wire_take_field (&wire, &field) || !read_field (self, &field))
            return false;
    }
    return *self->from && *self->to;
}

bool
frame_name_valid (const char *name)
{
    char copy[SWARM_NAME_MAX + 1];
    bytes_t text = {(const uint8_t *) name, strnlen (name, SWARM_NAME_MAX + 1)};
    return text.size > 0 && read_text (copy, SWARM_NAME_MAX, text, name_byte);
}
