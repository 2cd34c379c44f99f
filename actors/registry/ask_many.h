// SPDX-License-Identifier: MIT
//  Many questions of one kind (many.proto) for the one registry that there is: asked as one, and each
//  reply judged as if it had come by itself. Where several would have to be asked, or the network, all
//  is refused: who asks then asks one by one.
#ifndef GGEN_ASK_MANY_H
#define GGEN_ASK_MANY_H

#include "answers.h"

typedef struct many_call_t many_call_t;

//  Filled by its owner; 'calls' begins as NULL.
typedef struct {
    out_t *out;
    const crypto_t *crypto;
    const backend_t *backends;
    const unsigned *backends_count;
    many_call_t *calls;
} ask_many_t;

//  A handler, of ListMany and HeadsMany.
//  VALIDATION            more than MANY_QUESTIONS_MAX.
//  FEATURE_NOT_ENABLED   not the one registry of this machine alone is enabled.
code_t ask_many (ask_many_t *self, const delivery_t *at, const ProtobufCMessage *message,
                 uint32_t budget_ms);

//  Forget those that are under way.
void ask_many_forget (ask_many_t *self);

#endif
