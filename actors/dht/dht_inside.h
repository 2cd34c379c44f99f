// SPDX-License-Identifier: MIT
//  What the parts of the actor share; nobody else includes it.
//      dht.c         its life, what swarm tells it, status
//      dht_query.c   asking another node, and what every answer means for the table
//      dht_op.c      lookups: running, waiting, ending
//      dht_read.c    DhtRead
//      dht_region.c  more of them where the closest to a key are a crowd
//      dht_write.c   DhtWrite, republishing: a lookup, then puts
//      dht_provide.c DhtProvide
//      dht_serve.c   what other nodes ask
//      dht_upkeep.c  refreshing, checking who may enter the table, handing records over
//      dht_keep.c    "state"
#ifndef GGEN_DHT_INSIDE_H
#define GGEN_DHT_INSIDE_H

#include "dht.h"
#include "estimate.h"
#include "harvest.h"
#include "lookup.h"
#include "pace.h"

#include "runtime/actor/out.h"

#include "reputation.pb-c.h"
#include "state.pb-c.h"
#include "swarm.pb-c.h"

//  How long one ask may take at most; a node that is later is dead to us.
#define DHT_ASK_MS 8000

//  Records of one answer: no node sends more, and no more are verified; twice as many are misbehaviour.
#define DHT_REPLY_RECORDS_MAX 256

//  Pages that one read asks of all nodes together, beyond the first of each.
#define DHT_PAGES_MAX 24

typedef struct dht_t dht_t;
typedef struct op_t op_t;
typedef struct query_t query_t;
typedef struct region_t region_t;
typedef struct keep_t keep_t;
typedef struct provide_t provide_t;

//  ---- queries -----------------------------------------------------------------------------------

typedef enum {
    QUERY_LOOKUP,               //  FindNode or GetRecords, a step of a lookup
    QUERY_PAGE,                 //  more of an answer
    QUERY_REGION,               //  GetRecords, of a node that no step of the lookup met
    QUERY_PUT,
    QUERY_CHECK,                //  may it enter the table?
    QUERY_DEAD                  //  is this provider gone?
} query_kind_t;

//  A request to another node that was not answered yet.
struct query_t {
    op_t *op;                   //  NULL: nobody waits for it any more
    query_t *next, **link;      //  of all that wait
    contact_t contact;
    int64_t sent_ms;
    digest_t key;               //  QUERY_DEAD: of the provider record
    uint16_t candidate;
    uint8_t scan;
    uint8_t kind;
};

//  The candidate of none of the key's own lookup.
#define CANDIDATE_NONE UINT16_MAX

//  What is asked.
typedef struct {
    query_kind_t kind;
    op_t *op;                   //  or NULL
    uint16_t candidate;
    uint8_t scan;               //  QUERY_LOOKUP: 0 = of the key itself, else of its region
    const contact_t *contact;
    const ProtobufCMessage *message;
    const ProtobufCMessageDescriptor *expect;
    const digest_t *key;        //  QUERY_DEAD
} query_ask_t;

//  Is there room for one more query of this kind?
bool dht_query_has_room (const dht_t *self, query_kind_t kind);

//  Returns false when it could not be sent.
bool dht_query_send (dht_t *self, const query_ask_t *ask);

//  This op no longer waits; what comes is still news of the nodes.
void dht_query_forget (dht_t *self, const op_t *op);

//  The actor ends.
void dht_query_drop_all (dht_t *self);

//  ---- operations --------------------------------------------------------------------------------

typedef enum { OP_READ, OP_WRITE, OP_REFRESH, OP_HINT } op_kind_t;

//  What an operation does when its lookup is over, or when its time is.
typedef enum { OP_LOOKED_UP, OP_PARTIAL, OP_HARD_STOP } op_event_t;

//  Returns true when the operation has ended (dht_op_end was called).
typedef bool (op_event_fn) (dht_t *self, op_t *op, op_event_t event);

struct op_t {
    op_t *next;                 //  running, or in the queue
    op_kind_t kind;
    op_event_fn *on_event;
    ticket_t ticket;
    digest_t key;
    uint64_t target;
    lookup_t *lookup;           //  NULL in the queue
    region_t *region;           //  NULL: the closest were no crowd, as far as we know
    harvest_t *harvest;         //  OP_READ
    uint8_t paths;
    bool background;
    bool woken;                 //  something happened to it
    bool starved;               //  it wanted to ask and there was no room
    int64_t asked_ms;           //  when we were asked
    int64_t deadline_ms;        //  of the asker
    int64_t partial_ms;
    int64_t hard_ms;
    int64_t wake_ms;
    unsigned messages;
    unsigned extra;             //  pages or puts that are on their way
    union {
        struct {
            bool first_valid;
            bool found;         //  a first valid one
            unsigned quorum;
            unsigned hops;
            unsigned pages;
            unsigned full;      //  nodes that say so
        } read;
        struct {
            uint8_t *record;
            uint32_t size;
            uint32_t age_secs;
            dht_element_t element;
            contact_t *targets;
            unsigned targets_count, sent, asked, acknowledged;
            unsigned full;
            uint8_t *newer;
            uint32_t newer_size;
            bool provides;      //  it answers a DhtProvide
            bool ours;          //  we are one of the closest
            bool here;          //  and have stored it
        } write;
        peer_key_t dead;        //  OP_HINT
    };
};

//  A new operation, not started. NULL: out of memory.
op_t *dht_op_new (op_kind_t kind, op_event_fn *on_event, const digest_t *key, const delivery_t *at);
void dht_op_free (op_t *op);

//  Start it, or queue it. Takes it. Returns false when DHT_QUEUE_MAX wait (freed, not answered),
//  or, for those in the background, when enough of them run.
bool dht_op_submit (dht_t *self, op_t *op);

//  Take it out of what runs, and free it.
void dht_op_end (dht_t *self, op_t *op);

//  Go on with all that can go on. Call it at the end of every handler.
void dht_op_run (dht_t *self);

int64_t dht_op_deadline_ms (const dht_t *self);
void dht_op_tick (dht_t *self, int64_t now_ms);
bool dht_op_cancel (dht_t *self, ticket_t ticket);
unsigned dht_op_background (const dht_t *self);

//  The actor ends: what waits is forgotten.
void dht_op_drop_all (dht_t *self);

//  An answer to a query of this operation; 'answer' as it came.
void dht_op_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer);

//  The nodes named in an answer, at most KBUCKET_K of them. Returns how many.
size_t dht_op_closer (dht_t *self, Ggen__Contact *const *named, size_t count,
                      contact_t closer[KBUCKET_K]);

//  ---- regions -----------------------------------------------------------------------------------

#define REGION_SCANS 4
#define REGION_MAX   (4 * KBUCKET_K)

struct region_t {
    lookup_t *scans[REGION_SCANS];      //  the first says how dense the network is
    uint64_t targets[REGION_SCANS];
    uint64_t nodes;             //  of the network; 0 = not known yet
    uint64_t radius;
    contact_t *list;            //  chosen: those to be asked, or told, beside the closest
    uint8_t count, sent;
    bool chosen;
};

//  All lookups of this operation are over. Returns true when it has to go on, in the region of its
//  key: first with scans, then (a read) with dht_region_ask.
bool dht_region_next (dht_t *self, op_t *op);
void dht_region_ask (dht_t *self, op_t *op);

//  Set its list by what was found so far.
void dht_region_choose (dht_t *self, op_t *op);

void dht_region_destroy (region_t **self_p);

//  ---- reading and writing -----------------------------------------------------------------------

code_t dht_read (void *self, const delivery_t *at, const ProtobufCMessage *message);
void dht_read_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer);

code_t dht_write (void *self, const delivery_t *at, const ProtobufCMessage *message);
void dht_write_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer);
void dht_write_pump (dht_t *self, op_t *op);
bool dht_write_event (dht_t *self, op_t *op, op_event_t event);

//  Check a record, then store it at those closest to its key; answers 'at'.
code_t dht_write_start (dht_t *self, const delivery_t *at, const digest_t *key, bytes_t packed,
                        bool provides);

//  The same for ourselves. Returns false when it was not begun (too much runs, or it is no good).
bool dht_write_alone (dht_t *self, const digest_t *key, bytes_t packed, uint32_t age_secs);

//  One put of a record that lies here. Returns false when there is no room for it now.
bool dht_write_tell (dht_t *self, const contact_t *contact, const digest_t *key,
                     const element_t *element);

//  One put; 'op' (may be NULL) hears of it.
bool dht_write_send (dht_t *self, op_t *op, const contact_t *contact, const digest_t *key,
                     bytes_t packed, uint32_t age_secs);

code_t dht_provide (void *self, const delivery_t *at, const ProtobufCMessage *message);
provide_t *dht_provide_new (void);
void dht_provide_destroy (provide_t **self_p);
void dht_provide_load (dht_t *self, const Ggen__StateEntry *entry);
int64_t dht_provide_deadline_ms (const dht_t *self);
void dht_provide_tick (dht_t *self, int64_t now_ms);
uint32_t dht_provide_count (const dht_t *self);

//  ---- serving -----------------------------------------------------------------------------------

code_t dht_serve_find (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t dht_serve_get (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t dht_serve_put (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t dht_serve_dead (void *self, const delivery_t *at, const ProtobufCMessage *message);
void dht_serve_checked_dead (dht_t *self, const query_t *query, bool dead);

//  Keep a record that was checked. 'sender_group' pays for it.
records_put_t dht_serve_keep (dht_t *self, const digest_t *key, const dht_element_t *element,
                              const Ggen__StoredRecord *stored, uint32_t sender_group,
                              const element_t **newer_p);

//  ---- upkeep ------------------------------------------------------------------------------------

//  A node may be worth a place in the table.
void dht_upkeep_consider (dht_t *self, const contact_t *contact);

//  A node entered the table; one left it.
void dht_upkeep_entered (dht_t *self, const contact_t *contact);
void dht_upkeep_left (dht_t *self, uint64_t place);

//  Something is looked up here: its bucket is fresh. Nobody answered: it is not.
void dht_upkeep_looked (dht_t *self, uint64_t target);
void dht_upkeep_unanswered (dht_t *self, uint64_t target);

void dht_upkeep_tick (dht_t *self, int64_t now_ms);
int64_t dht_upkeep_deadline_ms (const dht_t *self);

//  There is room for more queries.
void dht_upkeep_run (dht_t *self);

//  ---- state -------------------------------------------------------------------------------------

keep_t *dht_keep_new (void);
void dht_keep_destroy (keep_t **self_p);
void dht_keep_load (dht_t *self);
bool dht_keep_ready (const dht_t *self);
bool dht_keep_changed (void *self, const uint8_t state_key[RECORDS_STATE_SIZE]);
int64_t dht_keep_deadline_ms (const dht_t *self);
void dht_keep_tick (dht_t *self, int64_t now_ms, int64_t wall_ms);

//  Handler of SaveRequest.
code_t dht_keep_save (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  ---- the actor ---------------------------------------------------------------------------------

typedef struct {
    uint64_t id;                //  the first bytes of its key
    uint32_t group;
} session_group_t;

//  Records on their way to a node that is new close to us.
typedef struct {
    contact_t contact;
    uint64_t cursor;
} handover_t;

#define DHT_HANDOVERS_MAX 4

struct dht_t {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const dht_settings_t *settings;
    peer_key_t own;
    uint64_t place;
    int64_t born_ms;
    bool dialable;              //  as far as we know
    bool offline;               //  swarm says so
    int64_t skew_ms;            //  the same: what others' clocks are ahead of ours
    kbucket_t *table;
    records_t *records;
    keep_t *keep;
    provide_t *provide;
    pace_t pace;
    uint64_t nodes_estimate;            //  by our neighbours
    estimate_t estimate;                //  by what was looked up
    query_t *waiting;
    op_t *running;
    op_t *queue;
    op_t *queue_last;
    uint16_t running_count;
    uint16_t queue_count;
    uint8_t asks, puts, checks;         //  queries on their way
    uint8_t candidates_count;
    uint8_t handovers_count;
    uint16_t sessions_count;
    contact_t *candidates;              //  to be checked, the oldest first
    handover_t *handovers;
    session_group_t *sessions;          //  by id
    Ggen__Addresses *addresses;         //  at which we can be dialled; NULL = not known
    int32_t refresh_secs[KBUCKET_BUCKETS_MAX];      //  when each bucket is due
    bool joined;                        //  a lookup of ourselves was made
    uint16_t losses;                    //  neighbours that left since records were last sent round
    uint64_t queries, queries_failed, refused_invalid, refused_full;
    uint64_t lookups, lookups_ms;       //  that were asked for here and ended
};

//  The group of addresses whose share it takes what this peer sends; 0 = none.
uint32_t dht_group_of (const dht_t *self, const peer_key_t *peer);

//  Does it store for others?
bool dht_is_server (const dht_t *self);

//  The shape of its lookups.
lookup_shape_t dht_shape (const dht_t *self, unsigned paths);

//  The time by which signed times are judged and said: our wall clock, corrected by our peers'.
int64_t dht_wall_ms (const dht_t *self);

//  How long it has been up, for others: 0 = long enough.
uint32_t dht_up_secs (const dht_t *self);

//  About 'ms' later, as seconds: a tenth more or less, so that not all nodes do it at once.
int32_t dht_later_secs (dht_t *self, uint32_t ms);

//  Tell "reputation" what this node did.
void dht_observe (dht_t *self, const peer_key_t *peer, Ggen__Experience experience,
                  const char *detail);

#endif
