// SPDX-License-Identifier: MIT
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *
memory_new (size_t count, size_t size)
{
    void *memory = calloc (count ? count : 1, size ? size : 1);
    assert (memory);
    return memory;
}

char *
memory_strdup (const char *text)
{
    char *copy = strdup (text);
    assert (copy);
    return copy;
}
