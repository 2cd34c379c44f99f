// SPDX-License-Identifier: MIT
//  Who needs whom among installed packages.
#ifndef GGEN_GRAPH_H
#define GGEN_GRAPH_H

#include "base.h"
#include "installer.pb-c.h"

#define GRAPH_NONE SIZE_MAX

//  Ways that graph_ways finds; what there is beyond them is said, not listed.
#define GRAPH_WAYS_MAX 100

typedef struct graph_t graph_t;

//  'packages' are borrowed for its life, in any order. Packages get numbers by name, from 0.
//  NULL: no memory.
graph_t *
    graph_new (Ggen__LockedPackage *const packages [], size_t packages_count);
void
    graph_destroy (graph_t **self_p);

size_t
    graph_count (const graph_t *self);
const Ggen__LockedPackage *
    graph_package (const graph_t *self, size_t number);

//  The number of a name, or GRAPH_NONE.
size_t
    graph_find (const graph_t *self, const char *name);

//  Numbers of those that a package needs; with 'inverted' of those that need it. In order of name;
//  borrowed.
const size_t *
    graph_next (const graph_t *self, size_t number, bool inverted, size_t *count_p);

//  Where a drawing of everything begins: packages that were asked for, and those that nobody needs;
//  inverted, those that need nobody.
bool
    graph_is_root (const graph_t *self, size_t number, bool inverted);

//  One way: numbers from a package that was asked for down to the one looked for.
typedef struct {
    size_t *numbers;
    size_t count;
} graph_way_t;

//  All ways to a package from those that were asked for, not counting itself; shortest first, then
//  by names. *more_p: there are more. Release with graph_ways_release. NULL: no memory.
graph_way_t *
    graph_ways (const graph_t *self, size_t number, size_t *count_p, bool *more_p);
void
    graph_ways_release (graph_way_t **ways_p, size_t count);

#endif
