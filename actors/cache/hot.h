// SPDX-License-Identifier: MIT
//  The hot tier: small values by key, in memory, for a time. Of too many, those used longest ago
//  go. A value counts as old from when it was put, however often it is used, so that what changes
//  elsewhere is noticed; that something is not there is believed for a shorter time.
#ifndef GGEN_HOT_H
#define GGEN_HOT_H

#include "base.h"

#define HOT_ENTRIES_MAX 100000
#define HOT_KEY_MAX     255
#define HOT_VALUE_MAX   (256u << 10)

//  SPEC 3.7; the bytes are ours: what 100 packages with large manifests take.
#define HOT_ENTRIES_DEFAULT 100
#define HOT_BYTES_DEFAULT   (8u << 20)
#define HOT_TTL_MS          300000
#define HOT_ABSENT_TTL_MS   15000

typedef struct {
    uint32_t entries_max;       //  0 .. HOT_ENTRIES_MAX; 0: nothing is ever kept
    uint64_t bytes_max;         //  keys, values and what an entry takes besides
    int64_t ttl_ms;
    int64_t absent_ttl_ms;      //  of "it is not there"; never longer than ttl_ms
} hot_limits_t;

typedef enum {
    HOT_COLD,
    HOT_FOUND,
    HOT_KNOWN_ABSENT
} hot_found_t;

typedef struct {
    uint64_t hits;
    uint64_t absent_hits;
    uint64_t misses;
    uint64_t expired;           //  of the misses: was there, but too old
    uint64_t evicted;
} hot_counts_t;

typedef struct hot_t hot_t;

//  'seed' salts the hash (map.h). NULL: out of memory. An empty one is small.
hot_t *hot_new (const hot_limits_t *limits, uint64_t seed);
void hot_destroy (hot_t **self_p);

//  Keep a copy; an earlier one goes. 'value' without data: it is not there. 'now_ms' is any clock
//  that the caller keeps to.
//  OK              it is kept.
//  VALIDATION      no key, one above HOT_KEY_MAX, a value above HOT_VALUE_MAX: nothing changed.
//  BUSY            it alone is above the limits, or memory is short: the key is cold now.
must_use code_t hot_put (hot_t *self, bytes_t key, bytes_t value, int64_t now_ms);

//  *value_p is borrowed until the next change; *age_ms_p since it was put. Both only for HOT_FOUND.
hot_found_t hot_get (hot_t *self, bytes_t key, int64_t now_ms, bytes_t *value_p,
                     int64_t *age_ms_p);

//  Whether it is there, maybe too old; that counts as no use of it.
bool hot_has (const hot_t *self, bytes_t key);

typedef struct {
    bytes_t key;
    bytes_t value;              //  without data: it is known to be absent
    int64_t age_ms;
} hot_view_t;

//  Show what is not too old, what was used last first, until 'visit' returns false. Nothing may be
//  changed meanwhile.
void hot_each (const hot_t *self, int64_t now_ms, bool (*visit) (void *arg, const hot_view_t *view),
               void *arg);

//  Forget it. Returns false when it was not there.
bool hot_drop (hot_t *self, bytes_t key);

//  Forget every key that begins so. Returns how many.
uint32_t hot_drop_prefix (hot_t *self, bytes_t prefix);

uint32_t hot_entries (const hot_t *self);
uint64_t hot_bytes (const hot_t *self);
const hot_limits_t *hot_limits (const hot_t *self);
hot_counts_t hot_counts (const hot_t *self);

#endif
