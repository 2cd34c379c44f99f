// SPDX-License-Identifier: MIT
//  Nodes that transfer: the real "swarm" and "transfer" of each, its disk (sim_parts.h) and state,
//  and in the place of "dht" and "reputation" one book that all nodes look into: who has what, and
//  what was seen of whom. Some nodes lie. Aborts when memory is short: it is a test's.
#ifndef GGEN_TESTS_TRANSFER_STAGE_H
#define GGEN_TESTS_TRANSFER_STAGE_H

#include "actors/transfer/transfer.h"
#include "reputation.pb-c.h"
#include "sim_parts.h"
#include "world.h"

#define STAGE_NODES_MAX    64u
#define STAGE_PACKAGES_MAX 64u
#define STAGE_FETCHES_MAX  512u

//  How a node's "transfer" is.
typedef enum {
    STAGE_HONEST,
    STAGE_WRONG,                //  one bit of each chunk is another
    STAGE_SHORT,                //  a byte of each chunk is missing
    STAGE_DRIP,                 //  each chunk comes after a minute and a half
    STAGE_SILENT,               //  no answer at all
    STAGE_EMPTY,                //  has nothing of what it is said to have
    STAGE_MANNERS_COUNT
} stage_manner_t;

typedef struct {
    const sim_content_t *content;
    uint8_t *record;            //  packed SignedRecord
    size_t record_size;
    uint64_t providers;         //  nodes in the book, one bit each
} stage_package_t;

//  One fetch of a client.
typedef struct {
    uint32_t node, package;
    bool ended;
    code_t code;
    uint32_t peers, wrong_chunks, details;
    int64_t took_ms;
    char why[1000];             //  it failed
} stage_fetch_t;

typedef struct stage_t stage_t;

typedef struct {
    stage_t *stage;
    uint32_t node;
} stage_seat_t;

struct stage_t {
    world_t *world;
    sim_contents_t *contents;
    uint32_t nodes_count;
    stage_manner_t manners[STAGE_NODES_MAX];
    bool natted[STAGE_NODES_MAX];
    uint32_t uplink_bytes_s;    //  of every node, all in one place; 0 = as they are drawn
    sim_parts_t *disks[STAGE_NODES_MAX];
    void *states[STAGE_NODES_MAX];
    transfer_settings_t settings[STAGE_NODES_MAX];
    void *swarms[STAGE_NODES_MAX];
    stage_seat_t seats[STAGE_NODES_MAX];
    stage_package_t packages[STAGE_PACKAGES_MAX];
    uint32_t packages_count;
    stage_fetch_t fetches[STAGE_FETCHES_MAX];
    uint32_t fetches_count;
    uint32_t seen[STAGE_NODES_MAX][8];      //  of whom, which experience
    bool low[STAGE_NODES_MAX];              //  what reputation says
    uint32_t reads;                         //  of providers
    uint32_t replicated_stored, replicated_asked, replicated;
    code_t replicated_code;
};

//  Zero *self; then set manners, natted and uplink as wanted, and open. Every node is started.
void stage_open (stage_t *self, uint64_t seed, uint32_t nodes, const transfer_settings_t *settings);
void stage_close (stage_t *self);

//  A package of so many bytes; its number.
uint32_t stage_package (stage_t *self, uint64_t size_bytes);

//  The node has it and serves it (asked of "transfer" as if published, with 'replicas' others).
void stage_publish (stage_t *self, uint32_t node, uint32_t package, uint32_t replicas);

//  Only the book says that the node has it: for those that lie.
void stage_claim (stage_t *self, uint32_t node, uint32_t package);

//  A client of the node fetches it; its number.
uint32_t stage_fetch (stage_t *self, uint32_t node, uint32_t package, uint32_t budget_ms);

//  Let so much virtual time pass.
void stage_run (stage_t *self, int64_t ms);

//  Run until all fetches have ended, at most so long. Returns whether they have.
bool stage_finish (stage_t *self, int64_t ms_max);

bool stage_has (const stage_t *self, uint32_t node, uint32_t package);

//  Nodes that are on and have it as a whole.
uint32_t stage_copies (const stage_t *self, uint32_t package);

uint32_t stage_seen (const stage_t *self, uint32_t node, Ggen__Experience experience);

#endif
