// SPDX-License-Identifier: MIT
//  All links, found by their number and by their peer. One link_t is a peer from the moment that
//  somebody wants to talk to it: dialled, greeting, in session. A second link to a peer that has a
//  session drains: what still comes in on it counts as the session's, until it is closed.
#ifndef GGEN_SWARM_LINKS_H
#define GGEN_SWARM_LINKS_H

#include "addresses.h"
#include "greeting.h"
#include "rates.h"

#define LINKS_NONE     UINT16_MAX
#define LINKS_SEEN_MAX 20u          //  bytes of an IP and a port as multiaddr; longer is no address

typedef enum {
    LINK_DIALLING,                  //  LinkDial is out
    LINK_GREETING,                  //  it is up; Hello and Identify are exchanged
    LINK_SESSION,
    LINK_DRAINING,                  //  of a peer that has a session on another link
    LINK_LEAVING                    //  one side has said Goodbye: what is on its way still counts
} link_state_t;

typedef enum {
    LANE_NONE,                      //  none, and none before lane_until
    LANE_WANTED,                    //  the peer is to offer one, until lane_until
    LANE_MADE,                      //  it was offered, or is dialled, until lane_until
    LANE_UP
} lane_state_t;

//  In the order of their sizes: a node that has just come has some seventy of them.
typedef struct {
    //  The connection; links_swap exchanges number, unwritten_bytes, inbound and seen of two.
    uint64_t number;                //  0: none now
    uint32_t unwritten_bytes;       //  sent and not known to have left
    uint16_t next_by_number;
    bool inbound : 1;               //  links_came_in

    //  The peer.
    bool kept : 1;                  //  not made for one lookup; links_set
    bool persistent : 1;            //  redialled for ever
    bool apart_ours : 1;            //  that side is ours
    bool told : 1;                  //  to those who hear of kept sessions only
    bool left : 1;                  //  LEAVING: it was the other side that said Goodbye
    bool named : 1;                 //  found by links_peer
    bool lan : 1;                   //  its beacon was heard from the address that it has
    uint8_t state : 3;              //  link_state_t; links_set
    uint8_t tier : 2;               //  Ggen__Tier
    uint8_t lane_state : 2;         //  lane_state_t
    greeting_t *greeting;           //  DIALLING and GREETING only
    addresses_t addresses;          //  as it says
    uint64_t sent_bytes, received_bytes;
    int64_t since_ms;
    int64_t used_ms;                //  when mail last went either way
    int64_t apart_ms;               //  until then one side does not want to keep it
    int64_t told_ms;                //  when we last complained of it
    bucket_t bucket;
    uint32_t owed_since;            //  seconds
    uint32_t rtt_us;                //  0 = not known
    int32_t skew_ms;
    uint32_t lane;                  //  lanes.h: the last one; 0: there was none
    uint32_t lane_until;            //  seconds
    peer_key_t key;
    uint8_t seen[LINKS_SEEN_MAX];   //  its address as we see it
    uint8_t seen_size;
    uint8_t bootstrap;              //  0, or 1 + its number in the settings
    uint16_t protocols;             //  bit i: the i-th of swarm_asked_protocols
    uint16_t owed;                  //  its requests here that are not answered
    uint16_t flights, flights_count;    //  flights.h
    uint16_t heir;                  //  DRAINING: slot of the session
    uint16_t slot;
    uint16_t next_by_peer;
} link_t;

typedef struct links_t links_t;

//  At most 'links_max' (below LINKS_NONE); 'salt' keeps others from choosing where they are kept.
links_t *links_new (uint32_t links_max, uint64_t salt);
void links_destroy (links_t **self_p);

//  A new one, DIALLING, without number and peer. NULL at the bound or without memory. Pointers stay
//  good until links_remove.
link_t *links_add (links_t *self);

//  Frees its greeting, too. Its flights have ended before.
void links_remove (links_t *self, link_t **link_p);

//  A crowd has gone: give back the slots that it took, if there are many. Slots change; not to be
//  called during a walk.
void links_tidy (links_t *self);

link_t *links_at (const links_t *self, uint16_t slot);
link_t *links_find (const links_t *self, uint64_t number);

//  The one named so, by its peer id as text: DIALLING, GREETING, SESSION or LEAVING.
link_t *links_peer (const links_t *self, const char *text);

//  Have it found under this number, and no longer under its last one.
void links_number (links_t *self, link_t *link, uint64_t number);

//  Have it found as this peer, which has to be nobody else's name.
void links_name (links_t *self, link_t *link, const peer_key_t *key);
void links_unname (links_t *self, link_t *link);

void links_swap (links_t *self, link_t *a, link_t *b);

//  From now on it is this; it was dialled by the other side.
void links_set (links_t *self, link_t *link, link_state_t state, bool kept);
void links_came_in (links_t *self, link_t *link);

//  Walk: start with *cursor = 0; NULL at the end. The one just given may be removed.
link_t *links_next (const links_t *self, uint32_t *cursor);

//  Its one deadline; the link that is due.
void links_deadline (links_t *self, const link_t *link, int64_t at_ms);
int64_t links_earliest_ms (const links_t *self);
link_t *links_due (const links_t *self, int64_t now_ms);

uint32_t links_count (const links_t *self);

bytes_t link_seen (const link_t *link);

//  How many there are of each kind.
typedef struct {
    uint32_t dials;                 //  not up, or up and no session yet
    uint32_t greetings;             //  that came in
    uint32_t kept, transients;      //  sessions
    uint32_t kept_inbound;          //  of the kept
    uint32_t inbound;               //  of the sessions
    uint32_t drains;
} census_t;

census_t links_census (const links_t *self);

//  Those of 'names' that the peer serves. Returns how many.
size_t link_protocols (const link_t *link, const char *const *names, char **protocols);

#endif
