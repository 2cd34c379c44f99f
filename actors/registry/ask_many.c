// SPDX-License-Identifier: MIT
#include "ask_many.h"

#include "many.h"
#include "many.pb-c.h"
#include "message.h"

#include <stdlib.h>

struct many_call_t {
    many_call_t *next;
    ask_many_t *owner;
    ticket_t ticket;
    const backend_t *backend;
    ProtobufCMessage *request;          //  a copy
};

typedef struct {
    const ProtobufCMessageDescriptor *request, *reply;
    answer_call_fn *answer;             //  of one
} kind_t;

static const kind_t kinds[] = {
    {&ggen__list_many_request__descriptor, &ggen__list_many_reply__descriptor, answers_versions},
    {&ggen__heads_many_request__descriptor, &ggen__heads_many_reply__descriptor,
     answers_get_heads},
};

static const kind_t *
kind_of (const ProtobufCMessage *request)
{
    const kind_t *kind = kinds;
    while (kind->request != request->descriptor)
        kind++;
    return kind;
}

static void
destroy (many_call_t *self)
{
    protobuf_c_message_free_unpacked (self->request, NULL);
    free (self);
}

void
ask_many_forget (ask_many_t *self)
{
    while (self->calls) {
        many_call_t *call = self->calls;
        self->calls = call->next;
        destroy (call);
    }
}

//  ---- answers -----------------------------------------------------------------------------------

typedef struct {
    ProtobufCMessage *list[MANY_QUESTIONS_MAX];
    size_t count;
    size_t size;
} replies_t;

//  Of the question that is being judged; what makes them too large together is left out.
static void
take_reply (void *replies_, const ProtobufCMessage *reply)
{
    replies_t *replies = replies_;
    replies->size += protobuf_c_message_get_packed_size (reply) + 16;   //  Tags and lengths
    if (replies->size <= BODY_BYTES_MAX / 2)
        replies->list[replies->count] = message_copy (reply);
}

//  As if the backend had been asked this alone.
static void
judge (const many_call_t *self, const ProtobufCMessage *request, const ProtobufCMessage *reply,
       replies_t *replies)
{
    const ask_many_t *owner = self->owner;
    AUTO (call_destroy) call_t *call = call_new (0, request, owner->backends,
                                                 *owner->backends_count);
    for (unsigned i = 0; call && i < call->slots_count; i++) {
        slot_t *slot = &call->slots[i];
        if (slot->backend != self->backend)
            continue;
        slot->asked = true;
        call->asked = 1;
        call_answered (slot, reply, NULL);
    }
    if (!call)
        return;
    call->take_reply = take_reply;
    call->take_reply_arg = replies;
    kind_of (self->request)->answer (owner->out, owner->crypto, call);
}

static void
answer_all (const many_call_t *self, const ProtobufCMessage *said)
{
    replies_t replies = {.count = 0};
    size_t count = many_count (said), asked = many_count (self->request);
    for (; replies.count < asked; replies.count++) {
        size_t i = replies.count;
        const ProtobufCMessage *reply = i < count ? many_reply_in (many_at (said, i)) : NULL;
        if (reply)
            judge (self, many_at (self->request, i), reply, &replies);
    }
    ProtobufCMessage *answer =
        many_replies (kind_of (self->request)->reply, replies.list, replies.count);
    out_answer (self->owner->out, self->ticket, answer);
    many_free (&answer);
    for (size_t i = 0; i < replies.count; i++)
        protobuf_c_message_free_unpacked (replies.list[i], NULL);
}

static code_t
on_answer (void *registry, void *self_, const answer_t *answer)
{
    (void) registry;
    many_call_t *self = self_;
    if (answer->progress)
        return OK;
    if (answer->code == OK)
        answer_all (self, answer->message);
    else
        out_refuse_as (self->owner->out, self->ticket, answer->failure);
    many_call_t **at = &self->owner->calls;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    destroy (self);
    return OK;
}

//  ---- asking ------------------------------------------------------------------------------------

//  The one that is enabled, if it is the only one and of this machine.
static const backend_t *
only_backend (const ask_many_t *self)
{
    const backend_t *only = NULL;
    for (unsigned i = 0; i < *self->backends_count; i++) {
        const backend_t *backend = &self->backends[i];
        if (!backend->enabled)
            continue;
        if (only || backend->remote || backend->sources)
            return NULL;
        only = backend;
    }
    return only;
}

code_t
ask_many (ask_many_t *self, const delivery_t *at, const ProtobufCMessage *message,
          uint32_t budget_ms)
{
    const backend_t *backend = only_backend (self);
    if (!backend)
        return out_fail (at, FEATURE_NOT_ENABLED, "", "registry: there are several to be asked");
    if (many_count (message) > MANY_QUESTIONS_MAX)
        return VALIDATION;
    many_call_t *call = calloc (1, sizeof *call);
    if (!call || !(call->request = message_copy (message))) {
        free (call);
        return BUSY;
    }
    call->owner = self;
    call->ticket = at->ticket;
    call->backend = backend;
    ask_t ask = {.to = backend->address,
                 .message = message,
                 .expect = kind_of (message)->reply,
                 .budget_ms = budget_ms,
                 .parent = at->ticket,
                 .on_answer = on_answer,
                 .arg = call};
    code_t code = out_ask (self->out, &ask);
    if (code) {
        destroy (call);
        return code;
    }
    call->next = self->calls;
    self->calls = call;
    return OK;
}
