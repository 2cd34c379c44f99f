// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <string.h>

static const scenario_t *const scenarios[] = {&scenario_toy, &scenario_calm};

const scenario_t *
scenario_at (unsigned index)
{
    return index < COUNT_OF (scenarios) ? scenarios[index] : NULL;
}

const scenario_t *
scenario_find (const char *name)
{
    for (unsigned i = 0; i < COUNT_OF (scenarios); i++)
        if (strcmp (scenarios[i]->name, name) == 0)
            return scenarios[i];
    return NULL;
}
