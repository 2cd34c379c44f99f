// SPDX-License-Identifier: MIT
//  What actor.c shares with requests.c (what others want of it), answers.c (what it wants of
//  others) and out.c; nobody else includes it.
#ifndef GGEN_ACTOR_INSIDE_H
#define GGEN_ACTOR_INSIDE_H

#include "held.h"
#include "out.h"
#include "pending.h"
#include "tickets.h"
#include "wire.h"

//  After a cancel, how long those we asked may take to wind down.
#define WIND_DOWN_MS 10000

struct out_t {
    const char *name;
    uint32_t epoch;
    port_t port;
    tickets_t *tickets;
    pending_t *pending;
    int64_t now_ms;
    int64_t wall_ms;
    uint64_t trace;             //  of the message being handled
};

struct actor_scratch_t {
    wire_arena_t *envelopes;    //  both reset after each message
    wire_arena_t *bodies;
};

struct actor_t {
    const actor_class_t *class;
    void *state;
    out_t out;
    rng_t rng;
    actor_scratch_t *scratch;
    bool owns_scratch;
    held_t held;                //  as long as the class is not ready
    actor_metrics_t metrics;
};

//  ---- actor.c: for all of them --------------------------------------------------------------------

//  The row for messages of this type, or NULL.
const handler_t *actor_row (const actor_class_t *class, const char *type);

//  The class's ready.
bool actor_ready (const actor_t *self);

//  Unpack a body from 'from', bounded by where that is. NULL: malformed or too large.
ProtobufCMessage *actor_unpack (actor_t *self, const ProtobufCMessageDescriptor *descriptor,
                                const mail_t *mail, const char *from);

//  An actor of another node?
bool actor_is_remote (const char *address);

//  Count a message that nobody here may have sent, or that means nothing. OK.
code_t actor_drop (actor_t *self);

//  ---- requests.c ----------------------------------------------------------------------------------
//  Each returns OK or FATAL.

//  A request: handle it, refuse it, or hold it until the actor is ready.
code_t requests_take (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail);

//  An event: nobody is told how it ended.
code_t requests_event (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail);

//  The asker wants this one no longer; the asker has gone.
code_t requests_cancel (actor_t *self, const Ggen__Envelope *envelope);
code_t requests_gone (actor_t *self, const Ggen__Envelope *envelope);

//  End those whose time is over.
void requests_expire (actor_t *self);

//  Answer all, also those held, with INTERNAL.
void requests_abandon (actor_t *self);

//  ---- answers.c -----------------------------------------------------------------------------------
//  Each returns OK or FATAL.

//  An answer, or news of one; dropped when this actor did not ask its sender for it.
code_t answers_reply (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail);
code_t answers_progress (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail);

//  Fail those that did not come in time.
code_t answers_expire (actor_t *self);

//  ---- out.c ---------------------------------------------------------------------------------------

//  The asker no longer wants it, or its time has passed: cancel what was asked for it. Returns
//  true when something is still being asked for it, so that its end will come by itself.
bool out_cancel_children (out_t *self, ticket_t ticket);

#endif
