// SPDX-License-Identifier: MIT
//  An honest node: the real "swarm", "dht", "gossip", "reputation", and "state" on a disk of the
//  simulator; with a market also the real "transfer", "cache", "trust" and "registry_p2p", with "blobs"
//  and "keyring" of the simulator. A scenario composes its nodes with honest_compose, and puts other
//  classes into seats of those that are not honest.
#ifndef GGEN_TESTS_HONEST_H
#define GGEN_TESTS_HONEST_H

#include "actors/cache/cache.h"
#include "actors/dht/dht.h"
#include "actors/gossip/gossip.h"
#include "actors/registry/registry_p2p.h"
#include "actors/reputation/reputation.h"
#include "actors/swarm/swarm.h"
#include "actors/transfer/transfer.h"
#include "crypto_sim.h"
#include "sim_keyring.h"
#include "sim_parts.h"
#include "storage_state.h"
#include "world.h"

//  So many of the first nodes are where all others begin.
#define HONEST_BOOTSTRAPS_MAX 32u

typedef struct {
    uint32_t nodes_max;         //  that will ever be added
    uint32_t bootstraps;        //  nodes 0 .. bootstraps - 1: they can always be dialled
    bool plain_dht;             //  dht_settings_plain, for comparison
    bool market;                //  packages are published and fetched
    const char *follower;       //  without a market, who is told of announcements; NULL: the class's own
    uint64_t blobs_bytes_max;   //  room for blobs on each node; 0 = 1 GiB
} honest_options_t;

typedef struct honest_t honest_t;

honest_t *honest_new (const honest_options_t *options);

//  After the world: its actors have these settings and disks.
void honest_destroy (honest_t **self_p);

//  A compose_fn; its context is the honest_t. The node's seats in the order swarm, dht, gossip,
//  reputation, state; with a market then transfer, blobs, cache, trust, keyring, registry_p2p.
void honest_compose (void *self, world_t *world, uint32_t node, node_plan_t *plan);

//  Add a node as world_add does; bootstraps can be dialled.
uint32_t honest_add (honest_t *self, world_t *world);

//  ---- what a node is given ------------------------------------------------------------------------

typedef struct {
    transfer_settings_t transfer;
    cache_settings_t cache;
    registry_p2p_settings_t registry;
    crypto_sim_identity_t publisher;    //  of the person at this node
    sim_signer_t signer;                //  as whom its "keyring" signs
    sim_parts_t *blobs;                 //  its disk of blobs
} honest_market_t;

typedef struct {
    swarm_settings_t swarm;
    dht_settings_t dht;
    gossip_settings_t gossip;
    reputation_settings_t reputation;
    storage_state_settings_t state;
    honest_market_t *market;            //  NULL without
} honest_settings_t;

//  To be changed before the node starts (at its next start they are as they were changed).
honest_settings_t *honest_settings (honest_t *self, world_t *world, uint32_t node);

//  What all archives of the world are.
sim_contents_t *honest_contents (honest_t *self);

#endif
