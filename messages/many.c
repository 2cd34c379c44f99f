// SPDX-License-Identifier: MIT
#include "many.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  The members that protobuf-c gives a message for its first field.
static size_t *
count_of (const ProtobufCMessage *many)
{
    const ProtobufCFieldDescriptor *field = &many->descriptor->fields [0];
    assert (field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE);
    return (size_t *) (void *) ((char *) (uintptr_t) many + field->quantifier_offset);
}

static ProtobufCMessage ***
list_of (const ProtobufCMessage *many)
{
    const ProtobufCFieldDescriptor *field = &many->descriptor->fields [0];
    return (ProtobufCMessage ***) (void *) ((char *) (uintptr_t) many + field->offset);
}

static ProtobufCMessage **
reply_of (const ProtobufCMessage *one)
{
    const ProtobufCFieldDescriptor *field = &one->descriptor->fields [0];
    assert (field->label != PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE);
    return (ProtobufCMessage **) (void *) ((char *) (uintptr_t) one + field->offset);
}

size_t
many_count (const ProtobufCMessage *many)
{
    return *count_of (many);
}

ProtobufCMessage *
many_at (const ProtobufCMessage *many, size_t index)
{
    assert (index < many_count (many));
    return (*list_of (many)) [index];
}

const ProtobufCMessage *
many_reply_in (const ProtobufCMessage *one)
{
    return *reply_of (one);
}

static ProtobufCMessage *
make (const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = malloc (type->sizeof_message);
    assert (message);
    protobuf_c_message_init (type, message);
    return message;
}

//  A message with room for 'count' in its list.
static ProtobufCMessage *
make_many (const ProtobufCMessageDescriptor *type, size_t count)
{
    ProtobufCMessage *many = make (type);
    *list_of (many) = calloc (count + 1, sizeof (ProtobufCMessage *));
    assert (*list_of (many));
    *count_of (many) = count;
    return many;
}

ProtobufCMessage *
many_questions (const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *questions,
                size_t count)
{
    ProtobufCMessage *many = make_many (type, count);
    if (count > 0)
        memcpy (*list_of (many), questions, count * sizeof *questions);
    return many;
}

ProtobufCMessage *
many_replies (const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *replies, size_t count)
{
    ProtobufCMessage *many = make_many (type, count);
    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *one = (*list_of (many)) [i] = make (type->fields [0].descriptor);
        *reply_of (one) = replies [i];
    }
    return many;
}

void
many_free (ProtobufCMessage **many_p)
{
    ProtobufCMessage *many = *many_p;
    if (!many)
        return;
    //  What is listed is borrowed, but the wraps of replies were made here.
    const ProtobufCMessageDescriptor *listed = many->descriptor->fields [0].descriptor;
    bool wraps = listed->n_fields == 1 && listed->fields [0].type == PROTOBUF_C_TYPE_MESSAGE
                 && listed->fields [0].label != PROTOBUF_C_LABEL_REPEATED;
    for (size_t i = 0; wraps && i < many_count (many); i++)
        free ((*list_of (many)) [i]);
    free (*list_of (many));
    free (many);
    *many_p = NULL;
}
