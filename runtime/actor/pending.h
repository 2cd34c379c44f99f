// SPDX-License-Identifier: MIT
//  The requests an actor waits for. The number in an envelope's id names a slot and its use, so an
//  answer finds its request without a search, and an old or invented answer finds nothing.
#ifndef GGEN_PENDING_H
#define GGEN_PENDING_H

#include "out.h"

typedef struct {
    char *to;                   //  only an answer from there counts
    answer_fn *on_answer;
    void *arg;
    const ProtobufCMessageDescriptor *expect;
    ticket_t parent;
    uint32_t budget_ms;
    uint32_t use;
    bool waiting;
    bool quiet;
} waiting_t;

typedef struct pending_t pending_t;

pending_t *pending_new (void);
void pending_destroy (pending_t **self_p);

//  Wait for an answer until 'deadline_ms'. Returns the low half of the request's id, never 0;
//  0 when PENDING_MAX wait already or memory is short.
uint32_t pending_add (pending_t *self, const ask_t *ask, uint32_t budget_ms, int64_t deadline_ms);

//  The request with this number, or NULL. Borrowed until the next add or remove.
waiting_t *pending_get (const pending_t *self, uint32_t number);

void pending_extend (pending_t *self, uint32_t number, int64_t deadline_ms);

//  Wait no longer; the copy lives on in *taken, its 'to' freed.
void pending_remove (pending_t *self, uint32_t number, waiting_t *taken);

int64_t pending_earliest_ms (const pending_t *self);

//  A request due at 'now_ms', or 0.
uint32_t pending_due (const pending_t *self, int64_t now_ms);

//  Walk: start with *cursor = 0; 0 at the end.
uint32_t pending_next (const pending_t *self, uint32_t *cursor);

uint32_t pending_count (const pending_t *self);

#endif
