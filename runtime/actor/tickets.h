// SPDX-License-Identifier: MIT
//  The requests an actor owes an answer: who asked, under which id, until when. A ticket names a
//  slot and its use, so one that has ended is recognised and never answers another request.
#ifndef GGEN_TICKETS_H
#define GGEN_TICKETS_H

#include "actor.h"

typedef struct {
    char *from;                 //  who asked: the one who may cancel
    char *reply_to;             //  the same memory, when it is the same
    uint64_t id;
    uint64_t trace;
    uint32_t budget_ms;         //  0 = without limit
    uint32_t use;               //  how often the slot was used: the high half of its tickets
    bool open;
    bool cancelled;
} open_request_t;

typedef struct tickets_t tickets_t;

tickets_t *tickets_new (void);
void tickets_destroy (tickets_t **self_p);

//  Owe an answer. Strings are copied; an empty reply_to means 'from'. 'deadline_ms' may be
//  DEADLINE_NEVER. Returns 0 when OPEN_MAX are open or memory is short.
ticket_t tickets_open (tickets_t *self, const Ggen__Envelope *envelope, int64_t deadline_ms);

//  The request of a ticket, or NULL when it has ended. Borrowed until the next open or close.
open_request_t *tickets_get (const tickets_t *self, ticket_t ticket);

//  When it expires; DEADLINE_NEVER for one without limit.
int64_t tickets_deadline_ms (const tickets_t *self, ticket_t ticket);
void tickets_extend (tickets_t *self, ticket_t ticket, int64_t deadline_ms);

void tickets_close (tickets_t *self, ticket_t ticket);

//  The earliest deadline, and the first ticket due at 'now_ms' (0 = none).
int64_t tickets_earliest_ms (const tickets_t *self);
ticket_t tickets_due (const tickets_t *self, int64_t now_ms);

//  Walk the open ones: start with *cursor = 0; 0 at the end. Closing the current one is allowed.
ticket_t tickets_next (const tickets_t *self, uint32_t *cursor);

uint32_t tickets_count (const tickets_t *self);

#endif
