// SPDX-License-Identifier: MIT
//  Is it them, or is it us? While more than half of our peers fail within OUTAGE_WINDOW_MS, it is
//  our own network that fails, and no peer is to blame (SPEC 7).
//
//  Our peers are those with a session now, and those that failed within the window. A peer fails
//  when a transfer from it fails or its session breaks, and no longer does when it serves us.
//
//  Half of them is reached only after some have failed: what was counted against those last, within
//  a window at most, is remembered here, to be given back (outage_take).
#ifndef GGEN_OUTAGE_H
#define GGEN_OUTAGE_H

#include "base.h"

#define OUTAGE_WINDOW_MS  30000
#define OUTAGE_PEER_BYTES 32

//  Peers that fail at one time; with one more, the one that failed longest ago is forgotten.
//  Sessions are fewer (SPEC 8: 128, and 64 transient ones).
#define OUTAGE_PEERS_MAX 256

typedef struct {
    uint8_t peer[OUTAGE_PEER_BYTES];
    int64_t failed_ms;          //  last time
    int64_t since_ms;           //  of the first in 'counted', at most a window ago when it grows
    uint32_t counted;           //  failures counted against it since then
    bool up;                    //  has a session
} outage_peer_t;

//  All zero: nobody fails. Grows with those who do.
typedef struct {
    outage_peer_t *peers;
    uint32_t count;
    uint32_t room;
} outage_t;

void outage_clear (outage_t *self);

//  A peer failed; 'up' says whether it has a session. Short of memory it goes unnoticed.
void outage_failed (outage_t *self, const uint8_t *peer, bool up, int64_t now_ms);

//  That failure was counted against it.
void outage_counted (outage_t *self, const uint8_t *peer, int64_t now_ms);

//  It does not fail any more.
void outage_served (outage_t *self, const uint8_t *peer);

//  Its session began or ended.
void outage_session (outage_t *self, const uint8_t *peer, bool up);

//  True while it is us. 'sessions_count': peers that have a session now.
bool outage_is_ours (outage_t *self, uint32_t sessions_count, int64_t now_ms);

//  The next peer against which something was counted, and how much, for the caller to take back;
//  here it is forgotten. *peer_p is borrowed until the next change. False when there is none.
bool outage_take (outage_t *self, const uint8_t **peer_p, uint32_t *counted_p);

#endif
