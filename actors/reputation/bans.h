// SPDX-License-Identifier: MIT
//  Who is refused, and for how long (SPEC 7): rules, not scores.
//
//      FAILED                            security.ban_threshold times in a row
//      FLOODED                           more often than security.ban_threshold, where an hour
//                                        without a violation wipes the slate clean
//      WRONG_BYTES, FORGED, MISBEHAVED   once
//
//  The first ban lasts BAN_SECS_FIRST, each further one twice as long as the one before, up to
//  BAN_SECS_MAX; BAN_FORGET_SECS after the end of the last they are forgotten. What is seen of a
//  peer that is banned already does not ban it again: one attack is one ban, however many chunks it
//  had. A ban by a person lasts as long as that says, and does not count as one before.
//
//  Time: while this node runs a ban is measured by the monotonic clock, so setting the wall clock
//  neither frees nor locks anybody; from one run to the next by the wall clock, and never for
//  longer than its whole length, should that clock have been set back.
#ifndef GGEN_BANS_H
#define GGEN_BANS_H

#include "known.h"

#include "reputation.pb-c.h"

#define BAN_SECS_FIRST   3600u
#define BAN_SECS_MAX     (7u * 24 * 3600)
#define BAN_FORGET_SECS  (30 * 24 * 3600)
#define BAN_FLOOD_MS     3600000

//  Count what was seen of a peer. Returns true when it is to be banned for it.
bool bans_count (known_peer_t *peer, Ggen__Experience experience, uint32_t threshold,
                 int64_t now_ms);

//  Length of a ban that 'before' others went before.
uint32_t bans_secs (uint32_t before);

//  Ban it from now on; an earlier ban ends. secs 0: as a rule says, and it counts. 'cause' is
//  EXPERIENCE_NONE for a person's. 'reason' is cut at KNOWN_REASON_MAX bytes.
//  OK, or BUSY: memory is short, nothing changed.
must_use code_t bans_begin (known_peer_t *peer, Ggen__Experience cause, uint32_t secs,
                            const char *reason, int64_t now_ms);

//  The ban it has is over; what led to it is forgotten.
void bans_end (known_peer_t *peer, int64_t wall_ms);

//  A ban that was a mistake of ours: over, and as if it had not been.
void bans_take_back (known_peer_t *peer, int64_t wall_ms);

//  Seconds left of its ban, rounded up; 0 when it is not banned or the ban is due to end.
uint32_t bans_left_secs (const known_peer_t *peer, int64_t now_ms);

//  When its ban will end or did end: wall seconds; 0 when there was none.
int64_t bans_until (const known_peer_t *peer, int64_t now_ms, int64_t wall_ms);

//  A ban of an earlier run, with its 'secs' set: goes on until 'until' (wall seconds), if that is
//  not over.
void bans_resume (known_peer_t *peer, int64_t until, int64_t now_ms, int64_t wall_ms);

//  True when its bans are long over.
bool bans_forgotten (const known_peer_t *peer, int64_t wall_ms);

//  For people: "wrong bytes".
const char *bans_cause_name (Ggen__Experience cause);

#endif
