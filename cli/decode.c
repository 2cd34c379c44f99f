// SPDX-License-Identifier: MIT
#include "decode.h"
#include "hex.h"
#include "shape.h"
#include "vocabulary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static json_t *
whole_number (uint64_t value)
{
    if (value <= INT64_MAX)
        return json_integer ((json_int_t) value);
    char text [24];
    snprintf (text, sizeof text, "%" PRIu64, value);
    return json_string (text);
}

static json_t *
hex_text (const ProtobufCBinaryData *bytes)
{
    char *digits = malloc (bytes->len * 2 + 1);
    if (!digits)
        return NULL;
    hex_encode (digits, bytes->data, bytes->len);
    json_t *text = json_string (digits);
    free (digits);
    return text;
}

static json_t *
enum_name (const ProtobufCEnumDescriptor *names, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value (names, value);
    return found ? json_string (found->name) : json_integer (value);
}

//  A number that is none (NaN, infinity) has no JSON.
static json_t *
real_number (double value)
{
    json_t *number = json_real (value);
    return number ? number : json_null ();
}

//  One value of a field, at 'at'.
static json_t *
decode_value (const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer (*(const int32_t *) at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer (*(const uint32_t *) at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_integer (*(const int64_t *) at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return whole_number (*(const uint64_t *) at);
    case PROTOBUF_C_TYPE_FLOAT:
        return real_number ((double) *(const float *) at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return real_number (*(const double *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean (*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_name (field->descriptor, *(const int *) at);
    case PROTOBUF_C_TYPE_STRING:
        return shape_text (*(char *const *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return hex_text (at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *) at
                   ? decode_message (*(const ProtobufCMessage *const *) at) : json_null ();
    }
    return json_null ();
}

static size_t
value_size (ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof (protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof (void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof (ProtobufCBinaryData);
    default:
        return 4;
    }
}

static json_t *
decode_field (const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *) message;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        const bool of_oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
        const uint32_t *chosen = (const void *) (base + field->quantifier_offset);
        if (of_oneof && *chosen != field->id)
            return json_null ();
        return decode_value (field, base + field->offset);
    }
    const size_t count = *(const size_t *) (const void *) (base + field->quantifier_offset);
    const uint8_t *values = *(uint8_t *const *) (const void *) (base + field->offset);
    json_t *list = json_array ();
    for (size_t at = 0; at < count; at++)
        shape_append (&list, decode_value (field, values + at * value_size (field->type)));
    return list;
}

json_t *
decode_message (const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    json_t *object = json_object ();
    for (unsigned at = 0; at < descriptor->n_fields; at++)
        shape_set (&object, descriptor->fields [at].name,
                   decode_field (message, &descriptor->fields [at]));
    return object;
}

//  ---- bytes -------------------------------------------------------------------------------------

//  Read a varint (protobuf encoding, "Base 128 Varints"); false at the end of the bytes.
static bool
read_varint (bytes_t *rest, uint64_t *value_p)
{
    *value_p = 0;
    for (unsigned shift = 0; shift < 64 && rest->size > 0; shift += 7) {
        const uint8_t byte = *rest->data++;
        rest->size--;
        *value_p |= (uint64_t) (byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

//  The bytes of the next field; empty but OK for a varint. false: malformed.
static bool
take_field (bytes_t *rest, unsigned *id_p, bool *delimited_p, bytes_t *value_p)
{
    enum { VARINT = 0, EIGHT_BYTES = 1, DELIMITED = 2, FOUR_BYTES = 5 };
    uint64_t tag, size = 0;
    if (!read_varint (rest, &tag) || tag >> 3 > UINT32_MAX)
        return false;
    const unsigned wire_type = (unsigned) tag & 7;
    *id_p = (unsigned) (tag >> 3);
    *delimited_p = wire_type == DELIMITED;
    if (wire_type == VARINT) {
        *value_p = (bytes_t) {NULL, 0};
        return read_varint (rest, &size);
    }
    if (wire_type == DELIMITED && !read_varint (rest, &size))
        return false;
    if (wire_type == EIGHT_BYTES || wire_type == FOUR_BYTES)
        size = wire_type == EIGHT_BYTES ? 8 : 4;
    else if (wire_type != DELIMITED)
        return false;
    if (size > rest->size)
        return false;
    *value_p = (bytes_t) {rest->data, (size_t) size};
    rest->data += size;
    rest->size -= (size_t) size;
    return true;
}

//  Whether no message in 'bytes' lies deeper than 'depth' below this one.
static bool
is_shallow (const ProtobufCMessageDescriptor *descriptor, bytes_t bytes, unsigned depth)
{
    while (bytes.size > 0) {
        unsigned id;
        bool delimited;
        bytes_t value;
        if (!take_field (&bytes, &id, &delimited, &value))
            return false;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field (descriptor, id);
        if (!delimited || !field || field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (depth == 0 || !is_shallow (field->descriptor, value, depth - 1))
            return false;
    }
    return true;
}

json_t *
decode_bytes (const char *type, bytes_t bytes)
{
    const ProtobufCMessageDescriptor *descriptor = vocabulary_find (type);
    if (!descriptor || bytes.size > DECODE_BYTES_MAX
        || !is_shallow (descriptor, bytes, DECODE_DEPTH_MAX))
        return NULL;
    ProtobufCMessage *message =
        protobuf_c_message_unpack (descriptor, NULL, bytes.size, bytes.data);
    if (!message)
        return NULL;
    json_t *document = decode_message (message);
    protobuf_c_message_free_unpacked (message, NULL);
    return document;
}
