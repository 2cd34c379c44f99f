// SPDX-License-Identifier: MIT
//  How many nodes there are, from how close the closest are: of N places spread evenly the k-th closest to
//  any point is expected k / (N + 1) of the whole space away.
#ifndef GGEN_DHT_ESTIMATE_H
#define GGEN_DHT_ESTIMATE_H

#include "contact.h"

//  Zeroed, it knows nothing.
typedef struct {
    double share;               //  of the space that one node has, smoothed
} estimate_t;

//  The 'count' nodes closest to 'target', nearest first. 'all': there are no others.
void
    estimate_add (estimate_t *self, uint64_t target, uint64_t farthest_place, size_t count, bool all);

//  Nodes without us; 0 = not known.
uint64_t
    estimate_nodes (const estimate_t *self);

#endif
