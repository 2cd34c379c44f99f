// SPDX-License-Identifier: MIT
#include "call.h"

#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNING_MAX 500                 //  bytes; longer ones are cut

call_t *
call_new (ticket_t ticket, const ProtobufCMessage *request, const backend_t *backends,
          unsigned backends_count)
{
    call_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->ticket = ticket;
    self->request = message_copy (request);
    self->slots_count = backends_count;
    for (unsigned i = 0; i < backends_count; i++)
        self->slots[i] = (slot_t) {.call = self, .backend = &backends[i]};
    if (!self->request)
        call_destroy (&self);
    return self;
}

void
call_destroy (call_t **self_p)
{
    call_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < self->slots_count; i++) {
        protobuf_c_message_free_unpacked (self->slots[i].reply, NULL);
        ggen__failure__free_unpacked (self->slots[i].failure, NULL);
    }
    for (size_t i = 0; i < self->warnings_count; i++)
        free (self->warnings[i]);
    protobuf_c_message_free_unpacked (self->request, NULL);
    free (self);
    *self_p = NULL;
}

//  ---- answers -----------------------------------------------------------------------------------

//  A copy that finds no memory is a failure of its own.
void
call_answered (slot_t *slot, const ProtobufCMessage *reply, const Ggen__Failure *failure)
{
    if (failure)
        slot->failure = message_copy (&failure->base);
    else
        slot->reply = message_copy (reply);
    if (!slot->failure && !slot->reply)
        call_unanswered (slot, failure ? failure->code : BUSY);
}

void
call_unanswered (slot_t *slot, code_t code)
{
    slot->failure = malloc (sizeof *slot->failure);
    if (!slot->failure)
        return;
    ggen__failure__init (slot->failure);
    slot->failure->code = code;
}

static bool
failed (const slot_t *slot)
{
    return slot->asked && !slot->reply;
}

static code_t
code_of (const slot_t *slot)
{
    return slot->failure ? slot->failure->code : BUSY;
}

static const char *
words_of (const slot_t *slot)
{
    return slot->failure ? slot->failure->message : "";
}

const Ggen__Failure *
call_failure (const call_t *self)
{
    for (unsigned i = 0; i < self->slots_count; i++)
        if (self->slots[i].failure && self->slots[i].failure->code != PACKAGE_NOT_FOUND)
            return self->slots[i].failure;
    return NULL;
}

unsigned
call_replies_count (const call_t *self)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->slots_count; i++)
        count += self->slots[i].reply != NULL;
    return count;
}

static bool
lists (const Ggen__ListVersionsReply *reply, const char *version)
{
    for (size_t i = 0; i < reply->n_versions; i++)
        if (strcmp (reply->versions[i]->version, version) == 0)
            return true;
    return false;
}

bool
call_lists (const call_t *self, const char *version)
{
    for (unsigned i = 0; i < self->slots_count; i++) {
        const ProtobufCMessage *reply = self->slots[i].reply;
        if (reply && reply->descriptor == &ggen__list_versions_reply__descriptor
            && lists ((const void *) reply, version))
            return true;
    }
    return false;
}

unsigned
call_failures_count (const call_t *self, code_t code)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->slots_count; i++)
        count += failed (&self->slots[i]) && code_of (&self->slots[i]) == code;
    return count;
}

//  ---- words -------------------------------------------------------------------------------------

void
call_warn (call_t *self, const char *format, ...)
{
    char text[WARNING_MAX];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    char *copy = self->warnings_count < CALL_WARNINGS_MAX ? strdup (text) : NULL;
    if (copy)
        self->warnings[self->warnings_count++] = copy;
}

void
call_warn_of_failures (call_t *self)
{
    for (unsigned i = 0; i < self->slots_count; i++) {
        const slot_t *slot = &self->slots[i];
        if (!failed (slot) || code_of (slot) == PACKAGE_NOT_FOUND)
            continue;
        self->incomplete = true;
        //  Of the network it is enough to say that there is none.
        if (slot->backend->remote && code_of (slot) == NETWORK && *words_of (slot))
            call_warn (self, "%s", words_of (slot));
        else
            call_warn (self, "%s: %s: %s", slot->backend->name, code_name (code_of (slot)),
                       words_of (slot));
    }
}

void
call_describe (const call_t *self, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (unsigned i = 0; i < self->slots_count && used < size; i++) {
        const slot_t *slot = &self->slots[i];
        if (!slot->asked)
            continue;
        const char *between = used > 0 ? "; " : "";
        if (slot->reply)
            snprintf (text + used, size - used, "%s%s: OK", between, slot->backend->name);
        else if (code_of (slot) == PACKAGE_NOT_FOUND)
            snprintf (text + used, size - used, "%s%s: %s", between, slot->backend->name,
                      words_of (slot));
        else
            snprintf (text + used, size - used, "%s%s: %s: %s", between, slot->backend->name,
                      code_name (code_of (slot)), words_of (slot));
        used += strlen (text + used);
    }
}
