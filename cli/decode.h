// SPDX-License-Identifier: MIT
//  Any message of the vocabulary as JSON, walked by its protobuf-c descriptor: what `ggen tap
//  --json` shows. Fields in the order of the .proto, absent ones with their default: enums by name
//  (a number when this version does not know it), bytes as hexadecimal digits, absent messages
//  null. Whole numbers beyond 2^63 - 1, which JSON readers do not agree on, become text.
#ifndef GGEN_DECODE_H
#define GGEN_DECODE_H

#include "base.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

//  Bodies larger than this are not decoded: protobuf-c makes up to 16 times as much of them.
#define DECODE_BYTES_MAX (1u << 20)

//  Nesting beyond this is not decoded: protobuf-c unpacks by recursion and has no bound of its own.
#define DECODE_DEPTH_MAX 16

//  A message in memory. New, the caller's to json_decref; NULL only without memory.
json_t *
    decode_message (const ProtobufCMessage *message);

//  The bytes of a message whose short name is 'type' ("SearchRequest"). NULL when the vocabulary
//  has no such type, or the bytes are malformed or beyond one of the bounds.
json_t *
    decode_bytes (const char *type, bytes_t bytes);

#endif
