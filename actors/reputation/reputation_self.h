// SPDX-License-Identifier: MIT
//  What reputation.c (what it sees), reputation_ask.c (what it is asked) and reputation_room.c
//  (whom it remembers) share; nobody else includes it.
#ifndef GGEN_REPUTATION_SELF_H
#define GGEN_REPUTATION_SELF_H

#include "bans.h"
#include "known.h"
#include "ledger.h"
#include "outage.h"
#include "reputation.h"
#include "score.h"

#include "runtime/actor/out.h"

//  A BanRequest or UnbanRequest that waits until its change is kept.
typedef struct {
    uint8_t key[KNOWN_KEY_BYTES];
    ticket_t ticket;
    bool unbans;
} asked_t;

typedef struct {
    out_t *out;
    const reputation_settings_t *settings;
    known_t *known;
    ledger_t *ledger;
    outage_t outage;
    geo_t place;                //  ours, when settings->located
    uint32_t sessions_count;    //  peers with KNOWN_UP
    uint32_t bans_count;        //  peers with KNOWN_BANNED
    int64_t ban_ms;             //  end of the first ban; DEADLINE_NEVER: none
    int64_t prune_ms;           //  DEADLINE_NEVER: there is nobody
    int64_t order_ms;           //  when to tell swarm of more of the old bans
    uint32_t order_next;        //  with the peer of this number
    int64_t clock_ms;           //  wall minus monotonic time
    asked_t *asked;
    uint32_t asked_count;
} reputation_t;

//  ---- reputation.c ------------------------------------------------------------------------------

//  Is it a peer's key, and not our own?
bool reputation_is_peer (const reputation_t *self, ProtobufCBinaryData key);

score_facts_t reputation_facts (const reputation_t *self, const known_peer_t *peer,
                                int64_t wall_ms);

//  Ban it. secs 0: as the rules say.
//  OK, or STORAGE: there is no room for another ban. Swarm will be told in either case.
must_use code_t reputation_ban (reputation_t *self, known_peer_t *peer, Ggen__Experience cause,
                                uint32_t secs, const char *reason, int64_t now_ms);

//  ---- reputation_room.c -------------------------------------------------------------------------

//  The peer with this key, with room made for it if need be. NULL: there is none.
known_peer_t *reputation_admit (reputation_t *self, const uint8_t *key, int64_t now_ms);

//  Forget those not worth remembering.
void reputation_prune (reputation_t *self, int64_t now_ms, int64_t wall_ms);

//  ---- reputation_ask.c --------------------------------------------------------------------------

handler_fn reputation_on_rank, reputation_on_reputation, reputation_on_ban, reputation_on_unban;

//  The change of this peer's ban is kept; or it is not, for this reason.
void reputation_answer_asked (reputation_t *self, const known_peer_t *peer,
                              const Ggen__Failure *failure);

#endif
