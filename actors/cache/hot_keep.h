// SPDX-License-Identifier: MIT
//  The hot tier across a restart: when the node is stopped, what is not too old goes to "state" (table
//  "hot", HotKept); the next node begins with it, at the age that it has by then, and empties the table.
//  After a crash the tier begins cold. That "state" fails is no reason to fail.
#ifndef GGEN_HOT_KEEP_H
#define GGEN_HOT_KEEP_H

#include "hot.h"

#include "runtime/actor/out.h"

//  What is used least is not kept beyond these.
#define HOT_KEEP_MAX       500          //  entries: in one change, with as many that go
#define HOT_KEEP_BYTES_MAX (2u << 20)

typedef struct {
    out_t *out;
    hot_t *hot;                         //  borrowed
    ticket_t saving;                    //  who waits until it is written; 0 = nobody
} hot_keep_t;

//  Ask for what the last node kept. 'self' outlives the answers.
void hot_keep_load (hot_keep_t *self);

//  Handler of SaveRequest.
code_t hot_keep_save (hot_keep_t *self, const delivery_t *at);

#endif
