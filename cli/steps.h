// SPDX-License-Identifier: MIT
//  What an install, a removal or a rollback does, step by step: as a table and as JSON.
#ifndef GGEN_STEPS_H
#define GGEN_STEPS_H

#include "screen.h"
#include "installer.pb-c.h"

#include <jansson.h>

//  How many of 'steps' change something.
size_t
    steps_changing (Ggen__PlanStep *const steps [], size_t steps_count);

//  Print a row for each step that changes something; with --verbose for the others too. Publishers
//  that were pinned by it are told with their keys; 'planned' = they would be.
//  INTERNAL  out of memory; nothing was printed
must_use code_t
    steps_print (const screen_t *screen, Ggen__PlanStep *const steps [], size_t steps_count,
                 bool planned);

//  The list for JSON; NULL without memory.
json_t *
    steps_shape (Ggen__PlanStep *const steps [], size_t steps_count);

#endif
