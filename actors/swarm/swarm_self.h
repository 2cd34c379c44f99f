// SPDX-License-Identifier: MIT
//  What the files of the swarm share; nobody else includes it.
#ifndef GGEN_SWARM_SELF_H
#define GGEN_SWARM_SELF_H

#include "bans.h"
#include "book.h"
#include "flights.h"
#include "links.h"
#include "peer_clocks.h"
#include "runtime/actor/out.h"
#include "reputation.pb-c.h"
#include "swarm.h"

//  A link that shows no sign of life is closed by "link"; these bound what a live one may take.
#define DIAL_MS        4000         //  for one address
#define DIAL_ALL_MS    10000        //  for all addresses of a peer
#define GREETING_MS    2000         //  from LinkUp to a session (SPEC 8)
#define DRAINING_MS    3000         //  for what is on its way on the link that goes
#define YOUNG_MS       (DIAL_ALL_MS + GREETING_MS)      //  so close: dialled at once
#define LEAVING_MS     4000         //  the same after a Goodbye
#define IDLE_MS        30000        //  a transient session without mail ends (SPEC 8)

#define DIALS_MAX      64u          //  at one time; the next is refused with BUSY
#define GREETINGS_MAX  128u         //  links that came in and are nobody's yet; the next is closed
#define STRANGERS_MAX  5u           //  of them from one IP (SPEC 8); loopback: any number
#define NEIGHBOURS_MAX 64u          //  sessions with one IP that came in, as above

#define UNWRITTEN_MAX  (2u << 20)   //  bytes a peer has yet to read; then requests to it get BUSY
#define REPLIES_MAX    (8u << 20)   //  the same with replies to it; then its session ends
#define OWED_MAX       64u          //  requests of one peer not answered; the next gets BUSY
#define OWED_SECS      60u          //  those that nobody answered are forgotten after so long

#define BUDGET_OUT_MS  600000u      //  longest and default budget of a request to another node
#define BUDGET_IN_MS   120000u      //  of one from another node
#define FULL_PAUSE_SECS 60u         //  for those whom we have no room for
#define LEAVE_PAUSE_SECS 300u       //  for those whom somebody disconnected
#define PAUSE_MAX_SECS 3600u        //  longest that a Goodbye may keep us from dialling
#define EVICT_IDLE_MS  1000         //  a session used later makes no place for another
#define CALLS_MAX      8u           //  ConnectRequests and BootstrapRequests; the next gets BUSY
#define PEAKS_COUNT    12u
#define BANS_DUE_MS    10000        //  after it we go on without those of earlier runs
#define COMPLAINT_MS   1000         //  one observation a second of each peer is enough
#define GONE_MAX       16u          //  more are met again at the next start
#define TIDY_MS        10000        //  between looks whether slots can be given back

typedef struct call_t call_t;           //  calls.h
typedef struct bootstrap_t bootstrap_t; //  bootstraps.h

//  The most kept sessions within a step of time.
typedef struct {
    uint32_t step;
    uint16_t most;
} peak_t;

typedef struct {
    Ggen__Connectivity now;
    int64_t fresh_ms;               //  the last new peer
    int64_t lost_ms;                //  when it was CONNECTED last; 0 = never
    int64_t next_ms;
    peak_t peaks[PEAKS_COUNT];
} connectivity_t;

typedef struct {
    uint8_t yes, no;
} votes_t;

typedef struct {
    bool known, dialable;
    uint8_t refusals;               //  times in a row that we could not be dialled
    uint8_t groups_count;
    uint8_t asking;
    uint32_t round;                 //  answers of an earlier one do not count
    votes_t votes[2];               //  of peers in our own network; of others
    uint64_t groups[4];             //  whose vote there is, or is asked for
    addresses_t reached;            //  as others reached us
    int64_t next_ms;
} dialability_t;

//  Bytes by the actor of this node that said them, or that they were for: status.c has the names.
#define SWARM_TRAFFIC_MAX 5

typedef struct {
    uint64_t sent_bytes, received_bytes;
} traffic_t;

typedef struct {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const swarm_settings_t *settings;
    links_t *links;
    flights_t *flights;
    addresses_t listening;          //  where we can be dialled, as far as we know
    uint64_t number;                //  of the link dialled last
    uint32_t lanes;                 //  the last one (lanes.h)
    size_t parked_bytes;
    bans_t bans;
    int64_t bans_due_ms;            //  so long those of earlier runs may be missing
    book_t *book;
    bootstrap_t *bootstraps;        //  as many as in the settings
    call_t *calls[CALLS_MAX];
    connectivity_t connectivity;
    dialability_t dialability;
    uint32_t described;             //  how often what we say of ourselves has changed
    peer_clocks_t clocks;
    peer_key_t *gone;               //  of "state", to be removed there; NULL: none
    uint32_t gone_count;
    int64_t keep_ms;                //  when the book is written
    uint32_t keep_writing;          //  parts of it on their way to the disk
    ticket_t saving;                //  who wants all of it written now; 0 = nobody
    int64_t upkeep_ms;              //  when upkeep has something to do
    int64_t lost_ms;                //  when the last kept session broke
    int64_t probe_ms;               //  when one of the lost is dialled next
    int64_t probe_until_ms;
    int64_t tidy_ms;
    int64_t bootstrapped_ms;        //  the last dial to a bootstrap; -1 = none
    bucket_t bucket;
    uint64_t refused_banned, refused_full, refused_rate, dropped_invalid;
    traffic_t traffic[SWARM_TRAFFIC_MAX];
    uint64_t bulk_sent_bytes, bulk_received_bytes;
} swarm_t;

//  Tell all listeners.
void swarm_tell (const swarm_t *self, const ProtobufCMessage *message);

//  Tell of a peer: those who hear only of kept ones only if this one is kept, or was.
void swarm_tell_peer (const swarm_t *self, link_t *link, const ProtobufCMessage *message);

//  The protocols of others that anybody here asks about.
const char *const *swarm_asked_protocols (const swarm_t *self);

//  Tell those who judge signed times when our clock turns out to be off, or no longer is.
void swarm_tell_clock (swarm_t *self);

//  Tell "reputation" what a peer did, at most once in COMPLAINT_MS each.
void swarm_complain (swarm_t *self, link_t *link, Ggen__Experience experience, const char *detail);

#endif
