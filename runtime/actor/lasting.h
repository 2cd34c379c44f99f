// SPDX-License-Identifier: MIT
//  How an actor keeps what must outlive it: what it asks of "state" (messages/state.proto).
#ifndef GGEN_LASTING_H
#define GGEN_LASTING_H

#include "out.h"
#include "state.pb-c.h"

//  Longest that "state" may take.
#define LASTING_BUDGET_MS 10000u

//  Ask for a page of a table: the answer is a StateLoadReply. BUSY as out_ask.
must_use code_t lasting_load (out_t *out, const Ggen__StateLoadRequest *load, answer_fn *on_page,
                              void *arg);

//  Ask for a change: the answer is a StatePutReply. 'on_answer' may be NULL: nobody looks whether it
//  was made. BUSY as out_ask.
must_use code_t lasting_put (out_t *out, const Ggen__StatePutRequest *put, answer_fn *on_answer,
                             void *arg);

//  All is kept: answer the SaveRequest that waits for it (*saving_p, 0 = none), which is 0 then.
void lasting_saved (out_t *out, ticket_t *saving_p);

#endif
