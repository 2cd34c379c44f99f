// SPDX-License-Identifier: MIT
//  In which order a solver should load the versions of a problem.
#ifndef GGEN_INSTALLER_SATORDER_H
#define GGEN_INSTALLER_SATORDER_H

#include "satsolver.h"

//  The versions that some requirement accepts, each after those that it needs (where a cycle
//  allows). 'order' has room for problem->versions_count. Returns how many they are.
size_t
    satorder_list (const satsolver_problem_t *problem, uint32_t *order);

#endif
