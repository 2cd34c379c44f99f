// SPDX-License-Identifier: MIT
//  What the files of this actor share: its state, and what each of them offers the others.
//  A message comes in by gossip.c; frames go to intake.c (bodies), wants.c (ids) and mesh.c (links);
//  all that is said to neighbours goes through outbox.c.
#ifndef GGEN_GOSSIP_INSIDE_H
#define GGEN_GOSSIP_INSIDE_H

#include "announcement.h"
#include "body.h"
#include "history.h"
#include "origins.h"
#include "peer_id.h"
#include "refusals.h"
#include "reputation.pb-c.h"
#include "runtime/actor/out.h"

#define GOSSIP_PROTOCOL "gossip/1"

//  ---- neighbours (peers.c) ----------------------------------------------------------------------

#define PEER_TOPICS_MAX    64           //  that it may say it follows; more are ignored
#define PEER_TOPICS_INSIDE 2            //  more than these are in memory of their own

typedef struct outbox_t outbox_t;
typedef struct inbox_t inbox_t;

//  There are many of these in a node that has little to do: it is kept small. Times are the low 32 bits
//  of milliseconds, good for differences.
typedef struct {
    peer_key_t key;
    char id [PEER_ID_TEXT];             //  as in its address; no NUL
    uint8_t slot;
    uint8_t topics_count;
    bool outbound;                      //  we dialled it
    bool muted;                         //  it sent a signature that does not hold
    int16_t score;                      //  as of score_at_s
    uint16_t wants_count;               //  ids that it was the first to offer
    uint32_t score_at_s;
    uint32_t group;                     //  of its IP address; 0 = not public
    union {
        uint32_t few [PEER_TOPICS_INSIDE];
        uint32_t *many;
    } topics;                           //  hashes of names
    outbox_t *outbox;                   //  NULL: nothing to say
    inbox_t *inbox;                     //  NULL: nothing waits for verification
    uint32_t verify_at;                 //  when its budget was counted last
    int32_t verify_tokens;              //  thousandths of a verification
    uint32_t second;                    //  of the counts below
    uint32_t ids_heard;
    uint32_t bytes_served;
    uint32_t ids_told_at;               //  when the last ids went to it
    uint32_t complained_at;             //  when reputation was told last
} peer_t;

//  ---- topics (topics.c) -------------------------------------------------------------------------

typedef struct {
    uint8_t slot;
    bool eager;
    int8_t worth;                       //  pushes that came first, less those that came second
    int64_t offered_ms;                 //  when it last had an id before we had the body
} link_t;

typedef struct {
    uint8_t slot;
    bool refused;                       //  it asked for a link, for which we had no room
    int64_t until_ms;
} backoff_t;

#define LINKS_MAX    (GOSSIP_MESH_HIGH + 4)
#define BACKOFFS_MAX GOSSIP_PEERS_MAX   //  of a topic; the one that ends first gives way

typedef struct {
    char *name;
    uint32_t hash;
    bool followed;
    bool direct;
    uint8_t links_count;
    uint8_t backoffs_count;
    link_t links [LINKS_MAX];
    backoff_t *backoffs;
    int64_t announced_ms;               //  by us, last
    int64_t mended_ms;                  //  when a pulled body last made a link eager
} topic_t;

//  ---- the actor ---------------------------------------------------------------------------------

//  What falls due, each at a time of its own.
typedef enum {
    DUE_SAY,                            //  outboxes
    DUE_SIGN,                           //  our own announcements
    DUE_VERIFY,                         //  inboxes
    DUE_PULL,                           //  ids without bodies
    DUE_DELIVER,                        //  items for the follower
    DUE_HEARTBEAT,
    DUE_COUNT
} due_t;

typedef struct batch_t batch_t;
typedef struct wave_t wave_t;
typedef struct news_t news_t;

typedef struct {
    uint64_t announced, delivered, duplicates, invalid, sent_bodies, dropped_full, sent_frames;
    uint64_t refused, pulled, broken_promises;
    uint32_t alarms;
} gossip_counts_t;

typedef struct gossip_t {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const gossip_settings_t *settings;
    int64_t now_ms, wall_ms;            //  of the call that is being handled; wall_ms is corrected
    int64_t skew_ms;                    //  by this: what our peers' clocks are ahead of ours
    int64_t due_ms [DUE_COUNT];

    peer_t **peers;                     //  by slot; NULL = free
    uint8_t slots_count, peers_count;
    peer_set_t saying;                  //  with an outbox
    peer_set_t waiting;                 //  with an inbox
    uint8_t verify_slot;                //  whose turn it is
    uint32_t inbox_bytes;               //  of all inboxes
    uint32_t verified;                  //  in this call

    topic_t **topics;
    uint8_t topics_count;

    history_t *history;
    origins_t origins;
    refusals_t refusals;
    id_table_t *wants;
    int64_t said_ms;                    //  when outboxes were emptied last
    int64_t heartbeat_ms;               //  the last one
    int64_t alarm_ms;

    uint64_t seq;
    int64_t own_at_ms;
    int32_t own_tokens;                 //  thousandths of an announcement
    uint32_t batch_bytes;
    batch_t *batches;                   //  one a topic, waiting to be signed
    wave_t *waves;                      //  under way to neighbours, oldest first
    uint8_t waves_count, pushes;
    news_t *news, *news_last;           //  for the follower, oldest first
    uint32_t news_count;
    int64_t news_at_ms;
    int32_t news_tokens;

    gossip_counts_t counts;
} gossip_t;

//  'due' comes at 'at_ms' at the latest.
static inline void
gossip_due (gossip_t *self, due_t due, int64_t at_ms)
{
    if (at_ms < self->due_ms [due])
        self->due_ms [due] = at_ms;
}

//  ---- peers.c -----------------------------------------------------------------------------------

//  Its address: GOSSIP_ADDRESS_SIZE bytes with the NUL.
#define GOSSIP_ADDRESS "gossip@"
#define GOSSIP_ADDRESS_SIZE   (sizeof GOSSIP_ADDRESS + PEER_ID_TEXT)
void
    peer_address (const peer_t *peer, char address [GOSSIP_ADDRESS_SIZE]);

//  NULL: not a neighbour.
peer_t *
    peers_find (const gossip_t *self, const char *address);
peer_t *
    peers_find_key (const gossip_t *self, const uint8_t *key);
peer_t *
    peers_find_mark (const gossip_t *self, const uint8_t mark [ID_MARK_SIZE]);

//  NULL: GOSSIP_PEERS_MAX are there, or no memory.
peer_t *
    peers_add (gossip_t *self, const peer_key_t *key);
void
    peers_remove (gossip_t *self, peer_t *peer);
void
    peers_done (gossip_t *self);

//  The first at or after *slot, which then is the one to go on from; NULL at the end.
peer_t *
    peers_next (const gossip_t *self, unsigned *slot);

bool
    peer_follows (const peer_t *peer, uint32_t topic);
//  True: that is news.
bool
    peer_follow (peer_t *peer, uint32_t topic);
void
    peer_unfollow (peer_t *peer, uint32_t topic);

//  Counts of the running second begin anew with each.
void
    peer_count_second (peer_t *peer, int64_t now_ms);

//  A number for the public IP address of a multiaddr, 0 for any other.
uint32_t
    peer_group (bytes_t multiaddr);

//  ---- score.c: what it is to be linked with ------------------------------------------------------
//  Halves every SCORE_HALF_SECS. Below 0: not in the mesh. Below SCORE_IDS_MIN: its ids are not
//  believed. Below SCORE_HEAR_MIN: it is not heard.

#define SCORE_MAX       50
#define SCORE_MIN       (-400)
#define SCORE_HALF_SECS 10
#define SCORE_IDS_MIN   (-40)
#define SCORE_HEAR_MIN  (-150)

#define SCORE_FIRST     1               //  it brought something first
#define SCORE_BROKEN    (-10)           //  it offered what it did not deliver
#define SCORE_RUDE      (-15)           //  it grafted though it was asked to wait
#define SCORE_MALFORMED (-60)           //  what no honest node sends

int
    score_of (const peer_t *peer, int64_t now_ms);

//  When more than half of the neighbours turn bad, that is us: counted as an alarm, and forgiven.
void
    score_change (gossip_t *self, peer_t *peer, int change);

//  Tell reputation, at most once in REPORT_MS of one neighbour.
#define REPORT_MS 1000
void
    score_report (gossip_t *self, peer_t *peer, Ggen__Experience experience, const char *detail);

//  ---- topics.c ----------------------------------------------------------------------------------

uint32_t
    topic_hash (const char *name);
topic_t *
    topics_find (const gossip_t *self, uint32_t hash);
//  NULL: GOSSIP_TOPICS_MAX are there, or no memory.
topic_t *
    topics_need (gossip_t *self, const char *name);
void
    topics_remove (gossip_t *self, topic_t *topic);
void
    topics_done (gossip_t *self);

//  Neighbours that follow it.
unsigned
    topic_followers (const gossip_t *self, const topic_t *topic);
//  Does the origin push to all its neighbours? Looks at the members as they are now.
bool
    topic_direct (gossip_t *self, topic_t *topic);

link_t *
    topic_link (topic_t *topic, const peer_t *peer);

//  ---- mesh.c ------------------------------------------------------------------------------------

void
    mesh_on_graft (gossip_t *self, peer_t *peer, const char *name);
void
    mesh_on_prune (gossip_t *self, peer_t *peer, const char *name, uint32_t backoff_secs);
void
    mesh_on_eager (gossip_t *self, peer_t *peer, const char *name);
void
    mesh_on_lazy (gossip_t *self, peer_t *peer, const char *name);

//  A push over this link came first; or second, to another push when 'raced'.
void
    mesh_first (topic_t *topic, const peer_t *peer);
void
    mesh_second (gossip_t *self, topic_t *topic, peer_t *peer, bool raced);

//  Have its bodies pushed from now on: it had one that nobody pushed.
void
    mesh_make_eager (gossip_t *self, topic_t *topic, peer_t *peer);

//  It is no neighbour any more, or no longer follows.
void
    mesh_forget (gossip_t *self, topic_t *topic, const peer_t *peer);

//  One that we had no room for is told ids as if it had a lazy link: it may have nobody else. The first at
//  or after *at, which then is the one to go on from; NULL at the end.
peer_t *
    mesh_refused (const gossip_t *self, const topic_t *topic, unsigned *at);

//  End all links of a topic that is no longer followed.
void
    mesh_leave (gossip_t *self, topic_t *topic);

//  Keep each mesh within its bounds. Returns when there is something to do again.
int64_t
    mesh_heartbeat (gossip_t *self);

//  There may be something to do for it before long.
void
    mesh_soon (gossip_t *self);

//  ---- outbox.c ----------------------------------------------------------------------------------

typedef enum {
    SAY_BODY, SAY_HAVE, SAY_HAVE_LATE, SAY_WANT, SAY_DONT_WANT, SAY_GRAFT, SAY_PRUNE, SAY_EAGER,
    SAY_LAZY, SAY_SUBSCRIBE, SAY_UNSUBSCRIBE, SAY_COUNT
} say_t;

//  Have it said at once.
void
    outbox_topic (gossip_t *self, peer_t *peer, say_t what, topic_t *topic);
void
    outbox_prune (gossip_t *self, peer_t *peer, const char *name, uint32_t backoff_secs);
void
    outbox_id (gossip_t *self, peer_t *peer, say_t what, const uint8_t *id);
//  Bodies at once, ids a moment later, for they may come from the other side meanwhile.
void
    outbox_body (gossip_t *self, peer_t *peer, say_t what, body_t *body);

//  Send what is due.
void
    outbox_say (gossip_t *self);
//  Send all there is to say to one, now.
void
    outbox_flush (gossip_t *self, peer_t *peer);
void
    outbox_drop (gossip_t *self, peer_t *peer);

//  ---- wants.c -----------------------------------------------------------------------------------

//  'topic' is NULL when we do not know it.
void
    wants_offered (gossip_t *self, peer_t *peer, topic_t *topic, const uint8_t *id, bool late);
//  It was pulled from history, but its origin is over its rate: later.
void
    wants_again (gossip_t *self, peer_t *peer, const body_t *body);
//  A neighbour gets it from elsewhere: it needs not be pushed there.
void
    wants_warned (gossip_t *self, peer_t *peer, const uint8_t *id);
//  Its bytes are here: nobody else is asked for them. Says in them what is known. Returns true when
//  this neighbour was asked for it.
bool
    wants_came (gossip_t *self, body_t *body, const peer_t *peer);
void
    wants_pull (gossip_t *self);
void
    wants_forget (gossip_t *self, const peer_t *peer);

//  ---- intake.c ----------------------------------------------------------------------------------

//  A body in a frame.
void
    intake_frame (gossip_t *self, peer_t *peer, bytes_t packed);
//  A push of its origin. OK: *fresh_p says whether it is new. Other codes are the answer.
must_use code_t
    intake_push (gossip_t *self, peer_t *peer, bytes_t packed, bytes_t pushed, bool *fresh_p);
//  Verify what waits.
void
    intake_verify (gossip_t *self);
void
    intake_drop (gossip_t *self, peer_t *peer);

//  ---- forward.c ---------------------------------------------------------------------------------

//  Tell links of something new. 'pushed' as in PushRequest.
void
    forward_fresh (gossip_t *self, body_t *body, bytes_t pushed);
//  Tell one neighbour what of this topic it may have missed.
void
    forward_history (gossip_t *self, peer_t *peer, uint32_t topic);
//  Ids of the last heartbeats to some more neighbours. Returns true while there are any.
bool
    forward_heartbeat (gossip_t *self);

//  ---- announce.c: our own -----------------------------------------------------------------------

code_t
    announce_request (gossip_t *self, const delivery_t *at, const char *topic, bytes_t item);
void
    announce_sign (gossip_t *self);
void
    announce_done (gossip_t *self);

//  ---- news.c: for the follower ------------------------------------------------------------------

void
    news_add (gossip_t *self, body_t *body);
void
    news_deliver (gossip_t *self);
void
    news_done (gossip_t *self);

#endif
