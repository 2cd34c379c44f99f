// SPDX-License-Identifier: MIT
//  Runs actors in one thread under a virtual clock, from a seed: same seed, same run. Messages take
//  a random time from sender to mailbox and keep their order between two addresses, as on the
//  bus; an actor takes a random time for each. Nothing is lost but what a full mailbox refuses,
//  by the bus's own rule (admit.h). Things go wrong when the test says so: an actor that stands
//  still, one that fails, a request that is refused on its way.
#ifndef GGEN_TESTS_SCHEDULER_H
#define GGEN_TESTS_SCHEDULER_H

#include "runtime/actor/actor.h"

#define SCHEDULER_ACTORS_MAX  32
#define SCHEDULER_DIGEST_SIZE 32

//  The clock starts here: not 0, because a real one never does.
#define SCHEDULER_START_MS      1000000
#define SCHEDULER_START_WALL_MS 1800000000000

typedef struct scheduler_t scheduler_t;

typedef struct {
    uint64_t messages;          //  that arrived anywhere
    uint64_t busy;              //  requests refused at a full mailbox
    uint64_t dropped;           //  lost at a full mailbox
    uint64_t replies_lost;      //  of them, replies
    uint64_t incarnations;      //  beyond the first of each actor
    uint64_t depth_max;         //  of any mailbox, in messages
    uint64_t depth_bytes_max;   //  of any mailbox
} scheduler_counts_t;

//  Who watches a run. All is borrowed for the call.
typedef struct {
    //  What is sent to an address that is no actor's: "client-1".
    void (*heard) (void *context, const char *to, const Ggen__Envelope *envelope, bytes_t body);
    //  Everything that arrives anywhere, before anybody else sees it. A request is refused with the
    //  code that is returned; OK lets it pass. May be NULL.
    code_t (*arrives) (void *context, const char *to, const Ggen__Envelope *envelope,
                       bytes_t body);
    //  An actor has dealt with a message or the passing of time. May be NULL.
    void (*worked) (void *context, const char *name);
    void *context;
} scheduler_watch_t;

scheduler_t *scheduler_new (uint64_t seed, const scheduler_watch_t *watch);
void scheduler_destroy (scheduler_t **self_p);

//  Seat an actor under its class's name; at most SCHEDULER_ACTORS_MAX. 'class' and 'settings'
//  outlive the scheduler.
void scheduler_add (scheduler_t *self, const actor_class_t *class, const void *settings);

//  Send a message from outside, now. A GONE or CANCEL has no body.
void scheduler_post (scheduler_t *self, const char *to, Ggen__Envelope *envelope,
                     const ProtobufCMessage *body);

//  Let 'ms' of virtual time pass. Returns the events that happened.
uint64_t scheduler_run (scheduler_t *self, int64_t ms);

//  The actor of this name does nothing for so long: its mailbox fills, its deadlines pass.
void scheduler_stall (scheduler_t *self, const char *name, int64_t ms);

//  The actor of this name fails as by FATAL: what it owes is answered with INTERNAL, and its next
//  incarnation takes its mailbox over.
void scheduler_fail (scheduler_t *self, const char *name);

int64_t scheduler_now_ms (const scheduler_t *self);
scheduler_counts_t scheduler_counts (const scheduler_t *self);

//  What all actors owe and wait for together.
void scheduler_debts (const scheduler_t *self, uint32_t *open_p, uint32_t *pending_p);

//  SHA-256 over time, address, envelope, body and attachment of every message in the order of
//  arrival.
void scheduler_digest (const scheduler_t *self, uint8_t digest[SCHEDULER_DIGEST_SIZE]);

#endif
