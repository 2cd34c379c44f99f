// SPDX-License-Identifier: MIT
#include "estimate.h"

#define SPACE 18446744073709551616.0

uint64_t
estimate_nodes (const kbucket_t *table, uint64_t own_place)
{
    contact_t closest[KBUCKET_K];
    size_t count = kbucket_closest (table, own_place, NULL, closest, KBUCKET_K);
    if (count < KBUCKET_K)
        return count;
    double share = (double) (closest[count - 1].place ^ own_place) / SPACE;
    double nodes = share > 0 ? KBUCKET_K / share - 1 : KBUCKET_K;
    return nodes > KBUCKET_K ? (uint64_t) (nodes + 0.5) : KBUCKET_K;
}
