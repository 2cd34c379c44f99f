// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/reputation/reputation_self.h"

void
look_reputation (const void *state, look_bound_fn *bound, void *context)
{
    const reputation_t *reputation = state;
    const look_bound_t bounds[] = {
        {"reputation: peers", known_count (reputation->known), reputation->settings->peers_max},
        {"reputation: bans", reputation->bans_count, reputation->settings->peers_max / 4 * 3 + 1},
        {"reputation: requests that wait", reputation->asked_count, REPUTATION_ASKED_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
}
