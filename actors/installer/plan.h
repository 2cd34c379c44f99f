// SPDX-License-Identifier: MIT
//  What has to be done to get from what is installed to what was chosen, and who needs whom among
//  what is installed.
#ifndef GGEN_INSTALLER_PLAN_H
#define GGEN_INSTALLER_PLAN_H

#include "base.h"
#include "lock.h"
#include "package.pb-c.h"

//  Names in any order. Borrowed.
typedef struct {
    const char *const *items;
    size_t count;
} plan_names_t;

//  Everything is borrowed for the call.
typedef struct {
    const Ggen__Lock *before;                   //  Sorted; NULL = nothing is installed
    const Ggen__Package *const *chosen;         //  In install order, one version per name
    size_t chosen_count;
    plan_names_t direct;                        //  Names that are asked for themselves
    plan_names_t reinstall;                     //  Names to install again even if unchanged
} plan_query_t;

//  The steps: first KEEP, ADD, UPGRADE, DOWNGRADE and REINSTALL in the order of 'chosen', then
//  REMOVE, dependants before what they need. A version that is installed with another digest than
//  the chosen candidate's is REINSTALL (a digest that is not known is no difference). *steps_p is
//  an array for a reply: plan_destroy () frees it, or the reply's free_unpacked does.
void
    plan_make (const plan_query_t *query, Ggen__PlanStep ***steps_p, size_t *count_p);

//  The same between two sorted locks, for what was done or will be by going from one to the other.
void
    plan_between (const Ggen__Lock *before, const Ggen__Lock *after, Ggen__PlanStep ***steps_p,
        size_t *count_p);

//  Frees steps and array, NULLs *steps_p.
void
    plan_destroy (Ggen__PlanStep ***steps_p, size_t count);

//  Does a step change anything?
bool
    plan_is_noop (Ggen__PlanStep *const *steps, size_t count);

//  The installed packages that need 'name' and are not in 'leaving', in order of name. *list_p is
//  an array of borrowed packages; free () it. Returns how many. 'lock' is sorted.
size_t
    plan_dependants (const Ggen__Lock *lock, const char *name, plan_names_t leaving,
        const Ggen__LockedPackage ***list_p);

//  The installed packages that nobody will need once those in 'leaving' are gone: not direct, not
//  leaving themselves, and not needed, directly or through others, by a direct one that stays. As
//  above.
size_t
    plan_orphans (const Ggen__Lock *lock, plan_names_t leaving,
        const Ggen__LockedPackage ***list_p);

#endif
