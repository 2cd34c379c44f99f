// SPDX-License-Identifier: MIT
//  "gossip": announcements to all who follow a topic (SPEC 8; messages/gossip.proto).
//  Swarm tells it who is there to stay (PeerUp, PeerDown with "gossip/1"): these are its neighbours,
//  it is theirs, and it hears nobody else. What is new goes to the actor 'follower' as events. It
//  asks "gossip" of other nodes and tells "reputation" what it saw.
//
//  How an announcement travels. Each topic has a mesh: links to GOSSIP_MESH_LOW .. _HIGH neighbours
//  that follow it (gossipsub). Of these, few are eager: bodies are pushed over them. Over the others
//  go ids only, at once. A link whose pushes come second turns lazy, an id without its body turns one
//  eager (Plumtree: Leitao, Pereira, Rodrigues, "Epidemic Broadcast Trees", SRDS 2007), so the eager
//  links become nearly a tree of the fastest paths while the ids see to it that nothing is lost. To
//  some more neighbours ids go at each heartbeat. The origin itself pushes to all members of a topic
//  that has up to GOSSIP_DIRECT_ON of them, if most are its neighbours, else over its eager links;
//  these acknowledge.
//
//  AnnounceRequest   goes out within a millisecond, together with others of that millisecond; when
//                    there are more than GOSSIP_OWN_RATE signatures a second, later and more together.
//                    Answered when those it was pushed to have answered.
//                        VALIDATION  topic or item is empty or too large
//                        BUSY        GOSSIP_ITEMS_WAITING_BYTES_MAX wait already
//  FollowRequest     BUSY above GOSSIP_TOPICS_MAX topics, VALIDATION as above.
//  AnnouncedInvalid  counts against the origin when it was that origin's; after
//                    GOSSIP_ORIGIN_FAULTS_MAX its announcements are dropped for a while.
//
//  Nothing is believed before its signature is verified; a bad one ends all talk with the neighbour
//  that sent it, for honest ones verify before they forward. Each neighbour has its own queue and
//  its own budget of verifications, each origin its own rate.
#ifndef GGEN_GOSSIP_H
#define GGEN_GOSSIP_H

#include "runtime/actor/actor.h"

#define GOSSIP_PEERS_MAX   192      //  neighbours; more are not spoken to
#define GOSSIP_TOPICS_MAX  64       //  followed, or announced to in the last minute
#define GOSSIP_TOPIC_BYTES_MAX 128

#define GOSSIP_MESH_LOW    4
#define GOSSIP_MESH        6
#define GOSSIP_MESH_HIGH   12
#define GOSSIP_MESH_OUT    2        //  of them, links that we dialled
#define GOSSIP_DIRECT_ON   64       //  members of a topic up to which the origin pushes to all
#define GOSSIP_DIRECT_OFF  80       //  and above which it no longer does

#define GOSSIP_ITEM_BYTES_MAX  65536        //  all items of one announcement together
#define GOSSIP_ITEMS_MAX       256          //  of one announcement
#define GOSSIP_ITEMS_WAITING_BYTES_MAX (1u << 20)
#define GOSSIP_FRAME_BYTES_MAX (1u << 20)   //  larger frames are refused, and count against their sender
#define GOSSIP_SEEN_MAX        32768        //  ids; the oldest is forgotten
#define GOSSIP_ORIGINS_MAX     512          //  the one that was silent longest is forgotten
#define GOSSIP_WANTS_MAX       4096         //  ids offered that we do not have; more are not noted
#define GOSSIP_OWN_RATE        5            //  announcements a second, after a burst
#define GOSSIP_OWN_BURST       32
#define GOSSIP_ORIGIN_RATE     10           //  the same of others: more, as they come in bunches
#define GOSSIP_ORIGIN_BURST    64
#define GOSSIP_ORIGIN_FAULTS_MAX 3

//  env->settings; borrowed for the actor's life.
typedef struct {
    const identity_t *identity;
    const char *follower;           //  who gets Announced
    uint32_t heartbeat_ms;          //  performance.gossipsub_heartbeat
    uint32_t history_bytes_max;     //  of announcements kept for those who come later
} gossip_settings_t;

//  As SPEC 3.7 has them; 'identity' is the caller's to set.
gossip_settings_t
    gossip_settings_default (void);

extern const actor_class_t gossip_actor;

#endif
