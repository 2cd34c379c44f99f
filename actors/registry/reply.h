// SPDX-License-Identifier: MIT
//  Answers and failures made piece by piece, as messages of their own memory: free them with
//  protobuf_c_message_free_unpacked (message, NULL).
#ifndef GGEN_REPLY_H
#define GGEN_REPLY_H

#include "messages/base.h"

//  An empty message.
void *reply_new (const ProtobufCMessageDescriptor *descriptor);

//  Sets a text of a message, which is copied.
void reply_set_text (char **field, const char *text);

//  One more text in the repeated field 'name'. False when the message has no such field.
bool reply_add_text (ProtobufCMessage *self, const char *name, const char *text);

//  A failure; its message is cut at FAILURE_TEXT_MAX bytes.
Ggen__Failure *reply_failure (code_t code, const char *hint, const char *format, ...)
    printf_like (3, 4);

//  One more detail of a failure, for programs (SPEC 5).
void reply_add_detail (Ggen__Failure *self, const char *key, const char *format, ...)
    printf_like (3, 4);

#endif
