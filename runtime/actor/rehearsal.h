// SPDX-License-Identifier: MIT
//  A recording of the tap, played to a fresh actor: what came to the recorded one is given to it, at
//  the times it came at, and what it says is compared with what was recorded. Its timers run by the
//  recorded time; its random stream is another one than the recorded, for that is secret.
//
//  Of a message everything counts but sent_us, trace, route and budget_ms: milliseconds pass between
//  the bus and a handler, and budgets are what is left of others.
//  The recording has to begin before the actor does, or what it knew then is missing here.
#ifndef GGEN_REHEARSAL_H
#define GGEN_REHEARSAL_H

#include "actor.h"

#include "node.pb-c.h"
#include "rehearsal.pb-c.h"

#define REHEARSAL_BYTES_MAX    (256u << 20)     //  of the messages kept
#define REHEARSAL_MESSAGES_MAX 1000000u
#define REHEARSAL_TICKS_MAX    1000000u         //  between two messages; more of them are not run

typedef struct rehearsal_t rehearsal_t;

//  'name' is its address; it and 'settings' are borrowed. NULL: out of memory.
rehearsal_t *rehearsal_new (const actor_class_t *class, const char *name, const void *settings);
void rehearsal_destroy (rehearsal_t **self_p);

//  The next message of the recording; those that are not of this actor are passed over.
//  OK          it is kept, or passed over
//  BUSY        there is more than a bound above
//  VALIDATION  it came with bulk bytes beside it, of which a recording has only the digest
must_use code_t rehearsal_add (rehearsal_t *self, const Ggen__TapHeader *header, bytes_t body);

//  Play all that was added. Once. *reply_p is new, the caller's.
//  OK                 *reply_p says what came of it
//  PACKAGE_NOT_FOUND  nothing of this actor was recorded
//  INTERNAL           it could not be born, or memory is short
must_use code_t rehearsal_run (rehearsal_t *self, Ggen__RehearsalReply **reply_p);

#endif
