// SPDX-License-Identifier: MIT
//  Requests of actors here to actors of other nodes that have not ended. On the wire a request has
//  a number of its own, which names a slot and its use; so an answer finds it without a search, and
//  one that is old, invented, or from another peer than was asked finds nothing (SPEC 9).
#ifndef GGEN_SWARM_FLIGHTS_H
#define GGEN_SWARM_FLIGHTS_H

#include "runtime/actor/deadlines.h"
#include "links.h"

#define FLIGHTS_MAX      1024       //  all together; the next request is refused with BUSY
#define FLIGHTS_LINK_MAX 256        //  to one peer; as above

typedef struct {
    uint64_t id;                    //  as its asker knows it
    uint64_t trace;
    int64_t sent_ms;                //  0: it still waits for a session
    char *names;                    //  asker NUL actor asked; NULL: the slot is free
    uint32_t use;
    uint16_t link;                  //  slot of the peer asked
    uint16_t next, previous;        //  of the same peer
    bool bulky;                     //  its answer may come by the peer's lane (lanes.h)
    bool odd;                       //  had progress, or was cancelled: tells nothing of the RTT
} flight_t;

typedef struct flights_t flights_t;

flights_t *flights_new (void);
void flights_destroy (flights_t **self_p);

//  Returns its number on the wire; 0 at a bound or without memory. 'deadline_ms' is when it ends
//  with TIMEOUT.
uint64_t flights_add (flights_t *self, link_t *link, const flight_t *flight, const char *asker,
                      const char *asked, int64_t deadline_ms);

//  The flight with this number to this peer, or NULL. Borrowed until the next add or end.
flight_t *flights_get (const flights_t *self, const link_t *link, uint64_t number);

//  The same whether it was asked on this link or on an earlier one to the same peer.
flight_t *flights_of_peer (const flights_t *self, const links_t *links, const link_t *link,
                           uint64_t number);

//  The number of the asker's request 'id' to this peer; 0 when there is none.
uint64_t flights_number (const flights_t *self, const link_t *link, const char *asker, uint64_t id);

//  The number of one flight to this peer, or 0.
uint64_t flights_first (const flights_t *self, const link_t *link);

//  The number of one that was sent, whose answer may come by the lane of this link; or 0.
uint64_t flights_bulky (const flights_t *self, const link_t *link);

int64_t flights_due_ms (const flights_t *self, uint64_t number);

//  It is over. Pointers to flights are no longer good.
void flights_end (flights_t *self, link_t *link, uint64_t number);

const char *flight_asker (const flight_t *flight);
const char *flight_asked (const flight_t *flight);

//  When the first of all is due; the number of one that is due and the slot of its peer, 0 = none.
int64_t flights_earliest_ms (const flights_t *self);
uint64_t flights_due (const flights_t *self, int64_t now_ms, uint16_t *link_p);

uint32_t flights_count (const flights_t *self);

#endif
