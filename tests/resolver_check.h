// SPDX-License-Identifier: MIT
//  Judges a resolver's answer by reading the question again, with none of the resolver's own code.
#ifndef GGEN_TESTS_RESOLVER_CHECK_H
#define GGEN_TESTS_RESOLVER_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/installer/resolver.h"
#include "semver_range.h"

//  Is 'package' a version that this question may choose?
static inline bool
check_is_live (const resolver_query_t *query, const Ggen__Package *package)
{
    semver_t version;
    if (semver_parse (&version, package->version) != OK)
        return false;
    for (size_t index = 0; package->yanked && index < query->locked_count; index++)
        if (!strcmp (query->locked [index].name, package->id)
        &&  !strcmp (query->locked [index].version, package->version))
            return true;
    return !package->yanked;
}

static inline bool
check_has_release (const resolver_query_t *query, const char *name)
{
    for (size_t index = 0; index < query->candidates_count; index++) {
        semver_t version;
        const Ggen__Package *package = query->candidates [index];
        if (!strcmp (package->id, name) && check_is_live (query, package)
        &&  semver_parse (&version, package->version) == OK && !semver_is_prerelease (&version))
            return true;
    }
    return false;
}

//  1: it fits; 0: it does not; -1: the range is none.
static inline int
check_fits (const resolver_query_t *query, const Ggen__Package *package, const char *text)
{
    semver_t version;
    bool any = !*text || !strcmp (text, "*");
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    if (semver_range_parse (&range, any ? "*" : text) != OK)
        return -1;
    if (semver_parse (&version, package->version) != OK)
        return 0;
    if (any && semver_is_prerelease (&version))
        return !check_has_release (query, package->id);
    return semver_range_satisfied (range, &version);
}

//  As check_fits (), for "latest" as well.
static inline int
check_fits_root (const resolver_query_t *query, const Ggen__Package *package, const char *text)
{
    if (strcmp (text, "latest"))
        return check_fits (query, package, text);
    semver_t version, rival;
    if (check_fits (query, package, "*") != 1 || semver_parse (&version, package->version) != OK)
        return 0;
    for (size_t index = 0; index < query->candidates_count; index++) {
        const Ggen__Package *other = query->candidates [index];
        if (!strcmp (other->id, package->id) && check_is_live (query, other)
        &&  check_fits (query, other, "*") == 1 && semver_parse (&rival, other->version) == OK
        &&  semver_order (&rival, &version) > 0)
            return 0;
    }
    return 1;
}

static inline size_t
check_find (const Ggen__Package *const *chosen, size_t count, const char *name)
{
    for (size_t index = 0; index < count; index++)
        if (!strcmp (chosen [index]->id, name))
            return index;
    return SIZE_MAX;
}

//  NULL if the requirement of the package at 'at' is met by what is before it, else what is wrong.
static inline const char *
check_dependency (const resolver_query_t *query, const Ggen__Package *const *chosen, size_t count,
    size_t at, const Ggen__Dependency *need)
{
    size_t found = check_find (chosen, count, need->name);
    bool optional = need->optional && !query->with_optional;
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    if (*need->requirement && semver_range_parse (&range, need->requirement) != OK)
        return NULL;
    if (found == SIZE_MAX)
        return optional ? NULL : "a dependency is missing";
    if (check_fits (query, chosen [found], need->requirement) != 1)
        return "a dependency does not fit";
    return found < at || optional ? NULL : "a dependency comes after its dependant";
}

//  Does somebody need the chosen package at 'at'?
static inline bool
check_is_needed (const resolver_query_t *query, const Ggen__Package *const *chosen, size_t count,
    size_t at)
{
    for (size_t index = 0; index < query->roots_count; index++)
        if (!strcmp (query->roots [index].name, chosen [at]->id))
            return true;
    for (size_t index = 0; index < count; index++)
        for (size_t need = 0; need < chosen [index]->n_dependencies; need++)
            if (!strcmp (chosen [index]->dependencies [need]->name, chosen [at]->id)
            && (query->with_optional || !chosen [index]->dependencies [need]->optional))
                return true;
    return false;
}

//  A copy of 'package' with no dependencies but those that the reasons name.
static inline const Ggen__Package *
check_reduce (arena_t *arena, const Ggen__Package *package, const resolver_failure_t *failure,
    size_t skip)
{
    Ggen__Package *copy = arena_alloc (arena, sizeof *copy);
    *copy = *package;
    copy->n_dependencies = 0;
    copy->dependencies = arena_alloc (arena, failure->reasons_count * sizeof (void *));
    for (size_t at = 0; at < failure->reasons_count; at++) {
        const resolver_reason_t *reason = &failure->reasons [at];
        if (at == skip || !reason->dependant || strcmp (reason->dependant, package->id))
            continue;
        for (size_t version = 0; version < reason->versions_count; version++) {
            if (strcmp (reason->versions [version], package->version))
                continue;
            Ggen__Dependency *need = arena_alloc (arena, sizeof *need);
            ggen__dependency__init (need);
            need->name = (char *) reason->name;
            need->requirement = (char *) reason->range;
            need->optional = reason->optional;
            copy->dependencies [copy->n_dependencies++] = need;
        }
    }
    return copy;
}

//  Do the requirements that the failure names, but for number 'skip', contradict each other when
//  there are no others?
static inline bool
check_reasons_contradict (const resolver_query_t *query, const resolver_failure_t *failure,
    size_t skip)
{
    AUTO (arena_destroy) arena_t *arena = arena_new ();
    resolver_query_t small = *query;
    const Ggen__Package **packages = arena_alloc (arena, query->candidates_count * sizeof (void *));
    for (size_t index = 0; index < query->candidates_count; index++)
        packages [index] = check_reduce (arena, query->candidates [index], failure, skip);
    resolver_root_t *roots = arena_alloc (arena, failure->reasons_count * sizeof *roots);
    small.roots_count = 0;
    for (size_t at = 0; at < failure->reasons_count; at++)
        if (at != skip && !failure->reasons [at].dependant)
            roots [small.roots_count++] =
                (resolver_root_t) {failure->reasons [at].name, failure->reasons [at].range};
    small.candidates = packages;
    small.roots = roots;
    small.with_optional = false;

    const Ggen__Package **chosen = NULL;
    size_t count = 0;
    AUTO (resolver_failure_destroy) resolver_failure_t *again = NULL;
    code_t code = resolver_solve (&small, &chosen, &count, &again);
    free (chosen);
    return code != OK && code != CIRCULAR_DEPENDENCY;
}

//  NULL if 'chosen' answers 'query', in install order, else what is wrong with it.
static inline const char *
check_answer (const resolver_query_t *query, const Ggen__Package *const *chosen, size_t count)
{
    for (size_t index = 0; index < query->roots_count; index++) {
        size_t found = check_find (chosen, count, query->roots [index].name);
        if (found == SIZE_MAX)
            return "a root is missing";
        if (check_fits_root (query, chosen [found], query->roots [index].range) != 1)
            return "a root does not fit";
    }
    for (size_t at = 0; at < count; at++) {
        if (!check_is_live (query, chosen [at]))
            return "a yanked version was chosen";
        if (check_find (chosen, count, chosen [at]->id) != at)
            return "two versions of one name";
        if (!check_is_needed (query, chosen, count, at))
            return "nobody needs a package";
        size_t needs_count = query->ignore_dependencies ? 0 : chosen [at]->n_dependencies;
        for (size_t need = 0; need < needs_count; need++) {
            const char *wrong = check_dependency (query, chosen, count, at,
                chosen [at]->dependencies [need]);
            if (wrong)
                return wrong;
        }
    }
    return NULL;
}

#endif
