// SPDX-License-Identifier: MIT
//  What the files of the world share: world.c (nodes, time, actions) and world_view.c, seats.c
//  and seats_send.c (mailboxes and handlers), network.c, cables.c and cable_table.c, clients.c. Nobody
//  else includes it.
#ifndef GGEN_TESTS_WORLD_INSIDE_H
#define GGEN_TESTS_WORLD_INSIDE_H

#include "agenda.h"
#include "crypto_sim.h"
#include "network.h"
#include "storage.h"

enum { DUE_LETTER, DUE_WORK, DUE_WAKE, DUE_ACTION, DUE_LINK };

#define NO_INDEX     UINT32_MAX
#define SEAT_CLIENTS UINT8_MAX          //  where the mail of clients arrives
#define SEAT_NOBODY  (UINT8_MAX - 1)    //  and that for names which the node does not have

typedef struct {
    const actor_class_t *class;
    const char *name;
    const void *settings;
    actor_t *actor;
    note_t *first, *last;       //  its mailbox
    note_t *held_first, *held_last;     //  from links, for when it has room
    uint64_t held_bytes;
    int64_t free_us;            //  its handler is busy until then
    int64_t wake_us;            //  of the earliest DUE_WAKE under way; INT64_MAX = none
    uint32_t depth_bytes;
    uint16_t depth;
    uint16_t service_us_min, service_us_max;
    bool working;               //  a DUE_WORK is under way
} seat_t;

typedef struct {
    crypto_sim_identity_t *identity;
    storage_t *storage;         //  NULL: nobody has asked for it
    traits_t traits;
    seat_t *seats;
    uint8_t seats_count;
    uint8_t swarm;              //  its seat "swarm", or WORLD_SEATS_MAX
    uint32_t life;              //  number of its incarnation
    uint32_t epoch;             //  of the actor born last
    node_state_t state;
    int64_t frozen_us;          //  until then, when it is
    int64_t uplink_us;          //  its uplink is busy until then
    uint64_t received_bytes;
    uint32_t first_end;         //  its links
    uint32_t links_count;
    uint8_t group;
    bool unplugged;
} node_t;

//  One side of a link. An end's number is that of its link, times two, plus its side.
typedef struct {
    uint64_t number;            //  as its swarm calls it
    note_t *held_last;          //  of those that cannot get through to it now: a ring
    int64_t arrives_us;         //  the last that is under way to this end
    int64_t left_us;            //  when the last of its bytes leave
    uint32_t node;
    uint32_t life;
    uint32_t next, previous;    //  among its node's; a link that is not used: ends[0].next is another
    uint32_t untold_bytes;      //  sent, LinkWritten not yet told
    bool open;                  //  its swarm has it
    uint8_t telling;            //  LINK_WRITTENs that are under way
} end_t;

#define WAY_US_MAX ((1u << 30) - 1)     //  17 minutes: no way is as long

typedef struct {
    end_t ends[2];              //  who dialled, and who was
    int64_t impaired_us;        //  no sign of life since; -1 = well
    uint32_t generation;        //  of this place in the table
    uint32_t way_us : 30;       //  at most WAY_US_MAX
    bool up : 1;
    bool used : 1;
} link_t;

typedef struct {
    link_t *links;
    uint32_t count, room, first_free;
    uint32_t *numbers;          //  (node, number) -> end of who dialled, open addressing
    uint32_t numbers_room, numbers_count;
    uint32_t *hosts;            //  (ip, port) -> node, open addressing
    uint32_t hosts_room;
    uint32_t cuts[NETWORK_GROUPS_MAX];      //  bit: to that group
    uint32_t outages;                       //  bit: region
    double loss;
    rng_t rng;
    network_counts_t counts;
} network_t;

typedef struct clients_t clients_t;

typedef struct action_t {
    action_fn *action;
    void *context;
    int64_t interval_us;        //  0 = once
    struct action_t *next, *previous;
} action_t;

struct world_t {
    world_setup_t setup;
    const crypto_t *crypto;
    agenda_t *agenda;
    letters_t *letters;
    actor_scratch_t *scratch;   //  of all actors
    heapbook_t *heapbook;           //  NULL: nobody wants to know
    node_t *nodes;
    uint32_t nodes_count, nodes_room;
    uint32_t *keys;             //  public key -> node, open addressing
    uint32_t keys_room;
    int64_t now_us;
    bool ended;
    network_t network;
    clients_t *clients;
    action_t actions;           //  head of the list of all
    refuse_fn *refuse;
    void *refuse_context;
    observer_t observers[WORLD_OBSERVERS_MAX];
    unsigned observers_count;
    rng_t rng;                  //  of handlers' times
    uint8_t digest[WORLD_DIGEST_SIZE];
    world_counts_t counts;
    char *fault;
    //  Who is being run, and when what it sends leaves.
    uint32_t speaker;
    uint8_t speaker_seat;
    int64_t speaking_us;
};

static inline void
world_due (world_t *self, unsigned kind, int64_t at_us, uint32_t a, uint32_t b)
{
    agenda_push (self->agenda, kind, (due_t) {.at_us = at_us, .a = a, .b = b});
}

static inline bool
node_runs (const node_t *node)
{
    return node->state == NODE_ON || node->state == NODE_FROZEN;
}

//  ---- seats.c -------------------------------------------------------------------------------------

//  Birth of all the plan's actors; death.
void seats_open (world_t *self, uint32_t node, const node_plan_t *plan);
void seats_close (world_t *self, uint32_t node);

uint8_t seats_find (const node_t *node, const char *name);

//  Have the letter at the seat at this time. Takes it.
void seats_post (world_t *self, uint32_t node, uint8_t seat, note_t *note, int64_t at_us);

//  From outside of all seats, under the sender that the envelope names, now.
void seats_say (world_t *self, uint32_t node, const char *to, Ggen__Envelope *envelope,
                const ProtobufCMessage *body);

//  As the bus answers a request in the place of a mailbox: 'asked' is who would have answered.
void seats_refuse (world_t *self, uint32_t node, const char *asked, const char *asker,
                   const Ggen__Envelope *about, code_t code, const char *why);

//  Where the reply to a request goes.
const char *seats_asker (const Ggen__Envelope *request);

//  Mail for a name that the node does not have has arrived.
void seats_nowhere (world_t *self, const note_t *note);

//  The port (port_t) of every actor; its context is the world, which knows who speaks.
void seats_port_send (void *world, const parcel_t *parcel);
uint64_t seats_port_clock_us (void *world);

//  What was due.
void seats_arrive (world_t *self, note_t *note);
void seats_work (world_t *self, uint32_t node, uint8_t seat);
void seats_wake (world_t *self, uint32_t node, uint8_t seat, int64_t at_us);

//  It is no longer frozen.
void seats_thaw (world_t *self, uint32_t node);

//  As world_fail and world_stall.
void seats_fail (world_t *self, uint32_t node, uint8_t seat);
void seats_stall (world_t *self, uint32_t node, uint8_t seat, int64_t us);

//  ---- cables.c -------------------------------------------------------------------------------------

//  The node's swarm is told where it listens: on every interface (0.0.0.0), at the node's port.
void cables_listen (world_t *self, uint32_t node);

//  A message of swarm to its link actor. Takes the parcel's attachment.
void cables_take (world_t *self, uint32_t node, const parcel_t *parcel);

//  The letter came over a link: false when that has ended for its receiver.
bool cables_deliver (world_t *self, const note_t *note);

void cables_due (world_t *self, uint32_t link, uint32_t what);

//  The node ends: its peers hear of it soon, or by their heartbeats.
void cables_lose (world_t *self, uint32_t node, bool vanished);

//  Who can reach whom has changed, for this node (NO_INDEX: for all).
void cables_look (world_t *self, uint32_t node);

//  Both sides hear that it ended.
void cables_break (world_t *self, uint32_t link);

void cables_free (world_t *self);

//  ---- network.c -----------------------------------------------------------------------------------

void network_open (world_t *self);
void network_close (world_t *self);

//  Draw where it is on the map, its address and its uplink.
void network_settle (traits_t *traits, uint32_t node, rng_t *rng);

//  The node has an address from now on.
void network_add (world_t *self, uint32_t node);

//  The node at this address, or NO_INDEX.
uint32_t network_find (const world_t *self, uint32_t ip, uint16_t port);

//  Whether anything gets from one node to the other.
bool network_blocked (const world_t *self, uint32_t from, uint32_t to);

//  Jitter of one way of this length, and the time that lost packets cost.
int64_t network_jitter_us (world_t *self, int64_t way_us);
int64_t network_resend_us (world_t *self, size_t size, int64_t way_us);

//  ---- clients.c -----------------------------------------------------------------------------------

void clients_open (world_t *self);
void clients_close (world_t *self);

//  Mail for a client.
void clients_hear (world_t *self, const note_t *note);

//  The number of "client-N"; false when it is no client's address.
bool clients_number (const char *address, uint32_t *number_p);

//  The node has ended.
void clients_lose (world_t *self, uint32_t node);

#endif
