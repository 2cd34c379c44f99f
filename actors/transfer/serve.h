// SPDX-License-Identifier: MIT
//  Giving chunks to other nodes. Each asker has a queue of its own, and all of them are served in
//  turn. Bytes that an asker has not said have arrived (ChunkRequest.arrived_bytes, ChunksArrived)
//  count as on their way: at most SERVE_PEER_BYTES_MAX to one and SERVE_NODE_BYTES_MAX to all
//  (SPEC 8); at the bound requests wait, and beyond the queues they are BUSY. Who says nothing for
//  SERVE_SILENCE_MS is taken to have got it, or gone.
//
//  How fast bytes arrive says what the path away from here can carry. No more is on its way than
//  arrives in SERVE_AHEAD_MS, so that a chunk does not wait behind others longer than its asker
//  will; and only as many askers are served at one time as each get SERVE_SHARE_BYTES_S, for many
//  who are all too slow would have to give up. The others are BUSY: they come again, or go
//  elsewhere.
//
//  A chunk is hashed before it is sent. When the disk has lied, or has the blob no more, the owner
//  is told so that it serves it no longer; the asker gets PACKAGE_NOT_FOUND.
#ifndef GGEN_SERVE_H
#define GGEN_SERVE_H

#include "peer_id.h"
#include "served.h"

#define SERVE_PEERS_MAX       128           //  askers; at one more the idlest is forgotten
#define SERVE_QUEUE_MAX       16            //  requests that wait, of one asker
#define SERVE_QUEUES_MAX      96            //  of all
#define SERVE_QUEUE_SHARE     4             //  of one, when half of SERVE_QUEUES_MAX is taken
#define SERVE_READS_MAX       6             //  at one time of the blob store
#define SERVE_PEER_BYTES_MAX  (4u << 20)
#define SERVE_NODE_BYTES_MAX  (16u << 20)
#define SERVE_SILENCE_MS      30000
#define SERVE_AHEAD_MS        2000
#define SERVE_AHEAD_BYTES_MIN (2u << 20)
#define SERVE_AHEAD_BYTES     (8u << 20)    //  as long as nothing is known of the path
#define SERVE_SHARE_BYTES_S   (64u << 10)
#define SERVE_SLOTS_MIN       4             //  askers that are served whatever the path carries
#define SERVE_SLOTS           32            //  as long as nothing is known of it

typedef struct asker_t asker_t;
typedef struct order_t order_t;

typedef struct {
    out_t *out;
    const crypto_t *crypto;
    const served_t *served;
    void *context;
    void (*damaged) (void *context, const digest_t *sha256);
    asker_t *first;             //  whose turn it is
    order_t *reads;             //  chunks that are being read
    unsigned askers;
    unsigned queued;
    unsigned reading;
    uint32_t unarrived_bytes;   //  to all
    uint32_t rate_bytes_s;      //  that arrive while there is something to send; 0 = not known
    int64_t since_ms;           //  the current sample of it
    uint64_t sample_bytes;
    uint64_t sent_bytes;
    int64_t sweep_ms;
} serve_t;

void serve_init (serve_t *self);
void serve_clear (serve_t *self);

//  Handlers: ANY_NODE.
code_t serve_have (serve_t *self, const delivery_t *at, const Ggen__HaveRequest *ask);
code_t serve_chunk (serve_t *self, const delivery_t *at, const Ggen__ChunkRequest *ask);
code_t serve_arrived (serve_t *self, const delivery_t *at, const Ggen__ChunksArrived *told);

//  Its session ended: what waits for it is refused, what was on its way is not counted any more.
void serve_peer_down (serve_t *self, const peer_key_t *key);

//  A request was cancelled. False when it does not wait here.
bool serve_cancelled (serve_t *self, ticket_t ticket);

void serve_tick (serve_t *self, int64_t now_ms);
int64_t serve_deadline_ms (const serve_t *self);

#endif
