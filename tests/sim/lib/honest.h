// SPDX-License-Identifier: MIT
//  An honest node: the real "swarm", "dht", "gossip", "reputation", and "state" on a disk of the
//  simulator. A scenario composes its nodes with honest_compose, and puts other classes into seats of
//  those that are not honest.
#ifndef GGEN_TESTS_HONEST_H
#define GGEN_TESTS_HONEST_H

#include "actors/dht/dht.h"
#include "actors/gossip/gossip.h"
#include "actors/reputation/reputation.h"
#include "actors/swarm/swarm.h"
#include "storage_state.h"
#include "world.h"

//  So many of the first nodes are where all others begin.
#define HONEST_BOOTSTRAPS_MAX 32u

typedef struct {
    uint32_t nodes_max;         //  that will ever be added
    uint32_t bootstraps;        //  nodes 0 .. bootstraps - 1: they can always be dialled
    bool plain_dht;             //  dht_settings_plain, for comparison
    const char *follower;       //  of gossip: who gets Announced; NULL = nobody
} honest_options_t;

typedef struct honest_t honest_t;

honest_t *honest_new (const honest_options_t *options);
void honest_destroy (honest_t **self_p);

//  A compose_fn; its context is the honest_t. The node's seats in the order swarm, dht, gossip,
//  reputation, state.
void honest_compose (void *self, world_t *world, uint32_t node, node_plan_t *plan);

//  A node's settings, to be changed before it starts (at its next start they are as they were changed).
typedef struct {
    swarm_settings_t swarm;
    dht_settings_t dht;
    gossip_settings_t gossip;
    reputation_settings_t reputation;
    storage_state_settings_t state;
    bool made;
} honest_settings_t;
honest_settings_t *honest_settings (honest_t *self, world_t *world, uint32_t node);

//  Add a node as world_add does; bootstraps can be dialled.
uint32_t honest_add (honest_t *self, world_t *world);

#endif
