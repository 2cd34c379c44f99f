// SPDX-License-Identifier: MIT
#include "resolver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis.h"
#include "memory.h"
#include "order.h"
#include "universe.h"

//  The search for an answer without a cycle. One name has one version, so a cycle of versions is a
//  cycle of names; a cut forbids all versions of the names that would close it.
typedef struct {
    universe_t *universe;
    satsolver_problem_t problem;
    uint32_t *edges_from;           //  Per version: its first edge, in problem.edges
    uint32_t *edges_to;
    uint32_t *cut_starts;
    size_t cut_starts_count, cut_starts_room;
    uint32_t *cut_items;            //  Sets, behind those of the universe
    size_t cut_items_count, cut_items_room;
    uint32_t *set_starts;
    size_t set_starts_count, set_starts_room;
    uint32_t *set_items;
    size_t set_items_count, set_items_room;
    const char *cycle;              //  The first one seen, as text
} search_t;

//  The versions of an answer and what they need of each other.
typedef struct {
    const uint32_t *versions;       //  In the order of their discovery from the roots
    size_t count;
    uint32_t *starts;
    uint32_t *targets;
} answer_t;

static void
index_edges (search_t *self)
{
    const universe_t *universe = self->universe;
    size_t size = universe->versions_count * sizeof (uint32_t);
    self->edges_from = arena_alloc (universe->arena, size);
    self->edges_to = arena_alloc (universe->arena, size);
    for (uint32_t edge = 0; edge < universe->edges_count; edge++) {
        uint32_t version = universe->edges [edge].from;
        if (version == SATSOLVER_ROOT)
            continue;
        if (!self->edges_to [version])
            self->edges_from [version] = edge;
        self->edges_to [version] = edge + 1;    //  Edges of a version are consecutive
    }
}

//  Copy the sets, so that those of the cuts can follow them.
static void
copy_sets (search_t *self)
{
    arena_t *arena = self->universe->arena;
    const satsolver_problem_t *problem = &self->problem;
    for (size_t set = 0; set <= problem->sets_count; set++)
        ARENA_PUSH (arena, self->set_starts, self->set_starts_count, self->set_starts_room,
            problem->set_starts [set]);
    for (uint32_t item = 0; item < problem->set_starts [problem->sets_count]; item++)
        ARENA_PUSH (arena, self->set_items, self->set_items_count, self->set_items_room,
            problem->set_items [item]);
    ARENA_PUSH (arena, self->cut_starts, self->cut_starts_count, self->cut_starts_room, 0);
}

static bool
wants_name (const search_t *self, uint32_t version, uint32_t name)
{
    const universe_t *universe = self->universe;
    for (uint32_t edge = self->edges_from [version]; edge < self->edges_to [version]; edge++)
        if (!universe->edges [edge].excludes
        &&  universe->sets [universe->edges [edge].set]->name_number == name)
            return true;
    return false;
}

//  A set of all versions of the name of 'version' that want the name of 'next'.
static void
push_cut_set (search_t *self, uint32_t version, uint32_t next)
{
    const universe_t *universe = self->universe;
    const universe_name_t *name = &universe->names [universe->versions [version].name];
    for (uint32_t index = name->first; index < name->first + name->count; index++)
        if (wants_name (self, index, universe->versions [next].name))
            ARENA_PUSH (universe->arena, self->set_items, self->set_items_count,
                self->set_items_room, index);
    ARENA_PUSH (universe->arena, self->cut_items, self->cut_items_count, self->cut_items_room,
        (uint32_t) self->set_starts_count - 1);
    ARENA_PUSH (universe->arena, self->set_starts, self->set_starts_count, self->set_starts_room,
        (uint32_t) self->set_items_count);
}

static const char *
cycle_text (const universe_t *universe, const uint32_t *cycle, size_t count)
{
    size_t size = 1;
    for (size_t index = 0; index <= count; index++) {
        const Ggen__Package *package = universe->versions [cycle [index % count]].package;
        size += strlen (package->id) + strlen (package->version) + sizeof " -> @";
    }
    char *text = arena_alloc (universe->arena, size), *at = text;
    for (size_t index = 0; index <= count; index++) {
        const Ggen__Package *package = universe->versions [cycle [index % count]].package;
        at = stpcpy (at, index ? " -> " : "");
        at = stpcpy (stpcpy (stpcpy (at, package->id), "@"), package->version);
    }
    return text;
}

//  Forbid the cycle of these versions, and with it every other that runs through the same names.
static void
cut_cycle (search_t *self, const uint32_t *cycle, size_t count)
{
    if (!self->cycle)
        self->cycle = cycle_text (self->universe, cycle, count);
    for (size_t index = 0; index < count; index++)
        push_cut_set (self, cycle [index], cycle [(index + 1) % count]);
    ARENA_PUSH (self->universe->arena, self->cut_starts, self->cut_starts_count,
        self->cut_starts_room, (uint32_t) self->cut_items_count);

    self->problem.sets_count = self->set_starts_count - 1;
    self->problem.set_starts = self->set_starts;
    self->problem.set_items = self->set_items;
    self->problem.cuts_count = self->cut_starts_count - 1;
    self->problem.cut_starts = self->cut_starts;
    self->problem.cut_items = self->cut_items;
}

//  The version of the name that this edge needs.
static uint32_t
target_of (const search_t *self, const uint32_t *chosen, uint32_t edge)
{
    const universe_t *universe = self->universe;
    uint32_t name = universe->sets [universe->edges [edge].set]->name_number;
    assert (name != UNIVERSE_NONE && chosen [name] != UNIVERSE_NONE);   //  Or it is no answer
    return chosen [name];
}

//  Number the chosen versions in the order in which a walk from the roots meets them, so that what
//  is said about them does not depend on anything else. What the walk does not meet nobody needs.
static size_t
walk_answer (const search_t *self, const uint32_t *chosen, uint32_t *position, uint32_t *walk)
{
    const universe_t *universe = self->universe;
    size_t count = 0;
    uint32_t edge = 0, edge_to = 0;
    while (edge_to < universe->edges_count && universe->edges [edge_to].from == SATSOLVER_ROOT)
        edge_to++;
    for (size_t next = 0;; next++) {
        for (; edge < edge_to; edge++) {
            if (universe->edges [edge].excludes)
                continue;
            uint32_t version = target_of (self, chosen, edge);
            if (position [version] == UNIVERSE_NONE) {
                position [version] = (uint32_t) count;
                walk [count++] = version;
            }
        }
        if (next == count)
            return count;
        edge = self->edges_from [walk [next]];
        edge_to = self->edges_to [walk [next]];
    }
}

static uint32_t *
alloc_unset (arena_t *arena, size_t count)
{
    uint32_t *numbers = arena_alloc (arena, count * sizeof *numbers);
    memset (numbers, 0xff, count * sizeof *numbers);        //  UNIVERSE_NONE each
    return numbers;
}

static answer_t
make_answer (const search_t *self, const satsolver_result_t *result)
{
    const universe_t *universe = self->universe;
    arena_t *arena = universe->arena;
    uint32_t *chosen = alloc_unset (arena, universe->names_count);
    for (size_t index = 0; index < result->items_count; index++)
        chosen [universe->versions [result->items [index]].name] = result->items [index];

    uint32_t *position = alloc_unset (arena, universe->versions_count);
    uint32_t *walk = arena_alloc (arena, result->items_count * sizeof *walk);
    answer_t answer = {.versions = walk, .count = walk_answer (self, chosen, position, walk)};
    uint32_t *targets = NULL;
    size_t targets_count = 0, targets_room = 0;
    answer.starts = arena_alloc (arena, (answer.count + 1) * sizeof (uint32_t));
    for (size_t index = 0; index < answer.count; index++) {
        uint32_t version = walk [index];
        for (uint32_t edge = self->edges_from [version]; edge < self->edges_to [version]; edge++)
            if (!universe->edges [edge].excludes)
                ARENA_PUSH (arena, targets, targets_count, targets_room,
                    position [target_of (self, chosen, edge)]);
        answer.starts [index + 1] = (uint32_t) targets_count;
    }
    answer.targets = targets;
    return answer;
}

//  Put an answer into install order. False when it has a cycle, which is then cut.
static bool
order_answer (search_t *self, const satsolver_result_t *result, uint32_t **order_p, size_t *count)
{
    answer_t answer = make_answer (self, result);
    uint32_t *order = arena_alloc (self->universe->arena, answer.count * sizeof *order);
    order_graph_t graph = {answer.count, answer.starts, answer.targets};
    code_t code = order_sort (&graph, order, count);
    for (size_t index = 0; index < *count; index++)
        order [index] = answer.versions [order [index]];
    if (code != OK)
        cut_cycle (self, order, *count);
    *order_p = order;
    return code == OK;
}

static code_t
publish (const universe_t *universe, const uint32_t *order, size_t count,
    const Ggen__Package ***chosen_p)
{
    const Ggen__Package **chosen = memory_new (count, sizeof *chosen);
    for (size_t index = 0; index < count; index++)
        chosen [index] = universe->versions [order [index]].package;
    *chosen_p = chosen;
    return OK;
}

//  Solve, and solve again without the cycle that was found, until there is none.
static code_t
search_run (search_t *self, const Ggen__Package ***chosen_p, size_t *chosen_count_p,
    resolver_failure_t **failure_p)
{
    for (size_t round = 0; round < RESOLVER_CUTS_MAX; round++) {
        satsolver_result_t result;
        satsolver_solve (&self->problem, &result);
        uint32_t *order = NULL;
        bool satisfied = result.satisfied;
        bool ordered = satisfied && order_answer (self, &result, &order, chosen_count_p);
        if (!satisfied && !self->cycle)
            *failure_p = diagnosis_conflict (self->universe, &result);
        satsolver_result_clear (&result);
        if (ordered)
            return publish (self->universe, order, *chosen_count_p, chosen_p);
        if (!satisfied)
            break;
    }
    *chosen_count_p = 0;
    if (!*failure_p)
        *failure_p = diagnosis_text (CIRCULAR_DEPENDENCY, self->cycle);
    return (*failure_p)->code;
}

code_t
resolver_solve (const resolver_query_t *query, const Ggen__Package ***chosen_p,
    size_t *chosen_count_p, resolver_failure_t **failure_p)
{
    *chosen_p = NULL;
    *chosen_count_p = 0;
    *failure_p = NULL;
    universe_t universe;
    const char *why = NULL;
    code_t code = universe_init (&universe, query, &why);
    if (code != OK)
        *failure_p = diagnosis_text (code, why);
    else {
        search_t search = {.universe = &universe, .problem = universe_problem (&universe)};
        index_edges (&search);
        copy_sets (&search);
        code = search_run (&search, chosen_p, chosen_count_p, failure_p);
    }
    universe_clear (&universe);
    return code;
}

void
resolver_failure_destroy (resolver_failure_t **self_p)
{
    resolver_failure_t *self = *self_p;
    if (!self)
        return;
    arena_t *arena = self->arena;       //  It holds *self too
    arena_destroy (&arena);
    *self_p = NULL;
}
