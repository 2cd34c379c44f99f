// SPDX-License-Identifier: MIT
#include "message.h"

#include <stdlib.h>
#include <string.h>

void *
message_copy (const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (size ? size : 1);
    if (!packed)
        return NULL;
    protobuf_c_message_pack (message, packed);
    void *copy = protobuf_c_message_unpack (message->descriptor, NULL, size, packed);
    free (packed);
    return copy;
}

bool
message_same_bytes (ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && (a.len == 0 || memcmp (a.data, b.data, a.len) == 0);
}
