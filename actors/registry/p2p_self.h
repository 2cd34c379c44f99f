// SPDX-License-Identifier: MIT
//  The P2P registry's inside, shared by registry_p2p.c and the p2p_*.c; nobody else includes it.
#ifndef GGEN_P2P_SELF_H
#define GGEN_P2P_SELF_H

#include "discovered.h"
#include "messages/dht_key.h"
#include "outbox.h"
#include "p2p_find.h"
#include "p2p_join.h"
#include "p2p_keep.h"
#include "p2p_late.h"
#include "registry_p2p.h"

#include "dht.pb-c.h"
#include "p2p.pb-c.h"
#include "registry.pb-c.h"

//  Reads of the DHT at one time, of all questions together: PENDING_MAX less what else is asked.
#define P2P_READS_MAX 48

typedef struct registry_p2p {
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    const registry_p2p_settings_t *settings;
    discovered_t *discovered;
    keep_t keep;
    join_t join;
    outbox_t outbox;
    late_t late;
    find_t *finds;
    unsigned finds_count;
    struct search *searches;
    unsigned searches_count;
    struct change *changes;
    unsigned reads_in_flight;       //  of finds and searches
    Ggen__P2pStatusReply counts;    //  searches, news
    int64_t follow_at_ms;           //  when gossip is asked to follow again; DEADLINE_NEVER
    int64_t pins_at_ms;             //  not before then are pins asked for again
    //  Peers that came lately: many at once are the other half of a network that was split.
    int64_t came_since_ms;
    unsigned came_count;
} registry_p2p_t;

//  Does this id never leave the node?
bool p2p_is_private (const registry_p2p_t *self, const char *id);

//  A DHT read without further ado. OK, or why it could not be asked: BUSY while p2p_must_wait, NETWORK
//  in a node that lives for one call and has found nobody.
must_use code_t p2p_read (registry_p2p_t *self, const digest_t *key, bool first_valid,
                          ticket_t ticket, answer_fn *on_answer, void *arg);

//  Do reads have to wait?
bool p2p_must_wait (const registry_p2p_t *self);

//  By when to answer a request.
int64_t p2p_answer_at_ms (const registry_p2p_t *self, const delivery_t *at);

//  Let waiting reads go, now that there is room.
void p2p_pump (registry_p2p_t *self);

#endif
