// SPDX-License-Identifier: MIT
//  Pins as they were kept, against pins as they are kept now.
#ifndef GGEN_TESTS_SIM_PINS_H
#define GGEN_TESTS_SIM_PINS_H

#include "package_id.h"
#include "publisher_key.h"
#include "sim_state.h"

#define SIM_PINS_MAX 256        //  and changes that were asked for; aborts beyond: it is a test's

typedef struct {
    char name[PACKAGE_ID_MAX + 1];
    publisher_key_t key;
    uint64_t head_seq;
} sim_pin_t;

typedef struct {
    sim_pin_t pins[SIM_PINS_MAX];           //  by name
    size_t count;
    //  What somebody asked trust for and was not seen to happen yet.
    sim_pin_t asked[SIM_PINS_MAX];
    bool asked_remove[SIM_PINS_MAX];
    size_t asked_count;
} sim_pins_t;

//  A TrustAdd or TrustRemove has arrived.
void sim_pins_asked_add (sim_pins_t *self, const char *name, ProtobufCBinaryData key);
void sim_pins_asked_remove (sim_pins_t *self, const char *name);

//  Compare with what is kept now, and take that over. The name of a pin that changed though nobody
//  asked for it; NULL: none. Borrowed until the next call.
const char *sim_pins_compare (sim_pins_t *self, const sim_state_t *state);

#endif
