// SPDX-License-Identifier: MIT
//  What must hold at every step of a run, whatever goes wrong in it:
//      a reply has a request, and a request has one reply at most;
//      no mailbox is above its bound, and no reply is lost at one;
//      trust accepts only what somebody signed;
//      what is committed or made current again is of releases that were signed, with these very
//      digests, by the key in the lock, and that trust accepted;
//      a pin's key changes only by TrustAdd, it goes only by TrustRemove, and the seq of its head
//      never falls.
//  It listens to messages and reads the disk; it has no part in the run.
#ifndef GGEN_TESTS_SIM_WATCH_H
#define GGEN_TESTS_SIM_WATCH_H

#include "world.h"
#include "sim_state.h"

typedef struct sim_watch_t sim_watch_t;

sim_watch_t *sim_watch_new (const sim_state_t *state);
void sim_watch_destroy (sim_watch_t **self_p);

//  A packed SignedRecord of a release that was truly made, by a publisher who is not of this node.
//  Those that the keyring signs it hears of by itself.
void sim_watch_believe (sim_watch_t *self, ProtobufCBinaryData record);

//  To be called with everything that arrives, and after every piece of work.
void sim_watch_arrives (sim_watch_t *self, const char *to, const Ggen__Envelope *envelope,
                        bytes_t body);
void sim_watch_worked (sim_watch_t *self, const char *name, const world_counts_t *counts);

//  What was broken first; NULL: nothing.
const char *sim_watch_fault (const sim_watch_t *self);

//  Anybody else found something.
void sim_watch_blame (sim_watch_t *self, const char *format, ...) printf_like (2, 3);

//  Commits, and commits and activations that had packages.
unsigned sim_watch_commits (const sim_watch_t *self);
unsigned sim_watch_judged (const sim_watch_t *self);

#endif
