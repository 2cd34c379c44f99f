// SPDX-License-Identifier: MIT
#include "nodes.h"

#include "follower.h"

#include <string.h>

static const struct {
    const char *name;
    mix_t mix;
    const char *seats[8];           //  ends with NULL; none = all
} mixes[] = {{"swarm", MIX_SWARM, {"swarm", "state", NULL}},
             {"dht", MIX_DHT, {"swarm", "dht", "state", NULL}},
             {"gossip", MIX_GOSSIP, {"swarm", "dht", "gossip", "reputation", "state", NULL}},
             {"full", MIX_FULL, {NULL}}};

mix_t
nodes_mix (const char *name)
{
    for (unsigned i = 0; i < COUNT_OF (mixes); i++)
        if (strcmp (mixes[i].name, name) == 0)
            return mixes[i].mix;
    return MIX_NONE;
}

void
nodes_settings (honest_settings_t *settings, const identity_t *identity,
                const sim_signer_t *keyring)
{
    settings->swarm.identity = identity;
    settings->dht.identity = identity;
    settings->gossip.identity = identity;
    settings->reputation.identity = identity;
    if (!settings->market)
        return;
    settings->market->transfer.identity = identity;
    if (keyring)
        settings->market->signer = *keyring;
}

static bool
is_of (const char *const *seats, const seat_plan_t *seat)
{
    const char *name = seat->name ? seat->name : seat->class->name;
    for (unsigned i = 0; seats[i]; i++)
        if (strcmp (seats[i], name) == 0)
            return true;
    return !seats[0];
}

void
nodes_plan (node_plan_t *plan, mix_t mix)
{
    unsigned count = 0, row = 0;
    while (mixes[row].mix != mix)
        row++;
    for (unsigned i = 0; i < plan->count; i++)
        if (is_of (mixes[row].seats, &plan->seats[i]))
            plan->seats[count++] = plan->seats[i];
    plan->count = count;
    if (mix == MIX_GOSSIP)
        world_plan_add (plan, &follower_actor, NULL);
}
