// SPDX-License-Identifier: MIT
//  What the files of the bus share; nobody else includes it. bus.c routes and runs the loop,
//  bus_clients.c is the ROUTER's edge, bus_self.c what the bus says and answers itself, bus_drain.c how
//  it ends.
#ifndef GGEN_BUS_INSIDE_H
#define GGEN_BUS_INSIDE_H

#include "attached.h"
#include "bus.h"
#include "tap.h"

//  How far the end of a node is that was asked to stop.
typedef enum { DRAIN_NOT, DRAIN_REQUESTS, DRAIN_SAVING } drain_phase_t;

typedef struct {
    drain_phase_t phase;
    int64_t until_ms;                   //  of this phase
    uint64_t saving;                    //  bit i: seat i has not answered SaveRequest yet
} drain_t;

typedef struct {
    const bus_setup_t *setup;
    zsock_t *router;
    tap_t *tap;
    watch_set_t watches;
    watch_t control_watch, router_watch, tap_watch;
    int tap_lock;                       //  descriptor that holds the tap's lock, or -1
    seat_t seats[BUS_SEATS_MAX];
    unsigned seats_count;
    attached_set_t attached;
    int64_t started_ms;
    int64_t next_ping_ms;
    drain_t drain;
    bool stopped;
    bool failed;                        //  an actor failed for good
} bus_t;

//  ---- bus.c ---------------------------------------------------------------------------------------

//  Bring a message to its address. 'packet' was read from 'frames', which may be emptied.
void bus_route (bus_t *self, frames_t *frames, const packet_t *packet);

//  The seat of an address, or NULL; whatever has an '@' is for swarm.
seat_t *bus_seat (bus_t *self, const char *address);

//  The kind of a packed envelope.
Ggen__Kind bus_kind (bytes_t envelope);

//  ---- bus_drain.c ---------------------------------------------------------------------------------

//  From now on clients' requests are refused with BUSY.
void bus_drain_begin (bus_t *self);

//  What is due; in the end bus_t.stopped.
void bus_drain_run (bus_t *self);

//  When something is due; -1: it does not drain.
long bus_drain_in_ms (const bus_t *self);

//  An actor answered, or refused, SaveRequest 'id'.
void bus_drain_saved (bus_t *self, uint64_t id);

//  ---- bus_clients.c -------------------------------------------------------------------------------

//  Take what clients sent, at most BUS_BURST messages.
void bus_clients_serve (bus_t *self);

//  Send to a client, as frames; an attachment is moved out of 'frames'. A client that is not
//  there any more, or does not read, is gone.
void bus_clients_send (bus_t *self, attached_t *client, frames_t *frames,
                       const packet_t *packet);

//  Ask every client whether it is still there.
void bus_clients_ping (bus_t *self);

//  ---- bus_self.c ----------------------------------------------------------------------------------

//  Send a message of the bus's own; 'from', when empty, and 'type' and 'sent_us' are filled in.
void bus_self_say (bus_t *self, const char *to, Ggen__Envelope *envelope,
                   const ProtobufCMessage *body);

//  Answer the request (or replace the reply) of a packed envelope by a failure. 'asked' is who
//  would have answered, since the asker takes answers from nobody else; NULL = who sent it.
//  'asker' is who gets it; NULL = who sent it.
void bus_self_refuse (bus_t *self, bytes_t packed, const char *asked, const char *asker,
                      code_t code, const char *message);

//  A message to "bus" came.
void bus_self_handle (bus_t *self, const packet_t *packet);

#endif
