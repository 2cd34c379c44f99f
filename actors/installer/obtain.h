// SPDX-License-Identifier: MIT
//  Trees that are missing: where their archives are, fetch, unpack, and look whether what came out is
//  what was asked for.
#ifndef GGEN_OBTAIN_H
#define GGEN_OBTAIN_H

#include "task.h"

//  Ask for the trees of all items that are 'missing'; when all has been answered they are unpacked.
void
    obtain (task_t *task);

#endif
