// SPDX-License-Identifier: MIT
#include "actor_inside.h"

#include "vocabulary.h"

#include <stdio.h>
#include <string.h>

//  ---- refusing ------------------------------------------------------------------------------------

static code_t
refuse (actor_t *self, const Ggen__Envelope *envelope, ticket_t ticket, code_t code,
        const char *reason)
{
    self->metrics.dropped_invalid++;
    out_refuse (&self->out, ticket, code, "", "%s: %s %s", self->out.name, envelope->type, reason);
    return OK;
}

//  Tell the asker of a request that has no ticket.
static void
refuse_unopened (actor_t *self, const Ggen__Envelope *envelope, code_t code, const char *why)
{
    Ggen__Envelope reply = GGEN__ENVELOPE__INIT;
    reply.kind = GGEN__KIND__REPLY;
    reply.id = envelope->id;
    reply.trace = envelope->trace;
    reply.from = (char *) self->out.name;
    reply.type = (char *) ggen__failure__descriptor.short_name;
    reply.sent_us = self->out.port.clock_us (self->out.port.context);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) why;
    parcel_t parcel = {.to = *envelope->reply_to ? envelope->reply_to : envelope->from,
                       .envelope = &reply,
                       .body = &failure.base};
    if (actor_is_remote (parcel.to))
        reply.to = (char *) parcel.to;
    self->out.port.send (self->out.port.context, &parcel);
}

static code_t
refuse_busy (actor_t *self, const Ggen__Envelope *envelope, const char *why)
{
    self->metrics.refused_busy++;
    refuse_unopened (self, envelope, BUSY, why);
    return OK;
}

static void
refuse_held (actor_t *self, held_request_t *held, code_t code, const char *why)
{
    refuse_unopened (self, held->envelope, code, why);
    held_request_free (held);
}

//  ---- handling ------------------------------------------------------------------------------------

//  The asker counts its budget from the moment it sent, when both clocks are this host's; another
//  node's clock says nothing here.
static int64_t
deadline_of (const actor_t *self, const Ggen__Envelope *envelope)
{
    if (envelope->budget_ms == 0)
        return DEADLINE_NEVER;
    int64_t sent_ms = (int64_t) (envelope->sent_us / 1000);
    if (sent_ms <= 0 || sent_ms > self->out.now_ms || actor_is_remote (envelope->from))
        sent_ms = self->out.now_ms;
    return sent_ms + envelope->budget_ms;
}

static code_t
handle (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail, ticket_t ticket)
{
    const handler_t *row = actor_row (self->class, envelope->type);
    if (!row || (actor_is_remote (envelope->from) && row->sender != ANY_NODE))
        return refuse (self, envelope, ticket, FEATURE_NOT_ENABLED, "is not for this actor");
    const ProtobufCMessage *message = actor_unpack (self, row->message, mail, envelope->from);
    if (!message)
        return refuse (self, envelope, ticket, SERIALIZATION, "does not decode");

    delivery_t at = {.from = envelope->from,
                     .ticket = ticket,
                     .out = &self->out,
                     .now_ms = self->out.now_ms,
                     .wall_ms = self->out.wall_ms,
                     .deadline_ms = tickets_deadline_ms (self->out.tickets, ticket),
                     .attachment = mail->attachment};
    self->metrics.handled++;
    code_t code = row->handler (self->state, &at, message);
    if (code != OK && code != FATAL)
        out_refuse (&self->out, ticket, code, "", "%s: %s failed: %s", self->out.name,
                    envelope->type, code_name (code));
    return code == FATAL ? FATAL : OK;
}

code_t
requests_take (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    if (!actor_ready (self))
        return held_add (&self->held, envelope, mail)
                   ? OK
                   : refuse_busy (self, envelope, "it is still starting");
    int64_t deadline_ms = deadline_of (self, envelope);
    if (deadline_ms <= self->out.now_ms) {
        self->metrics.dropped_late++;
        return OK;
    }
    ticket_t ticket = tickets_open (self->out.tickets, envelope, deadline_ms);
    return ticket ? handle (self, envelope, mail, ticket)
                  : refuse_busy (self, envelope, "too many open requests");
}

code_t
requests_event (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    return handle (self, envelope, mail, 0);
}

//  ---- ending --------------------------------------------------------------------------------------

//  Nobody wants this answer any more, or its time is over: let the work for it wind down, and
//  answer at once when there is none, or when it had its time to wind down already.
static void
wind_down (actor_t *self, ticket_t ticket, code_t code, const char *why)
{
    open_request_t *request = tickets_get (self->out.tickets, ticket);
    if (!request)
        return;
    bool busy = false;
    if (!request->cancelled) {
        request->cancelled = true;
        tickets_extend (self->out.tickets, ticket, self->out.now_ms + 2 * WIND_DOWN_MS);
        busy = out_cancel_children (&self->out, ticket);
        if (self->class->cancelled && self->class->cancelled (self->state, ticket))
            busy = true;
    }
    if (!busy)
        out_refuse (&self->out, ticket, code, "", "%s: %s", self->out.name, why);
}

code_t
requests_cancel (actor_t *self, const Ggen__Envelope *envelope)
{
    held_request_t held;
    if (held_take_of (&self->held, envelope->from, &envelope->id, &held)) {
        refuse_held (self, &held, CANCELLED, "cancelled");
        return OK;
    }
    uint32_t cursor = 0;
    ticket_t ticket;
    while ((ticket = tickets_next (self->out.tickets, &cursor)) != 0) {
        const open_request_t *request = tickets_get (self->out.tickets, ticket);
        if (request->id != envelope->id || strcmp (request->from, envelope->from) != 0)
            continue;
        if (!request->cancelled)
            wind_down (self, ticket, CANCELLED, "cancelled");
        break;
    }
    return OK;
}

code_t
requests_gone (actor_t *self, const Ggen__Envelope *envelope)
{
    held_request_t held;
    while (held_take_of (&self->held, envelope->from, NULL, &held))
        refuse_held (self, &held, CANCELLED, "its asker has gone");
    uint32_t cursor = 0;
    ticket_t ticket;
    while ((ticket = tickets_next (self->out.tickets, &cursor)) != 0) {
        const open_request_t *request = tickets_get (self->out.tickets, ticket);
        if (!request->cancelled && strcmp (request->from, envelope->from) == 0)
            wind_down (self, ticket, CANCELLED, "its asker has gone");
    }
    return OK;
}

void
requests_expire (actor_t *self)
{
    ticket_t ticket;
    while ((ticket = tickets_due (self->out.tickets, self->out.now_ms)) != 0)
        wind_down (self, ticket, TIMEOUT, "not done in time");
}

void
requests_abandon (actor_t *self)
{
    uint32_t cursor = 0;
    ticket_t ticket;
    while ((ticket = tickets_next (self->out.tickets, &cursor)) != 0)
        out_refuse (&self->out, ticket, INTERNAL, "try again", "%s failed and was restarted",
                    self->out.name);
    held_request_t held;
    while (held_take (&self->held, &held))
        refuse_held (self, &held, INTERNAL, "it failed and was restarted");
}
