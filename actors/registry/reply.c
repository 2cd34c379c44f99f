// SPDX-License-Identifier: MIT
#include "actors/registry/reply.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/actor/out.h"

void *
reply_new (const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *self = malloc (descriptor->sizeof_message);
    assert (self);
    descriptor->message_init (self);
    return self;
}

static char *
copy (const char *text)
{
    char *copied = strdup (text);
    assert (copied);
    return copied;
}

void
reply_set_text (char **field, const char *text)
{
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = copy (text);
}

bool
reply_add_text (ProtobufCMessage *self, const char *name, const char *text)
{
    const ProtobufCFieldDescriptor *field
        = protobuf_c_message_descriptor_get_field_by_name (self->descriptor, name);
    if (!field || field->label != PROTOBUF_C_LABEL_REPEATED
        || field->type != PROTOBUF_C_TYPE_STRING)
        return false;
    size_t *count = (size_t *) (void *) ((char *) self + field->quantifier_offset);
    char ***list = (char ***) (void *) ((char *) self + field->offset);
    char **longer = realloc (*list, (*count + 1) * sizeof *longer);
    assert (longer);
    *list = longer;
    longer [(*count)++] = copy (text);
    return true;
}

Ggen__Failure *
reply_failure (code_t code, const char *hint, const char *format, ...)
{
    char text [FAILURE_TEXT_MAX + 1];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    Ggen__Failure *self = reply_new (&ggen__failure__descriptor);
    self->code = code;
    reply_set_text (&self->message, text);
    reply_set_text (&self->hint, hint);
    return self;
}

void
reply_add_detail (Ggen__Failure *self, const char *key, const char *format, ...)
{
    char text [FAILURE_TEXT_MAX + 1];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    Ggen__Detail *detail = reply_new (&ggen__detail__descriptor);
    reply_set_text (&detail->key, key);
    reply_set_text (&detail->value, text);
    Ggen__Detail **longer
        = realloc (self->details, (self->n_details + 1) * sizeof *longer);
    assert (longer);
    self->details = longer;
    longer [self->n_details++] = detail;
}
