// SPDX-License-Identifier: MIT
#include "actor_inside.h"

#include "envelope.h"
#include "message.h"
#include "vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  A local message may unpack to this; one from another node to much less.
#define ARENA_LOCAL_MAX  (64u << 20)
#define ARENA_REMOTE_MAX (1u << 20)
#define ARENA_FACTOR     32u

//  A copy of a request that came before the actor was ready.
typedef struct {
    Ggen__Envelope *envelope;
    uint8_t *bytes;
    mail_t mail;
} held_t;

struct actor_t {
    const actor_class_t *class;
    void *state;
    out_t out;
    rng_t rng;
    wire_arena_t *envelopes;
    wire_arena_t *bodies;
    held_t held[HELD_MAX];      //  as long as the class is not ready
    unsigned held_count;
    actor_metrics_t metrics;
};

//  ---- classes -------------------------------------------------------------------------------------

static const handler_t *
row_of (const actor_class_t *class, const char *type)
{
    for (const handler_t *row = class->rows; row->message; row++)
        if (strcmp (row->message->short_name, type) == 0)
            return row;
    return NULL;
}

code_t
actor_class_check (const actor_class_t *class, char *why, size_t why_size)
{
    for (const handler_t *row = class->rows; row->message; row++)
        if (row_of (class, row->message->short_name) != row) {
            snprintf (why, why_size, "%s has two rows for %s", class->name,
                      row->message->short_name);
            return INTERNAL;
        }
    const ProtobufCServiceDescriptor *service = class->service;
    for (unsigned i = 0; service && i < service->n_methods; i++)
        if (!row_of (class, service->methods[i].input->short_name)) {
            snprintf (why, why_size, "%s offers %s but has no row for %s", class->name,
                      service->short_name, service->methods[i].name);
            return INTERNAL;
        }
    return OK;
}

//  ---- life ----------------------------------------------------------------------------------------

actor_t *
actor_new (const actor_class_t *class, const actor_setup_t *setup)
{
    actor_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->class = class;
    snprintf (self->out.name, sizeof self->out.name, "%s", setup->name ? setup->name : class->name);
    self->out.epoch = setup->epoch;
    self->out.port = setup->port;
    self->out.now_ms = setup->now_ms;
    self->out.wall_ms = setup->wall_ms;
    self->out.tickets = tickets_new ();
    self->out.pending = pending_new ();
    self->envelopes = wire_arena_new (1u << 20);
    self->bodies = wire_arena_new (ARENA_LOCAL_MAX);
    rng_init (&self->rng, setup->key);
    if (self->out.tickets && self->out.pending && self->envelopes && self->bodies) {
        actor_env_t env = {.name = self->out.name,
                           .out = &self->out,
                           .rng = &self->rng,
                           .crypto = setup->crypto,
                           .settings = setup->settings,
                           .host = setup->host,
                           .now_ms = setup->now_ms,
                           .wall_ms = setup->wall_ms};
        self->state = class->create (&env);
    }
    if (!self->state)
        actor_destroy (&self);
    return self;
}

static void
held_free (held_t *held)
{
    ggen__envelope__free_unpacked (held->envelope, NULL);
    free (held->bytes);
}

void
actor_destroy (actor_t **self_p)
{
    actor_t *self = *self_p;
    if (!self)
        return;
    if (self->state)
        self->class->destroy (self->state);
    for (unsigned i = 0; i < self->held_count; i++)
        held_free (&self->held[i]);
    tickets_destroy (&self->out.tickets);
    pending_destroy (&self->out.pending);
    wire_arena_destroy (&self->envelopes);
    wire_arena_destroy (&self->bodies);
    free (self);
    *self_p = NULL;
}

void *
actor_state (actor_t *self)
{
    return self->state;
}

actor_metrics_t
actor_metrics (const actor_t *self)
{
    actor_metrics_t metrics = self->metrics;
    metrics.pending = pending_count (self->out.pending);
    metrics.open = tickets_count (self->out.tickets);
    return metrics;
}

//  ---- requests and events -------------------------------------------------------------------------

static ProtobufCMessage *
unpack_body (actor_t *self, const ProtobufCMessageDescriptor *descriptor, const mail_t *mail,
             bool remote)
{
    size_t limit = 4096 + ARENA_FACTOR * mail->body.size;
    size_t bound = remote ? ARENA_REMOTE_MAX : ARENA_LOCAL_MAX;
    wire_arena_limit (self->bodies, limit < bound ? limit : bound);
    return wire_unpack (self->bodies, descriptor, mail->body);
}

static bool
is_remote (const char *address)
{
    return strchr (address, '@') != NULL;
}

static code_t
drop (actor_t *self)
{
    self->metrics.dropped_invalid++;
    return OK;
}

static code_t
refuse (actor_t *self, const Ggen__Envelope *envelope, ticket_t ticket, code_t code,
        const char *reason)
{
    self->metrics.dropped_invalid++;
    out_refuse (&self->out, ticket, code, "", "%s: %s %s", self->out.name, envelope->type, reason);
    return OK;
}

//  The asker counts its budget from the moment it sent, when both clocks are this host's; another
//  node's clock says nothing here.
static int64_t
deadline_of (const actor_t *self, const Ggen__Envelope *envelope)
{
    if (envelope->budget_ms == 0)
        return DEADLINE_NEVER;
    int64_t sent_ms = (int64_t) (envelope->sent_us / 1000);
    if (sent_ms <= 0 || sent_ms > self->out.now_ms || is_remote (envelope->from))
        sent_ms = self->out.now_ms;
    return sent_ms + envelope->budget_ms;
}

static code_t
handle (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail, ticket_t ticket)
{
    const handler_t *row = row_of (self->class, envelope->type);
    bool remote = is_remote (envelope->from);
    if (!row || (remote && row->sender != ANY_NODE))
        return refuse (self, envelope, ticket, FEATURE_NOT_ENABLED, "is not for this actor");
    const ProtobufCMessage *message = unpack_body (self, row->message, mail, remote);
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

//  Tell the asker of a request that has no ticket.
static void
refuse_unopened (actor_t *self, const Ggen__Envelope *envelope, code_t code, const char *why)
{
    Ggen__Envelope reply = GGEN__ENVELOPE__INIT;
    reply.kind = GGEN__KIND__REPLY;
    reply.id = envelope->id;
    reply.trace = envelope->trace;
    reply.from = self->out.name;
    reply.type = (char *) ggen__failure__descriptor.short_name;
    reply.sent_us = self->out.port.clock_us (self->out.port.context);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) why;
    parcel_t parcel = {.to = *envelope->reply_to ? envelope->reply_to : envelope->from,
                       .envelope = &reply,
                       .body = &failure.base};
    self->out.port.send (self->out.port.context, &parcel);
}

static code_t
refuse_busy (actor_t *self, const Ggen__Envelope *envelope, const char *why)
{
    self->metrics.refused_busy++;
    refuse_unopened (self, envelope, BUSY, why);
    return OK;
}

static held_t
take_held (actor_t *self, unsigned index)
{
    held_t held = self->held[index];
    memmove (self->held + index, self->held + index + 1,
             (--self->held_count - index) * sizeof held);
    return held;
}

//  What is held of this asker (NULL: of anybody) ends with this code; or only its request *id.
//  Returns whether there was any.
static bool
refuse_held (actor_t *self, const char *from, const uint64_t *id, code_t code, const char *why)
{
    bool any = false;
    for (unsigned i = 0; i < self->held_count;) {
        const Ggen__Envelope *envelope = self->held[i].envelope;
        if ((from && strcmp (envelope->from, from) != 0) || (id && envelope->id != *id)) {
            i++;
            continue;
        }
        held_t held = take_held (self, i);
        refuse_unopened (self, held.envelope, code, why);
        held_free (&held);
        any = true;
    }
    return any;
}

static bytes_t
append (uint8_t **end_p, bytes_t part)
{
    if (part.size == 0)
        return (bytes_t) {NULL, 0};
    memcpy (*end_p, part.data, part.size);
    bytes_t copy = {*end_p, part.size};
    *end_p += part.size;
    return copy;
}

//  Keep a request until the actor is ready.
static code_t
hold (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    size_t size = mail->envelope.size + mail->body.size + mail->attachment.size;
    uint8_t *end = self->held_count < HELD_MAX ? malloc (size) : NULL;
    held_t held = {.envelope = end ? message_copy (&envelope->base) : NULL, .bytes = end};
    if (!held.envelope) {
        free (end);
        return refuse_busy (self, envelope, "it is still starting");
    }
    held.mail.envelope = append (&end, mail->envelope);
    held.mail.body = append (&end, mail->body);
    held.mail.attachment = append (&end, mail->attachment);
    self->held[self->held_count++] = held;
    return OK;
}

static bool
ready (const actor_t *self)
{
    return !self->class->ready || self->class->ready (self->state);
}

static code_t
on_request (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    if (!ready (self))
        return hold (self, envelope, mail);
    int64_t deadline_ms = deadline_of (self, envelope);
    if (deadline_ms <= self->out.now_ms) {
        self->metrics.dropped_late++;
        return OK;
    }
    ticket_t ticket = tickets_open (self->out.tickets, envelope, deadline_ms);
    return ticket ? handle (self, envelope, mail, ticket)
                  : refuse_busy (self, envelope, "too many open requests");
}

//  ---- answers -------------------------------------------------------------------------------------

static code_t
finish (actor_t *self, uint32_t number, answer_t *answer)
{
    waiting_t taken;
    pending_remove (self->out.pending, number, &taken);
    answer->now_ms = self->out.now_ms;
    answer->wall_ms = self->out.wall_ms;
    self->metrics.handled++;
    return taken.on_answer (self->state, taken.arg, answer) == FATAL ? FATAL : OK;
}

static code_t
finish_failed (actor_t *self, uint32_t number, code_t code, const char *what)
{
    char from[ADDRESS_MAX + 1], text[ADDRESS_MAX + 80];
    const waiting_t *waiting = pending_get (self->out.pending, number);
    snprintf (from, sizeof from, "%s", waiting->to);
    snprintf (text, sizeof text, "%s: %s", from, what);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = text;
    answer_t answer = {.code = code, .failure = &failure, .from = from};
    return finish (self, number, &answer);
}

static code_t
on_reply (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail, uint32_t number)
{
    const waiting_t *waiting = pending_get (self->out.pending, number);
    bool remote = is_remote (envelope->from);
    answer_t answer = {.from = envelope->from, .attachment = mail->attachment};
    if (strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0) {
        answer.failure =
            (const void *) unpack_body (self, &ggen__failure__descriptor, mail, remote);
        if (!answer.failure || answer.failure->code == OK || answer.failure->code >= FATAL)
            return finish_failed (self, number, SERIALIZATION, "its failure does not decode");
        answer.code = answer.failure->code;
        return finish (self, number, &answer);
    }
    if (strcmp (envelope->type, waiting->expect->short_name) != 0)
        return finish_failed (self, number, SERIALIZATION, "answered something else");
    answer.message = unpack_body (self, waiting->expect, mail, remote);
    if (!answer.message)
        return finish_failed (self, number, SERIALIZATION, "its answer does not decode");
    return finish (self, number, &answer);
}

static code_t
on_progress (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail, uint32_t number)
{
    const waiting_t waiting = *pending_get (self->out.pending, number);
    const Ggen__Progress *progress = (const void *) unpack_body (
        self, &ggen__progress__descriptor, mail, is_remote (envelope->from));
    if (!progress)
        return drop (self);
    if (waiting.budget_ms > 0)
        pending_extend (self->out.pending, number, self->out.now_ms + waiting.budget_ms);
    if (waiting.parent && !waiting.quiet)
        out_progress (&self->out, waiting.parent, progress);
    answer_t answer = {.progress = progress,
                       .from = envelope->from,
                       .now_ms = self->out.now_ms,
                       .wall_ms = self->out.wall_ms};
    return waiting.on_answer (self->state, waiting.arg, &answer) == FATAL ? FATAL : OK;
}

//  ---- ends ----------------------------------------------------------------------------------------

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

static code_t
on_cancel (actor_t *self, const Ggen__Envelope *envelope)
{
    uint32_t cursor = 0;
    ticket_t ticket;
    if (refuse_held (self, envelope->from, &envelope->id, CANCELLED, "cancelled"))
        return OK;
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

static code_t
on_gone (actor_t *self, const Ggen__Envelope *envelope)
{
    uint32_t cursor = 0;
    ticket_t ticket;
    refuse_held (self, envelope->from, NULL, CANCELLED, "its asker has gone");
    while ((ticket = tickets_next (self->out.tickets, &cursor)) != 0) {
        const open_request_t *request = tickets_get (self->out.tickets, ticket);
        if (!request->cancelled && strcmp (request->from, envelope->from) == 0)
            wind_down (self, ticket, CANCELLED, "its asker has gone");
    }
    return OK;
}

//  ---- inputs --------------------------------------------------------------------------------------

static code_t
dispatch (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    uint32_t number = 0;
    if (envelope->kind == GGEN__KIND__REPLY || envelope->kind == GGEN__KIND__PROGRESS) {
        number = (uint32_t) envelope->id;
        const waiting_t *waiting = pending_get (self->out.pending, number);
        if (!waiting || envelope->id >> 32 != self->out.epoch
            || strcmp (waiting->to, envelope->from) != 0)
            return drop (self);
    }
    switch (envelope->kind) {
    case GGEN__KIND__REQUEST:
        return on_request (self, envelope, mail);
    case GGEN__KIND__EVENT:
        return handle (self, envelope, mail, 0);
    case GGEN__KIND__REPLY:
        return on_reply (self, envelope, mail, number);
    case GGEN__KIND__PROGRESS:
        return on_progress (self, envelope, mail, number);
    case GGEN__KIND__CANCEL:
        return on_cancel (self, envelope);
    case GGEN__KIND__GONE:
        return is_remote (envelope->from) ? drop (self) : on_gone (self, envelope);
    default:
        return drop (self);
    }
}

static void
set_time (actor_t *self, int64_t now_ms, int64_t wall_ms)
{
    self->out.now_ms = now_ms;
    self->out.wall_ms = wall_ms;
}

static code_t
deliver (actor_t *self, const mail_t *mail)
{
    Ggen__Envelope envelope;
    code_t code = OK;
    if (!envelope_unpack (&envelope, self->envelopes, mail->envelope) || !*envelope.from
        || strlen (envelope.from) > ADDRESS_MAX || strlen (envelope.reply_to) > ADDRESS_MAX
        || mail->body.size > BODY_BYTES_MAX || mail->attachment.size > ATTACHMENT_BYTES_MAX)
        drop (self);
    else {
        self->out.trace = envelope.trace;
        code = dispatch (self, &envelope, mail);
        self->out.trace = 0;
    }
    wire_arena_reset (self->envelopes);
    wire_arena_reset (self->bodies);
    return code;
}

//  An input may have made it ready.
static code_t
deliver_held (actor_t *self)
{
    code_t code = OK;
    while (code == OK && self->held_count > 0 && ready (self)) {
        held_t first = take_held (self, 0);
        code = deliver (self, &first.mail);
        held_free (&first);
    }
    return code;
}

code_t
actor_deliver (actor_t *self, const mail_t *mail, int64_t now_ms, int64_t wall_ms)
{
    set_time (self, now_ms, wall_ms);
    code_t code = deliver (self, mail);
    return code ? code : deliver_held (self);
}

code_t
actor_tick (actor_t *self, int64_t now_ms, int64_t wall_ms)
{
    set_time (self, now_ms, wall_ms);
    uint32_t number;
    while ((number = pending_due (self->out.pending, now_ms)) != 0)
        if (finish_failed (self, number, TIMEOUT, "no answer in time") == FATAL)
            return FATAL;
    ticket_t ticket;
    while ((ticket = tickets_due (self->out.tickets, now_ms)) != 0)
        wind_down (self, ticket, TIMEOUT, "not done in time");
    const actor_class_t *class = self->class;
    if (class->tick && class->deadline_ms && class->deadline_ms (self->state) <= now_ms
        && class->tick (self->state, now_ms, wall_ms) == FATAL)
        return FATAL;
    return deliver_held (self);
}

int64_t
actor_deadline_ms (const actor_t *self)
{
    int64_t earliest_ms = pending_earliest_ms (self->out.pending);
    int64_t ms = tickets_earliest_ms (self->out.tickets);
    if (ms < earliest_ms)
        earliest_ms = ms;
    if (self->class->deadline_ms) {
        ms = self->class->deadline_ms (self->state);
        if (ms < earliest_ms)
            earliest_ms = ms;
    }
    return earliest_ms;
}

code_t
actor_job_done (actor_t *self, void *job, int64_t now_ms, int64_t wall_ms)
{
    set_time (self, now_ms, wall_ms);
    return self->class->job_done (self->state, job, now_ms) == FATAL ? FATAL
                                                                      : deliver_held (self);
}

void
actor_job_progress (actor_t *self, ticket_t ticket, const Ggen__Progress *progress, int64_t now_ms)
{
    self->out.now_ms = now_ms;
    out_progress (&self->out, ticket, progress);
}

void
actor_abandon (actor_t *self)
{
    uint32_t cursor = 0;
    ticket_t ticket;
    while ((ticket = tickets_next (self->out.tickets, &cursor)) != 0)
        out_refuse (&self->out, ticket, INTERNAL, "try again", "%s failed and was restarted",
                    self->out.name);
    refuse_held (self, NULL, NULL, INTERNAL, "it failed and was restarted");
}
