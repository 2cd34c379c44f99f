// SPDX-License-Identifier: MIT
//  What download.c (the way of a download from its beginning to its end) shares with
//  download_chunks.c (chunks from being asked for to being written), download_deal.c (who is asked
//  for which), download_look.c (more to ask) and download_report.c (what others are told); nobody
//  else includes it.
#ifndef GGEN_DOWNLOAD_INSIDE_H
#define GGEN_DOWNLOAD_INSIDE_H

#include "chunks.h"
#include "download.h"
#include "source.h"

#define DOWNLOAD_RETRY_MS   100     //  when our own node has no room for the moment
#define DOWNLOAD_ROUNDS_MAX 5       //  looks for providers
#define DOWNLOAD_ROUNDS_CUT 4       //  the same, when no provider at all can be reached
#define DOWNLOAD_PAUSE_MS   1000    //  before the third; thrice as long before each after it

typedef enum {
    DOWNLOAD_QUEUED,
    DOWNLOAD_OPENING,               //  blobs: what is there?
    DOWNLOAD_FINDING,               //  dht: who has it?
    DOWNLOAD_RANKING,               //  reputation: whom first?
    DOWNLOAD_RUNNING,
    DOWNLOAD_PAUSING,               //  before the next look
    DOWNLOAD_FINISHING              //  blobs: the whole is hashed
} download_phase_t;

//  Who waits for its end.
typedef struct listener_t listener_t;
struct listener_t {
    listener_t *next;
    ticket_t ticket;
    download_end_fn *end;
    uint32_t progress_ms;
    int64_t told_ms;
};

//  A chunk asked of a source; then, when it has come, being written.
typedef struct want_t want_t;
struct want_t {
    want_t *next;
    download_t *download;
    uint32_t chunk;
    uint16_t source;
    bool late;                      //  counted as late already
    bool writing;
    int64_t asked_ms;
    ticket_t asked_for;             //  the request it was asked for
};

struct download_t {
    download_t *next;
    downloads_t *all;
    release_t *release;
    char *subject;
    listener_t *listeners;
    download_phase_t phase;
    sources_t sources;
    chunks_t chunks;
    want_t *wants;
    unsigned in_flight;             //  of the wants: not being written
    unsigned rounds;
    unsigned restarts;              //  of the whole, after a disk lied
    unsigned write_failures;        //  in a row
    ticket_t asked_for;             //  the request that the current step was asked for
    int64_t not_before_ms;          //  our own node has no room until then
    bool hold;
    bool looking;                   //  dht is asked for more providers beside those at work
    uint8_t looks;
    int64_t calm_ms;                //  when a chunk came last, it looked for more, or began to run
    int64_t wake_ms;
    int64_t started_ms;
    uint32_t wrong_chunks;
};

static inline source_t *
download_source_of (const want_t *want)
{
    return &want->download->sources.list[want->source];
}

//  Else it is asked which chunks it has.
static inline bool
download_wants_chunk (const want_t *want)
{
    return want->chunk != CHUNKS_NONE;
}

//  ---- download.c --------------------------------------------------------------------------------

//  The request the work is done for: trace and deadline are its; 0 when nobody waits.
ticket_t download_leader (const download_t *self);

//  All chunks are there.
void download_complete (download_t *self);

//  Nobody is left to ask: look for more, or fail.
void download_deserted (download_t *self);

//  It ends with this code; 'failure' is NULL when OK. The download is gone after it.
void download_end (download_t *self, code_t code, const Ggen__Failure *failure, const char *path);

//  ---- download_deal.c ---------------------------------------------------------------------------

//  Ask what can be asked, for all downloads in turn.
void downloads_schedule (downloads_t *self);

//  ---- download_chunks.c -------------------------------------------------------------------------

//  Ask a source for a chunk. False: our own node has no room for it.
bool download_ask_chunk (download_t *self, unsigned index, uint32_t chunk);

//  A source that has given nothing since then: what it was asked for is taken back.
void download_silent (download_t *self, unsigned index, int64_t since_ms);

//  Take back all that was asked of sources, and the writes.
void download_forget_wants (download_t *self);

//  ---- download_look.c ---------------------------------------------------------------------------

//  Ask dht for more providers when those at hand have given nothing for a while; what they were
//  asked for goes on. *wake_p is lowered to when that is due. It stands in for the download's own
//  step among what can be waiting: while it is on its way there must be no other.
void download_look (download_t *self, int64_t now_ms, int64_t *wake_p);
void download_forget_look (download_t *self);

//  ---- download_report.c -------------------------------------------------------------------------

//  How far it is, to those who wait.
void download_tell_progress (download_t *self);

//  What was seen of a source, to reputation and dht.
void download_tell_wrong (const download_t *self, const source_t *source, const char *what);
void download_tell_failed (const download_t *self, const source_t *source, int64_t took_ms);

//  What has arrived, to those sources that no request has told it.
void download_tell_arrived (download_t *self);

//  What sources gave, to reputation. 'whole': the archive is verified.
void download_tell_served (download_t *self, bool whole);

//  Why no provider helped.
void download_end_deserted (download_t *self);

#endif
