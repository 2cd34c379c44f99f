// SPDX-License-Identifier: MIT
//  One run of a simulated node: its disk, its actors, its clients, the weather, and who watches.
//  All that happens comes from the seed.
#ifndef GGEN_TESTS_SIM_RUN_H
#define GGEN_TESTS_SIM_RUN_H

#include "sim_crowd.h"
#include "sim_market.h"
#include "sim_node.h"
#include "sim_watch.h"

typedef struct {
    rng_t rng;                      //  of clients and weather
    sim_people_t people;
    publisher_key_t keys[3];        //  theirs
    sim_disk_t *disk;
    sim_state_t *state;
    sim_registry_file_t *registry;
    sim_things_t things;            //  of the node
    world_t *world;                 //  of one node, number 0
    sim_crowd_t *crowd;
    sim_watch_t *watch;
    unsigned blows_one_in;          //  how often the weather changes
    unsigned refuse_one_in;         //  requests between actors are refused with BUSY; 0 = none
} sim_run_t;

//  With the market open and all actors started.
void sim_run_open (sim_run_t *self, uint64_t seed);
void sim_run_close (sim_run_t *self);

//  Let time pass.
void sim_run_pass (sim_run_t *self, int64_t ms);

//  So many things are done by clients, while actors stand still and fail, disks lie, and mailboxes
//  are full. Then silence, until every request must have ended.
void sim_run_storm (sim_run_t *self, unsigned actions);

//  The weather is good from now on; whatever is under way ends.
void sim_run_calm (sim_run_t *self);

//  Ask, and wait for the end; returns the request's number.
size_t sim_run_ask (sim_run_t *self, const char *to, const ProtobufCMessage *message);

//  What was broken first; NULL: nothing. Includes requests without an end and debts of actors, so
//  it is to be called when all is quiet.
const char *sim_run_fault (sim_run_t *self);

#endif
