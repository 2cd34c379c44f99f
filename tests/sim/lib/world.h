// SPDX-License-Identifier: MIT
//  Thousands of nodes in one thread under a virtual clock, all from a seed: same seed, same run, same
//  digest. Each node is a set of seats; in each sits an actor of an unmodified class, and its mail
//  obeys the bus's own bounds (runtime/actor/admit.h). Mail for "actor@PEER" goes to the node's seat
//  "swarm"; what that sends to "link" goes into the network (network.h). "client-N" is a client of
//  the node (clients.h). Nothing goes wrong but what is asked for here and there.
//
//  Everything aborts when memory is short: it is a test's.
#ifndef GGEN_TESTS_WORLD_H
#define GGEN_TESTS_WORLD_H

#include "clocks.h"
#include "heapbook.h"
#include "letters.h"
#include "runtime/actor/actor.h"
#include "storage.h"

#define WORLD_SEATS_MAX     16u         //  of a node
#define WORLD_OBSERVERS_MAX 16u
#define WORLD_DIGEST_SIZE   16
#define WORLD_NODES_MAX     200000u

//  From a seat to another one of its node, beside the time that its handler takes.
#define WORLD_HOP_US 10

//  A handler's time when its seat names none.
#define WORLD_SERVICE_US_MIN 5u
#define WORLD_SERVICE_US_MAX 40u

typedef struct world_t world_t;

//  ---- who a node is -------------------------------------------------------------------------------

//  One actor's place. All that it points to outlives the node's incarnation.
typedef struct {
    const actor_class_t *class;
    const char *name;           //  its address; NULL = the class's
    const void *settings;
    uint32_t service_us_min;    //  time a handler takes; 0, 0 = the default
    uint32_t service_us_max;
} seat_plan_t;

typedef struct {
    seat_plan_t seats[WORLD_SEATS_MAX];
    unsigned count;
} node_plan_t;

//  The composition: which seats a node has, in the order in which they start. Called for every
//  incarnation of a node, at its start. A scenario gives its own, calls the one of honest nodes, and
//  puts a class of an adversary into the place of one of its seats (world_plan_replace). Settings must
//  stay until the node starts anew or the world ends.
typedef void (compose_fn) (void *context, world_t *world, uint32_t node, node_plan_t *plan);

//  Add a seat at the end.
void world_plan_add (node_plan_t *plan, const actor_class_t *class, const void *settings);

//  Another class (and settings) in the seat of this name; it is called as before. Aborts when there is
//  none.
void world_plan_replace (node_plan_t *plan, const char *name, const actor_class_t *class,
                         const void *settings);

//  What a node is like; world_traits draws it from the seed and the node's number.
typedef struct {
    uint32_t region;            //  of network_regions_count ()
    float x_ms, y_ms;           //  on the map: milliseconds of one way
    float access_ms;            //  of its last mile
    uint32_t uplink_bytes_s;    //  bytes a second
    uint32_t ip;                //  IPv4, host order; unique with 'port'
    uint16_t port;
    bool dialable;              //  false: behind a NAT that lets nobody in
    float slow;                 //  factor of every handler's time
    clocks_t clocks;
} traits_t;

typedef struct {
    uint64_t seed;
    bool real_crypto;           //  libsodium's Ed25519 in the place of crypto_sim
    compose_fn *compose;
    void *context;              //  of compose
    double natted;              //  share of nodes that cannot be dialled
    int64_t skew_ms_max;        //  wall clocks are off by up to so much, either way
    int32_t drift_ppm_max;
    double loss;                //  share of packets that have to be sent again
    heap_fn *heap;              //  book the heap's bytes on the seats that have them; NULL: do not
} world_setup_t;

//  ---- life ----------------------------------------------------------------------------------------

//  'setup' is borrowed for the call; its context outlives the world.
world_t *world_new (const world_setup_t *setup);
void world_destroy (world_t **self_p);

//  A node more, which does not run yet; its number: 0, 1, 2, ... 'traits' NULL: as world_traits draws.
uint32_t world_add (world_t *self, const traits_t *traits);

//  What world_add gives a node of this number by itself.
void world_traits (const world_t *self, uint32_t node, traits_t *traits);

//  Another key pair for a node that has never been started: number 'number' of all that nodes of this run
//  may have. Its own is that of its number.
void world_rekey (world_t *self, uint32_t node, uint64_t number);

uint32_t world_nodes_count (const world_t *self);

typedef enum {
    NODE_OFF,                   //  the process does not run; its host refuses connections
    NODE_GONE,                  //  the host has vanished; connections time out
    NODE_ON,
    NODE_FROZEN                 //  the process stands still
} node_state_t;

node_state_t world_node_state (const world_t *self, uint32_t node);

//  Start it now: all its actors are born. No effect on one that runs.
void world_start (world_t *self, uint32_t node);

//  Ask those who keep something back to write it, as bus_drain.c does, and end it a little later
//  (WORLD_PARTING_MS); what its state keeps is all written. Its peers are asked nothing: their links end
//  with the process. "swarm" is not told to disconnect, for that asks peers to stay away for
//  LEAVE_PAUSE_SECS, which no node that stops does.
#define WORLD_PARTING_MS 200
void world_stop (world_t *self, uint32_t node);

//  The process dies now: peers hear of it soon. Of its state the acknowledged batches are left; the
//  one that was being written is there or not.
void world_kill (world_t *self, uint32_t node);

//  The host vanishes now: as world_kill, but peers find out by their heartbeats. world_start brings it
//  back.
void world_vanish (world_t *self, uint32_t node);

//  The process stands still for so long; mail waits.
void world_freeze (world_t *self, uint32_t node, int64_t ms);

//  From now on its handlers take so many times as long.
void world_slow (world_t *self, uint32_t node, double factor);

//  Shift its wall clock from now on.
void world_skew (world_t *self, uint32_t node, int64_t skew_ms, int32_t drift_ppm);

//  ---- faults of single actors ---------------------------------------------------------------------

//  The actor in this seat fails as by FATAL: what it owes is answered with INTERNAL, and its next
//  incarnation takes its mailbox over. No effect on a node that is off.
void world_fail (world_t *self, uint32_t node, uint8_t seat);

//  It does nothing for so long: its mailbox fills, its deadlines pass.
void world_stall (world_t *self, uint32_t node, uint8_t seat, int64_t ms);

//  Every request that arrives at a seat is refused with the code that this returns; OK lets it pass.
//  NULL: none is. It draws from a stream of its own (world_rng), so that a run repeats.
typedef code_t (refuse_fn) (void *context, world_t *world, const note_t *note);
void world_refuse (world_t *self, refuse_fn *refuse, void *context);

//  ---- from outside --------------------------------------------------------------------------------

//  Mail to an actor of a node that is on, now, under the sender that the envelope names. clients.h does
//  this for those who want an answer; 'body' may be NULL. All is borrowed for the call.
void world_post (world_t *self, uint32_t node, const char *to, Ggen__Envelope *envelope,
                 const ProtobufCMessage *body);

//  ---- time ----------------------------------------------------------------------------------------

//  Virtual microseconds since the start.
int64_t world_now_us (const world_t *self);

//  Let it be this late. Returns the events that happened: arrivals, handlers that had to wait for
//  their turn, deadlines, and what the network does. Ends early when world_end was called.
uint64_t world_run (world_t *self, int64_t until_us);
void world_end (world_t *self);

//  Call 'action' once at this time, or at its start and then in intervals. Of equal times they come in
//  the order of these calls.
typedef void (action_fn) (void *context, world_t *world);
void world_at (world_t *self, int64_t at_us, action_fn *action, void *context);
void world_every (world_t *self, int64_t interval_us, action_fn *action, void *context);

//  ---- what can be seen ----------------------------------------------------------------------------

//  All is borrowed for the call. Observers change nothing but through actions and clients.
typedef struct {
    void *context;
    //  A letter is at a seat, which may still refuse it. May be NULL.
    void (*arrives) (void *context, world_t *world, const note_t *note);
    //  An actor has dealt with a letter (NULL: with the passing of time). May be NULL.
    void (*handled) (void *context, world_t *world, uint32_t node, uint8_t seat,
                     const note_t *note);
    //  A node has been started, or has ended. May be NULL.
    void (*lives) (void *context, world_t *world, uint32_t node, bool lives);
} observer_t;

void world_observe (world_t *self, const observer_t *observer);

//  What a letter's envelope says. Free it with ggen__envelope__free_unpacked.
Ggen__Envelope *world_envelope (const note_t *note);

//  True for mail of a client: *number_p is the N of "client-N".
bool world_client (const note_t *note, uint32_t *number_p);

//  The seat's number; WORLD_SEATS_MAX when there is none of this name, or the node is off. The name of
//  a seat; "client" and "nobody" where letters for clients, and for names that nobody has, are.
uint8_t world_seat (const world_t *self, uint32_t node, const char *name);
uint8_t world_seats_count (const world_t *self, uint32_t node);
const char *world_seat_name (const world_t *self, uint32_t node, uint8_t seat);

//  The class's state (actor_state) and the actor; NULL when the node is off or has no such seat.
void *world_actor (const world_t *self, uint32_t node, const char *name);
actor_metrics_t world_metrics (const world_t *self, uint32_t node, uint8_t seat);

//  What all actors of the world owe, and wait for.
void world_debts (const world_t *self, uint32_t *open_p, uint32_t *pending_p);

//  Letters that wait at a seat.
uint32_t world_depth (const world_t *self, uint32_t node, uint8_t seat);

const traits_t *world_node_traits (const world_t *self, uint32_t node);
const identity_t *world_identity (const world_t *self, uint32_t node);
const crypto_t *world_crypto (const world_t *self);
uint64_t world_seed (const world_t *self);

//  Its disk, which is there as long as the world; made by the first call.
storage_t *world_storage (world_t *self, uint32_t node);

//  Its monotonic and wall clock.
int64_t world_mono_ms (const world_t *self, uint32_t node);
int64_t world_wall_ms (const world_t *self, uint32_t node);

//  The node that has this key. False when none has.
bool world_node_of_key (const world_t *self, const uint8_t key[CRYPTO_KEY_BYTES],
                        uint32_t *node_p);

//  Where it can be dialled: a binary multiaddr, of the bytes that are returned.
#define WORLD_ADDRESS_BYTES 8
size_t world_address (const world_t *self, uint32_t node, uint8_t bytes[WORLD_ADDRESS_BYTES]);

//  A stream of random numbers that only 'purpose' uses, so that what one part draws changes nothing
//  for another.
void world_rng (const world_t *self, rng_t *rng, const char *purpose, uint64_t number);

//  ---- what went wrong -----------------------------------------------------------------------------

//  Something that must never be has been seen. The first is kept, with its time; all are counted.
void world_violation (world_t *self, const char *format, ...) printf_like (2, 3);

//  NULL: nothing.
const char *world_fault (const world_t *self);

//  ---- counts --------------------------------------------------------------------------------------

typedef struct {
    uint64_t events;
    uint64_t letters;           //  that arrived at a seat or a client
    uint64_t kinds[8];          //  of them, by Ggen__Kind
    uint64_t busy;              //  requests refused at a full mailbox
    uint64_t dropped;           //  events and progress lost at a full mailbox
    uint64_t replies_lost;      //  replies lost there
    uint64_t lost;              //  mail for an actor whose node had ended
    uint64_t nowhere;           //  mail for a name that its node does not have
    uint64_t incarnations;      //  births of actors beyond the first of a node's life
    uint64_t depth_max;         //  of any mailbox, in letters
    uint64_t depth_bytes_max;   //  of any mailbox
    uint64_t violations;
    uint32_t nodes_on;
} world_counts_t;

world_counts_t world_counts (const world_t *self);

//  Heap bytes that are the simulator's own: letters, agenda, links, disks, nodes' books.
size_t world_bytes (const world_t *self);

//  The bytes that actors have, by the names of their seats; NULL unless the setup asked for it. What a
//  seat keeps on its node's disk is not among them.
const heapbook_t *world_heapbook (const world_t *self);

//  Over time, address, and bytes of every letter in the order of arrival; of an attachment its size
//  and its first bytes.
void world_digest (const world_t *self, uint8_t digest[WORLD_DIGEST_SIZE]);

#endif
