// SPDX-License-Identifier: MIT
//  The messages of many.proto: their bounds, and what they have in common. The first field of each is
//  a list; what is listed in an answer of a registry or of trust has one field, the reply, if there
//  is one.
#ifndef GGEN_MANY_H
#define GGEN_MANY_H

#include "base.h"

#include <protobuf-c/protobuf-c.h>

//  How many one message asks for; more are refused with VALIDATION. They bound what one answer delays,
//  and keep what is fetched and unpacked in step with each other.
#define MANY_FETCHES_MAX   32
#define MANY_UNPACKS_MAX   8
#define MANY_QUESTIONS_MAX 32

//  Bytes of the questions, and of the answers, of one message: far below what fits into a body.
#define MANY_BYTES_MAX ((size_t) 1 << 20)

size_t
    many_count (const ProtobufCMessage *many);
ProtobufCMessage *
    many_at (const ProtobufCMessage *many, size_t index);

//  The reply in what many_at () of an answer gave, or NULL.
const ProtobufCMessage *
    many_reply_in (const ProtobufCMessage *one);

//  Questions as one message of this type. They are borrowed; many_free () frees the message alone.
ProtobufCMessage *
    many_questions (const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *questions,
                    size_t count);

//  Replies, NULL where there is none, as one message of this type; borrowed, too.
ProtobufCMessage *
    many_replies (const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *replies,
                  size_t count);

//  Free what many_questions () or many_replies () made, and set it to NULL.
void
    many_free (ProtobufCMessage **many_p);

#endif
