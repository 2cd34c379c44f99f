// SPDX-License-Identifier: MIT
//  Requests that came before their actor was ready, in their order.
#ifndef GGEN_HELD_H
#define GGEN_HELD_H

#include "actor.h"

//  A request's own copy of what came in.
typedef struct {
    Ggen__Envelope *envelope;
    mail_t mail;
    uint8_t *bytes;             //  what 'mail' points into
} held_request_t;

//  Zeroed, it is empty.
typedef struct {
    held_request_t *requests;
    unsigned count, room;
} held_t;

//  Frees what is left.
void held_clear (held_t *self);

//  Keep a copy. False when HELD_MAX are kept already or memory is short.
must_use bool held_add (held_t *self, const Ggen__Envelope *envelope, const mail_t *mail);

//  Take the oldest out; false when there is none. The caller frees it.
bool held_take (held_t *self, held_request_t *taken);

//  The same among those of one asker; of these, only the one with *id unless 'id' is NULL.
bool held_take_of (held_t *self, const char *from, const uint64_t *id, held_request_t *taken);

void held_request_free (held_request_t *self);

#endif
