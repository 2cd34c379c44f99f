// SPDX-License-Identifier: MIT
#include "sim_crowd.h"

#include "sim_wishes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  After its deadline a client waits so much longer for a reply that is under way.
#define SLACK_MS 25

struct sim_crowd_t {
    rng_t *rng;
    world_t *world;
    sim_wishes_t wishes;
    unsigned names[SIM_CLIENTS_COUNT];      //  "client-N"
    unsigned names_count;
    sim_request_t requests[SIM_REQUESTS_MAX];
    size_t count;
};

sim_crowd_t *
sim_crowd_new (rng_t *rng, world_t *world, const publisher_key_t *keys,
               unsigned keys_count)
{
    sim_crowd_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->rng = rng;
    self->world = world;
    self->wishes = (sim_wishes_t) {rng, keys, keys_count};
    for (unsigned i = 0; i < SIM_CLIENTS_COUNT; i++)
        self->names[i] = ++self->names_count;
    return self;
}

void
sim_crowd_destroy (sim_crowd_t **self_p)
{
    sim_crowd_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        free (self->requests[i].type);
        free (self->requests[i].body);
    }
    free (self);
    *self_p = NULL;
}

size_t
sim_crowd_count (const sim_crowd_t *self)
{
    return self->count;
}

const sim_request_t *
sim_crowd_request (const sim_crowd_t *self, size_t number)
{
    return &self->requests[number];
}

//  ---- speaking ------------------------------------------------------------------------------------

//  Ids of requests are their numbers and 1.
static void
post (sim_crowd_t *self, unsigned client, Ggen__Kind kind, size_t id, const char *to,
      uint32_t budget_ms, const ProtobufCMessage *message)
{
    char from[ADDRESS_MAX];
    snprintf (from, sizeof from, "client-%u", client);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = id;
    envelope.from = from;
    envelope.trace = id;
    envelope.budget_ms = budget_ms;
    world_post (self->world, 0, to, &envelope, message);
}

static size_t
ask_as (sim_crowd_t *self, unsigned client, const char *to, const ProtobufCMessage *message,
        uint32_t budget_ms)
{
    if (self->count == SIM_REQUESTS_MAX)
        abort ();
    size_t number = self->count++;
    self->requests[number] = (sim_request_t) {
        .client = client,
        .to = to,
        .asked = message->descriptor,
        .budget_ms = budget_ms,
        .deadline_ms =
            budget_ms ? world_mono_ms (self->world, 0) + budget_ms + SLACK_MS : DEADLINE_NEVER};
    post (self, client, GGEN__KIND__REQUEST, number + 1, to, budget_ms, message);
    return number;
}

size_t
sim_crowd_ask (sim_crowd_t *self, const char *to, const ProtobufCMessage *message,
               uint32_t budget_ms)
{
    return ask_as (self, self->names[0], to, message, budget_ms);
}

static void
wish (sim_crowd_t *self, unsigned client)
{
    static const uint32_t budgets_ms[] = {0, 0, 200, 2000, 30000};
    const char *to;
    ProtobufCMessage *message = sim_wishes_next (&self->wishes, &to);
    ask_as (self, client, to, message, budgets_ms[rng_below (self->rng, COUNT_OF (budgets_ms))]);
    sim_wishes_free (message);
}

//  One that waits, of those asked last; NULL when it is none of them.
static sim_request_t *
some_waiting (sim_crowd_t *self)
{
    size_t back = 1 + rng_below (self->rng, 8);
    sim_request_t *request = back <= self->count ? &self->requests[self->count - back] : NULL;
    return request && request->fate == SIM_WAITS ? request : NULL;
}

//  A bus tells every actor that the client had asked.
static void
leave (sim_crowd_t *self, unsigned *name)
{
    for (size_t i = 0; i < self->count; i++) {
        sim_request_t *request = &self->requests[i];
        if (request->client != *name || request->fate != SIM_WAITS)
            continue;
        request->fate = SIM_LEFT;
        post (self, *name, GGEN__KIND__GONE, 0, request->to, 0, NULL);
    }
    *name = ++self->names_count;
}

void
sim_crowd_act (sim_crowd_t *self)
{
    unsigned *name = &self->names[rng_below (self->rng, SIM_CLIENTS_COUNT)];
    uint64_t what = rng_below (self->rng, 100);
    sim_request_t *request = some_waiting (self);
    if (what < 2)
        leave (self, name);
    else if (what < 12 && request)
        post (self, request->client, GGEN__KIND__CANCEL,
              (size_t) (request - self->requests) + 1, request->to, 0, NULL);
    else
        wish (self, *name);
}

//  ---- hearing -------------------------------------------------------------------------------------

static void
keep_reply (sim_request_t *request, const Ggen__Envelope *envelope, bytes_t body)
{
    Ggen__Failure *failure =
        strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0
            ? ggen__failure__unpack (NULL, body.size, body.data)
            : NULL;
    request->fate = SIM_ANSWERED;
    request->code = failure ? failure->code : OK;
    request->type = strdup (envelope->type);
    request->body = malloc (body.size + 1);
    request->body_size = body.size;
    if (!request->type || !request->body)
        abort ();
    if (body.size > 0)
        memcpy (request->body, body.data, body.size);
    ggen__failure__free_unpacked (failure, NULL);
}

bool
sim_crowd_heard (sim_crowd_t *self, const char *to, const Ggen__Envelope *envelope, bytes_t body)
{
    char name[ADDRESS_MAX];
    if (envelope->id == 0 || envelope->id > self->count)
        return false;
    sim_request_t *request = &self->requests[envelope->id - 1];
    snprintf (name, sizeof name, "client-%u", request->client);
    if (strcmp (name, to) != 0 || strcmp (envelope->from, request->to) != 0
        || request->fate == SIM_ANSWERED)
        return false;
    if (request->fate != SIM_WAITS)
        return true;
    if (envelope->kind == GGEN__KIND__REPLY)
        keep_reply (request, envelope, body);
    else if (envelope->kind == GGEN__KIND__PROGRESS && request->budget_ms > 0)
        request->deadline_ms =
            world_mono_ms (self->world, 0) + request->budget_ms + SLACK_MS;
    return true;
}

void
sim_crowd_expire (sim_crowd_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->requests[i].fate == SIM_WAITS
            && self->requests[i].deadline_ms < world_mono_ms (self->world, 0))
            self->requests[i].fate = SIM_EXPIRED;
}

void *
sim_crowd_reply (const sim_crowd_t *self, size_t number, const ProtobufCMessageDescriptor *expect)
{
    const sim_request_t *request = &self->requests[number];
    return request->fate == SIM_ANSWERED && strcmp (request->type, expect->short_name) == 0
               ? protobuf_c_message_unpack (expect, NULL, request->body_size, request->body)
               : NULL;
}
