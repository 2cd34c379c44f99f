// SPDX-License-Identifier: MIT
//  Why a question has no answer: names and versions that lack, or requirements that contradict each
//  other, reduced until none of them can be left out.
#ifndef GGEN_INSTALLER_DIAGNOSIS_H
#define GGEN_INSTALLER_DIAGNOSIS_H

#include "universe.h"

//  Solver runs spent on making a contradiction smaller; after them it is told as it is.
#define DIAGNOSIS_SOLVES_MAX 1000
//  Missing names for which similar ones are looked up.
#define DIAGNOSIS_SIMILAR_MAX 64

//  A failure with this code and detail (copied). The caller destroys it.
resolver_failure_t *
    diagnosis_text (code_t code, const char *detail);

//  What is wrong with a universe that the solver found to be unsatisfiable, without cuts.
//  The caller destroys the failure; it does not depend on the universe any more.
resolver_failure_t *
    diagnosis_conflict (const universe_t *universe, const satsolver_result_t *result);

#endif
