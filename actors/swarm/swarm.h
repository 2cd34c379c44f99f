// SPDX-License-Identifier: MIT
//  The swarm: who we are connected with. It makes sessions with other nodes, decides who may come
//  in and who is dialled, and carries all mail between actors here and actors there. It owns no
//  socket: "link" does (messages/link.proto), and the simulator's network in its place.
//
//  Mail for "dht@PEER" comes to its transit. With a session it goes out at once; without one the
//  peer is dialled, at the addresses that the mail carries (Envelope.route) or that are known, and
//  what comes meanwhile waits. Every request ends exactly once: with the peer's answer, or with a
//  failure said in its place: CONNECTION_FAILED, TIMEOUT, LOW_REPUTATION (banned), BUSY (a bound),
//  CANCELLED. Replies, progress and events for a peer without session are dropped.
#ifndef GGEN_SWARM_H
#define GGEN_SWARM_H

#include "runtime/actor/actor.h"
#include "swarm.pb-c.h"

#define SWARM_PEERS_MAX      1024           //  highest max_peers
#define SWARM_TRANSIENTS_MAX 1024           //  highest max_transients
#define SWARM_BOOTSTRAPS_MAX 32             //  more of the settings are not looked at
#define SWARM_NAME_MAX       32             //  bytes of an actor's name that another node may say
#define SWARM_PROTOCOLS_MAX  16
#define SWARM_BODY_MAX       (1u << 20)     //  bytes of a body to or from another node (SPEC 8)

typedef struct {
    bytes_t address;                        //  multiaddr, binary, with /p2p
    uint32_t priority;                      //  lower first
} swarm_bootstrap_t;

//  Borrowed for the actor's life, and all it points to. Names end with a NULL.
typedef struct {
    const identity_t *identity;
    Ggen__Tier tier;                        //  CLIENT is said until we know that we can be dialled
    const bytes_t *addresses;               //  where we listen, until link says it (LinkListening)
    size_t addresses_count;
    const bytes_t *announced;               //  where others are told to dial us, whatever link says;
    size_t announced_count;                 //  none: where we listen
    bool addresses_sure;                    //  others can dial them: nobody is asked to try
    const char *const *protocols;           //  what we serve: "dht/1", at most SWARM_PROTOCOLS_MAX
    const char *const *asked_protocols;     //  what listeners are told that others serve; NULL = the same
    bool bulk;                              //  there is an actor "bulk"; 'protocols' says so
    const char *const *reachable;           //  actors here that other nodes may send to
    const char *const *listeners;           //  actors here that are told of all peers
    const char *const *kept_listeners;      //  the same, of peers that are kept, or were
    const char *const *clock_listeners;     //  actors here that are told of PeersClock
    bool waits_for_bans;                    //  "reputation" says BansTold: before it nobody comes in,
                                            //  and nobody is dialled who was not asked for
    const swarm_bootstrap_t *bootstraps;
    size_t bootstraps_count;
    uint32_t max_peers;                     //  128: kept sessions
    uint32_t min_peers;                     //  5: below, more are dialled
    uint32_t max_transients;                //  64: sessions made for one lookup
    uint32_t max_known;                     //  256: addresses of good peers that are remembered
} swarm_settings_t;

//  SPEC 3.7 and 8; without identity, tier COMMUNITY, nobody reachable, no listeners.
void swarm_settings_default (swarm_settings_t *self);

extern const actor_class_t swarm_actor;

#endif
