// SPDX-License-Identifier: MIT
//  Looking into honest actors, for checkers: each function knows the inside of one actor, and nothing
//  here changes anything. 'state' is what world_actor gives.
#ifndef GGEN_TESTS_LOOK_H
#define GGEN_TESTS_LOOK_H

#include "base.h"

//  One bound: what there is, and what there may be.
typedef struct {
    const char *what;
    uint64_t is, max;
} look_bound_t;

typedef void (look_bound_fn) (void *context, const look_bound_t *bound);

void look_swarm (const void *state, look_bound_fn *bound, void *context);
void look_dht (const void *state, look_bound_fn *bound, void *context);
void look_gossip (const void *state, look_bound_fn *bound, void *context);
void look_reputation (const void *state, look_bound_fn *bound, void *context);
void look_transfer (const void *state, look_bound_fn *bound, void *context);
void look_trust (const void *state, look_bound_fn *bound, void *context);
void look_registry (const void *state, look_bound_fn *bound, void *context);

//  Sessions that are there to stay, and all.
void look_sessions (const void *swarm, uint32_t *kept_p, uint32_t *all_p);

//  All sessions, by key of the peer; does it have one with this peer that is there to stay?
typedef void (look_link_fn) (void *context, const uint8_t *key, bool kept);
void look_links (const void *swarm, look_link_fn *visit, void *context);
bool look_keeps (const void *swarm, const uint8_t *key);

//  Whom gossip speaks to.
typedef void (look_neighbour_fn) (void *context, const uint8_t *key);
void look_gossip_neighbours (const void *gossip, look_neighbour_fn *visit, void *context);

uint32_t look_dht_contacts (const void *dht);

//  Bytes of signed records that it holds, and of the entries that these are found by.
uint64_t look_dht_stored (const void *dht);
uint64_t look_registry_stored (const void *registry);
uint64_t look_gossip_stored (const void *gossip);
uint64_t look_trust_stored (const void *trust);

typedef struct {
    const uint8_t *key;             //  of the DHT, 32 bytes
    const uint8_t *id;              //  of the element, 16 bytes
    uint64_t seq;
    uint8_t kind;
    bytes_t packed;
} look_record_t;

typedef void (look_record_fn) (void *context, const look_record_t *record);

//  All records that it keeps for others. Borrowed for the call.
void look_dht_records (const void *dht, look_record_fn *visit, void *context);

//  What the P2P registry has heard of, as far as it was signed.
typedef void (look_signed_fn) (void *context, bytes_t packed);
void look_registry_records (const void *registry, look_signed_fn *visit, void *context);

//  A pin as trust has it in memory: it is on disk.
typedef struct {
    const char *name;
    const uint8_t *key;             //  32 bytes; NULL: damaged
    uint64_t head_seq, rotation_seq;
} look_pin_t;

typedef void (look_pin_fn) (void *context, const look_pin_t *pin);

//  False: they are being loaded or written, and not looked at.
bool look_trust_pins (const void *trust, look_pin_fn *visit, void *context);

typedef struct {
    uint64_t sent_bodies, delivered, duplicates, announced;
} look_gossip_t;

look_gossip_t look_gossip_counts (const void *gossip);

#endif
