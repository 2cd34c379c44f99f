// SPDX-License-Identifier: MIT
//  The routing table (Kademlia, Maymounkov & Mazieres 2002, section 2.2 and 2.4). Only nodes that
//  answered us are put in; a bucket keeps those that it has while they answer, and a few spare ones
//  that take the place of one that no longer does.
//  Buckets are made as they are needed: the last one holds all that is nearer than the others.
#ifndef GGEN_DHT_KBUCKET_H
#define GGEN_DHT_KBUCKET_H

#include "kept_contact.h"

#define KBUCKET_K           20
#define KBUCKET_SPARES      2       //  a bucket
#define KBUCKET_BUCKETS_MAX 64

//  Failures in a row after which a node leaves its bucket; one that was spare leaves at its first.
#define KBUCKET_FAILURES_MAX 2

typedef struct {
    uint8_t group_table_max;    //  nodes of one group of addresses; 0 = no limit
    uint8_t group_bucket_max;
} kbucket_limits_t;

//  Of one that answered.
typedef struct {
    uint16_t rtt_ms;            //  0 = not known
    bool young;                 //  up for a short time only: takes room that is free, and yields it
} kbucket_news_t;

typedef struct {
    kept_contact_t contact;
    uint32_t seen_secs;         //  when it last answered, monotonic
    uint16_t rtt_ms;            //  smoothed; 0 = not known
    uint8_t failures;           //  in a row
    bool young;
} node_t;

typedef struct kbucket_t kbucket_t;

//  NULL: out of memory. 'limits' is copied.
kbucket_t *
    kbucket_new (uint64_t own_place, const kbucket_limits_t *limits);
void
    kbucket_destroy (kbucket_t **self_p);

typedef enum {
    KBUCKET_ENTERED,            //  it is in a bucket, and was not
    KBUCKET_KNOWN,              //  it was there already; its news are noted
    KBUCKET_SPARE,              //  its bucket is full: it waits for a place
    KBUCKET_REFUSED             //  ourselves, too many of its group, or no memory
} kbucket_put_t;

//  A node answered us. 'contact' is copied; addresses of a known one replace those we had, unless
//  there are none.
kbucket_put_t
    kbucket_answered (kbucket_t *self, const contact_t *contact, kbucket_news_t news, int64_t now_ms);

//  A node did not answer. Returns true when that removed it (and maybe put a spare one in its
//  place).
bool
    kbucket_failed (kbucket_t *self, const peer_key_t *key, uint64_t place);

//  Would a node that lies here be let in, or in as a spare one? Says whether asking it is worth it.
bool
    kbucket_wants (const kbucket_t *self, const contact_t *contact);

//  The node, or NULL. Borrowed until the next change.
const node_t *
    kbucket_get (const kbucket_t *self, const peer_key_t *key, uint64_t place);

//  Copy the 'max' nodes closest to 'place', nearest first; returns how many. Nodes that failed are
//  only among them when there are fewer others. 'except' may be NULL.
size_t
    kbucket_closest (const kbucket_t *self, uint64_t place, const peer_key_t *except,
        contact_t *found, size_t max);

//  How many of the nodes known here are closer to 'place' than 'distance', counted up to 'max'.
size_t
    kbucket_closer_count (const kbucket_t *self, uint64_t place, uint64_t distance, size_t max);

uint32_t
    kbucket_count (const kbucket_t *self);
uint32_t
    kbucket_buckets (const kbucket_t *self);

//  Nodes in one bucket.
uint32_t
    kbucket_bucket_count (const kbucket_t *self, uint32_t bucket);

//  Those of it that were silent for longest; returns how many. Borrowed until the next change.
unsigned
    kbucket_oldest (const kbucket_t *self, uint32_t bucket, const node_t *oldest[], unsigned max);

//  A place that falls into this bucket, made of random bits.
uint64_t
    kbucket_random_place (const kbucket_t *self, uint32_t bucket, uint64_t random);

//  The bucket where a place falls.
uint32_t
    kbucket_index (const kbucket_t *self, uint64_t place);

//  Does this place lie where our own neighbours are: in the last bucket?
bool
    kbucket_is_near (const kbucket_t *self, uint64_t place);

#endif
