// SPDX-License-Identifier: MIT
//  Getting the bytes of a release from several providers at once into the blob store (SPEC 8).
//
//  What is there already (PartOpen) is kept. Providers come from the asker, else from "dht";
//  "reputation" says in which order. As many take part as there is work for, each with its credit
//  window. A chunk is hashed when it comes and only then written. Wrong bytes end their provider at
//  once and are told to "reputation"; its chunks go to the others. A chunk that lets wait longer
//  than a provider with a free hand would need is asked of that one too; whoever is first has the
//  other's request taken back, so slow ones lose their work and no chunk hangs at the end. Where
//  chunks usually come fast, our own way is not what makes them late, and more providers are asked
//  sooner. When
//  nothing has come for 2 s, dht is asked for more providers while those at hand go on (four times
//  in all, each after twice as long); one that gives nothing for 20 s is given up. When no provider
//  is left, dht is asked again, in all five times within 13 s as long as one that failed
//  could come back; then it fails with ALL_PROVIDERS_FAILED, naming each provider and why.
//
//  Requests for bytes that are being fetched join. A download nobody waits for any more ends; what
//  it wrote stays in the part for the next one.
#ifndef GGEN_DOWNLOAD_H
#define GGEN_DOWNLOAD_H

#include "release.h"
#include "runtime/actor/out.h"

#include "dht.pb-c.h"

#define DOWNLOADS_MAX        80     //  more are BUSY
#define DOWNLOADS_ACTIVE_MAX 12     //  at work; the others wait in their order
#define DOWNLOAD_CHUNKS_MAX  24     //  asked for by all of them together: 6 MiB of a mailbox's 8
#define DOWNLOAD_WRITES_MAX  8      //  being written; with more, no chunk is asked for

//  Requests that all downloads can have waiting at one time: a step or a look of each, and these.
#define DOWNLOADS_PENDING_MAX \
    (DOWNLOADS_ACTIVE_MAX + DOWNLOAD_CHUNKS_MAX + DOWNLOAD_WRITES_MAX)

//  How it ended. Borrowed for the call.
typedef struct {
    code_t code;
    const Ggen__Failure *failure;   //  NULL when OK
    const release_t *release;
    const char *path;               //  of the file in the blob store
    uint32_t peers;                 //  that gave bytes
    uint32_t wrong_chunks;          //  that were thrown away
    int64_t took_ms;
} download_end_t;

//  Called once for each ticket, inside whatever made it end.
typedef void (download_end_fn) (void *context, ticket_t ticket, const download_end_t *end);

typedef struct download_t download_t;

//  All of a node. Zeroed but for the first five members, which its owner sets.
typedef struct {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const uint8_t *own_key;         //  PEER_KEY_SIZE
    void *context;                  //  of the end functions
    download_t *first;              //  in their order
    unsigned count;
    unsigned active;
    unsigned in_flight;             //  chunks asked for
    unsigned writing;
    bool scheduling;
    bool again;                     //  something ended while it was scheduled
    uint64_t received_bytes;
    uint64_t wrong_chunks;
    uint32_t usual_ms;              //  moving average of what a chunk took; 0 = none came yet
} downloads_t;

//  Borrowed for the call.
typedef struct {
    Ggen__Contact *const *providers;
    size_t providers_count;
    const char *subject;            //  for people
    ticket_t ticket;                //  of the request it is made for
    bool hold;                      //  it will be served: PartFinish with hold
    uint32_t progress_ms;           //  at most one progress in this time
    download_end_fn *end;
} download_ask_t;

//  Begin one, or join the one for these bytes. 'release' is taken when OK.
//  OK        end is called when it ends.
//  BUSY      DOWNLOADS_MAX are there, or memory is short.
must_use code_t downloads_start (downloads_t *self, release_t **release_p,
                                 const download_ask_t *ask);

//  The ticket is no longer wanted: its end function is not called. False when it is none of ours.
bool downloads_leave (downloads_t *self, ticket_t ticket);

bool downloads_has (const downloads_t *self, const digest_t *sha256);

void downloads_tick (downloads_t *self, int64_t now_ms);
int64_t downloads_deadline_ms (const downloads_t *self);

//  Nobody is told; the actor is dying.
void downloads_clear (downloads_t *self);

#endif
