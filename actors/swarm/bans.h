// SPDX-License-Identifier: MIT
//  Whom we refuse, by transport key, so that it shows before any handshake (SPEC 7). "reputation"
//  decides it, keeps it, and says it again when it starts.
#ifndef GGEN_SWARM_BANS_H
#define GGEN_SWARM_BANS_H

#include "runtime/actor/crypto.h"

#define BANS_MAX 1024u              //  then the one that ends first makes way

typedef struct ban_t ban_t;

//  All zero is empty.
typedef struct {
    ban_t *bans;
    uint32_t count;
    uint32_t size;
} bans_t;

void bans_clear (bans_t *self);

//  Banned until then; an earlier ban of the same key is replaced. False: out of memory.
bool bans_put (bans_t *self, const uint8_t transport_key[CRYPTO_KEY_BYTES], int64_t until_ms,
               int64_t now_ms);

void bans_remove (bans_t *self, const uint8_t transport_key[CRYPTO_KEY_BYTES]);

//  How long it is banned yet; 0 = not.
int64_t bans_left_ms (const bans_t *self, const uint8_t transport_key[CRYPTO_KEY_BYTES],
                      int64_t now_ms);

#endif
