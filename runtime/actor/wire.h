// SPDX-License-Identifier: MIT
//  From bytes to messages, safely. protobuf-c accepts invalid UTF-8 and embedded NULs and makes
//  up to 16 times as much memory of a message as came over the wire; here strings are checked
//  first and memory comes from a bounded arena that is reused for every message.
#ifndef GGEN_WIRE_H
#define GGEN_WIRE_H

#include "base.h"

//  Nesting of messages beyond this is refused.
#define WIRE_DEPTH_MAX 16

typedef struct arena_t arena_t;

//  An arena that gives at most 'size_max' bytes between two resets. NULL: out of memory.
arena_t *arena_new (size_t size_max);
void arena_destroy (arena_t **self_p);

//  Forget all that was given; the first page is kept.
void arena_reset (arena_t *self);

//  Lower or raise the bound, from the next allocation on.
void arena_limit (arena_t *self, size_t size_max);

//  Bytes for any type, or NULL at the bound. Freed by the next reset.
void *arena_alloc (arena_t *self, size_t size);

//  True when every string field in 'wire', at any depth, is UTF-8 without NUL and the framing
//  is sound. Unknown fields are skipped.
bool wire_valid (const ProtobufCMessageDescriptor *descriptor, bytes_t wire);

//  Check and unpack; the message lives in 'arena' until its next reset.
//  NULL: malformed, an invalid string, or larger than the arena's bound.
ProtobufCMessage *wire_unpack (arena_t *arena, const ProtobufCMessageDescriptor *descriptor,
                               bytes_t wire);

//  A copy that outlives its arena; free it with protobuf_c_message_free_unpacked (copy, NULL).
//  NULL: out of memory.
ProtobufCMessage *wire_copy (const ProtobufCMessage *message);

#endif
