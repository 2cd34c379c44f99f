// SPDX-License-Identifier: MIT
//  Finding the nodes closest to a place: whom to ask next, and when to stop. Several disjoint paths
//  (S/Kademlia, Baumgart & Mies 2007, section 4.4): a node is asked on one path only, so a liar
//  spoils no path but its own; each path ends by itself. It only says whom to ask; others ask.
//
//  What a liar can do on its path is bounded: an answer brings at most k nodes, and all answers at
//  most group_max of a group of addresses; they have to answer before they count; and when the
//  first LOOKUP_DOUBT of those that one node named did not answer and none did, the others it named
//  are not asked.
//
//  No fixed timeout: a node that is later than expected is given up for another one
//  (lookup_hedge_ms), and still counts when it answers in the end.
#ifndef GGEN_DHT_LOOKUP_H
#define GGEN_DHT_LOOKUP_H

#include "contact.h"

#define LOOKUP_PATHS_MAX 8
#define LOOKUP_K_MAX     20

//  Candidates of one lookup, shared evenly by its paths. At the bound the farthest that was not
//  asked goes.
#define LOOKUP_CANDIDATES_MAX 192

//  Asked and not answered at one time, late ones included.
#define LOOKUP_WAITING_MAX 20

#define LOOKUP_DOUBT 3

//  Of those that a path began with, so many answer before it ends, however near others are: a liar
//  among the first would lead it among its own kind.
#define LOOKUP_SEEDS 2

typedef struct {
    uint8_t k;                  //  how many closest are wanted; at most LOOKUP_K_MAX
    uint8_t paths;              //  1 .. LOOKUP_PATHS_MAX
    uint8_t parallel;           //  asked at one time, while nodes get closer; at least two on a path
    uint8_t parallel_max;       //  when they no longer do
    uint8_t group_max;          //  nodes of one group of addresses on a path; 0 = no limit
    bool hedged;                //  go on when one is late; else wait for it
} lookup_shape_t;

typedef struct lookup_t lookup_t;

//  NULL: out of memory. 'own' is never a candidate.
lookup_t *
    lookup_new (uint64_t target, const peer_key_t *own, const lookup_shape_t *shape);
void
    lookup_destroy (lookup_t **self_p);

//  Begin with these, spread over the paths in their order.
void
    lookup_seed (lookup_t *self, const contact_t *contacts, size_t count);

//  Whom to ask now; false when nobody (more answers have to come first, or it is done). Asks
//  nothing twice: either lookup_asked follows, or the next call gives the same.
bool
    lookup_next (lookup_t *self, uint16_t *id_p, const contact_t **contact_p);

//  It was asked; it is late from 'late_ms' on.
void
    lookup_asked (lookup_t *self, uint16_t id, int64_t late_ms);

//  It answered, and named these closer ones (of which any number may be junk).
void
    lookup_answered (lookup_t *self, uint16_t id, const contact_t *closer, size_t count);

//  It did not, or not what we asked for.
void
    lookup_failed (lookup_t *self, uint16_t id);

//  Time passed: those that are late hold up nobody. Returns true when one turned late.
bool
    lookup_advance (lookup_t *self, int64_t now_ms);

//  When the next one turns late; INT64_MAX = none.
int64_t
    lookup_hedge_ms (const lookup_t *self);

//  Nothing is left to ask, and nobody but late ones is waited for.
bool
    lookup_done (const lookup_t *self);

//  Asked, not answered: late ones included.
unsigned
    lookup_waiting (const lookup_t *self);

unsigned
    lookup_answers (const lookup_t *self);

//  The closest that answered, nearest first; returns how many. 'hops_p' (may be NULL): how far the
//  nearest was, 1 = it was known; untouched when there is none. 'found' may be NULL.
size_t
    lookup_closest (const lookup_t *self, const contact_t *found[], size_t max, unsigned *hops_p);

//  The same as ids.
size_t
    lookup_closest_ids (const lookup_t *self, uint16_t ids[], size_t max);

//  One of them, by its id. Borrowed until the lookup's next call that is not const.
const contact_t *
    lookup_contact (const lookup_t *self, uint16_t id);
unsigned
    lookup_hops (const lookup_t *self, uint16_t id);

#endif
