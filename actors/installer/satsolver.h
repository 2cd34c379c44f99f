// SPDX-License-Identifier: MIT
//  "One version per name" as a satisfiability problem, answered by libsolv. It knows numbers only:
//  what a version or a range is, others decide. This is the only file that calls libsolv.
#ifndef GGEN_INSTALLER_SATSOLVER_H
#define GGEN_INSTALLER_SATSOLVER_H

#include "base.h"

//  An edge whose 'from' is this comes from the question itself, not from a version.
#define SATSOLVER_ROOT UINT32_MAX

typedef struct {
    uint32_t from;              //  Version, or SATSOLVER_ROOT
    uint32_t set;
    bool excludes;              //  false: one of the set must be chosen; true: none of it may be
} satsolver_edge_t;

//  All arrays are borrowed. A root edge never excludes.
typedef struct {
    size_t versions_count;
    const uint32_t *names;      //  Of each version: the number of its name. At most one version of
                                //  a name is chosen
    const uint32_t *ranks;      //  Of each version, distinct within a name: the highest wins

    size_t sets_count;
    const uint32_t *set_starts; //  Set i is set_items [set_starts [i]] .. [set_starts [i + 1] - 1]
    const uint32_t *set_items;  //  Versions

    size_t edges_count;
    const satsolver_edge_t *edges;

    //  Each cut is a list of sets, of which at least one must have no chosen version.
    size_t cuts_count;
    const uint32_t *cut_starts;
    const uint32_t *cut_items;  //  Sets
} satsolver_problem_t;

typedef struct {
    bool satisfied;
    uint32_t *items;            //  Satisfied: the chosen versions, ascending. Else: edges that
                                //  contradict each other, ascending; not minimal, none with cuts
    size_t items_count;
} satsolver_result_t;

//  Answer 'problem'. The same problem gets the same answer. Fills *result, which
//  satsolver_result_clear () frees.
void
    satsolver_solve (const satsolver_problem_t *problem, satsolver_result_t *result);

//  Free what the result owns. A zeroed result is fine.
void
    satsolver_result_clear (satsolver_result_t *result);

#endif
