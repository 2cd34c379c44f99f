// SPDX-License-Identifier: MIT
#include "known.h"

#include "score.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  Peers lie in blocks, which are never moved; the index has their numbers plus one, 0 is free.
#define BLOCK_PEERS  16u
#define BLOCKS_FIRST 4u
#define SLOTS_FIRST  32u

#define KEY_WORDS (KNOWN_KEY_BYTES / 4)
#define SIGN_BIT  0x80u

_Static_assert (sizeof (known_peer_t) <= 64, "one cache line");
_Static_assert (KNOWN_PEERS_MAX < UINT16_MAX, "a slot has 16 bits");

struct known_t {
    known_peer_t **blocks;
    uint16_t *slots;            //  NULL as long as there is nobody
    uint32_t blocks_count;
    uint32_t blocks_room;
    uint32_t slots_count;       //  a power of two
    uint32_t count;
    uint32_t peers_max;
    uint64_t salt[KEY_WORDS + 1];
};

known_t *
known_new (uint32_t peers_max, rng_t *rng)
{
    assert (peers_max > 0 && peers_max <= KNOWN_PEERS_MAX);
    known_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->peers_max = peers_max;
    rng_bytes (rng, self->salt, sizeof self->salt);
    return self;
}

static void
free_more (known_peer_t *peer)
{
    if (!peer->more)
        return;
    trend_clear (&peer->more->trend);
    free (peer->more->ban);
    free (peer->more);
    peer->more = NULL;
}

void
known_destroy (known_t **self_p)
{
    known_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        free_more (known_at (self, i));
    for (uint32_t i = 0; i < self->blocks_count; i++)
        free (self->blocks[i]);
    free (self->blocks);
    free (self->slots);
    free (self);
    *self_p = NULL;
}

uint32_t
known_count (const known_t *self)
{
    return self->count;
}

bool
known_full (const known_t *self)
{
    return self->count == self->peers_max;
}

known_peer_t *
known_at (const known_t *self, uint32_t index)
{
    assert (index < self->count);
    return &self->blocks[index / BLOCK_PEERS][index % BLOCK_PEERS];
}

//  ---- the index ---------------------------------------------------------------------------------

//  Multilinear hashing (Carter & Wegman 1979; Lemire & Kaser 2014, section 2): with a secret random
//  salt any two keys meet with probability 2^-32, whoever chose them.
static uint32_t
hash_of (const known_t *self, const uint8_t *key)
{
    uint8_t bytes[KNOWN_KEY_BYTES];
    uint32_t words[KEY_WORDS];
    memcpy (bytes, key, sizeof bytes);
    bytes[KNOWN_KEY_BYTES - 1] &= (uint8_t) ~SIGN_BIT;
    memcpy (words, bytes, sizeof words);
    uint64_t sum = self->salt[KEY_WORDS];
    for (unsigned i = 0; i < KEY_WORDS; i++)
        sum += self->salt[i] * words[i];
    return (uint32_t) (sum >> 32);
}

static bool
is_key (const known_peer_t *peer, const uint8_t *key)
{
    return memcmp (peer->key, key, KNOWN_KEY_BYTES - 1) == 0
           && ((peer->key[KNOWN_KEY_BYTES - 1] ^ key[KNOWN_KEY_BYTES - 1]) & ~SIGN_BIT) == 0;
}

//  The slot of this key, or the free slot where it would go.
static uint32_t
slot_of (const known_t *self, const uint8_t *key)
{
    uint32_t slot = hash_of (self, key) & (self->slots_count - 1);
    while (self->slots[slot] != 0 && !is_key (known_at (self, self->slots[slot] - 1u), key))
        slot = (slot + 1) & (self->slots_count - 1);
    return slot;
}

static bool
grow_slots (known_t *self)
{
    uint32_t slots_count = self->slots_count ? 2 * self->slots_count : SLOTS_FIRST;
    uint16_t *slots = calloc (slots_count, sizeof *slots);
    if (!slots)
        return false;
    free (self->slots);
    self->slots = slots;
    self->slots_count = slots_count;
    for (uint32_t i = 0; i < self->count; i++)
        self->slots[slot_of (self, known_at (self, i)->key)] = (uint16_t) (i + 1);
    return true;
}

//  Backward-shift deletion (Knuth, TAOCP 6.4, algorithm R): no tombstones, probes stay short.
static void
free_slot (known_t *self, uint32_t gap)
{
    uint32_t mask = self->slots_count - 1;
    self->slots[gap] = 0;
    for (uint32_t next = (gap + 1) & mask; self->slots[next] != 0; next = (next + 1) & mask) {
        uint32_t home = hash_of (self, known_at (self, self->slots[next] - 1u)->key) & mask;
        if (((next - home) & mask) >= ((next - gap) & mask)) {
            self->slots[gap] = self->slots[next];
            self->slots[next] = 0;
            gap = next;
        }
    }
}

//  ---- peers -------------------------------------------------------------------------------------

known_peer_t *
known_find (const known_t *self, const uint8_t *key)
{
    if (self->count == 0)
        return NULL;
    uint16_t number = self->slots[slot_of (self, key)];
    return number ? known_at (self, number - 1u) : NULL;
}

static bool
grow_blocks (known_t *self)
{
    if (self->count < self->blocks_count * BLOCK_PEERS)
        return true;
    if (self->blocks_count == self->blocks_room) {
        uint32_t room = self->blocks_room ? 2 * self->blocks_room : BLOCKS_FIRST;
        known_peer_t **blocks = realloc (self->blocks, room * sizeof *blocks);
        if (!blocks)
            return false;
        self->blocks = blocks;
        self->blocks_room = room;
    }
    known_peer_t *block = malloc (BLOCK_PEERS * sizeof *block);
    if (!block)
        return false;
    self->blocks[self->blocks_count++] = block;
    return true;
}

known_peer_t *
known_add (known_t *self, const uint8_t *key)
{
    if (known_full (self) || !grow_blocks (self)
        || (4 * (self->count + 1) > 3 * self->slots_count && !grow_slots (self)))
        return NULL;
    uint32_t slot = slot_of (self, key);
    assert (self->slots[slot] == 0);
    self->slots[slot] = (uint16_t) ++self->count;
    known_peer_t *peer = known_at (self, self->count - 1);
    *peer = (known_peer_t) {.average_ms = (float) SCORE_UNKNOWN};
    memcpy (peer->key, key, KNOWN_KEY_BYTES);
    return peer;
}

//  Blocks at the end are given back, but for one, so that a peer that comes and goes is cheap.
static void
shrink (known_t *self)
{
    while (self->blocks_count > 0 && self->count + BLOCK_PEERS < self->blocks_count * BLOCK_PEERS)
        free (self->blocks[--self->blocks_count]);
}

void
known_remove (known_t *self, known_peer_t *peer)
{
    uint32_t slot = slot_of (self, peer->key);
    uint32_t number = self->slots[slot];
    assert (number > 0 && known_at (self, number - 1) == peer);
    free_more (peer);
    free_slot (self, slot);
    if (number < self->count) {
        known_peer_t *last = known_at (self, self->count - 1);
        self->slots[slot_of (self, last->key)] = (uint16_t) number;
        *peer = *last;
    }
    self->count--;
    shrink (self);
}

//  ---- what few have -----------------------------------------------------------------------------

known_more_t *
known_more (known_peer_t *peer)
{
    if (!peer->more)
        peer->more = calloc (1, sizeof *peer->more);
    return peer->more;
}

known_ban_t *
known_ban (const known_peer_t *peer)
{
    return peer->more ? peer->more->ban : NULL;
}

known_ban_t *
known_ban_new (known_peer_t *peer)
{
    known_more_t *more = known_more (peer);
    if (more && !more->ban)
        more->ban = calloc (1, sizeof *more->ban);
    return more ? more->ban : NULL;
}

void
known_ban_forget (known_peer_t *peer)
{
    if (!peer->more)
        return;
    free (peer->more->ban);
    peer->more->ban = NULL;
}
