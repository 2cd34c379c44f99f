// SPDX-License-Identifier: MIT
#include "book.h"

#include <stdlib.h>
#include <string.h>

//  Somebody who was not reached. By a mark of its key: strangers are not worth more bytes.
typedef struct {
    uint64_t mark;
    int64_t until_ms;
    uint8_t tries;
} miss_t;

struct book_t {
    known_t **known;
    miss_t *misses;
    uint64_t salt;
    uint32_t known_count, known_size, known_max;
    uint32_t misses_count, misses_size;
};

book_t *
book_new (uint32_t known_max, uint64_t salt)
{
    book_t *self = calloc (1, sizeof *self);
    if (self) {
        self->known_max = known_max;
        self->salt = salt;
    }
    return self;
}

static void
free_known (known_t *known)
{
    addresses_clear (&known->addresses);
    free (known);
}

void
book_destroy (book_t **self_p)
{
    book_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->known_count; i++)
        free_known (self->known[i]);
    free (self->known);
    free (self->misses);
    free (self);
    *self_p = NULL;
}

//  ---- known peers -------------------------------------------------------------------------------

known_t *
book_find (const book_t *self, const peer_key_t *key)
{
    for (uint32_t i = 0; i < self->known_count; i++)
        if (self->known[i]->key.bytes[0] == key->bytes[0]
            && peer_key_equal (&self->known[i]->key, key))
            return self->known[i];
    return NULL;
}

static bool
worse (const known_t *a, const known_t *b)
{
    if (a->persistent != b->persistent)
        return b->persistent;
    if ((a->lost_ms > 0) != (b->lost_ms > 0))
        return b->lost_ms > 0;
    if (a->tries != b->tries)
        return a->tries > b->tries;
    return a->good_at < b->good_at;
}

static known_t **
worst (const book_t *self)
{
    known_t **found = self->known;
    for (uint32_t i = 1; i < self->known_count; i++)
        if (worse (self->known[i], *found))
            found = &self->known[i];
    return found;
}

static bool
grow (book_t *self)
{
    if (self->known_count < self->known_size)
        return true;
    uint32_t size = self->known_size ? 2 * self->known_size : 4;
    known_t **known = realloc (self->known, size * sizeof (known_t *));
    if (!known)
        return false;
    self->known = known;
    self->known_size = size;
    return true;
}

static bool
make_room (book_t *self, peer_key_t *gone, bool *any_gone)
{
    if (self->known_count < self->known_max)
        return grow (self);
    if (self->known_count == 0 || (*worst (self))->persistent)
        return false;
    known_t **place = worst (self);
    if (gone)
        *gone = (*place)->key;
    *any_gone = true;
    free_known (*place);
    *place = self->known[--self->known_count];
    return true;
}

known_t *
book_put (book_t *self, const peer_key_t *key, const addresses_t *addresses, peer_key_t *gone,
          bool *any_gone)
{
    known_t *known = book_find (self, key);
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX];
    size_t count = addresses_fields (addresses, fields);
    addresses_t copy;
    *any_gone = false;
    if (!addresses_set (&copy, fields, count < BOOK_ADDRESSES_MAX ? count : BOOK_ADDRESSES_MAX,
                        NULL, NULL))
        return NULL;
    if (!known) {
        known = make_room (self, gone, any_gone) ? calloc (1, sizeof *known) : NULL;
        if (!known) {
            addresses_clear (&copy);
            return NULL;
        }
        known->key = *key;
        known->dirty = true;
        self->known[self->known_count++] = known;
    }
    known->dirty |= !addresses_equal (&known->addresses, &copy);
    addresses_clear (&known->addresses);
    known->addresses = copy;
    return known;
}

uint32_t
book_count (const book_t *self)
{
    return self->known_count;
}

known_t *
book_at (const book_t *self, uint32_t number)
{
    return self->known[number];
}

//  ---- failures ----------------------------------------------------------------------------------

static uint64_t
mark_of (const book_t *self, const peer_key_t *key)
{
    uint64_t words[2];
    memcpy (words, key->bytes, sizeof words);
    return (words[0] ^ self->salt) * 0x9E3779B97F4A7C15u ^ words[1];
}

static miss_t *
find_miss (const book_t *self, const peer_key_t *key)
{
    uint64_t mark = mark_of (self, key);
    for (uint32_t i = 0; i < self->misses_count; i++)
        if (self->misses[i].mark == mark)
            return &self->misses[i];
    return NULL;
}

static miss_t *
oldest_miss (const book_t *self)
{
    miss_t *oldest = self->misses;
    for (uint32_t i = 1; i < self->misses_count; i++)
        if (self->misses[i].until_ms < oldest->until_ms)
            oldest = &self->misses[i];
    return oldest;
}

static miss_t *
add_miss (book_t *self, const peer_key_t *key)
{
    miss_t *miss;
    if (self->misses_count == BOOK_MISSES_MAX)
        miss = oldest_miss (self);
    else {
        if (self->misses_count == self->misses_size) {
            uint32_t size = self->misses_size ? 2 * self->misses_size : 4;
            miss_t *misses = realloc (self->misses, size * sizeof *misses);
            if (!misses)
                return NULL;
            self->misses = misses;
            self->misses_size = size;
        }
        miss = &self->misses[self->misses_count++];
    }
    *miss = (miss_t) {.mark = mark_of (self, key)};
    return miss;
}

int64_t
book_jitter_ms (rng_t *rng, int64_t ms)
{
    return ms - ms / 4 + (int64_t) rng_below (rng, (uint64_t) (ms / 2) + 1);
}

static int64_t
backoff_ms (rng_t *rng, uint8_t tries, int64_t max_ms)
{
    int64_t ms = BOOK_RETRY_MS;
    for (uint8_t i = 1; i < tries && ms < max_ms; i++)
        ms *= 2;
    return book_jitter_ms (rng, ms < max_ms ? ms : max_ms);
}

static uint8_t
one_more (uint8_t tries)
{
    return tries < UINT8_MAX ? (uint8_t) (tries + 1) : tries;
}

void
book_failed (book_t *self, const peer_key_t *key, rng_t *rng, int64_t now_ms)
{
    known_t *known = book_find (self, key);
    if (known) {
        known->tries = one_more (known->tries);
        known->next_ms = now_ms + backoff_ms (rng, known->tries, BOOK_RETRY_MAX_MS);
    }
    miss_t *miss = find_miss (self, key);
    if (!miss)
        miss = add_miss (self, key);
    if (!miss)
        return;
    miss->tries = one_more (miss->tries);
    miss->until_ms = now_ms + backoff_ms (rng, miss->tries, BOOK_MISS_MAX_MS);
}

void
book_reached (book_t *self, const peer_key_t *key)
{
    known_t *known = book_find (self, key);
    if (known)
        known->tries = 0;
    miss_t *miss = find_miss (self, key);
    if (miss)
        *miss = self->misses[--self->misses_count];
}

void
book_pause (book_t *self, const peer_key_t *key, int64_t until_ms)
{
    known_t *known = book_find (self, key);
    if (known && known->next_ms < until_ms)
        known->next_ms = until_ms;
}

void
book_lost (book_t *self, known_t *known, int64_t now_ms)
{
    known_t *oldest = NULL;
    unsigned count = 0;
    known->lost_ms = now_ms;
    for (uint32_t i = 0; i < self->known_count; i++) {
        known_t *at = self->known[i];
        count += at->lost_ms > 0;
        if (at->lost_ms > 0 && (!oldest || at->lost_ms < oldest->lost_ms))
            oldest = at;
    }
    if (count > BOOK_LOST_MAX)
        oldest->lost_ms = 0;
}

void
book_forgive (book_t *self, int64_t now_ms)
{
    self->misses_count = 0;
    for (uint32_t i = 0; i < self->known_count; i++)
        if (self->known[i]->lost_ms > 0)
            self->known[i]->next_ms = now_ms;
}

int64_t
book_missed_until_ms (const book_t *self, const peer_key_t *key)
{
    const miss_t *miss = find_miss (self, key);
    return miss ? miss->until_ms : 0;
}
