// SPDX-License-Identifier: MIT
#include "actor_inside.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
post (out_t *self, parcel_t *parcel, Ggen__Envelope *envelope)
{
    envelope->from = (char *) self->name;
    envelope->sent_us = self->port.clock_us (self->port.context);
    if (strchr (parcel->to, '@'))
        envelope->to = (char *) parcel->to;
    if (parcel->body)
        envelope->type = (char *) parcel->body->descriptor->short_name;
    parcel->envelope = envelope;
    self->port.send (self->port.context, parcel);
}

//  ---- answering -----------------------------------------------------------------------------------

static void
answer_with (out_t *self, ticket_t ticket, parcel_t *parcel)
{
    open_request_t *request = tickets_get (self->tickets, ticket);
    if (!request) {
        if (parcel->attachment)
            parcel->free_attachment (parcel->attachment, parcel->hint);
        return;
    }
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = request->id;
    envelope.trace = request->trace;
    parcel->to = request->reply_to;
    post (self, parcel, &envelope);
    tickets_close (self->tickets, ticket);
}

void
out_answer (out_t *self, ticket_t ticket, const ProtobufCMessage *message)
{
    parcel_t parcel = {.body = message};
    answer_with (self, ticket, &parcel);
}

code_t
out_reply (const delivery_t *at, const ProtobufCMessage *message)
{
    out_answer (at->out, at->ticket, message);
    return OK;
}

code_t
out_reply_with (const delivery_t *at, const ProtobufCMessage *message, void *attachment,
                size_t size, void (*free_attachment) (void *data, void *hint), void *hint)
{
    parcel_t parcel = {.body = message,
                       .attachment = attachment,
                       .attachment_size = size,
                       .free_attachment = free_attachment,
                       .hint = hint};
    answer_with (at->out, at->ticket, &parcel);
    return OK;
}

static void
refuse (out_t *self, ticket_t ticket, code_t code, const char *hint, const char *format,
        va_list args)
{
    char text[FAILURE_TEXT_MAX + 1];
    vsnprintf (text, sizeof text, format, args);
    utf8_trim (text);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = text;
    failure.hint = (char *) (hint ? hint : "");
    out_answer (self, ticket, &failure.base);
}

void
out_refuse (out_t *self, ticket_t ticket, code_t code, const char *hint, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    refuse (self, ticket, code, hint, format, args);
    va_end (args);
}

code_t
out_fail (const delivery_t *at, code_t code, const char *hint, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    refuse (at->out, at->ticket, code, hint, format, args);
    va_end (args);
    return OK;
}

void
out_refuse_as (out_t *self, ticket_t ticket, const Ggen__Failure *failure)
{
    out_answer (self, ticket, &failure->base);
}

void
out_progress (out_t *self, ticket_t ticket, const Ggen__Progress *progress)
{
    open_request_t *request = tickets_get (self->tickets, ticket);
    if (!request || request->cancelled)
        return;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__PROGRESS;
    envelope.id = request->id;
    envelope.trace = request->trace;
    parcel_t parcel = {.to = request->reply_to, .body = &progress->base};
    post (self, &parcel, &envelope);
    if (request->budget_ms > 0)
        tickets_extend (self->tickets, ticket, self->now_ms + request->budget_ms);
}

bool
out_wanted (const out_t *self, ticket_t ticket)
{
    const open_request_t *request = tickets_get (self->tickets, ticket);
    return request && !request->cancelled;
}

//  ---- asking --------------------------------------------------------------------------------------

static uint32_t
budget_of (const out_t *self, const ask_t *ask)
{
    int64_t parent_ms = tickets_deadline_ms (self->tickets, ask->parent);
    if (ask->budget_ms > 0)
        return ask->budget_ms;
    if (ask->parent == 0)
        return OUT_BUDGET_MS;
    if (parent_ms == DEADLINE_NEVER)
        return 0;
    int64_t left_ms = parent_ms - self->now_ms;
    return left_ms > 0 ? (uint32_t) left_ms : 1;
}

//  Bulk bytes of an ask that is not sent.
static code_t
not_asked (const ask_t *ask, code_t code)
{
    if (ask->attachment)
        ask->free_attachment (ask->attachment, ask->hint);
    return code;
}

code_t
out_ask (out_t *self, const ask_t *ask)
{
    uint64_t trace = self->trace;
    if (ask->parent) {
        const open_request_t *parent = tickets_get (self->tickets, ask->parent);
        if (!parent || parent->cancelled)
            return not_asked (ask, CANCELLED);
        trace = parent->trace;
    }
    uint32_t budget_ms = budget_of (self, ask);
    int64_t deadline_ms = budget_ms > 0 ? self->now_ms + budget_ms : DEADLINE_NEVER;
    uint32_t number = pending_add (self->pending, ask, budget_ms, deadline_ms);
    if (number == 0)
        return not_asked (ask, BUSY);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = (uint64_t) self->epoch << 32 | number;
    envelope.trace = trace;
    envelope.budget_ms = budget_ms;
    envelope.route = (ProtobufCBinaryData) {ask->route.size, (uint8_t *) ask->route.data};
    parcel_t parcel = {.to = ask->to,
                       .body = ask->message,
                       .attachment = ask->attachment,
                       .attachment_size = ask->attachment_size,
                       .free_attachment = ask->free_attachment,
                       .hint = ask->hint};
    post (self, &parcel, &envelope);
    return OK;
}

static void
post_cancel (out_t *self, const waiting_t *waiting, uint32_t number)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = (uint64_t) self->epoch << 32 | number;
    parcel_t parcel = {.to = waiting->to};
    post (self, &parcel, &envelope);
}

void
out_forget (out_t *self, answer_fn *on_answer, const void *arg)
{
    uint32_t cursor = 0, number;
    while ((number = pending_next (self->pending, &cursor)) != 0) {
        const waiting_t *waiting = pending_get (self->pending, number);
        waiting_t taken;
        if (waiting->on_answer != on_answer || waiting->arg != arg)
            continue;
        post_cancel (self, waiting, number);
        pending_remove (self->pending, number, &taken);
    }
}

bool
out_cancel_children (out_t *self, ticket_t ticket)
{
    bool any = false;
    uint32_t cursor = 0, number;
    while ((number = pending_next (self->pending, &cursor)) != 0) {
        const waiting_t *waiting = pending_get (self->pending, number);
        if (waiting->parent != ticket)
            continue;
        any = true;
        post_cancel (self, waiting, number);
        pending_extend (self->pending, number, self->now_ms + WIND_DOWN_MS);
    }
    return any;
}

//  ---- telling -------------------------------------------------------------------------------------

void
out_event (out_t *self, const char *to, const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.trace = self->trace;
    parcel_t parcel = {.to = to, .body = message};
    post (self, &parcel, &envelope);
}

void
out_event_with (out_t *self, const char *to, const ProtobufCMessage *message, void *attachment,
                size_t size, void (*free_attachment) (void *data, void *hint), void *hint)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.trace = self->trace;
    parcel_t parcel = {.to = to,
                       .body = message,
                       .attachment = attachment,
                       .attachment_size = size,
                       .free_attachment = free_attachment,
                       .hint = hint};
    post (self, &parcel, &envelope);
}

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

//  What has no memory for its attachment goes without: its receiver refuses it.
void
out_pass (out_t *self, const char *to, Ggen__Envelope *envelope, bytes_t body, bytes_t attachment)
{
    parcel_t parcel = {.to = to, .packed = body, .envelope = envelope};
    if (attachment.size > 0 && (parcel.attachment = malloc (attachment.size)) != NULL) {
        memcpy (parcel.attachment, attachment.data, attachment.size);
        parcel.attachment_size = attachment.size;
        parcel.free_attachment = free_copy;
    }
    envelope->sent_us = self->port.clock_us (self->port.context);
    self->port.send (self->port.context, &parcel);
}

int64_t
out_now_ms (const out_t *self)
{
    return self->now_ms;
}

int64_t
out_wall_ms (const out_t *self)
{
    return self->wall_ms;
}
