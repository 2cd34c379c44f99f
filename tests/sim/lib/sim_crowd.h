// SPDX-License-Identifier: MIT
//  The clients of a simulated node: what they ask, at random or as a test says, and how each
//  request ends: by its reply; by its budget, which its asker counts; or with its asker.
#ifndef GGEN_TESTS_SIM_CROWD_H
#define GGEN_TESTS_SIM_CROWD_H

#include "world.h"
#include "sim_keyring.h"

#define SIM_CLIENTS_COUNT 4u
#define SIM_REQUESTS_MAX  8192      //  of one run; aborts beyond: it is a test's

typedef enum { SIM_WAITS, SIM_ANSWERED, SIM_EXPIRED, SIM_LEFT } sim_fate_t;

typedef struct {
    unsigned client;
    const char *to;                 //  which actor
    const ProtobufCMessageDescriptor *asked;
    uint32_t budget_ms;             //  0 = none
    int64_t deadline_ms;
    sim_fate_t fate;
    code_t code;                    //  of the reply
    char *type;                     //  of the reply; owned
    uint8_t *body;
    size_t body_size;
} sim_request_t;

typedef struct sim_crowd_t sim_crowd_t;

sim_crowd_t *sim_crowd_new (rng_t *rng, world_t *world, const publisher_key_t *keys,
                            unsigned keys_count);
void sim_crowd_destroy (sim_crowd_t **self_p);

//  Somebody does something: asks, mostly; cancels; goes away and comes back as another.
void sim_crowd_act (sim_crowd_t *self);

//  Ask; returns the number of the request.
size_t sim_crowd_ask (sim_crowd_t *self, const char *to, const ProtobufCMessage *message,
                      uint32_t budget_ms);

//  To be called with what clients are sent, and as time passes.
//  False: nobody asked this, or the request had its end before.
bool sim_crowd_heard (sim_crowd_t *self, const char *to, const Ggen__Envelope *envelope,
                      bytes_t body);
void sim_crowd_expire (sim_crowd_t *self);

//  Borrowed until the next request.
size_t sim_crowd_count (const sim_crowd_t *self);
const sim_request_t *sim_crowd_request (const sim_crowd_t *self, size_t number);

//  The reply of a request that ended OK, which the caller frees; NULL when it did not.
void *sim_crowd_reply (const sim_crowd_t *self, size_t number,
                       const ProtobufCMessageDescriptor *expect);

#endif
