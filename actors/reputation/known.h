// SPDX-License-Identifier: MIT
//  The peers we know something of: a bounded table by key. A peer seldom seen costs its 64 bytes, a
//  slot of the index (2.7 to 5.3 bytes) and its part of a block; what few have is allocated for
//  those.
//
//  The key is that of a node (Ed25519) without its sign bit. The two public keys that differ only
//  in it have one X25519 key, so who owns one owns the other: they are one peer here, as they are
//  for the transport.
#ifndef GGEN_KNOWN_H
#define GGEN_KNOWN_H

#include "distinct.h"
#include "geo.h"
#include "trend.h"

#include "runtime/actor/rng.h"

#define KNOWN_KEY_BYTES 32

//  Peers a table can hold, whatever it is told: all of them fit one message.
#define KNOWN_PEERS_MAX 4096

//  Bytes of the reason of a ban.
#define KNOWN_REASON_MAX 127

typedef struct {
    int64_t until_ms;           //  while it lasts: monotonic end
    int64_t ended;              //  when it is over: wall seconds
    uint32_t secs;              //  whole length of the last one
    uint16_t count;             //  bans by a rule, until they are forgotten
    uint16_t cause;             //  Ggen__Experience; EXPERIENCE_NONE: a person's
    char reason[KNOWN_REASON_MAX + 1];
} known_ban_t;

//  What few peers have.
typedef struct {
    geo_t place;                //  with KNOWN_LOCATED
    distinct_t packages;
    trend_t trend;
    known_ban_t *ban;           //  NULL: never banned, or forgotten
} known_more_t;

enum {
    KNOWN_UP      = 1,          //  has a session with us
    KNOWN_BANNED  = 2,
    KNOWN_LOCATED = 4,
    KNOWN_SEEN    = 8,          //  ever
    KNOWN_KEPT    = 16,         //  is in "state"
    KNOWN_CHANGED = 32,         //  differs from what is in "state"
    KNOWN_WRITING = 64,         //  is on its way there
    KNOWN_ORDER   = 128,        //  its ban changed: to be written at once
    KNOWN_TELL    = 256         //  that is on its way; swarm is to be told when it is there
};

typedef struct {
    uint8_t key[KNOWN_KEY_BYTES];   //  as it was told, with its sign bit
    known_more_t *more;             //  NULL: all of it is zero
    uint32_t seen;                  //  wall seconds
    uint32_t successes;
    uint32_t failures;
    float average_ms;               //  below 0: no sample
    uint16_t failed_in_row;
    uint16_t floods;                //  violations, until they are forgotten
    uint16_t flood_minute;          //  of the last one: monotonic, modulo 2^16
    uint16_t flags;                 //  KNOWN_*
} known_peer_t;

typedef struct known_t known_t;

//  At most 'peers_max' peers, 1 .. KNOWN_PEERS_MAX. The hash is salted from 'rng', so that nobody
//  outside can choose keys that collide. NULL: out of memory. Empty it is small.
known_t *known_new (uint32_t peers_max, rng_t *rng);
void known_destroy (known_t **self_p);

uint32_t known_count (const known_t *self);
bool known_full (const known_t *self);

//  The peer with this key, or NULL. Borrowed until the next add or remove.
known_peer_t *known_find (const known_t *self, const uint8_t *key);

//  A new one, all unknown; the key is not there yet. NULL: the table is full, or memory is short.
known_peer_t *known_add (known_t *self, const uint8_t *key);

void known_remove (known_t *self, known_peer_t *peer);

//  Number 'index', below known_count. A removal puts the last one in the place of the removed one.
known_peer_t *known_at (const known_t *self, uint32_t index);

//  Room for what few have. NULL: memory is short.
known_more_t *known_more (known_peer_t *peer);

//  Its ban, or NULL.
known_ban_t *known_ban (const known_peer_t *peer);

//  A ban to fill in, empty at first. NULL: memory is short.
known_ban_t *known_ban_new (known_peer_t *peer);
void known_ban_forget (known_peer_t *peer);

#endif
