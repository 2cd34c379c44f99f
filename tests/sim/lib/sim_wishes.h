// SPDX-License-Identifier: MIT
//  What a client of the simulated node may want next: any verb of the command line, of what is in
//  the market.
#ifndef GGEN_TESTS_SIM_WISHES_H
#define GGEN_TESTS_SIM_WISHES_H

#include "publisher_key.h"
#include "runtime/actor/rng.h"

typedef struct {
    rng_t *rng;
    const publisher_key_t *keys;    //  that somebody may be told to trust
    unsigned keys_count;
} sim_wishes_t;

//  A request, and to which actor. Free it with sim_wishes_free.
ProtobufCMessage *sim_wishes_next (const sim_wishes_t *self, const char **to_p);
void sim_wishes_free (ProtobufCMessage *message);

#endif
