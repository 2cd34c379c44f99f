// SPDX-License-Identifier: MIT
//  The links there are, by number, by routing id, and by the endpoint that was dialled; and what waits
//  to be sent on each.
#ifndef GGEN_LINK_ENDS_IO_H
#define GGEN_LINK_ENDS_IO_H

#include "actors/swarm/wires_io.h"
#include "runtime/actor/deadlines.h"

//  A message that waits for room in ZeroMQ.
typedef struct waiting_frames {
    struct waiting_frames *next;
    zmq_msg_t frames[WIRES_FRAMES_MAX];
    unsigned count;
    size_t bytes;
} waiting_frames_t;

typedef struct {
    uint64_t number;
    wires_side_t side;
    bool up;                        //  swarm was told of it
    bool closing;                   //  by swarm; nothing more is told
    bool closed;                    //  the connection of one that came in has ended
    uint8_t routing[WIRES_ROUTING_MAX];
    uint8_t routing_size;
    uint8_t key[32];                //  X25519 of the other side
    char *endpoint;                 //  dialled; NULL for one that came in
    multiaddr_t *address;           //  of it; NULL for one that came in
    int fd;                         //  of one that came in; -1
    uint32_t slot;                  //  of its deadline
    int64_t ends_ms;                //  the dial's end, or when a closing one is let go of
    int64_t heard_ms, said_ms;      //  when something came last, and was sent last
    int64_t pulses_ms;              //  since when the heartbeats below came
    uint32_t pulses;
    waiting_frames_t *first, *last;
    size_t waiting_bytes;
    uint32_t retry_ms;              //  until it is tried again; 0: there is room as far as we know
    int64_t stuck_ms;               //  since when there was none
    uint64_t written_bytes;         //  that swarm was not told of yet
} end_t;

typedef struct ends_t ends_t;

ends_t *ends_new (uint64_t salt);
void ends_destroy (ends_t **self_p);

//  A link more; NULL at LINK_LINKS_MAX, when the number, the routing id or the endpoint is taken, or
//  memory is short. 'endpoint' is copied; NULL for one that came in.
end_t *ends_add (ends_t *self, uint64_t number, wires_side_t side, const uint8_t *routing,
                 size_t routing_size, const char *endpoint);

//  What waits is thrown away.
void ends_remove (ends_t *self, end_t *end);

end_t *ends_by_number (const ends_t *self, uint64_t number);
end_t *ends_by_routing (const ends_t *self, wires_side_t side, const uint8_t *routing,
                        size_t routing_size);
end_t *ends_by_endpoint (const ends_t *self, const char *endpoint);

//  Walk: start with *cursor = 0; NULL at the end. The current one may be removed.
end_t *ends_next (const ends_t *self, uint32_t *cursor);

void ends_wake (ends_t *self, end_t *end, int64_t at_ms);
int64_t ends_earliest_ms (const ends_t *self);
end_t *ends_due (const ends_t *self, int64_t now_ms);

#endif
