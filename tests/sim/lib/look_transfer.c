// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/transfer/transfer_inside.h"

void
look_transfer (const void *state, look_bound_fn *bound, void *context)
{
    const transfer_t *transfer = state;
    const look_bound_t bounds[] = {
        {"transfer: adoptions", transfer->adoptions_count, TRANSFER_ADOPTIONS_MAX},
        {"transfer: hostings", transfer->hostings_count, TRANSFER_HOSTINGS_MAX},
        {"transfer: replications", transfer->replications_count, TRANSFER_REPLICATIONS_MAX},
        {"transfer: hosts", transfer->hosts_count, TRANSFER_HOSTS_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
}
