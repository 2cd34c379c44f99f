// SPDX-License-Identifier: MIT
//  What is known of peers, in "state": loaded at birth, kept as it changes.
//
//  Changes are written LEDGER_DELAY_MS after the first of them, LEDGER_BATCH_MAX peers at a time,
//  one put after another. A ban is written at once, and swarm is told when it is on disk (the
//  'kept' hook). When "state" fails, what did not get there is tried again LEDGER_DELAY_MS later;
//  the hook is called with the failure, for a ban that is not kept still has to be obeyed.
//
//  Loading is tried LEDGER_TRIES times before ledger_ready lets requests go on without what was
//  kept, and goes on being tried. Until it has succeeded only bans are written. What is observed in
//  the meantime is added to what then comes.
//
//  Rows that no longer have a place in the table are removed, LEDGER_GONE_MAX at a time; of more,
//  some are left, and are removed after they have been loaded again.
#ifndef GGEN_LEDGER_H
#define GGEN_LEDGER_H

#include "known.h"

#include "runtime/actor/out.h"

#define LEDGER_TABLE     "reputation"
#define LEDGER_DELAY_MS  30000
#define LEDGER_BATCH_MAX 64
#define LEDGER_GONE_MAX  256

//  Tries to load, the pause between two, and between those after them.
#define LEDGER_TRIES    3
#define LEDGER_RETRY_MS 500
#define LEDGER_AGAIN_MS 5000

typedef struct {
    //  Make room for a peer that was loaded; NULL: there is none.
    known_peer_t *(*admit) (void *context, const uint8_t *key);
    //  A peer was loaded, and is banned by that.
    void (*banned) (void *context, const known_peer_t *peer);
    //  Everything is loaded.
    void (*loaded) (void *context);
    //  The ban of this peer, or its end, is on disk; or is not, for this reason.
    void (*kept) (void *context, known_peer_t *peer, const Ggen__Failure *failure);
    void *context;
} ledger_hooks_t;

typedef struct ledger_t ledger_t;

//  Begins to load. All is borrowed for its life but 'hooks'. NULL: out of memory.
ledger_t *ledger_new (out_t *out, known_t *known, const ledger_hooks_t *hooks);
void ledger_destroy (ledger_t **self_p);

//  False while it is loading.
bool ledger_ready (const ledger_t *self);

//  Something changed that is worth keeping.
void ledger_changed (ledger_t *self, known_peer_t *peer);

//  Its ban changed: write it at once, and call 'kept'.
void ledger_ban_changed (ledger_t *self, known_peer_t *peer);

//  It is about to be removed from the table.
void ledger_forget (ledger_t *self, const known_peer_t *peer);

//  It has just been added to the table, maybe again.
void ledger_returned (ledger_t *self, known_peer_t *peer);

//  Do what is due, and when that is.
//  Write what changed now, and answer 'ticket' (of a SaveRequest) when that is done or failed.
void ledger_save (ledger_t *self, ticket_t ticket);

void ledger_tick (ledger_t *self, int64_t now_ms);
int64_t ledger_deadline_ms (const ledger_t *self);

#endif
