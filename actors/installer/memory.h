// SPDX-License-Identifier: MIT
//  malloc that cannot fail: out of memory ends the process. free () what it returns.
#ifndef GGEN_INSTALLER_MEMORY_H
#define GGEN_INSTALLER_MEMORY_H

#include "base.h"

//  'count' zeroed elements of 'size' bytes. Never NULL, also for none.
void *
    memory_new (size_t count, size_t size);

//  A copy of 'text'.
char *
    memory_strdup (const char *text);

#endif
