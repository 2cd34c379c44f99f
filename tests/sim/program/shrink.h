// SPDX-License-Identifier: MIT
//  Making a failing run smaller: without one fault after the other, with fewer nodes, and shorter, as
//  long as it still fails. Each try runs in a process of its own, so a crash is a failure like any other.
#ifndef GGEN_TESTS_SHRINK_H
#define GGEN_TESTS_SHRINK_H

#include "tests/sim/lib/scenario.h"

//  Runs a scenario and says nothing. True: it fails.
typedef bool (shrink_try_fn) (void *context, const scenario_options_t *options);

//  Change 'options', which fail, to the smallest that still do; 'progress' is told of each step.
void shrink (scenario_options_t *options, shrink_try_fn *fails, void *context, FILE *progress);

#endif
