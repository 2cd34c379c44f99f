// SPDX-License-Identifier: MIT
//  How many nodes there are, from how close together they lie: of N places spread evenly the k-th
//  closest to any point is expected k / (N + 1) of the whole space away.
#ifndef GGEN_DHT_ESTIMATE_H
#define GGEN_DHT_ESTIMATE_H

#include "kbucket.h"

//  Nodes without us, by our neighbours alone. Off by a fifth either way in two of three cases; exact
//  while we know fewer than KBUCKET_K.
uint64_t
    estimate_nodes (const kbucket_t *table, uint64_t own_place);

//  ---- by what lookups found ---------------------------------------------------------------------
//  Who makes many nodes around one place, ours or a key's, changes what is seen there and nowhere
//  else: so the median of several places counts (as Sridhar et al., "Content Censorship in the
//  InterPlanetary File System", NDSS 2024, compare each key with the rest of the network).

#define ESTIMATE_PLACES     9u          //  remembered; the oldest makes way
#define ESTIMATE_PLACES_MIN 3u          //  with fewer there is no median

typedef struct {
    uint64_t place;
    uint64_t nodes;
} estimate_place_t;

//  All zero is empty.
typedef struct {
    estimate_place_t places[ESTIMATE_PLACES];
    uint8_t count, next;
} estimate_t;

//  KBUCKET_K nodes were found around this place, the last of them so far away: what that says of
//  the network. A place that is looked up again has one voice all the same.
uint64_t
    estimate_note (estimate_t *self, uint64_t place, uint64_t distance);

//  The median; 0 = not known.
uint64_t
    estimate_median (const estimate_t *self);

//  How many of so many nodes are expected within this distance of any place.
double
    estimate_within (uint64_t nodes, uint64_t distance);

#endif
