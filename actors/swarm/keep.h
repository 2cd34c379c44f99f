// SPDX-License-Identifier: MIT
//  The address book in "state", table "peers": for a warm start, so what is lost of it is no harm.
//  Loaded once; what changed is written together, every now and then.
#ifndef GGEN_SWARM_KEEP_H
#define GGEN_SWARM_KEEP_H

#include "swarm_self.h"

#define KEEP_DELAY_MS 5000
#define KEEP_BATCH    64u           //  entries of one writing; the rest follows with the next

//  Ask for what is kept.
void keep_load (swarm_t *self);

//  As book_put, and remember whom it cost his place.
known_t *keep_known (swarm_t *self, const peer_key_t *key, const addresses_t *addresses);

//  Something may have changed: write it in a while.
void keep_soon (swarm_t *self);

//  Handler of SaveRequest.
code_t keep_save (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  Its time has come (swarm_t.keep_ms).
void keep_run (swarm_t *self);

#endif
