// SPDX-License-Identifier: MIT
#include "glance.h"

#include <string.h>

enum { FIELD_ID = 2, FIELD_FROM = 3, FIELD_TYPE = 5, FIELD_TO = 9 };
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static const uint8_t *
read_varint (const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
        uint8_t byte = *at++;
        *value |= (uint64_t) (byte & 0x7F) << shift;
        if (byte < 0x80)
            return at;
    }
    return NULL;
}

//  The field's bytes: of a varint and of fixed numbers those that encode it.
static bytes_t
field_of (const note_t *note, unsigned wanted)
{
    const uint8_t *at = note->bytes, *end = note->bytes + note->envelope_size;
    while (at && at < end) {
        uint64_t tag, size = 0;
        at = read_varint (at, end, &tag);
        const uint8_t *value = at;
        if (!at)
            break;
        if ((tag & 7) == WIRE_VARINT)
            at = read_varint (at, end, &size);
        else if ((tag & 7) == WIRE_BYTES) {
            value = at = read_varint (at, end, &size);
            at = at && size <= (uint64_t) (end - at) ? at + size : NULL;
        } else
            at += (tag & 7) == WIRE_64 ? 8 : 4;
        if (at && at <= end && tag >> 3 == wanted)
            return (bytes_t) {value, (size_t) (at - value)};
    }
    return (bytes_t) {NULL, 0};
}

bytes_t
glance_type (const note_t *note)
{
    return field_of (note, FIELD_TYPE);
}

bytes_t
glance_from (const note_t *note)
{
    return field_of (note, FIELD_FROM);
}

bytes_t
glance_to (const note_t *note)
{
    return field_of (note, FIELD_TO);
}

bool
glance_is (const note_t *note, const char *type)
{
    bytes_t field = glance_type (note);
    return field.size == strlen (type) && memcmp (field.data, type, field.size) == 0;
}

bool
glance_is_local (const note_t *note)
{
    bytes_t from = glance_from (note);
    return from.size == 0 || !memchr (from.data, '@', from.size);
}

uint64_t
glance_id (const note_t *note)
{
    bytes_t field = field_of (note, FIELD_ID);
    uint64_t id = 0;
    if (field.size == sizeof id)
        memcpy (&id, field.data, sizeof id);
    return id;
}

void *
glance_body (const note_t *note, const ProtobufCMessageDescriptor *descriptor)
{
    return protobuf_c_message_unpack (descriptor, NULL, note->body_size,
                                      note->bytes + note->envelope_size);
}
