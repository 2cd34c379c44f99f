// SPDX-License-Identifier: MIT
//  An actor's place on the bus: its name, its thread (started when the first message comes), and
//  its mailbox's books. All of it but 'inner' belongs to the bus thread.
#ifndef GGEN_SEAT_H
#define GGEN_SEAT_H

#include "packet.h"
#include "runtime/actor/admit.h"
#include "shell.h"
#include "watch.h"

#define SEAT_UNFETCHED_MAX 1024

typedef struct {
    const char *name;
    zsock_t *pipe;              //  to its thread; NULL until somebody speaks to it
    zsock_t *inner;             //  the thread's end
    pthread_t thread;           //  while there is a pipe
    watch_t watch;              //  the pipe
    watch_set_t *watches;       //  where that is watched; NULL = nowhere
    shell_setup_t setup;
    mailbox_t mailbox;
    frames_t held;              //  what it said and the receiver has no room for yet; count 0 = none
    uint64_t sent_messages;
    uint64_t sent_bytes;
    uint64_t refused_busy;
    uint64_t dropped;
} seat_t;

//  Start its thread. The seat must not move from now on.
void seat_start (seat_t *self);

//  End its thread; what is queued is not handled.
void seat_stop (seat_t *self);

//  Put a packet into its mailbox (starting it), or say why not; 'frames' is emptied only by
//  ADMIT_TAKE.
admit_t seat_put (seat_t *self, frames_t *frames, Ggen__Kind kind);

//  Whether an event from 'self' has to wait for room at 'to'. Events from and to an actor with
//  sockets do: what came over a connection, or is to go over one, may not be lost in between. One
//  that never fits does not, nor do those of an actor that is SEAT_UNFETCHED_MAX ahead: its shell
//  must not come to a stand.
bool seat_waits (const seat_t *self, const seat_t *to, Ggen__Kind kind, size_t size);

//  The bus took a message of so many bytes that it said.
void seat_fetched (seat_t *self, size_t size);

uint64_t seat_depth_messages (const seat_t *self);
uint64_t seat_depth_bytes (const seat_t *self);

//  Its line in the node's status; strings are borrowed from the seat.
void seat_metrics (const seat_t *self, Ggen__ActorMetrics *metrics);

#endif
