// SPDX-License-Identifier: MIT
//  Which versions to install: one version per name ("flat"), every dependency satisfied, no cycles.
//  Versions become ranks and ranges become sets of them here; libsolv (satsolver.c) does the
//  search.
//
//  What is preferred: a locked version, else the newest, decided for the roots first, then for what
//  they need. Yanked versions are considered only when locked. Equal questions get equal answers,
//  whatever the order of candidates, roots and locked versions.
//
//  Ranges are node-semver's (semver.h), with its pre-release rule, and two words of our own: "" or
//  "*" is any version, a pre-release only if the name has nothing else; "latest" is the highest
//  version by that same rule, even if an older one is locked.
#ifndef GGEN_INSTALLER_RESOLVER_H
#define GGEN_INSTALLER_RESOLVER_H

#include "arena.h"
#include "base.h"
#include "package.pb-c.h"

//  Above these resolver_solve () answers VALIDATION.
#define RESOLVER_CANDIDATES_MAX 262144
#define RESOLVER_EDGES_MAX      2097152     //  Dependencies of all versions that could be chosen
#define RESOLVER_CHECKS_MAX     16777216    //  Versions times different ranges, over all names
#define RESOLVER_PAIRS_MAX      16777216    //  Of acceptable versions of one name, over all names:
                                            //  each costs the solver some 50 bytes
//  Cycles that are cut away, in search of an answer without one, before giving up.
#define RESOLVER_CUTS_MAX       256

typedef struct {
    const char *name;
    const char *range;
} resolver_root_t;

typedef struct {
    const char *name;
    const char *version;
} resolver_locked_t;

//  Everything is borrowed for the call.
typedef struct {
    //  Many versions of many names. Of a candidate are read: id, version, dependencies, yanked, and
    //  sha256 to choose between two of the same version. Those whose version is no SemVer are
    //  ignored, and so is a dependency whose requirement is no range (SPEC 3.1).
    const Ggen__Package *const *candidates;
    size_t candidates_count;
    const resolver_root_t *roots;
    size_t roots_count;
    const resolver_locked_t *locked;
    size_t locked_count;
    //  Names, sorted by strcmp, of which the newest version is preferred to the locked one. That
    //  one is considered even if it was yanked.
    const char *const *fresh;
    size_t fresh_count;
    //  Where "did you mean" looks, beside the candidates.
    const char *const *known_names;
    size_t known_names_count;
    bool with_optional;         //  Optional dependencies are needed like others. Without it they
                                //  are not installed, but one that is chosen anyway has to fit
    bool ignore_dependencies;   //  Choose for the roots only
} resolver_query_t;

//  Who wants a name.
typedef struct {
    const char *dependant;      //  NULL: it was asked for
    const char *version;        //  Of the dependant
    const char *range;
} resolver_want_t;

//  A name that does not exist, or of which no version fits.
typedef struct {
    const char *name;
    resolver_want_t *wants;             //  Newest versions of the dependants first
    size_t wants_count, wants_room;
    bool exists;                        //  It has versions at all
    const char **available;             //  Versions that could be chosen, newest first
    size_t available_count, available_room;
    const char **yanked;                //  Versions that are there but yanked
    size_t yanked_count, yanked_room;
    const char **similar;               //  Nearest known names, best first
    size_t similar_count;
} resolver_lack_t;

//  One step of a derivation: these versions of 'dependant' need 'name' in 'range'.
typedef struct {
    const char *dependant;              //  NULL: it was asked for
    const char **versions;              //  Newest first
    size_t versions_count, versions_room;
    bool every_version;                 //  These are all there are
    const char *name;
    const char *range;
    bool optional;                      //  Only if it is present
    const char **fits;                  //  Versions of 'name' that the range accepts, newest first
    size_t fits_count, fits_room;
    bool exists;                        //  'name' has versions at all
} resolver_reason_t;

//  Why there is no answer. Strings and arrays live in 'arena'.
typedef struct {
    code_t code;
    //  PACKAGE_NOT_FOUND, NO_MATCHING_VERSION: every name that stands in the way, sorted, those
    //  that do not exist first. DEPENDENCY: those that take part in the conflict.
    resolver_lack_t *lacks;
    size_t lacks_count, lacks_room;
    //  DEPENDENCY: requirements that contradict each other, from the roots downwards. They are
    //  unsatisfiable whatever else is required, and (but for very large ones) none can be left out.
    resolver_reason_t *reasons;
    size_t reasons_count, reasons_room;
    //  CIRCULAR_DEPENDENCY: "a@1.0.0 -> b@2.0.0 -> a@1.0.0". VALIDATION: what was wrong.
    const char *detail;
    arena_t *arena;
} resolver_failure_t;

//  OK                    *chosen_p holds *chosen_count_p borrowed candidates, each after what it
//                        depends on; free () the array.
//  PACKAGE_NOT_FOUND     a name that is needed does not exist
//  NO_MATCHING_VERSION   all names exist, but none of the versions of one fits
//  DEPENDENCY            each requirement can be met alone, not all together
//  CIRCULAR_DEPENDENCY   every answer contains a dependency cycle (or the first RESOLVER_CUTS_MAX
//                        did)
//  VALIDATION            a root's range is no range, or a bound above is exceeded
//  Except after OK, *failure_p is set, and resolver_failure_destroy () frees it.
must_use code_t
    resolver_solve (const resolver_query_t *query, const Ggen__Package ***chosen_p,
        size_t *chosen_count_p, resolver_failure_t **failure_p);

//  NULLs *self_p; *self_p may be NULL.
void
    resolver_failure_destroy (resolver_failure_t **self_p);

#endif
