// SPDX-License-Identifier: MIT
#include "graph.h"

#include <stdlib.h>
#include <string.h>

//  Steps of a search for ways; a lock that needs more has more ways than anybody reads.
#define STEPS_MAX 100000

//  Numbers of neighbours of all packages, one after another; those of package i from starts [i] to
//  starts [i + 1].
typedef struct {
    size_t *starts, *numbers;
} edges_t;

struct graph_t {
    const Ggen__LockedPackage **packages;       //  by name
    size_t count;
    edges_t edges [2];                          //  needs; needed by
};

static int
compare_packages (const void *a, const void *b)
{
    return strcmp ((*(const Ggen__LockedPackage *const *) a)->name,
                   (*(const Ggen__LockedPackage *const *) b)->name);
}

static int
compare_name (const void *name, const void *package)
{
    return strcmp (name, (*(const Ggen__LockedPackage *const *) package)->name);
}

size_t
graph_find (const graph_t *self, const char *name)
{
    const Ggen__LockedPackage **found =
        self->count ? bsearch (name, self->packages, self->count, sizeof *self->packages,
                               compare_name)
                    : NULL;
    return found ? (size_t) (found - self->packages) : GRAPH_NONE;
}

//  The n-th package that one needs; GRAPH_NONE: it is not installed.
static size_t
need_of (const graph_t *self, size_t from, size_t n)
{
    return graph_find (self, self->packages [from]->dependencies [n]->name);
}

//  Call after starts were summed: puts each edge in its place, in order of the first number.
static void
place_edges (graph_t *self, size_t *places)
{
    for (int inverted = 0; inverted < 2; inverted++) {
        edges_t *edges = &self->edges [inverted];
        memcpy (places, edges->starts, self->count * sizeof *places);
        for (size_t from = 0; from < self->count; from++)
            for (size_t n = 0; n < self->packages [from]->n_dependencies; n++) {
                size_t to = need_of (self, from, n);
                if (to != GRAPH_NONE)
                    edges->numbers [places [inverted ? to : from]++] = inverted ? from : to;
            }
    }
}

static int
compare_numbers (const void *a, const void *b)
{
    size_t x = *(const size_t *) a, y = *(const size_t *) b;
    return (x > y) - (x < y);
}

static bool
find_edges (graph_t *self)
{
    size_t total = 0;
    for (size_t from = 0; from < self->count; from++)
        total += self->packages [from]->n_dependencies;
    for (int i = 0; i < 2; i++) {
        self->edges [i].starts = calloc (self->count + 2, sizeof (size_t));
        self->edges [i].numbers = calloc (total + 1, sizeof (size_t));
        if (!self->edges [i].starts || !self->edges [i].numbers)
            return false;
    }
    for (size_t from = 0; from < self->count; from++)
        for (size_t n = 0; n < self->packages [from]->n_dependencies; n++) {
            size_t to = need_of (self, from, n);
            self->edges [0].starts [from + 1] += to != GRAPH_NONE;
            self->edges [1].starts [to == GRAPH_NONE ? self->count + 1 : to + 1]++;
        }
    for (size_t at = 0; at < self->count; at++)
        for (int i = 0; i < 2; i++)
            self->edges [i].starts [at + 1] += self->edges [i].starts [at];
    size_t *places = calloc (self->count + 1, sizeof *places);
    if (places)
        place_edges (self, places);
    for (size_t at = 0; places && at < self->count; at++) {
        const edges_t *needs = &self->edges [0];
        qsort (needs->numbers + needs->starts [at], needs->starts [at + 1] - needs->starts [at],
               sizeof (size_t), compare_numbers);
    }
    free (places);
    return places != NULL;
}

graph_t *
graph_new (Ggen__LockedPackage *const packages [], size_t packages_count)
{
    graph_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->count = packages_count;
    self->packages = calloc (packages_count + 1, sizeof *self->packages);
    for (size_t at = 0; self->packages && at < packages_count; at++)
        self->packages [at] = packages [at];
    if (self->packages)
        qsort (self->packages, packages_count, sizeof *self->packages, compare_packages);
    if (!self->packages || !find_edges (self))
        graph_destroy (&self);
    return self;
}

void
graph_destroy (graph_t **self_p)
{
    graph_t *self = *self_p;
    if (!self)
        return;
    for (int i = 0; i < 2; i++) {
        free (self->edges [i].starts);
        free (self->edges [i].numbers);
    }
    free (self->packages);
    free (self);
    *self_p = NULL;
}

size_t
graph_count (const graph_t *self)
{
    return self->count;
}

const Ggen__LockedPackage *
graph_package (const graph_t *self, size_t number)
{
    return self->packages [number];
}

const size_t *
graph_next (const graph_t *self, size_t number, bool inverted, size_t *count_p)
{
    const edges_t *edges = &self->edges [inverted];
    *count_p = edges->starts [number + 1] - edges->starts [number];
    return edges->numbers + edges->starts [number];
}

bool
graph_is_root (const graph_t *self, size_t number, bool inverted)
{
    size_t count;
    graph_next (self, number, !inverted, &count);
    return count == 0 || (!inverted && self->packages [number]->direct);
}

//  ---- ways --------------------------------------------------------------------------------------

//  A search that stands on the way from the package looked for up to 'trail [depth]'.
typedef struct {
    const graph_t *graph;
    size_t *trail, *turns;          //  turns: which neighbour comes next at each
    bool *on_trail;
    size_t depth, steps;
    graph_way_t *ways;
    size_t ways_count;
    bool more, failed;
} search_t;

//  The trail is a way when its upper end was asked for.
static void
keep_way (search_t *self)
{
    size_t *numbers;
    if (self->depth == 0 || !self->graph->packages [self->trail [self->depth]]->direct)
        return;
    if (self->ways_count == GRAPH_WAYS_MAX) {
        self->more = true;
        return;
    }
    numbers = calloc (self->depth + 1, sizeof *numbers);
    if (!numbers) {
        self->failed = true;
        return;
    }
    for (size_t at = 0; at <= self->depth; at++)
        numbers [at] = self->trail [self->depth - at];
    self->ways [self->ways_count++] = (graph_way_t) {numbers, self->depth + 1};
}

static void
step_up (search_t *self, size_t number)
{
    self->trail [++self->depth] = number;
    self->turns [self->depth] = 0;
    self->on_trail [number] = true;
    keep_way (self);
}

static void
search (search_t *self)
{
    for (;;) {
        size_t count, here = self->trail [self->depth];
        const size_t *above = graph_next (self->graph, here, true, &count);
        if (++self->steps > STEPS_MAX)
            self->more = true;
        if (self->more || self->failed)
            return;
        if (self->turns [self->depth] < count) {
            size_t next = above [self->turns [self->depth]++];
            if (!self->on_trail [next])
                step_up (self, next);
        }
        else if (self->depth == 0)
            return;
        else {
            self->on_trail [here] = false;
            self->depth--;
        }
    }
}

static int
compare_ways (const void *a_, const void *b_)
{
    const graph_way_t *a = a_, *b = b_;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (size_t at = 0; at < a->count; at++)
        if (a->numbers [at] != b->numbers [at])
            return a->numbers [at] < b->numbers [at] ? -1 : 1;
    return 0;
}

graph_way_t *
graph_ways (const graph_t *self, size_t number, size_t *count_p, bool *more_p)
{
    search_t state = {.graph = self};
    state.trail = calloc (self->count + 1, sizeof *state.trail);
    state.turns = calloc (self->count + 1, sizeof *state.turns);
    state.on_trail = calloc (self->count + 1, sizeof *state.on_trail);
    state.ways = calloc (GRAPH_WAYS_MAX, sizeof *state.ways);
    state.failed = !state.trail || !state.turns || !state.on_trail || !state.ways;
    if (!state.failed) {
        state.trail [0] = number;
        state.on_trail [number] = true;
        search (&state);
        qsort (state.ways, state.ways_count, sizeof *state.ways, compare_ways);
    }
    free (state.trail);
    free (state.turns);
    free (state.on_trail);
    if (state.failed)
        graph_ways_release (&state.ways, state.ways_count);
    *count_p = state.ways_count;
    *more_p = state.more;
    return state.ways;
}

void
graph_ways_release (graph_way_t **ways_p, size_t count)
{
    for (size_t at = 0; *ways_p && at < count; at++)
        free ((*ways_p) [at].numbers);
    free (*ways_p);
    *ways_p = NULL;
}
