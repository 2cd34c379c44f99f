// SPDX-License-Identifier: MIT
#include "late.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *
found_or_end (void *found)
{
    if (found)
        return found;
    fprintf (stderr, "error: %s\n", dlerror ());
    _Exit (127);
}

void *
late_open (const char *soname)
{
    return found_or_end (dlopen (soname, RTLD_LAZY | RTLD_LOCAL));
}

void *
late_find (void *library, const char *name)
{
    return found_or_end (dlsym (library, name));
}
