// SPDX-License-Identifier: MIT
//  The records this node holds for others: under each key a set of them, unique by (signer, kind,
//  subject), of which the higher seq is true. What comes in was checked by dht_key_check.
//
//  Everything is bounded in bytes and by shares (records_limits_t); at a bound the newcomer is
//  refused, so nobody can push out what is here. Except: records that others are closer to ('far')
//  give way to those that belong here.
//
//  Age: a record that only its signer renews lives for its TTL from when it was signed, as far as
//  holders know; one that holders republish, for its TTL (or RECORDS_KEEP_SECS) from when it was
//  last received.
#ifndef GGEN_DHT_RECORDS_H
#define GGEN_DHT_RECORDS_H

#include "contact.h"
#include "dht_key.h"
#include "quota.h"

#include "runtime/actor/rng.h"

#define RECORDS_KEEP_SECS 172800        //  48 h

//  When a republishing that came to nothing is tried again.
#define RECORDS_RETRY_SECS 600

//  The key of a record in the state's table: the DHT key and the element's id.
#define RECORDS_ID_SIZE    16
#define RECORDS_STATE_SIZE (DIGEST_SIZE + RECORDS_ID_SIZE)

//  The seq of a head goes up by no more in one step (SPEC 9, fast-forward), and begins no higher
//  than a million of them.
#define RECORDS_JUMP_MAX (1ull << 20)

typedef struct {
    uint64_t bytes_max;             //  of packed records
    uint64_t far_bytes_max;         //  of it for records that others are closer to
    uint64_t signer_bytes_max;
    uint64_t group_bytes_max;       //  that nodes of one group of addresses sent
    uint32_t sets_max;              //  keys
    uint16_t set_max;               //  elements of one key
    uint16_t signer_set_max;        //  of them by one signer
    uint16_t group_set_max;         //  of them provider records of one group of addresses
} records_limits_t;

typedef struct records_t records_t;

//  One record here.
typedef struct {
    uint8_t id[RECORDS_ID_SIZE];    //  of (kind, signer, subject)
    uint64_t seq;
    uint64_t signer;                //  the first bytes of its key
    uint8_t *packed;                //  SignedRecord
    uint32_t size;
    uint32_t sender_group;          //  whose share it takes
    uint32_t group;                 //  of a provider's address
    int32_t since_secs;             //  monotonic; it lives from then
    uint32_t life_secs;
    int32_t due_secs;               //  when to republish it; INT32_MAX = never
    int32_t sent_secs;              //  when we last did; INT32_MIN = not yet
    uint8_t kind;
    bool by_signer_only;
    bool withdrawn;
    bool far;                       //  others are closer to it than we
    bool dead;                      //  a provider that does not answer: not handed out
    bool unsaved;                   //  changed_fn has it, and has not looked at it since
} element_t;

//  A record that came in.
typedef struct {
    const digest_t *key;
    const dht_element_t *element;
    bytes_t packed;
    uint32_t age_secs;              //  it lives from so long ago
    uint32_t sender_group;
    uint32_t group;                 //  of a provider's first public address; 0 = none
    bool far;
    int32_t due_secs;               //  when to republish it, if nobody else does
} offer_t;

typedef enum {
    RECORDS_STORED,                 //  it is here now
    RECORDS_KNOWN,                  //  it was here already
    RECORDS_OLDER,                  //  something newer is here
    RECORDS_REFUSED,                //  it cannot be right: a leap of seq, or its time is over
    RECORDS_NO_ROOM                 //  a share or a bound is used up
} records_put_t;

//  This entry of the state's table is to be written again, or removed. Returns false when that
//  cannot be noted now.
typedef bool (records_changed_fn) (void *context, const uint8_t state_key[RECORDS_STATE_SIZE]);

//  NULL: out of memory. 'limits' is copied.
records_t *
    records_new (const records_limits_t *limits, uint64_t seed, sha256_fn *sha256,
        records_changed_fn *changed, void *context);
void
    records_destroy (records_t **self_p);

//  Keep a copy. *newer_p (may be NULL) is what is here instead, with RECORDS_OLDER; borrowed.
records_put_t
    records_put (records_t *self, const offer_t *offer, int64_t now_ms, const element_t **newer_p);

//  The elements of a key that are alive and handed out, by id, after 'after' (NULL = from the
//  first). Call again with the last one's id; NULL at the end. Borrowed until the next change.
const element_t *
    records_next (const records_t *self, const digest_t *key, const uint8_t *after, int64_t now_ms);

//  No more elements go into this set.
bool
    records_is_full (const records_t *self, const digest_t *key);

//  The one with this id, alive or not; NULL.
element_t *
    records_get (const records_t *self, const digest_t *key, const uint8_t id[RECORDS_ID_SIZE]);

//  Its id.
void
    records_id (uint8_t id[RECORDS_ID_SIZE], sha256_fn *sha256, const dht_element_t *element);

//  How old it is, as holders know.
uint32_t
    records_age_secs (const element_t *element, int64_t now_ms);

void
    records_remove (records_t *self, const digest_t *key, const uint8_t id[RECORDS_ID_SIZE]);

//  It was sent to those closest to its key: 'due_secs' is the next time. 'far': we are not one of
//  them; it is removed when there are too many such ones.
void
    records_republished (records_t *self, const digest_t *key, element_t *element, bool far,
        int32_t due_secs, int64_t now_ms);

//  Its neighbours have changed: send it round within so long, at a time by chance. What is due by
//  then keeps its time, and what was sent round lately goes no sooner than so long after that: it
//  goes round once in that time at most, however often this is called.
void
    records_hurry (records_t *self, element_t *element, int64_t now_ms, uint32_t within_secs,
        rng_t *rng);

//  Remove what is too old. Then *key_p and the result (NULL = none) say which record is due to be
//  republished; borrowed until the next change. It is due again after RECORDS_RETRY_SECS, unless
//  records_republished says otherwise.
const element_t *
    records_sweep (records_t *self, int64_t now_ms, const digest_t **key_p);

//  When a sweep is next of use; INT64_MAX = not before something is put.
int64_t
    records_sweep_ms (const records_t *self);

//  Walk all elements: begin with *cursor = 0; NULL at the end. What changes meanwhile may be met
//  twice or not at all.
element_t *
    records_walk (const records_t *self, uint64_t *cursor, const digest_t **key_p);

uint64_t
    records_bytes (const records_t *self);
uint32_t
    records_count (const records_t *self);

#endif
