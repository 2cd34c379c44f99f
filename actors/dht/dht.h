// SPDX-License-Identifier: MIT
//  "dht": where signed records lie among the nodes of the network, and how they are found (SPEC 8).
//  Kademlia with disjoint paths; the nodes close to a key hold a set of records, unique by signer
//  and subject.
//
//  It asks "dht" of other nodes (their mail passes through swarm, which dials by the route that
//  each ask brings), and "state" for its tables "dht" and "dht_provided". Tells "reputation" of
//  those that break the protocol. Hears PeerUp, PeerDown, Dialability and ConnectivityChanged of
//  swarm.
//
//  Of this node:
//  DhtReadRequest     what is under a key. INSUFFICIENT_DHT_RESPONSES  fewer than the quorum answered;
//                     DHT_CONSENSUS_FAILURE  its publisher signed two heads with one seq;
//                     DHT_TIMEOUT  nobody answered before the hard stop.
//  DhtWriteRequest    store a record at the closest. SECURITY, VALIDATION, INVALID_SIGNATURE,
//                     SERIALIZATION  the record is refused here already (dht_key_check);
//                     INSUFFICIENT_DHT_RESPONSES  no node was found to store it.
//  DhtProvideRequest  STORAGE  DHT_PROVIDED_MAX are provided already.
//  BUSY               DHT_QUEUE_MAX wait already.
//
//  Of other nodes it answers FindNode, GetRecords and PutRecord as long as it is a server: settings
//  say so, and the node can be dialled as far as it knows. A client answers FEATURE_NOT_ENABLED.
#ifndef GGEN_DHT_H
#define GGEN_DHT_H

#include "runtime/actor/actor.h"

#include "kbucket.h"
#include "records.h"

//  Lookups at one time; those that people and actors wait for; those that we do for ourselves.
#define DHT_RUNNING_MAX    8
#define DHT_QUEUE_MAX      64
#define DHT_BACKGROUND_MAX 2

//  What we ask at one time. Together with what "state" is asked below PENDING_MAX.
#define DHT_ASKS_MAX   44
#define DHT_PUTS_MAX   20
#define DHT_CHECKS_MAX 10
//  Of the checks those of providers that others say are gone; what is beyond is not looked at.
#define DHT_DEAD_CHECKS_MAX 5

//  Nodes that wait to be checked before they may enter the table; more are not looked at.
#define DHT_CANDIDATES_MAX 16

//  What we say we have. At the bound STORAGE.
#define DHT_PROVIDED_MAX 4096

//  Sessions that are remembered: as many as swarm can have. Of one that is not, what it sends would be
//  nobody's share.
#define DHT_SESSIONS_MAX 2048

typedef struct {
    const identity_t *identity;
    bool server;                    //  network.dht_server_mode
    bool brief;                     //  the node lives for one call: it loads, keeps and refreshes
                                    //  nothing
    bool check_before;              //  a node enters the table when it answered us only
    bool hedge;                     //  ask another one when an answer is late
    uint8_t paths;                  //  disjoint ones, unless a request says how many
    uint8_t parallel;               //  alpha: asked at one time while nodes get closer
    uint8_t parallel_max;           //  and when only the closest are left to ask
    uint8_t corrections;            //  holders of something older that are told, per read
    uint8_t path_group_max;         //  nodes of one group of addresses on a path; 0 = no limit
    bool regions;                   //  look beyond the closest where these are a crowd
    kbucket_limits_t diversity;
    records_limits_t records;
    uint32_t query_timeout_ms;      //  partial after this; hard stop after 3 of it
    uint32_t refresh_ms;            //  of a bucket in which nothing was looked up
    uint32_t republish_ms;
    uint32_t provider_ttl_secs;
    uint32_t young_ms;              //  a node that is up for less is young,
    uint32_t young_nodes;           //  where there are more nodes than this
} dht_settings_t;

//  The defaults of SPEC 8. 'identity' is borrowed.
dht_settings_t
    dht_settings_default (const identity_t *identity);

//  Kademlia as in the paper, for comparison: one path, no hedging, no diversity, everybody enters
//  the table.
dht_settings_t
    dht_settings_plain (const identity_t *identity);

//  Settings: dht_settings_t, borrowed for the actor's life.
extern const actor_class_t dht_actor;

#endif
