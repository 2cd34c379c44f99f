// SPDX-License-Identifier: MIT
//  Every message that can be said, by name. The table is generated from messages/*.proto.
#ifndef GGEN_VOCABULARY_H
#define GGEN_VOCABULARY_H

#include <protobuf-c/protobuf-c.h>

//  All message descriptors, sorted by short name (strcmp order).
extern const ProtobufCMessageDescriptor *const vocabulary [];
extern const size_t vocabulary_count;

//  The descriptor of the message with this short name ("SearchRequest"), or NULL. O(log n).
const ProtobufCMessageDescriptor *vocabulary_find (const char *short_name);

#endif
