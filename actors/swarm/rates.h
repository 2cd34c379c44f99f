// SPDX-License-Identifier: MIT
//  What others may cost us (SPEC 9): a bucket of tokens for each peer and one for all together.
#ifndef GGEN_SWARM_RATES_H
#define GGEN_SWARM_RATES_H

#include "base.h"

#define RATES_RATE       20000u    //  tokens a second, for a peer
#define RATES_BURST      40000u
#define RATES_NODE_RATE  100000u   //  for all together
#define RATES_NODE_BURST 200000u

#define RATES_READ   1u
#define RATES_STORE  5u
#define RATES_VERIFY 10u
#define RATES_EVENT  20u           //  1,000 a second of what was not asked for (N6)

//  A bucket as what is missing in it: all zero is full.
typedef struct {
    uint32_t missing;               //  thousandths of a token: a share may be less than one a millisecond
    uint32_t at_ms;                 //  low half of the time of 'missing'
} bucket_t;

typedef enum {
    RATES_TAKE,
    RATES_SHARE,                   //  too much for now, when many want something: BUSY
    RATES_FLOOD                    //  over its own rate
} rates_t;

//  What a message costs: by its type (verify 10, store 5, read 1; events 20), and 1 for each KiB.
uint32_t rates_cost (Ggen__Kind kind, const char *type, size_t size_bytes);

//  Take 'cost' from the peer's bucket and from that of all. Once half of all is gone, a peer gets
//  its share only: what comes in for the node, divided by 'peers_count'.
rates_t rates_charge (bucket_t *peer, bucket_t *node, uint32_t cost, uint32_t peers_count,
                        int64_t now_ms);

#endif
