// SPDX-License-Identifier: MIT
//  The bus: a star of actor pipes and one ROUTER for clients, served fairly by one thread. It reads
//  addresses and kinds only. One rule: an address without '@' is here, one with '@' goes to swarm.
#ifndef GGEN_BUS_H
#define GGEN_BUS_H

#include "seat.h"

//  Actors on one bus.
#define BUS_SEATS_MAX 32

//  Messages taken from one pipe in a round.
#define BUS_BURST 16

//  How long a node that was asked to stop waits for what clients have asked, then for what actors write.
#define BUS_DRAIN_MS 8000
#define BUS_SAVE_MS  2000

//  Protocol of attaching: a client of another number is told so.
#define BUS_PROTOCOL 1

typedef struct {
    const char *name;               //  address; NULL = the class's name
    const actor_class_t *class;
    const void *settings;           //  outlives the bus
} role_t;

typedef struct {
    const role_t *roles;            //  borrowed while the bus runs
    unsigned roles_count;           //  at most BUS_SEATS_MAX
    const char *inproc;             //  endpoint for clients of this process, "inproc://..."
    const char *ipc_path;           //  bound for other processes; NULL = none
    const char *tap_path;           //  NULL = no tap
    const char *tap_lock_path;      //  who holds this lock binds the tap; NULL = never bind
    const char *home;
    const char *version;
    bool eager;                     //  start every actor now, not when first spoken to
    bool daemon;
    bool alone;                     //  no socket of this process will ever lead out of it; heeded when it
                                    //  is the first bus of the process, before any other socket
} bus_setup_t;

//  A zactor_fn; 'args' is a bus_setup_t that outlives it. Signals 0 when it is ready, or 1 when an
//  endpoint could not be bound. Ends on $TERM, some time after $DRAIN (bus_drain.c), or by itself when an
//  actor failed for good.
void bus_main (zsock_t *pipe, void *args);

#endif
