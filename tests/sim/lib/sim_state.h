// SPDX-License-Identifier: MIT
//  "state" of the simulator, in the place of runtime/host/state_io.c: the tables of
//  tests/memory_state.h. Settings: a sim_state_t, which outlives the actor.
#ifndef GGEN_TESTS_SIM_STATE_H
#define GGEN_TESTS_SIM_STATE_H

#include "runtime/actor/actor.h"
#include "trust.pb-c.h"

typedef struct sim_state_t sim_state_t;

//  Loads are answered in pages of 'page_max' entries. Aborts when memory is short.
sim_state_t *sim_state_new (unsigned page_max);
void sim_state_destroy (sim_state_t **self_p);

//  Loads and changes fail with this code from now on; OK: no more.
void sim_state_fail (sim_state_t *self, code_t code);

//  Pin number 'index' as it is kept, by name, which the caller frees; NULL at the end, and for one
//  that does not decode.
Ggen__TrustPin *sim_state_pin (const sim_state_t *self, size_t index);

extern const actor_class_t sim_state_actor;

#endif
