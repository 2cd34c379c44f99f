// SPDX-License-Identifier: MIT
//  From bytes to messages, safely. protobuf-c accepts invalid UTF-8 and embedded NULs and makes
//  up to 16 times as much memory of a message as came over the wire; here strings are checked
//  first and memory comes from a bounded arena that is reused for every message.
#ifndef GGEN_WIRE_H
#define GGEN_WIRE_H

#include "base.h"

//  Nesting of messages beyond this is refused.
#define WIRE_DEPTH_MAX 16

typedef struct wire_arena_t wire_arena_t;

//  An arena that gives at most 'size_max' bytes between two resets. NULL: out of memory.
wire_arena_t *wire_arena_new (size_t size_max);
void wire_arena_destroy (wire_arena_t **self_p);

//  Forget all that was given; the first page is kept.
void wire_arena_reset (wire_arena_t *self);

//  Lower or raise the bound, from the next allocation on.
void wire_arena_limit (wire_arena_t *self, size_t size_max);

//  Bytes for any type, or NULL at the bound. Freed by the next reset.
void *wire_arena_alloc (wire_arena_t *self, size_t size);

//  One field of a message. 'value' is that of a varint, or the length of 'part'; 'part' is the
//  content of any other.
typedef struct {
    uint64_t tag;               //  field number << 3 | wire type
    uint64_t value;
    bytes_t part;
} wire_field_t;

//  Take the next field off a message that is not empty. Returns false when it is malformed, or a
//  group.
bool wire_take_field (bytes_t *wire, wire_field_t *field);

//  True for UTF-8 as in RFC 3629: no overlong forms, no surrogates; and no NUL.
bool wire_utf8_valid (bytes_t text);

//  True when every string field in 'wire', at any depth, is UTF-8 without NUL and the framing
//  is sound. Unknown fields are skipped.
bool wire_valid (const ProtobufCMessageDescriptor *descriptor, bytes_t wire);

//  Check and unpack; the message lives in 'arena' until its next reset.
//  NULL: malformed, an invalid string, or larger than the arena's bound.
ProtobufCMessage *wire_unpack (wire_arena_t *arena, const ProtobufCMessageDescriptor *descriptor,
                               bytes_t wire);

#endif
