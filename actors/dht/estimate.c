// SPDX-License-Identifier: MIT
#include "estimate.h"

#define WEIGHT 0.125            //  of a new measurement
#define SPACE  18446744073709551616.0

void
estimate_add (estimate_t *self, uint64_t target, uint64_t farthest_place, size_t count, bool all)
{
    double distance = (double) (farthest_place ^ target) / SPACE;
    if (count == 0 || distance <= 0)
        return;
    double share = all ? 1.0 / (double) (count + 1) : distance / (double) count;
    self->share = self->share > 0 ? (1 - WEIGHT) * self->share + WEIGHT * share : share;
}

uint64_t
estimate_nodes (const estimate_t *self)
{
    if (self->share <= 0)
        return 0;
    double nodes = 1 / self->share - 1;
    return nodes < 1 ? 1 : (uint64_t) (nodes + 0.5);
}
