// SPDX-License-Identifier: MIT
//  FetchMany: archives of this machine by one question to "blobs" (cache.h).
#ifndef GGEN_FETCH_MANY_H
#define GGEN_FETCH_MANY_H

#include "eviction.h"
#include "many.h"

#define FETCH_MANY_MAX 4            //  at one time

//  One of them, while "blobs" works on it.
typedef struct {
    struct fetch_many_t *owner;
    ticket_t ticket;
    unsigned place;                 //  in the owner's list
    size_t count;
    digest_t digests[MANY_FETCHES_MAX];
} many_t;

//  The first four are set by who owns it, and borrowed; the rest begins as zeros.
typedef struct fetch_many_t {
    out_t *out;
    const char *blobs;
    lru_t *lru;
    eviction_t *eviction;
    uint64_t hits, misses;
    many_t *list[FETCH_MANY_MAX];   //  NULL: free
} fetch_many_t;

//  Forget those under way: nobody answers any more.
void fetch_many_close (fetch_many_t *self);

//  A handler: OK; VALIDATION, a digest or a path is none, or there are more than MANY_FETCHES_MAX;
//  or BUSY.
code_t fetch_many (fetch_many_t *self, const delivery_t *at, const ProtobufCMessage *message);

//  Is it being fetched?
bool fetch_many_has (const fetch_many_t *self, const digest_t *digest);

#endif
