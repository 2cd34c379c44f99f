// SPDX-License-Identifier: MIT
//  What a scenario's honest nodes are made of: those of honest.h, or fewer of their actors, so that many
//  fit into memory; each signs through the truth.
#ifndef GGEN_TESTS_NODES_H
#define GGEN_TESTS_NODES_H

#include "honest.h"
#include "truth.h"

typedef enum {
    MIX_NONE,
    MIX_SWARM,                      //  swarm and state
    MIX_DHT,                        //  and dht
    MIX_GOSSIP,                     //  swarm, dht, gossip, reputation, state, and a follower
    MIX_FULL                        //  all
} mix_t;

//  MIX_NONE: there is none of this name.
mix_t nodes_mix (const char *name);

//  What those of MIX_GOSSIP announce, and follow.
#define NODES_TOPIC "/ggen/packages/v1"

//  Change the settings of a node that has not started yet: it signs through the truth, and as this
//  publisher (NULL: nobody's).
void nodes_settings (honest_settings_t *settings, const identity_t *identity,
                     const sim_signer_t *keyring);

//  Take out of a plan what is not of this mix, and add what is of it alone.
void nodes_plan (node_plan_t *plan, mix_t mix);

#endif
