// SPDX-License-Identifier: MIT
//  What can be done with any message.
#ifndef GGEN_MESSAGE_H
#define GGEN_MESSAGE_H

#include "base.h"

//  A copy of its own, for what has to outlive the call that brought it; free it with
//  protobuf_c_message_free_unpacked. NULL: out of memory.
void *
    message_copy (const ProtobufCMessage *message);

//  Are these fields of the same bytes? Two empty ones are.
bool
    message_same_bytes (ProtobufCBinaryData a, ProtobufCBinaryData b);

#endif
