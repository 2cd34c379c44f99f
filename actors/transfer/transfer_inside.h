// SPDX-License-Identifier: MIT
//  What the files of the transfer actor share; nobody else includes it.
#ifndef GGEN_TRANSFER_INSIDE_H
#define GGEN_TRANSFER_INSIDE_H

#include "download.h"
#include "serve.h"
#include "served.h"
#include "source.h"
#include "transfer.h"

#include "transfer.pb-c.h"

typedef struct transfer_t transfer_t;
typedef struct adoption_t adoption_t;
typedef struct hosting_t hosting_t;
typedef struct replication_t replication_t;
typedef struct check_t check_t;

struct transfer_t {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const transfer_settings_t *settings;
    downloads_t downloads;
    served_t served;
    serve_t serve;
    adoption_t *adoptions;
    hosting_t *hostings;
    replication_t *replications;
    peer_key_t *hosts;              //  TRANSFER_HOSTS_MAX of them, or NULL
    uint8_t hosts_count;
    uint8_t adoptions_count, hostings_count, replications_count;
    bool undialable;                //  swarm said so
    uint64_t hosting_bytes;         //  of what is being taken in
    check_t *check;                 //  under way
    uint32_t check_next;            //  index into what is served
    int64_t check_ms;
};

//  A name that never leaves the node.
bool transfer_private (const transfer_t *self, bytes_t name);

//  ---- adopt.c: beginning and ceasing to serve ---------------------------------------------------

//  How it ended: 'failure' is NULL when it is served. 'number' is the caller's.
typedef struct {
    ticket_t ticket;
    digest_t sha256;
    uint32_t number;
    const Ggen__Failure *failure;
} adopted_t;

typedef void (adopted_fn) (transfer_t *self, const adopted_t *adopted);

//  Serve bytes that are in the blob store: hold them there, keep that they are served, provide
//  them. That no DHT node could be told is no failure: upkeep tells them later.
//  OK        done will be called. *release_p is taken.
//  BUSY      TRANSFER_ADOPTIONS_MAX are going on, or memory is short.
must_use code_t adopt (transfer_t *self, release_t **release_p, Ggen__ServeReason reason,
                       ticket_t ticket, uint32_t number, adopted_fn *done);
void adopt_clear (transfer_t *self);

//  Serve it no longer.
void adopt_drop (transfer_t *self, const digest_t *sha256);

//  Tell the DHT that we have it, unless nobody could come here; or that we have it no longer.
void adopt_provide (transfer_t *self, const digest_t *sha256, bool withdraw);

//  ---- hosting.c ---------------------------------------------------------------------------------

code_t hosting_request (transfer_t *self, const delivery_t *at, const Ggen__HostRequest *ask);
bool hosting_cancelled (transfer_t *self, ticket_t ticket);
void hosting_clear (transfer_t *self);

//  ---- replicate.c -------------------------------------------------------------------------------

//  Have 'wanted' other nodes keep it that are not in 'have' (may be NULL). With a ticket it ends in
//  a ReplicateReply. OK: *release_p is taken. BUSY: TRANSFER_REPLICATIONS_MAX, or memory.
must_use code_t replicate (transfer_t *self, release_t **release_p, ticket_t ticket,
                           uint32_t wanted, const sources_t *have);
bool replicate_cancelled (transfer_t *self, ticket_t ticket);
void replicate_clear (transfer_t *self);

//  ---- upkeep.c ----------------------------------------------------------------------------------

//  One entry after the other is looked after, all of them in settings.check_secs.
void upkeep_tick (transfer_t *self, int64_t now_ms);
//  Something is served now that was not.
void upkeep_wake (transfer_t *self);
void upkeep_clear (transfer_t *self);

#endif
