// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/sim/scenarios/"
#define SUFFIX ".scn"

static const scenario_t *const scenarios[] = {&scenario_script, &scenario_calm, &scenario_toy};

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

static bool
ends_with (const char *text, const char *suffix)
{
    size_t size = strlen (text), length = strlen (suffix);
    return size >= length && strcmp (text + size - length, suffix) == 0;
}

const char *
scenario_file (const char *name, char path[SCENARIO_PATH_MAX])
{
    if (ends_with (name, SUFFIX))
        return name;
    int size = snprintf (path, SCENARIO_PATH_MAX, FOLDER "%s" SUFFIX, name);
    return size > 0 && size < SCENARIO_PATH_MAX && access (path, R_OK) == 0 ? path : NULL;
}
