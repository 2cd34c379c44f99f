// SPDX-License-Identifier: MIT
#include "adversary.h"

#include <string.h>

//  All classes; ends with NULL.
static const adversary_t *const adversaries[] = {NULL};

const adversary_t *
adversary_at (unsigned index)
{
    return index < COUNT_OF (adversaries) ? adversaries[index] : NULL;
}

const adversary_t *
adversary_find (const char *name)
{
    for (unsigned i = 0; adversaries[i]; i++)
        if (strcmp (adversaries[i]->name, name) == 0)
            return adversaries[i];
    return NULL;
}
