// SPDX-License-Identifier: MIT
#include "diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "contradiction.h"
#include "similar.h"

//  Sweeps over all edges. A chain of dead versions deeper than this is told as a conflict instead.
#define SWEEPS_MAX 64

typedef struct {
    const universe_t *universe;
    resolver_failure_t *failure;
    arena_t *scratch;
    bool *dead;                     //  Per version: it can never be chosen
    uint32_t *lacks;                //  Edges whose set is empty
    size_t lacks_count, lacks_room;
} diagnosis_t;

resolver_failure_t *
diagnosis_text (code_t code, const char *detail)
{
    arena_t *arena = arena_new ();
    resolver_failure_t *failure = arena_alloc (arena, sizeof *failure);
    failure->arena = arena;
    failure->code = code;
    failure->detail = arena_strdup (arena, detail);
    return failure;
}

//  ---- versions that can never be chosen ---------------------------------------------------------

static bool
is_hopeless (const diagnosis_t *self, const satsolver_edge_t *edge)
{
    const universe_set_t *set = self->universe->sets [edge->set];
    if (edge->excludes)
        return false;
    for (size_t index = 0; index < set->count; index++)
        if (!self->dead [set->items [index]])
            return false;
    return true;
}

//  Later edges belong to versions further from the roots: backwards one sweep nearly always
//  suffices.
static void
find_dead (diagnosis_t *self)
{
    const universe_t *universe = self->universe;
    bool changed = true;
    for (size_t sweep = 0; changed && sweep < SWEEPS_MAX; sweep++) {
        changed = false;
        for (size_t index = universe->edges_count; index > 0; index--) {
            const satsolver_edge_t *edge = &universe->edges [index - 1];
            if (edge->from != SATSOLVER_ROOT && !self->dead [edge->from]
            &&  is_hopeless (self, edge))
                changed = self->dead [edge->from] = true;
        }
    }
}

//  Follow hopeless edges from the roots to the empty sets that they end in.
static void
collect_lacks (diagnosis_t *self)
{
    const universe_t *universe = self->universe;
    bool *wanted = arena_alloc (self->scratch, universe->versions_count);
    for (uint32_t index = 0; index < universe->edges_count; index++) {
        const satsolver_edge_t *edge = &universe->edges [index];
        if (edge->from != SATSOLVER_ROOT && !wanted [edge->from])
            continue;
        if (!is_hopeless (self, edge))
            continue;
        const universe_set_t *set = universe->sets [edge->set];
        if (!set->count)
            ARENA_PUSH (self->scratch, self->lacks, self->lacks_count, self->lacks_room, index);
        for (size_t item = 0; item < set->count; item++)
            wanted [set->items [item]] = true;
    }
}

//  ---- lacks -------------------------------------------------------------------------------------

static bool
set_exists (const universe_t *universe, const universe_set_t *set)
{
    return set->name_number != UNIVERSE_NONE && universe->names [set->name_number].count > 0;
}

//  By what is missing (names that do not exist first), then who wants it: the roots, then by name,
//  newest first.
static int
compare_lacks (const void *a_, const void *b_, void *universe_)
{
    const universe_t *universe = universe_;
    const satsolver_edge_t *a = &universe->edges [*(const uint32_t *) a_];
    const satsolver_edge_t *b = &universe->edges [*(const uint32_t *) b_];
    const universe_set_t *a_set = universe->sets [a->set], *b_set = universe->sets [b->set];
    int order = (int) set_exists (universe, a_set) - (int) set_exists (universe, b_set);
    if (!order)
        order = strcmp (a_set->name, b_set->name);
    if (order || a->from == b->from)
        return order ? order : strcmp (a_set->range, b_set->range);
    if (a->from == SATSOLVER_ROOT || b->from == SATSOLVER_ROOT)
        return a->from == SATSOLVER_ROOT ? -1 : 1;
    uint32_t a_name = universe->versions [a->from].name, b_name = universe->versions [b->from].name;
    if (a_name != b_name)
        return a_name < b_name ? -1 : 1;
    return a->from > b->from ? -1 : 1;
}

static void
list_versions (diagnosis_t *self, resolver_lack_t *lack, const universe_name_t *name)
{
    arena_t *arena = self->failure->arena;
    for (uint32_t index = name->count; index > 0; index--) {
        const universe_version_t *version = &self->universe->versions [name->first + index - 1];
        const char *text = arena_strdup (arena, version->package->version);
        if (version->live)
            ARENA_PUSH (arena, lack->available, lack->available_count, lack->available_room, text);
        else
            ARENA_PUSH (arena, lack->yanked, lack->yanked_count, lack->yanked_room, text);
    }
}

static void
find_similar (diagnosis_t *self, resolver_lack_t *lack)
{
    const universe_t *universe = self->universe;
    arena_t *arena = self->failure->arena;
    similar_t similar = {.wanted = lack->name};
    for (size_t index = 0; index < universe->names_count; index++)
        similar_offer (&similar, universe->names [index].id);
    for (size_t index = 0; index < universe->query->known_names_count; index++)
        similar_offer (&similar, universe->query->known_names [index]);

    lack->similar = arena_alloc (arena, similar.count * sizeof (char *));
    for (; lack->similar_count < similar.count; lack->similar_count++)
        lack->similar [lack->similar_count] =
            arena_strdup (arena, similar.names [lack->similar_count]);
}

static void
add_lack (diagnosis_t *self, const universe_set_t *set)
{
    resolver_failure_t *failure = self->failure;
    resolver_lack_t lack = {.name = arena_strdup (failure->arena, set->name),
        .exists = set_exists (self->universe, set)};
    if (lack.exists)
        list_versions (self, &lack, &self->universe->names [set->name_number]);
    else if (failure->lacks_count < DIAGNOSIS_SIMILAR_MAX)
        find_similar (self, &lack);
    ARENA_PUSH (failure->arena, failure->lacks, failure->lacks_count, failure->lacks_room, lack);
}

static void
add_want (diagnosis_t *self, const satsolver_edge_t *edge)
{
    arena_t *arena = self->failure->arena;
    resolver_lack_t *lack = &self->failure->lacks [self->failure->lacks_count - 1];
    resolver_want_t want = {
        .range = arena_strdup (arena, self->universe->sets [edge->set]->range)};
    if (edge->from != SATSOLVER_ROOT) {
        const Ggen__Package *package = self->universe->versions [edge->from].package;
        want.dependant = arena_strdup (arena, package->id);
        want.version = arena_strdup (arena, package->version);
    }
    ARENA_PUSH (arena, lack->wants, lack->wants_count, lack->wants_room, want);
}

//  Turn the edges that were collected into one entry per name.
static void
tell_lacks (diagnosis_t *self)
{
    const universe_t *universe = self->universe;
    if (!self->lacks_count)
        return;
    qsort_r (self->lacks, self->lacks_count, sizeof (uint32_t), compare_lacks, (void *) universe);
    for (size_t index = 0; index < self->lacks_count; index++) {
        const satsolver_edge_t *edge = &universe->edges [self->lacks [index]];
        const satsolver_edge_t *previous =
            index ? &universe->edges [self->lacks [index - 1]] : NULL;
        if (!previous
        ||  strcmp (universe->sets [previous->set]->name, universe->sets [edge->set]->name))
            add_lack (self, universe->sets [edge->set]);
        else if (previous->from == edge->from && previous->set == edge->set)
            continue;               //  Said twice by one package
        add_want (self, edge);
    }
}

//  ---- reasons -----------------------------------------------------------------------------------

static void
list_fits (diagnosis_t *self, resolver_reason_t *reason, const universe_set_t *set)
{
    arena_t *arena = self->failure->arena;
    const universe_name_t *name = &self->universe->names [set->name_number];
    size_t item = set->count;
    for (uint32_t number = name->first + name->count; number > name->first; number--) {
        const universe_version_t *version = &self->universe->versions [number - 1];
        bool listed = item > 0 && set->items [item - 1] == number - 1;
        if (listed)
            item--;
        if (version->live && listed != set->complement)
            ARENA_PUSH (arena, reason->fits, reason->fits_count, reason->fits_room,
                arena_strdup (arena, version->package->version));
    }
}

static void
list_dependants (diagnosis_t *self, resolver_reason_t *reason, const contradiction_fact_t *fact)
{
    const universe_t *universe = self->universe;
    arena_t *arena = self->failure->arena;
    const universe_name_t *name = &universe->names [fact->name];
    reason->dependant = arena_strdup (arena, name->id);
    size_t live_count = 0;
    for (uint32_t index = 0; index < name->count; index++)
        live_count += universe->versions [name->first + index].live;
    for (size_t index = fact->edges_count; index > 0; index--) {
        uint32_t version = universe->edges [fact->edges [index - 1]].from;
        ARENA_PUSH (arena, reason->versions, reason->versions_count, reason->versions_room,
            arena_strdup (arena, universe->versions [version].package->version));
    }
    reason->every_version = reason->versions_count == live_count;
}

static void
tell_fact (diagnosis_t *self, const contradiction_fact_t *fact)
{
    const universe_set_t *set = self->universe->sets [fact->set];
    resolver_failure_t *failure = self->failure;
    resolver_reason_t reason = {.name = arena_strdup (failure->arena, set->name),
        .range = arena_strdup (failure->arena, set->range),
        .optional = set->complement,
        .exists = set_exists (self->universe, set)};
    if (fact->name != UNIVERSE_NONE)
        list_dependants (self, &reason, fact);
    if (reason.exists)
        list_fits (self, &reason, set);
    ARENA_PUSH (failure->arena, failure->reasons, failure->reasons_count, failure->reasons_room,
        reason);
    if (!set->count && !set->complement)
        for (size_t index = 0; index < fact->edges_count; index++)
            ARENA_PUSH (self->scratch, self->lacks, self->lacks_count, self->lacks_room,
                fact->edges [index]);
}

static void
tell_contradiction (diagnosis_t *self, const satsolver_result_t *result)
{
    contradiction_t contradiction;
    contradiction_init (&contradiction, self->universe, result, DIAGNOSIS_SOLVES_MAX);
    for (size_t index = 0; index < contradiction.facts_count; index++)
        tell_fact (self, &contradiction.facts [index]);
    contradiction_clear (&contradiction);
}

resolver_failure_t *
diagnosis_conflict (const universe_t *universe, const satsolver_result_t *result)
{
    diagnosis_t self = {.universe = universe,
        .failure = diagnosis_text (DEPENDENCY, ""),
        .scratch = arena_new ()};
    self.dead = arena_alloc (self.scratch, universe->versions_count);
    find_dead (&self);
    collect_lacks (&self);
    if (self.lacks_count) {
        tell_lacks (&self);
        self.failure->code =
            self.failure->lacks [0].exists ? NO_MATCHING_VERSION : PACKAGE_NOT_FOUND;
    }
    else {
        tell_contradiction (&self, result);
        tell_lacks (&self);
    }
    resolver_failure_t *failure = self.failure;
    arena_destroy (&self.scratch);
    return failure;
}
