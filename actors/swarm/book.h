// SPDX-License-Identifier: MIT
//  Peers that we know how to reach: those we had sessions with, for warm starts and for when peers
//  are missing; and for how long nobody is dialled after it failed.
#ifndef GGEN_SWARM_BOOK_H
#define GGEN_SWARM_BOOK_H

#include "addresses.h"
#include "runtime/actor/rng.h"

#define BOOK_ADDRESSES_MAX 4u           //  of one peer; further ones are not kept
#define BOOK_PERSISTENT_MAX 32u         //  more are refused with BUSY
#define BOOK_MISSES_MAX    64u          //  failures that are remembered; then the oldest makes way

#define BOOK_RETRY_MS      2000         //  after the first failure; doubles
#define BOOK_RETRY_MAX_MS  300000
#define BOOK_MISS_MAX_MS   10000        //  the same for dials that somebody asks for
#define BOOK_LOST_MAX      8u           //  so many that were lost last keep their place

typedef struct {
    peer_key_t key;
    addresses_t addresses;
    int64_t good_at;                    //  wall seconds of its last session; 0 = only heard of
    int64_t tried_ms;
    int64_t lost_ms;                    //  its session broke then; 0 = it did not
    int64_t next_ms;                    //  not to be dialled before, by ourselves
    int64_t apart_ms;                   //  nor asked to keep a link
    uint8_t tries;                      //  failed ones since the last session
    bool linked;                        //  dialled, or in session
    bool persistent;
    bool dirty;                         //  not as it is on disk
} known_t;

typedef struct book_t book_t;

//  At most 'known_max' peers. NULL: out of memory.
book_t *book_new (uint32_t known_max, uint64_t salt);
void book_destroy (book_t **self_p);

known_t *book_find (const book_t *self, const peer_key_t *key);

//  A session with a peer that can be dialled at these addresses (copied). When the book is full the
//  worst makes way: not persistent, not lost lately, most failures, longest ago; it is named in
//  *gone (NULL: not wanted). Returns NULL when there is no room or no memory. Borrowed until the
//  next change.
known_t *book_put (book_t *self, const peer_key_t *key, const addresses_t *addresses,
                   peer_key_t *gone, bool *any_gone);

//  A dial failed, or a session ended within moments: wait longer before the next one.
void book_failed (book_t *self, const peer_key_t *key, rng_t *rng, int64_t now_ms);

//  It is there.
void book_reached (book_t *self, const peer_key_t *key);

//  Not before this, whoever asks; a Goodbye said so, or somebody disconnected it.
void book_pause (book_t *self, const peer_key_t *key, int64_t until_ms);

//  Its session broke: it keeps its place in the book, for it may come back.
void book_lost (book_t *self, known_t *known, int64_t now_ms);

//  What was lost seems to be back: failures count no longer.
void book_forgive (book_t *self, int64_t now_ms);

//  Until when dials that others ask for fail at once; 0 = they may be made.
int64_t book_missed_until_ms (const book_t *self, const peer_key_t *key);

uint32_t book_count (const book_t *self);
known_t *book_at (const book_t *self, uint32_t number);

//  A delay around 'ms': between 3/4 and 5/4 of it.
int64_t book_jitter_ms (rng_t *rng, int64_t ms);

#endif
