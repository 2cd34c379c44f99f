// SPDX-License-Identifier: MIT
//  Adversaries: nodes that are honest but for some of their seats, whose actors lie. A scenario says
//  "liars NAME 10%".
//
//  An actor that lies is an honest one in which some rows are other ones, and which may do something
//  of its own from time to time: it joins, dials, greets and is listed as all others are. Its settings are
//  a liar_t, which begins with those of the honest actor: by them a row finds it.
#ifndef GGEN_TESTS_ADVERSARY_H
#define GGEN_TESTS_ADVERSARY_H

#include "digest.h"
#include "play.h"

typedef struct band_t band_t;
typedef struct liar_t liar_t;

//  A seat in which somebody may lie: its honest actor, and how time passes there (liar_tick and
//  liar_deadline_ms of the liar that the state's settings are).
typedef struct {
    const actor_class_t *honest;
    code_t (*tick) (void *state, int64_t now_ms, int64_t wall_ms);
    int64_t (*deadline_ms) (const void *state);
    size_t (*settings) (const honest_settings_t *settings, const void **settings_p);
} mask_t;

extern const mask_t mask_dht, mask_gossip, mask_transfer, mask_swarm;

//  One way to lie, in one seat. Handlers and 'act' get the state of the honest actor.
typedef struct {
    const mask_t *mask;
    const handler_t *rows;          //  instead of the honest ones; ends with a row of NULLs
    int64_t every_ms;               //  between two calls of 'act', until it settles; 0: there is none
    void (*act) (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms);
} lie_t;

typedef struct adversary_t {
    const char *name;
    const char *help;
    const lie_t *const *lies;       //  ends with NULL
    bool mixed;                     //  each node tells one of the lies; else all of them
    void (*join) (band_t *band, uint32_t node);     //  it is one of us, and never started; may be NULL
} adversary_t;

#define LIES_MAX 32u                //  of one adversary

//  What a liar knows in one seat.
struct liar_t {
    union {
        dht_settings_t dht;
        gossip_settings_t gossip;
        transfer_settings_t transfer;
        swarm_settings_t swarm;
    } settings;                     //  first: see above
    band_t *band;
    const lie_t *lie;
    actor_class_t class;            //  the disguise
    uint32_t node;
    rng_t rng;
    int64_t act_ms;
    int64_t born_ms;
    uint64_t count;                 //  of what it did
    void *memory;                   //  of its lie; 'forget' frees it
    void (*forget) (void *memory);
    struct liar_t *next;            //  of all of the band
};

//  All liars of one statement.
struct band_t {
    const adversary_t *adversary;
    play_t *play;
    uint32_t *nodes, nodes_count;   //  that belong to it
    liar_t *liars;
    void *plan;                     //  of 'join'; freed at the end
};

//  NULL: there is none of this name.
const adversary_t *adversary_find (const char *name);

//  ---- adversary_band.c ------------------------------------------------------------------------------

band_t *band_new (const adversary_t *adversary, play_t *play);
void band_destroy (band_t **self_p);

//  The node is one of them, from before its first start.
void band_join (band_t *self, uint32_t node);

//  The plan is that of an honest node: liars take their seats. Called at each start.
void band_arm (band_t *self, uint32_t node, node_plan_t *plan);

//  The row of the honest actor for this message.
const handler_t *liar_honest_row (const liar_t *self, const ProtobufCMessage *message);

//  Whom its node has a session with, at most 'max' of them. Returns how many.
typedef struct {
    uint8_t key[CRYPTO_KEY_BYTES];
    uint64_t link;
} liar_peer_t;
size_t liar_peers (const liar_t *self, liar_peer_t *peers, size_t max);

//  A time of its own passes, and that of the honest actor.
code_t liar_tick (liar_t *self, void *state, int64_t now_ms, int64_t wall_ms);
int64_t liar_deadline_ms (const liar_t *self, const void *state);

//  Put a record at another node. What it says to that is of no interest.
void liar_put (out_t *out, const uint8_t *peer, digest_t *key, ProtobufCBinaryData record);

//  ---- what they do ------------------------------------------------------------------------------------

extern const lie_t lie_mute, lie_poison, lie_clique, lie_hole, lie_records, lie_hoard, lie_spam;
extern const lie_t lie_flood, lie_forge, lie_promise, lie_replay, lie_equivocate, lie_swallow;
extern const lie_t lie_wrong_chunks, lie_odd_chunks, lie_drip, lie_have, lie_gaming;
extern const lie_t lie_deputy;

//  Their keys are ground: next to where the first package's head lies; next to a node.
void sybil_join (band_t *band, uint32_t node);
void eclipse_join (band_t *band, uint32_t node);

#endif
