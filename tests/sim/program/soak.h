// SPDX-License-Identifier: MIT
//  Many seeds of one scenario, each in a process of its own, a few at a time, until the first that fails.
#ifndef GGEN_TESTS_SOAK_H
#define GGEN_TESTS_SOAK_H

#include "tests/sim/lib/scenario.h"

//  Processor seconds after which a run is taken for one that never ends.
#define SOAK_CPU_SECS 300

typedef struct {
    uint32_t count;                 //  of seeds, from options->seed on; 0 = until the time is over
    double hours;
    bool tap;                       //  a line of TAP for each
} soak_plan_t;

//  Runs a scenario to its end; its exit code. What it prints goes nowhere.
typedef int (soak_run_fn) (const scenario_options_t *options);

//  Does this one fail, in a process of its own?
bool soak_fails (soak_run_fn *run, const scenario_options_t *options);

//  True: none failed. Else options->seed is that of the first one that did.
bool soak (scenario_options_t *options, const soak_plan_t *plan, soak_run_fn *run);

#endif
