// SPDX-License-Identifier: MIT
//  What the coordinator answers, once all whom it asked have answered: one function for each
//  operation (registry.h says what). Each ends the call's ticket.
#ifndef GGEN_ANSWERS_H
#define GGEN_ANSWERS_H

#include "call.h"
#include "runtime/actor/out.h"

typedef void (answer_call_fn) (out_t *out, const crypto_t *crypto, call_t *call);

answer_call_fn answers_search, answers_package, answers_versions, answers_publish, answers_delete,
    answers_exists, answers_metadata, answers_put_head, answers_get_heads;

//  To the asker, or to whom the call names in its place.
void answers_give (out_t *out, const call_t *call, const ProtobufCMessage *reply);

//  Nobody could be asked, or all failed.
void answers_failure (out_t *out, call_t *call);

#endif
