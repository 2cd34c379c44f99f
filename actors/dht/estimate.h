// SPDX-License-Identifier: MIT
//  How many nodes there are, from how close our neighbours are: of N places spread evenly the k-th
//  closest to any point is expected k / (N + 1) of the whole space away.
#ifndef GGEN_DHT_ESTIMATE_H
#define GGEN_DHT_ESTIMATE_H

#include "kbucket.h"

//  Nodes without us. Off by a fifth either way in two of three cases; exact while we know fewer
//  than KBUCKET_K.
uint64_t
    estimate_nodes (const kbucket_t *table, uint64_t own_place);

#endif
