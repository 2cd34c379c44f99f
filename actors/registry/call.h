// SPDX-License-Identifier: MIT
//  One operation that the coordinator does: whom it asked, what they said, and what there is to
//  warn of. It asks nobody itself; registry.c does.
#ifndef GGEN_CALL_H
#define GGEN_CALL_H

#include "registry.h"
#include "publisher.pb-c.h"
#include "registry.pb-c.h"

#define CALL_WARNINGS_MAX 64            //  more are left out

typedef struct call_t call_t;

typedef struct {
    char *address;
    const char *name;                   //  the short one; inside 'address'
    bool writes;
    bool sources;                       //  stands for named sources
    bool remote;                        //  looks into the network
    bool enabled;                       //  is asked
} backend_t;

//  A backend's part in a call.
typedef struct {
    call_t *call;
    const backend_t *backend;
    bool asked;
    ProtobufCMessage *reply;            //  a copy, or NULL
    Ggen__Failure *failure;             //  a copy, or NULL
} slot_t;

struct call_t {
    call_t *next;
    ticket_t ticket;
    int64_t begun_ms;
    ProtobufCMessage *request;          //  a copy
    slot_t slots[REGISTRY_BACKENDS_MAX];
    unsigned slots_count;
    unsigned asked;                     //  backends asked so far
    unsigned outstanding;               //  of them, not yet answered
    uint32_t budget_ms;                 //  of each, when it only reads
    void (*take_reply) (void *arg, const ProtobufCMessage *reply);      //  in place of the asker; or NULL
    void *take_reply_arg;
    bool incomplete;
    char *warnings[CALL_WARNINGS_MAX];
    size_t warnings_count;
};

//  NULL: out of memory.
call_t *call_new (ticket_t ticket, const ProtobufCMessage *request, const backend_t *backends,
                  unsigned backends_count);
void call_destroy (call_t **self_p);

//  A backend has answered; 'failure' NULL: with 'reply'. Both are copied. 'code' stands for a
//  failure that comes without its message.
void call_answered (slot_t *slot, const ProtobufCMessage *reply, const Ggen__Failure *failure);
void call_unanswered (slot_t *slot, code_t code);

void call_warn (call_t *self, const char *format, ...) printf_like (2, 3);

//  Warn of each backend that failed (not having a package is no failure), which leaves the call
//  incomplete.
void call_warn_of_failures (call_t *self);

//  The first failure, in the backends' order, other than PACKAGE_NOT_FOUND; NULL without.
const Ggen__Failure *call_failure (const call_t *self);

//  Has anybody listed this version (ListVersions)?
bool call_lists (const call_t *self, const char *version);

//  How many answered with a reply; how many with this failure.
unsigned call_replies_count (const call_t *self);
unsigned call_failures_count (const call_t *self, code_t code);

//  What every asked backend said, as "file: CODE: message; p2p: ..."; at most 'size' bytes.
void call_describe (const call_t *self, char *text, size_t size);

#endif
