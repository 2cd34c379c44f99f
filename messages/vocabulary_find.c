// SPDX-License-Identifier: MIT
#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>

static int
by_name (const void *name, const void *slot)
{
    const ProtobufCMessageDescriptor *const *descriptor = slot;
    return strcmp (name, (*descriptor)->short_name);
}

const ProtobufCMessageDescriptor *
vocabulary_find (const char *short_name)
{
    const ProtobufCMessageDescriptor *const *slot =
        bsearch (short_name, vocabulary, vocabulary_count, sizeof *vocabulary, by_name);
    return slot ? *slot : NULL;
}
