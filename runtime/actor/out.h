// SPDX-License-Identifier: MIT
//  All that an actor can do to the world: answer, ask, tell.
#ifndef GGEN_OUT_H
#define GGEN_OUT_H

#include "actor.h"

//  Budget of an ask that names none and has no parent.
#define OUT_BUDGET_MS 30000u

//  ---- answering -----------------------------------------------------------------------------------
//  Each ends the ticket; a ticket that has ended (answered, expired, asker gone) is ignored, so
//  answering late is never an error.

//  Answer with a message.
void out_answer (out_t *self, ticket_t ticket, const ProtobufCMessage *message);

//  The same inside a handler; returns OK so that a handler can end with it.
code_t out_reply (const delivery_t *at, const ProtobufCMessage *message);

//  The same with bulk bytes, which are taken (parcel_t).
code_t out_reply_with (const delivery_t *at, const ProtobufCMessage *message, void *attachment,
                       size_t size, void (*free_attachment) (void *data, void *hint), void *hint);

//  Answer with a failure: its code, what to do next ("" = nothing known), and what failed.
void out_refuse (out_t *self, ticket_t ticket, code_t code, const char *hint, const char *format,
                 ...) printf_like (5, 6);

//  The same inside a handler; returns OK.
code_t out_fail (const delivery_t *at, code_t code, const char *hint, const char *format, ...)
    printf_like (4, 5);

//  Pass on a failure that came as an answer to our own ask.
void out_refuse_as (out_t *self, ticket_t ticket, const Ggen__Failure *failure);

//  Say how far it is. Extends the asker's deadline by its whole budget, but not that of an asker on
//  another node: its budget is all the time there is.
void out_progress (out_t *self, ticket_t ticket, const Ggen__Progress *progress);

//  True while the ticket waits for an answer and its asker still wants it.
bool out_wanted (const out_t *self, ticket_t ticket);

//  ---- asking --------------------------------------------------------------------------------------

//  Borrowed for the call.
typedef struct {
    code_t code;                            //  OK: 'message' is the answer
    const ProtobufCMessage *message;        //  NULL unless OK
    const Ggen__Failure *failure;           //  never NULL unless OK; says the same as code
    const Ggen__Progress *progress;         //  not NULL: no answer yet, this is on the way
    const char *from;                       //  who was asked; never NULL
    bytes_t attachment;
    int64_t now_ms;
    int64_t wall_ms;
} answer_t;

//  Returns as handlers do (OK or FATAL).
typedef code_t (answer_fn) (void *self, void *arg, const answer_t *answer);

typedef struct {
    const char *to;
    const ProtobufCMessage *message;
    const ProtobufCMessageDescriptor *expect;   //  another type of answer becomes SERIALIZATION
    uint32_t budget_ms;                         //  0 = what the parent has left, else OUT_BUDGET_MS
    ticket_t parent;                            //  the request this is done for, or 0
    answer_fn *on_answer;                       //  exactly once with the end, before it any progress
    void *arg;
    bytes_t route;                              //  packed Addresses: where another node may be
    bool quiet;                                 //  do not pass its progress on to the parent's asker
    void *attachment;                           //  bulk bytes, taken (parcel_t) whatever is returned
    size_t attachment_size;
    void (*free_attachment) (void *data, void *hint);
    void *hint;
} ask_t;

//  Ask somebody. The parent's trace and deadline carry over; when the parent is cancelled the ask
//  is too, and on_answer still gets its end (CANCELLED, or the answer if that was faster).
//  OK          on_answer will be called.
//  BUSY        PENDING_MAX requests wait already; on_answer will not be called.
//  CANCELLED   the parent is no longer wanted; on_answer will not be called.
must_use code_t out_ask (out_t *self, const ask_t *ask);

//  Want the answer no longer of what was asked with this on_answer and arg: those asked are told
//  (CANCEL), and on_answer is not called any more.
void out_forget (out_t *self, answer_fn *on_answer, const void *arg);

//  ---- telling -------------------------------------------------------------------------------------

//  Send an event; nobody answers, and at a full mailbox it is lost and counted there (between an
//  actor with sockets and others it waits for room).
void out_event (out_t *self, const char *to, const ProtobufCMessage *message);

//  Send an event with bulk bytes, which are taken (parcel_t).
void out_event_with (out_t *self, const char *to, const ProtobufCMessage *message,
                     void *attachment, size_t size,
                     void (*free_attachment) (void *data, void *hint), void *hint);

//  Pass mail on as it is, under the sender that its envelope names: swarm's work. The attachment is
//  copied.
void out_pass (out_t *self, const char *to, Ggen__Envelope *envelope, bytes_t body,
               bytes_t attachment);

//  Monotonic and wall time of the call that is being handled.
int64_t out_now_ms (const out_t *self);
int64_t out_wall_ms (const out_t *self);

//  Build a failure in a message of one's own: text is cut at FAILURE_TEXT_MAX bytes.
#define FAILURE_TEXT_MAX 4095

#endif
