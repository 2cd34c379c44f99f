// SPDX-License-Identifier: MIT
#include "contradiction.h"

#include <stdlib.h>
#include <string.h>

//  The solver's problem with only the versions and sets that the facts speak of, numbered anew.
typedef struct {
    const universe_t *universe;
    arena_t *arena;
    contradiction_fact_t *facts;
    size_t facts_count, facts_room;
    bool *active;                       //  Per fact: not left out
    size_t solves_left;
    satsolver_problem_t problem;        //  All but its edges
    uint32_t *version_numbers;          //  Per version of the universe: its number here
    satsolver_edge_t *edges;
} reduction_t;

//  ---- facts -------------------------------------------------------------------------------------

static uint32_t
dependant_name (const universe_t *universe, const satsolver_edge_t *edge)
{
    return edge->from == SATSOLVER_ROOT ? UNIVERSE_NONE : universe->versions [edge->from].name;
}

static int
compare_edges (const void *a_, const void *b_, void *universe_)
{
    const universe_t *universe = universe_;
    const satsolver_edge_t *a = &universe->edges [*(const uint32_t *) a_];
    const satsolver_edge_t *b = &universe->edges [*(const uint32_t *) b_];
    uint32_t keys [3] [2] = {
        {dependant_name (universe, a), dependant_name (universe, b)},
        {a->set, b->set},
        {a->from, b->from}};
    for (size_t key = 0; key < COUNT_OF (keys); key++)
        if (keys [key] [0] != keys [key] [1])
            return keys [key] [0] < keys [key] [1] ? -1 : 1;
    return 0;
}

//  Group edges by who needs what: each group is one fact.
static void
make_facts (reduction_t *self, const uint32_t *items, size_t count)
{
    const universe_t *universe = self->universe;
    uint32_t *edges = arena_alloc (self->arena, count * sizeof *edges);
    if (count)
        memcpy (edges, items, count * sizeof *edges);
    qsort_r (edges, count, sizeof *edges, compare_edges, (void *) universe);

    self->facts_count = 0;
    size_t kept = 0;
    for (size_t index = 0; index < count; index++) {
        if (kept && compare_edges (&edges [kept - 1], &edges [index], (void *) universe) == 0)
            continue;                   //  Said twice by one package
        edges [kept] = edges [index];
        const satsolver_edge_t *edge = &universe->edges [edges [kept]];
        uint32_t name = dependant_name (universe, edge);
        contradiction_fact_t *last =
            self->facts_count ? &self->facts [self->facts_count - 1] : NULL;
        if (!last || last->name != name || last->set != edge->set) {
            contradiction_fact_t fact = {.name = name, .set = edge->set, .edges = edges + kept};
            ARENA_PUSH (self->arena, self->facts, self->facts_count, self->facts_room, fact);
            last = &self->facts [self->facts_count - 1];
        }
        last->edges_count++;
        kept++;
    }
    self->active = arena_alloc (self->arena, self->facts_count);
    memset (self->active, true, self->facts_count);
}

//  ---- the small problem -------------------------------------------------------------------------

static void
mark_versions (const reduction_t *self, bool *wanted)
{
    const universe_t *universe = self->universe;
    for (size_t index = 0; index < self->facts_count; index++) {
        const contradiction_fact_t *fact = &self->facts [index];
        const universe_set_t *set = universe->sets [fact->set];
        for (size_t item = 0; item < set->count; item++)
            wanted [set->items [item]] = true;
        for (size_t edge = 0; edge < fact->edges_count; edge++)
            if (fact->name != UNIVERSE_NONE)
                wanted [universe->edges [fact->edges [edge]].from] = true;
    }
}

static void
number_versions (reduction_t *self)
{
    const universe_t *universe = self->universe;
    bool *wanted = arena_alloc (self->arena, universe->versions_count);
    mark_versions (self, wanted);
    self->version_numbers = arena_alloc (self->arena, universe->versions_count * sizeof (uint32_t));
    uint32_t *names = arena_alloc (self->arena, universe->versions_count * sizeof *names);
    uint32_t *ranks = arena_alloc (self->arena, universe->versions_count * sizeof *ranks);
    uint32_t count = 0;
    for (uint32_t version = 0; version < universe->versions_count; version++) {
        if (!wanted [version])
            continue;
        names [count] = universe->versions [version].name;
        ranks [count] = count + 1;
        self->version_numbers [version] = count++;
    }
    self->problem.versions_count = count;
    self->problem.names = names;
    self->problem.ranks = ranks;
}

//  Set i of the small problem is the set of fact i.
static void
number_sets (reduction_t *self)
{
    const universe_t *universe = self->universe;
    uint32_t *starts = arena_alloc (self->arena, (self->facts_count + 1) * sizeof *starts);
    uint32_t *items = NULL;
    size_t items_count = 0, items_room = 0;
    for (size_t index = 0; index < self->facts_count; index++) {
        const universe_set_t *set = universe->sets [self->facts [index].set];
        for (size_t item = 0; item < set->count; item++)
            ARENA_PUSH (self->arena, items, items_count, items_room,
                self->version_numbers [set->items [item]]);
        starts [index + 1] = (uint32_t) items_count;
    }
    self->problem.sets_count = self->facts_count;
    self->problem.set_starts = starts;
    self->problem.set_items = items;
}

//  The edges of the active facts, ordered by version as the solver likes them.
static void
list_edges (reduction_t *self)
{
    size_t count = 0;
    for (uint32_t index = 0; index < self->facts_count; index++) {
        const contradiction_fact_t *fact = &self->facts [index];
        for (size_t item = 0; self->active [index] && item < fact->edges_count; item++) {
            const satsolver_edge_t *edge = &self->universe->edges [fact->edges [item]];
            uint32_t from = edge->from == SATSOLVER_ROOT
                ? SATSOLVER_ROOT : self->version_numbers [edge->from];
            self->edges [count++] = (satsolver_edge_t) {from, index, edge->excludes};
        }
    }
    self->problem.edges = self->edges;
    self->problem.edges_count = count;
}

static void
make_problem (reduction_t *self)
{
    size_t edges_count = 0;
    for (size_t index = 0; index < self->facts_count; index++)
        edges_count += self->facts [index].edges_count;
    self->edges = arena_alloc (self->arena, edges_count * sizeof *self->edges);
    number_versions (self);
    number_sets (self);
}

//  ---- reduction ---------------------------------------------------------------------------------

static bool
still_contradicts (reduction_t *self)
{
    satsolver_result_t result;
    list_edges (self);
    satsolver_solve (&self->problem, &result);
    bool satisfied = result.satisfied;
    satsolver_result_clear (&result);
    return !satisfied;
}

//  Leave out facts from .. to - 1 if the others still contradict each other.
static void
try_without (reduction_t *self, size_t from, size_t to)
{
    bool *saved = self->active + self->facts_count;
    memcpy (saved, self->active, self->facts_count);
    memset (self->active + from, false, to - from);
    if (memcmp (saved, self->active, self->facts_count) == 0)
        return;
    if (!self->solves_left || !still_contradicts (self)) {
        memcpy (self->active, saved, self->facts_count);
        if (!self->solves_left)
            return;
    }
    self->solves_left--;
}

static void
reduce (reduction_t *self)
{
    //  Its second half is what was before a try
    bool *active = arena_alloc (self->arena, 2 * self->facts_count);
    memcpy (active, self->active, self->facts_count);
    self->active = active;
    for (size_t portion = self->facts_count / 2; portion > 0; portion /= 2)
        for (size_t to = self->facts_count; to > 0; to -= to < portion ? to : portion)
            try_without (self, to < portion ? 0 : to - portion, to);
}

//  Of the facts that are left, drop what they say of versions that none of them leads to any more.
static void
drop_unwanted (reduction_t *self)
{
    const universe_t *universe = self->universe;
    bool *wanted = arena_alloc (self->arena, universe->versions_count);
    for (size_t index = 0; index < self->facts_count; index++) {
        const universe_set_t *set = universe->sets [self->facts [index].set];
        for (size_t item = 0; item < set->count; item++)
            if (self->active [index] && !set->complement)
                wanted [set->items [item]] = true;
    }
    for (size_t index = 0; index < self->facts_count; index++) {
        contradiction_fact_t *fact = &self->facts [index];
        size_t kept = 0;
        uint32_t *edges = arena_alloc (self->arena, fact->edges_count * sizeof *edges);
        for (size_t edge = 0; edge < fact->edges_count; edge++)
            if (fact->name == UNIVERSE_NONE || wanted [universe->edges [fact->edges [edge]].from])
                edges [kept++] = fact->edges [edge];
        fact->edges = edges;
        fact->edges_count = kept;
        self->active [index] = self->active [index] && kept;
    }
}

//  From the roots downwards: a walk over the facts that are left, by the names they lead to.
static void
publish (reduction_t *self, contradiction_t *contradiction)
{
    const universe_t *universe = self->universe;
    uint32_t *names = arena_alloc (self->arena, (self->facts_count + 1) * sizeof *names);
    bool *met = arena_alloc (self->arena, universe->names_count);
    size_t names_count = 0;
    names [names_count++] = UNIVERSE_NONE;
    contradiction->facts = arena_alloc (self->arena, self->facts_count * sizeof *self->facts);
    for (size_t next = 0; next < names_count; next++)
        for (size_t index = 0; index < self->facts_count; index++) {
            const contradiction_fact_t *fact = &self->facts [index];
            if (!self->active [index] || fact->name != names [next])
                continue;
            contradiction->facts [contradiction->facts_count++] = *fact;
            uint32_t target = universe->sets [fact->set]->name_number;
            if (target != UNIVERSE_NONE && !met [target]) {
                met [target] = true;
                names [names_count++] = target;
            }
        }
    contradiction->arena = self->arena;
}

void
contradiction_init (contradiction_t *self, const universe_t *universe,
    const satsolver_result_t *result, size_t solves_max)
{
    *self = (contradiction_t) {0};
    reduction_t reduction = {
        .universe = universe, .arena = arena_new (), .solves_left = solves_max};
    make_facts (&reduction, result->items, result->items_count);
    make_problem (&reduction);
    if (!still_contradicts (&reduction)) {
        //  The proof did not name all that it used: start from everything
        uint32_t *all = arena_alloc (reduction.arena, universe->edges_count * sizeof *all);
        for (uint32_t edge = 0; edge < universe->edges_count; edge++)
            all [edge] = edge;
        make_facts (&reduction, all, universe->edges_count);
        make_problem (&reduction);
    }
    reduce (&reduction);
    drop_unwanted (&reduction);
    publish (&reduction, self);
}

void
contradiction_clear (contradiction_t *self)
{
    arena_destroy (&self->arena);
    *self = (contradiction_t) {0};
}
