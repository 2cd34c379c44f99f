// SPDX-License-Identifier: MIT
//  "reputation": what this node saw of others, in which order to ask them, and whom to refuse
//  (SPEC 7). Only own observations count; nobody on another node can send it anything. Asks "state"
//  to load its table at birth and to keep what changes; tells "swarm" whom to refuse (BanOrder).
//
//  Events
//      Observation          counted (score.h), and judged (bans.h). took_ms 0 is no sample; that of
//                           FAILED never is, for what fails fast is no better. WRONG_BYTES also
//                           counts as a failure. While it is our own network that fails, FAILED is
//                           not counted, what was counted last is taken back, and so is a ban that
//                           rests on it (outage.h): with one peer, failures never ban.
//      PeerUp, PeerDown     a peer has a session: it is seen now, and stays so until that ends. One
//                           that is met for a single lookup ('kept' false) is not remembered for
//                           it. A banned one that comes up is banned again: swarm has forgotten.
//      ConnectivityChanged  without peers: all sessions are over (a swarm that starts says so).
//      PeerLocation         see geo in score.h.
//
//  Requests
//      RankRequest          best first: the banned last, before them those below
//                           min_peer_reputation, each by score without its cut at 1; equal ones
//                           stay as they were asked.
//                           VALIDATION: above REPUTATION_KEYS_MAX, or no 32 bytes.
//      ReputationRequest    those named, as named, with their history; or all, best first, without.
//                           Nobody is unknown: a peer never met has the score of one.
//      BanRequest           lasts as said, whatever rules say. STORAGE: as many are banned as can
//                           be.
//      UnbanRequest         its former bans are forgotten too.
//      Both are answered when the change is on disk and swarm has been told; when it cannot be
//      kept swarm is told all the same, and the answer is that failure. BUSY above
//      REPUTATION_ASKED_MAX.
//
//  Requests wait while what was kept is loaded (ledger.h); observations are counted meanwhile.
//
//  How much: peers_max peers. With one more, a sixteenth goes: first those without history, then
//  those seen longest ago, last those that were banned before; never one that is banned or has a
//  session. A new peer that finds no room is not remembered. Bans are at most three quarters of
//  peers_max; beyond that a rule's ban goes to swarm but is not kept. Every hour go: those without
//  history unseen for a day; those below prune_threshold unseen for prune_after_days; bans long
//  over.
#ifndef GGEN_REPUTATION_H
#define GGEN_REPUTATION_H

#include "runtime/actor/actor.h"

#define REPUTATION_PEERS_MAX 4096
#define REPUTATION_KEYS_MAX  1000
#define REPUTATION_ASKED_MAX 64

#define REPUTATION_PRUNE_MS   3600000
#define REPUTATION_UNSEEN_SECS (24 * 3600)

//  After a start swarm is told of old bans so many at a time, for its mailbox is bounded.
#define REPUTATION_ORDERS_AT_ONCE 32
#define REPUTATION_ORDERS_MS      100

//  A wall clock that moved so far against the monotonic one was set: bans are written anew.
#define REPUTATION_CLOCK_MS 60000

//  env->settings; borrowed for the actor's life.
typedef struct {
    const identity_t *identity;     //  nothing is counted of ourselves; NULL: of anybody
    uint32_t peers_max;             //  1 .. REPUTATION_PEERS_MAX
    uint32_t ban_threshold;         //  security.ban_threshold
    double min_peer_reputation;     //  security.min_peer_reputation
    double prune_threshold;         //  reputation.prune_threshold
    uint32_t prune_after_days;      //  reputation.prune_after_days
    bool located;                   //  location.latitude and location.longitude are set
    double latitude;
    double longitude;
} reputation_settings_t;

//  SPEC 3.7.
#define REPUTATION_SETTINGS_DEFAULT                                                                \
    {                                                                                              \
        .peers_max = REPUTATION_PEERS_MAX, .ban_threshold = 10, .min_peer_reputation = 0.7,        \
        .prune_threshold = 0.2, .prune_after_days = 7                                              \
    }

extern const actor_class_t reputation_actor;

#endif
