// SPDX-License-Identifier: MIT
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "order.h"
#include "semver.h"

//  ---- sets of names -----------------------------------------------------------------------------

static int
compare_texts (const void *a, const void *b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

//  Sorted, for has_name (); free () it.
static const char **
sort_names (plan_names_t names)
{
    const char **sorted = memory_new (names.count, sizeof *sorted);
    for (size_t index = 0; index < names.count; index++)
        sorted [index] = names.items [index];
    qsort (sorted, names.count, sizeof *sorted, compare_texts);
    return sorted;
}

static bool
has_name (const char *const *sorted, size_t count, const char *name)
{
    return bsearch (&name, sorted, count, sizeof *sorted, compare_texts) != NULL;
}

//  ---- steps -------------------------------------------------------------------------------------

static Ggen__PlanStep *
new_step (Ggen__Action action, const char *name)
{
    Ggen__PlanStep *step = memory_new (1, sizeof *step);
    ggen__plan_step__init (step);
    step->action = action;
    step->name = memory_strdup (name);
    return step;
}

static bool
is_same_archive (const Ggen__LockedPackage *before, const Ggen__Package *after)
{
    return !before->sha256.len || !after->sha256.len
        || (before->sha256.len == after->sha256.len
            && !memcmp (before->sha256.data, after->sha256.data, after->sha256.len));
}

static Ggen__Action
compare_versions (const char *before, const char *after)
{
    semver_t old, fresh;
    if (semver_parse (&old, before) != OK || semver_parse (&fresh, after) != OK)
        return GGEN__ACTION__UPGRADE;
    return semver_order (&fresh, &old) < 0 ? GGEN__ACTION__DOWNGRADE : GGEN__ACTION__UPGRADE;
}

static Ggen__Action
choose_action (const Ggen__LockedPackage *before, const Ggen__Package *after, bool again)
{
    if (!before)
        return GGEN__ACTION__ADD;
    if (strcmp (before->version, after->version))
        return compare_versions (before->version, after->version);
    return again || !is_same_archive (before, after)
        ? GGEN__ACTION__REINSTALL : GGEN__ACTION__KEEP;
}

static Ggen__PlanStep *
step_of_chosen (const Ggen__LockedPackage *before, const Ggen__Package *after, bool direct,
    bool again)
{
    Ggen__PlanStep *step = new_step (choose_action (before, after, again), after->id);
    step->version = memory_strdup (after->version);
    if (before)
        step->previous = memory_strdup (before->version);
    step->source = memory_strdup (after->source);
    step->size_bytes = after->size_bytes;
    step->direct = direct;
    const Ggen__Publisher *publisher = after->publisher;
    if (publisher && publisher->public_key.len) {
        step->publisher_key.data = memory_new (publisher->public_key.len, 1);
        step->publisher_key.len = publisher->public_key.len;
        memcpy (step->publisher_key.data, publisher->public_key.data, publisher->public_key.len);
    }
    return step;
}

static Ggen__PlanStep *
step_of_leaving (const Ggen__LockedPackage *before)
{
    Ggen__PlanStep *step = new_step (GGEN__ACTION__REMOVE, before->name);
    step->previous = memory_strdup (before->version);
    step->size_bytes = before->size_bytes;
    step->direct = before->direct;
    return step;
}

//  ---- the installed graph -----------------------------------------------------------------------

//  Positions in a lock: who needs whom. A dependency that is not there (which lock_check ()
//  refuses) is left out.
typedef struct {
    uint32_t *starts;
    uint32_t *targets;
} needs_t;

static needs_t
read_needs (const Ggen__Lock *lock)
{
    size_t total = 0;
    for (size_t index = 0; index < lock->n_packages; index++)
        total += lock->packages [index]->n_dependencies;
    needs_t needs = {memory_new (lock->n_packages + 1, sizeof (uint32_t)),
        memory_new (total, sizeof (uint32_t))};

    uint32_t count = 0;
    for (size_t index = 0; index < lock->n_packages; index++) {
        const Ggen__LockedPackage *package = lock->packages [index];
        for (size_t need = 0; need < package->n_dependencies; need++) {
            size_t at = lock_position (lock, package->dependencies [need]->name);
            if (at < lock->n_packages)
                needs.targets [count++] = (uint32_t) at;
        }
        needs.starts [index + 1] = count;
    }
    return needs;
}

static void
free_needs (needs_t *needs)
{
    free (needs->starts);
    free (needs->targets);
}

//  ---- the plan ----------------------------------------------------------------------------------

//  Append a step for each package that is installed and not chosen, dependants first.
static void
add_leaving (const Ggen__Lock *before, const char *const *staying, size_t staying_count,
    Ggen__PlanStep **steps, size_t *count)
{
    needs_t needs = read_needs (before);
    uint32_t *order = memory_new (before->n_packages, sizeof *order);
    order_graph_t graph = {before->n_packages, needs.starts, needs.targets};
    size_t ordered = 0;
    if (order_sort (&graph, order, &ordered) != OK)
        for (ordered = 0; ordered < before->n_packages; ordered++)
            order [ordered] = (uint32_t) ordered;       //  A lock with a cycle has no better order
    for (size_t index = ordered; index > 0; index--) {
        const Ggen__LockedPackage *package = before->packages [order [index - 1]];
        if (!has_name (staying, staying_count, package->name))
            steps [(*count)++] = step_of_leaving (package);
    }
    free (order);
    free_needs (&needs);
}

void
plan_make (const plan_query_t *query, Ggen__PlanStep ***steps_p, size_t *count_p)
{
    const Ggen__Lock nothing = GGEN__LOCK__INIT;
    const Ggen__Lock *before = query->before ? query->before : &nothing;
    const char **direct = sort_names (query->direct), **again = sort_names (query->reinstall);
    const char **staying = memory_new (query->chosen_count, sizeof *staying);
    Ggen__PlanStep **steps = memory_new (query->chosen_count + before->n_packages, sizeof *steps);
    size_t count = 0;

    for (; count < query->chosen_count; count++) {
        const Ggen__Package *after = query->chosen [count];
        staying [count] = after->id;
        steps [count] = step_of_chosen (lock_find (before, after->id), after,
            has_name (direct, query->direct.count, after->id),
            has_name (again, query->reinstall.count, after->id));
    }
    qsort (staying, query->chosen_count, sizeof *staying, compare_texts);
    add_leaving (before, staying, query->chosen_count, steps, &count);

    free (staying);
    free (again);
    free (direct);
    *steps_p = steps;
    *count_p = count;
}

void
plan_destroy (Ggen__PlanStep ***steps_p, size_t count)
{
    if (!*steps_p)
        return;
    for (size_t index = 0; index < count; index++)
        ggen__plan_step__free_unpacked ((*steps_p) [index], NULL);
    free (*steps_p);
    *steps_p = NULL;
}

bool
plan_is_noop (Ggen__PlanStep *const *steps, size_t count)
{
    for (size_t index = 0; index < count; index++)
        if (steps [index]->action != GGEN__ACTION__KEEP)
            return false;
    return true;
}

//  ---- questions ---------------------------------------------------------------------------------

static bool
needs_name (const Ggen__LockedPackage *package, const char *name)
{
    for (size_t index = 0; index < package->n_dependencies; index++)
        if (!strcmp (package->dependencies [index]->name, name))
            return true;
    return false;
}

size_t
plan_dependants (const Ggen__Lock *lock, const char *name, plan_names_t leaving,
    const Ggen__LockedPackage ***list_p)
{
    const char **going = sort_names (leaving);
    const Ggen__LockedPackage **list = memory_new (lock->n_packages, sizeof *list);
    size_t count = 0;
    for (size_t index = 0; index < lock->n_packages; index++) {
        const Ggen__LockedPackage *package = lock->packages [index];
        if (needs_name (package, name) && !has_name (going, leaving.count, package->name))
            list [count++] = package;
    }
    free (going);
    *list_p = list;
    return count;
}

//  Mark everything that the marked packages need; 'queue' holds 'count' of them.
static void
mark_needed (const needs_t *needs, bool *needed, uint32_t *queue, size_t count, const bool *going)
{
    for (size_t next = 0; next < count; next++) {
        uint32_t node = queue [next];
        for (uint32_t at = needs->starts [node]; at < needs->starts [node + 1]; at++) {
            uint32_t target = needs->targets [at];
            if (!needed [target] && !going [target]) {
                needed [target] = true;
                queue [count++] = target;
            }
        }
    }
}

size_t
plan_orphans (const Ggen__Lock *lock, plan_names_t leaving, const Ggen__LockedPackage ***list_p)
{
    const char **names = sort_names (leaving);
    const Ggen__LockedPackage **list = memory_new (lock->n_packages, sizeof *list);
    bool *needed = memory_new (lock->n_packages, sizeof *needed);
    bool *going = memory_new (lock->n_packages, sizeof *going);
    uint32_t *queue = memory_new (lock->n_packages, sizeof *queue);
    needs_t needs = read_needs (lock);
    size_t queue_count = 0, count = 0;

    for (uint32_t index = 0; index < lock->n_packages; index++) {
        going [index] = has_name (names, leaving.count, lock->packages [index]->name);
        needed [index] = lock->packages [index]->direct && !going [index];
        if (needed [index])
            queue [queue_count++] = index;
    }
    mark_needed (&needs, needed, queue, queue_count, going);
    for (size_t index = 0; index < lock->n_packages; index++)
        if (!needed [index] && !going [index])
            list [count++] = lock->packages [index];

    free_needs (&needs);
    free (queue);
    free (going);
    free (needed);
    free (names);
    *list_p = list;
    return count;
}
