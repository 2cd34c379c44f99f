// SPDX-License-Identifier: MIT
#include "estimate.h"

#include <stdlib.h>

#define SPACE 18446744073709551616.0

static uint64_t
nodes_of (uint64_t distance)
{
    double share = (double) distance / SPACE;
    double nodes = share > 0 ? KBUCKET_K / share - 1 : KBUCKET_K;
    //  2^63: what fits an integer, and more than there will be
    return nodes > SPACE / 2   ? UINT64_MAX / 2
         : nodes > KBUCKET_K ? (uint64_t) (nodes + 0.5)
                             : KBUCKET_K;
}

uint64_t
estimate_nodes (const kbucket_t *table, uint64_t own_place)
{
    contact_t closest[KBUCKET_K];
    size_t count = kbucket_closest (table, own_place, NULL, closest, KBUCKET_K);
    return count < KBUCKET_K ? count : nodes_of (closest[count - 1].place ^ own_place);
}

uint64_t
estimate_note (estimate_t *self, uint64_t place, uint64_t distance)
{
    unsigned at = 0;
    while (at < self->count && self->places[at].place != place)
        at++;
    if (at == ESTIMATE_PLACES) {
        at = self->next;
        self->next = (uint8_t) ((self->next + 1) % ESTIMATE_PLACES);
    }
    else if (at == self->count)
        self->count++;
    self->places[at] = (estimate_place_t) {place, nodes_of (distance)};
    return self->places[at].nodes;
}

static int
by_size (const void *a_, const void *b_)
{
    uint64_t a = *(const uint64_t *) a_, b = *(const uint64_t *) b_;
    return (a > b) - (a < b);
}

uint64_t
estimate_median (const estimate_t *self)
{
    uint64_t nodes[ESTIMATE_PLACES];
    if (self->count < ESTIMATE_PLACES_MIN)
        return 0;
    for (unsigned i = 0; i < self->count; i++)
        nodes[i] = self->places[i].nodes;
    qsort (nodes, self->count, sizeof nodes[0], by_size);
    return nodes[self->count / 2];
}

double
estimate_within (uint64_t nodes, uint64_t distance)
{
    return (double) nodes * ((double) distance / SPACE);
}
