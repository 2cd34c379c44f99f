// SPDX-License-Identifier: MIT
//  A TCP proxy in a thread of its own, between the nodes of a run: each has doors here, which it
//  announces, and what comes in is passed on to the port where it listens. Who dialled is found out
//  (holders.h), so a rule can be of two nodes. What cannot pass waits: a cut link is not closed.
#ifndef GGEN_HARNESS_PROXY_H
#define GGEN_HARNESS_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROXY_NODES_MAX 128u
#define PROXY_DOORS_MAX 256u
#define PROXY_QUEUE_MAX (1u << 20)  //  bytes that wait in one direction; then no more are read

typedef struct proxy_t proxy_t;

//  NULL: 'why' says what the system said. 'seed': of what is lost and changed.
proxy_t *proxy_new (uint64_t seed, char *why, size_t why_size);
void proxy_destroy (proxy_t **self_p);

//  One more door of a node; its port. 0: there are PROXY_DOORS_MAX, or the system gives none.
uint16_t proxy_open (proxy_t *self, unsigned node);

//  Where what comes in at a door goes from now on.
void proxy_target (proxy_t *self, uint16_t door, uint16_t port);

//  Which process a node is.
void proxy_process (proxy_t *self, unsigned node, pid_t pid);

//  ---- what goes wrong ------------------------------------------------------------------------------

typedef struct {
    unsigned group;                 //  nodes of different groups do not hear of each other
    bool unplugged;                 //  hears nothing, is not heard
    uint32_t delay_us;              //  of each direction; of both ends together counts
    double lost;                    //  share of segments that come PROXY_AGAIN_US later
    double changed;                 //  share of segments with a bit changed
} proxy_rule_t;

#define PROXY_AGAIN_US 200000

void proxy_rule (proxy_t *self, unsigned node, const proxy_rule_t *rule);

//  End so many connections, drawn. Returns how many there were to end.
unsigned proxy_break (proxy_t *self, unsigned count);

typedef struct {
    unsigned connections;           //  now
    uint64_t opened, unknown;       //  ever; of them by nobody we know
    uint64_t passed_bytes;
} proxy_counts_t;

proxy_counts_t proxy_counts (proxy_t *self);

#endif
