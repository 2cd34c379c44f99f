// SPDX-License-Identifier: MIT
//  What would be made of each version of one name that the registries offer, and why: the rules of
//  install_choose.c and resolver.h as far as they concern this name alone. What its dependencies
//  need is left to an installation to find out.
#ifndef GGEN_INSTALLER_OFFERS_H
#define GGEN_INSTALLER_OFFERS_H

#include "base.h"
#include "upkeep.pb-c.h"

//  An installed package that needs the name.
typedef struct {
    const char *dependant;
    const char *range;
} offers_need_t;

//  Everything is borrowed for the call.
typedef struct {
    //  Versions of one name; those that are no SemVer are left out.
    const Ggen__Package *const *candidates;
    size_t candidates_count;
    bytes_t pinned_key;                         //  size 0 = none is pinned
    const char *const *unsigned_registries;     //  whose unsigned packages are accepted
    size_t unsigned_count;
    const Ggen__LockedPackage *installed;       //  or NULL
    const offers_need_t *needs;
    size_t needs_count;
} offers_query_t;

//  One offer for each candidate, newest first; each holds a copy of the package without readme,
//  record and head. *chosen_p and *updated_p are what an install and an update would take, or NULL;
//  borrowed from the query. The offers are freed one by one with ggen__offer__free_unpacked, and
//  the array with free. Returns how many.
size_t
    offers_judge (const offers_query_t *query, Ggen__Offer ***offers_p, const char **chosen_p,
                  const char **updated_p);

#endif
