// SPDX-License-Identifier: MIT
//  The providers of one download: who they are, in which order they are tried, how each of them
//  does, and what went wrong with them. It sends nothing.
#ifndef GGEN_SOURCE_H
#define GGEN_SOURCE_H

#include "window.h"

#include "dht.pb-c.h"
#include "peer_id.h"
#include "reputation.pb-c.h"

#define SOURCES_MAX        32       //  of one download; those beyond are not looked at
#define SOURCE_STRIKES_MAX 3        //  failures in a row of one that gave something
#define SOURCE_BUSY_MAX    60       //  times in a row that it had no time for us: two minutes
#define SOURCE_REVIVALS_MAX 4       //  later looks at one that failed
#define SOURCE_SILENT_MAX   2       //  the same, at one that was silent or too slow

typedef enum {
    SOURCE_READY,
    SOURCE_HAVE_ASKED,              //  it lacks a chunk: which has it?
    SOURCE_GONE
} source_state_t;

typedef struct {
    peer_key_t key;
    source_state_t state;
    code_t why;                     //  SOURCE_GONE: what it failed with
    uint8_t *route;                 //  packed Addresses; NULL = not known
    uint32_t route_size;
    uint8_t *has;                   //  bitmap of its chunks; NULL = all
    window_t window;
    uint8_t in_flight;
    uint8_t strikes;
    uint8_t busy;
    uint8_t revivals;
    uint8_t beaten;                 //  late chunks in a row that others gave first
    uint32_t start;                 //  chunk where it begins
    int64_t not_before_ms;
    int64_t struck_ms;              //  when it failed last
    int64_t gave_ms;                //  when it gave something last
    uint32_t chunks;                //  that it gave
    uint64_t given_bytes;
    uint64_t took_ms;               //  for all of them
    uint32_t untold_bytes;          //  that it has not been told have arrived
} source_t;

typedef struct {
    source_t *list;                 //  in the order of trying
    unsigned count;
} sources_t;

void sources_clear (sources_t *self);

//  Add providers that are not known yet, but for ourselves; look again at those that failed in a
//  way that passes. Contacts that make no sense, and those beyond SOURCES_MAX, are left out.
//  Returns how many may be tried that could not before.
unsigned sources_add (sources_t *self, Ggen__Contact *const *contacts, size_t count,
                      const uint8_t own_key[PEER_KEY_SIZE]);

//  Has one failed in a way that passes? It may be looked at again, when somebody names it again.
bool sources_revivable (const sources_t *self);

//  Could none of them be reached, and has none given anything?
bool sources_unreached (const sources_t *self);

//  Put them into the order that reputation gave; those it bans are gone.
void sources_rank (sources_t *self, const Ggen__RankReply *reply);

//  The same without their order: those it bans are gone, those it thinks little of come last.
void sources_avoid (sources_t *self, const Ggen__RankReply *reply);

//  Not gone.
unsigned sources_alive (const sources_t *self);

//  What was asked of it at 'asked_ms' has failed: it is left alone for half a second. Returns true
//  when it is gone now: at once for one that never gave anything, else after SOURCE_STRIKES_MAX in
//  a row. What was asked before an earlier failure failed with that one, and does not count.
bool source_failed (source_t *self, code_t code, int64_t asked_ms, int64_t now_ms);

//  It has no time for us: how long to leave it alone, 0.25 s doubled each time up to 2 s, plus up
//  to half of that by 'chance' in [0, 1). Returns true when it is gone now.
bool source_busy (source_t *self, int64_t now_ms, double chance);

//  Gone, whatever it gave before.
void source_end (source_t *self, code_t code);

//  It gave a chunk.
void source_gave (source_t *self, uint32_t size_bytes, int64_t took_ms, int64_t now_ms);

#endif
