// SPDX-License-Identifier: MIT
//  Which blobs the cache has, how large they are, and which was used longest ago. An index only:
//  the bytes are on disk, and whoever drops an entry here removes the file.
#ifndef GGEN_LRU_H
#define GGEN_LRU_H

#include "digest.h"

//  Entries an index can hold, whatever its limits say.
#define LRU_ENTRIES_MAX 50000

typedef struct {
    uint64_t bytes_max;         //  above this, lru_victim names entries
    uint32_t entries_max;       //  the same for their number; 1 .. LRU_ENTRIES_MAX
} lru_limits_t;

typedef struct lru_t lru_t;

//  'seed' salts the hash (map.h). NULL: out of memory.
lru_t *lru_new (lru_limits_t limits, uint64_t seed);
void lru_destroy (lru_t **self_p);

//  This blob of 'size_bytes' is used now, and therefore the last to go. One that is there already
//  gets the new size. 'now_ms' is any clock that the caller keeps to.
//  OK      it is there.
//  BUSY    LRU_ENTRIES_MAX are there, or memory is short; nothing changed.
must_use code_t lru_put (lru_t *self, const digest_t *digest, uint64_t size_bytes, int64_t now_ms);

//  Forget it. Returns false when it is not there.
bool lru_remove (lru_t *self, const digest_t *digest);

uint32_t lru_count (const lru_t *self);
uint64_t lru_bytes (const lru_t *self);

//  True for a blob that has to stay for now.
typedef bool (lru_pinned_fn) (const void *arg, const digest_t *digest);

//  While a limit is exceeded: the entry that was used longest ago among those used before
//  'before_ms' and not pinned ('pinned' may be NULL). NULL: within the limits, or all have to stay.
//  Borrowed until the next change.
const digest_t *lru_victim (const lru_t *self, int64_t before_ms, lru_pinned_fn *pinned,
                            const void *arg);

//  True while a limit is exceeded.
bool lru_exceeded (const lru_t *self);

#endif
