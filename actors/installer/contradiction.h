// SPDX-License-Identifier: MIT
//  Requirements that contradict each other, as few as possible: from the edges in the solver's
//  proof, facts are left out as long as the rest is unsatisfiable (deletion, in halving portions).
#ifndef GGEN_INSTALLER_CONTRADICTION_H
#define GGEN_INSTALLER_CONTRADICTION_H

#include "universe.h"

//  "These versions of 'name' have the requirement 'set'."
typedef struct {
    uint32_t name;              //  UNIVERSE_NONE: the question itself
    uint32_t set;
    const uint32_t *edges;      //  In the universe, in ascending order of their version
    size_t edges_count;
} contradiction_fact_t;

typedef struct {
    contradiction_fact_t *facts;        //  From the roots downwards
    size_t facts_count;
    arena_t *arena;
} contradiction_t;

//  Reduce the unsatisfied 'result' of the universe's problem, with at most 'solves_max' solver
//  runs.
void
    contradiction_init (contradiction_t *self, const universe_t *universe,
        const satsolver_result_t *result, size_t solves_max);

//  Free what *self owns.
void
    contradiction_clear (contradiction_t *self);

#endif
