// SPDX-License-Identifier: MIT
#include "actor_inside.h"

#include "envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  A local message may unpack to this; one from another node to much less.
#define ARENA_LOCAL_MAX  (64u << 20)
#define ARENA_REMOTE_MAX (1u << 20)
#define ARENA_FACTOR     32u

//  ---- classes -------------------------------------------------------------------------------------

const handler_t *
actor_row (const actor_class_t *class, const char *type)
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
        if (actor_row (class, row->message->short_name) != row) {
            snprintf (why, why_size, "%s has two rows for %s", class->name,
                      row->message->short_name);
            return INTERNAL;
        }
    const ProtobufCServiceDescriptor *service = class->service;
    for (unsigned i = 0; service && i < service->n_methods; i++)
        if (!actor_row (class, service->methods[i].input->short_name)) {
            snprintf (why, why_size, "%s offers %s but has no row for %s", class->name,
                      service->short_name, service->methods[i].name);
            return INTERNAL;
        }
    return OK;
}

//  ---- parcels -------------------------------------------------------------------------------------

size_t
parcel_body_size (const parcel_t *self)
{
    return self->body ? protobuf_c_message_get_packed_size (self->body) : self->packed.size;
}

void
parcel_body_write (const parcel_t *self, uint8_t *bytes)
{
    if (self->body)
        protobuf_c_message_pack (self->body, bytes);
    else if (self->packed.size > 0)
        memcpy (bytes, self->packed.data, self->packed.size);
}

//  ---- life ----------------------------------------------------------------------------------------

actor_scratch_t *
actor_scratch_new (void)
{
    actor_scratch_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->envelopes = wire_arena_new (ACTOR_ARENA_MAX);
    self->bodies = wire_arena_new (ARENA_LOCAL_MAX);
    if (!self->envelopes || !self->bodies)
        actor_scratch_destroy (&self);
    return self;
}

void
actor_scratch_destroy (actor_scratch_t **self_p)
{
    actor_scratch_t *self = *self_p;
    if (!self)
        return;
    wire_arena_destroy (&self->envelopes);
    wire_arena_destroy (&self->bodies);
    free (self);
    *self_p = NULL;
}

actor_t *
actor_new (const actor_class_t *class, const actor_setup_t *setup)
{
    actor_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->class = class;
    self->out.name = setup->name ? setup->name : class->name;
    self->out.epoch = setup->epoch;
    self->out.port = setup->port;
    self->out.now_ms = setup->now_ms;
    self->out.wall_ms = setup->wall_ms;
    self->out.tickets = tickets_new ();
    self->out.pending = pending_new ();
    self->owns_scratch = !setup->scratch;
    self->scratch = setup->scratch ? setup->scratch : actor_scratch_new ();
    rng_init (&self->rng, setup->key);
    if (self->out.tickets && self->out.pending && self->scratch) {
        actor_env_t env = {.name = self->out.name,
                           .out = &self->out,
                           .rng = &self->rng,
                           .crypto = setup->crypto,
                           .arena = self->scratch->envelopes,
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

void
actor_destroy (actor_t **self_p)
{
    actor_t *self = *self_p;
    if (!self)
        return;
    if (self->state)
        self->class->destroy (self->state);
    held_clear (&self->held);
    tickets_destroy (&self->out.tickets);
    pending_destroy (&self->out.pending);
    if (self->owns_scratch)
        actor_scratch_destroy (&self->scratch);
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

//  ---- for requests.c and answers.c ----------------------------------------------------------------

bool
actor_ready (const actor_t *self)
{
    return !self->class->ready || self->class->ready (self->state);
}

bool
actor_is_remote (const char *address)
{
    return strchr (address, '@') != NULL;
}

ProtobufCMessage *
actor_unpack (actor_t *self, const ProtobufCMessageDescriptor *descriptor, const mail_t *mail,
              const char *from)
{
    size_t limit = 4096 + ARENA_FACTOR * mail->body.size;
    size_t bound = actor_is_remote (from) ? ARENA_REMOTE_MAX : ARENA_LOCAL_MAX;
    wire_arena_limit (self->scratch->bodies, limit < bound ? limit : bound);
    return wire_unpack (self->scratch->bodies, descriptor, mail->body);
}

code_t
actor_drop (actor_t *self)
{
    self->metrics.dropped_invalid++;
    return OK;
}

//  ---- inputs --------------------------------------------------------------------------------------

static code_t
dispatch (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    switch (envelope->kind) {
    case GGEN__KIND__REQUEST:
        return requests_take (self, envelope, mail);
    case GGEN__KIND__EVENT:
        return requests_event (self, envelope, mail);
    case GGEN__KIND__REPLY:
        return answers_reply (self, envelope, mail);
    case GGEN__KIND__PROGRESS:
        return answers_progress (self, envelope, mail);
    case GGEN__KIND__CANCEL:
        return requests_cancel (self, envelope);
    case GGEN__KIND__GONE:
        return actor_is_remote (envelope->from) ? actor_drop (self)
                                                : requests_gone (self, envelope);
    default:
        return actor_drop (self);
    }
}

static bool
is_transit (const Ggen__Envelope *envelope)
{
    return actor_is_remote (envelope->to) && !actor_is_remote (envelope->from);
}

static code_t
pass (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    if (!self->class->transit)
        return actor_drop (self);
    transit_t transit = {.envelope = envelope,
                         .body = mail->body,
                         .attachment = mail->attachment,
                         .now_ms = self->out.now_ms,
                         .wall_ms = self->out.wall_ms};
    self->metrics.handled++;
    return self->class->transit (self->state, &transit) == FATAL ? FATAL : OK;
}

static void
set_time (actor_t *self, int64_t now_ms, int64_t wall_ms)
{
    self->out.now_ms = now_ms;
    self->out.wall_ms = wall_ms;
}

static void
forget_scratch (actor_t *self)
{
    wire_arena_reset (self->scratch->envelopes);
    wire_arena_reset (self->scratch->bodies);
}

static code_t
deliver (actor_t *self, const mail_t *mail)
{
    Ggen__Envelope envelope;
    code_t code = OK;
    if (!envelope_unpack (&envelope, self->scratch->envelopes, mail->envelope) || !*envelope.from
        || strlen (envelope.from) > ADDRESS_MAX || strlen (envelope.reply_to) > ADDRESS_MAX
        || mail->body.size > BODY_BYTES_MAX || mail->attachment.size > ATTACHMENT_BYTES_MAX)
        actor_drop (self);
    else {
        self->out.trace = envelope.trace;
        code = is_transit (&envelope) ? pass (self, &envelope, mail)
                                      : dispatch (self, &envelope, mail);
        self->out.trace = 0;
    }
    forget_scratch (self);
    return code;
}

//  An input may have made it ready.
static code_t
deliver_held (actor_t *self)
{
    code_t code = OK;
    held_request_t first;
    while (code == OK && actor_ready (self) && held_take (&self->held, &first)) {
        code = deliver (self, &first.mail);
        held_request_free (&first);
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

static code_t
tick (actor_t *self)
{
    const actor_class_t *class = self->class;
    int64_t now_ms = self->out.now_ms;
    if (answers_expire (self) == FATAL)
        return FATAL;
    requests_expire (self);
    if (class->tick && class->deadline_ms && class->deadline_ms (self->state) <= now_ms)
        return class->tick (self->state, now_ms, self->out.wall_ms) == FATAL ? FATAL : OK;
    return OK;
}

code_t
actor_tick (actor_t *self, int64_t now_ms, int64_t wall_ms)
{
    set_time (self, now_ms, wall_ms);
    code_t code = tick (self);
    forget_scratch (self);
    return code ? code : deliver_held (self);
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
    code_t code = self->class->job_done (self->state, job, now_ms);
    forget_scratch (self);
    return code == FATAL ? FATAL : deliver_held (self);
}

unsigned
actor_sockets (actor_t *self, void *sockets[ACTOR_SOCKETS_MAX])
{
    return self->class->sockets ? self->class->sockets (self->state, sockets) : 0;
}

unsigned
actor_descriptors (actor_t *self, int descriptors[ACTOR_DESCRIPTORS_MAX])
{
    return self->class->descriptors ? self->class->descriptors (self->state, descriptors) : 0;
}

code_t
actor_input (actor_t *self, int64_t now_ms, int64_t wall_ms)
{
    set_time (self, now_ms, wall_ms);
    return self->class->input (self->state, now_ms) == FATAL ? FATAL : deliver_held (self);
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
    requests_abandon (self);
}
