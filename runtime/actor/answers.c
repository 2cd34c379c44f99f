// SPDX-License-Identifier: MIT
#include "actor_inside.h"

#include <stdio.h>
#include <string.h>

//  The number of the request that this is an answer to; 0 when nobody here asked its sender that.
static uint32_t
awaited (const actor_t *self, const Ggen__Envelope *envelope)
{
    uint32_t number = (uint32_t) envelope->id;
    const waiting_t *waiting = pending_get (self->out.pending, number);
    bool ours = waiting && envelope->id >> 32 == self->out.epoch
                && strcmp (waiting->to, envelope->from) == 0;
    return ours ? number : 0;
}

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

code_t
answers_reply (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    uint32_t number = awaited (self, envelope);
    if (number == 0)
        return actor_drop (self);
    const waiting_t *waiting = pending_get (self->out.pending, number);
    answer_t answer = {.from = envelope->from, .attachment = mail->attachment};
    if (strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0) {
        answer.failure =
            (const void *) actor_unpack (self, &ggen__failure__descriptor, mail, envelope->from);
        if (!answer.failure || answer.failure->code == OK || answer.failure->code >= FATAL)
            return finish_failed (self, number, SERIALIZATION, "its failure does not decode");
        answer.code = answer.failure->code;
        return finish (self, number, &answer);
    }
    if (strcmp (envelope->type, waiting->expect->short_name) != 0)
        return finish_failed (self, number, SERIALIZATION, "answered something else");
    answer.message = actor_unpack (self, waiting->expect, mail, envelope->from);
    if (!answer.message)
        return finish_failed (self, number, SERIALIZATION, "its answer does not decode");
    return finish (self, number, &answer);
}

code_t
answers_progress (actor_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    uint32_t number = awaited (self, envelope);
    if (number == 0)
        return actor_drop (self);
    const waiting_t waiting = *pending_get (self->out.pending, number);
    const Ggen__Progress *progress =
        (const void *) actor_unpack (self, &ggen__progress__descriptor, mail, envelope->from);
    if (!progress)
        return actor_drop (self);
    //  Another node could hold a slot for ever by it.
    if (waiting.budget_ms > 0 && !actor_is_remote (envelope->from))
        pending_extend (self->out.pending, number, self->out.now_ms + waiting.budget_ms);
    if (waiting.parent && !waiting.quiet)
        out_progress (&self->out, waiting.parent, progress);
    answer_t answer = {.progress = progress,
                       .from = envelope->from,
                       .now_ms = self->out.now_ms,
                       .wall_ms = self->out.wall_ms};
    return waiting.on_answer (self->state, waiting.arg, &answer) == FATAL ? FATAL : OK;
}

code_t
answers_expire (actor_t *self)
{
    uint32_t number;
    while ((number = pending_due (self->out.pending, self->out.now_ms)) != 0)
        if (finish_failed (self, number, TIMEOUT, "no answer in time") == FATAL)
            return FATAL;
    return OK;
}
