// SPDX-License-Identifier: MIT
#include "clients.h"

#include "world_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "client-"

typedef struct {
    client_fn *done;
    void *context;
    int64_t asked_us;
    uint32_t node;
    uint32_t use;               //  of this place
    uint32_t next_free;
    bool waiting;
} client_t;

struct clients_t {
    client_t *clients;
    uint32_t count, room, first_free, waiting;
};

void
clients_open (world_t *self)
{
    self->clients = calloc (1, sizeof *self->clients);
    if (!self->clients)
        abort ();
    self->clients->first_free = NO_INDEX;
}

void
clients_close (world_t *self)
{
    free (self->clients->clients);
    free (self->clients);
}

bool
clients_number (const char *address, uint32_t *number_p)
{
    if (strncmp (address, PREFIX, strlen (PREFIX)) != 0)
        return false;
    *number_p = (uint32_t) strtoul (address + strlen (PREFIX), NULL, 10);
    return true;
}

static uint32_t
take_place (clients_t *self)
{
    uint32_t at = self->first_free;
    if (at != NO_INDEX) {
        self->first_free = self->clients[at].next_free;
        return at;
    }
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->clients = realloc (self->clients, self->room * sizeof *self->clients);
        if (!self->clients)
            abort ();
    }
    self->clients[self->count].use = 0;
    return self->count++;
}

//  The client has its end; its place may be taken again before it is told.
static void
finish (world_t *self, uint32_t at, client_reply_t *reply)
{
    clients_t *clients = self->clients;
    client_t client = clients->clients[at];
    clients->clients[at].waiting = false;
    clients->clients[at].next_free = clients->first_free;
    clients->first_free = at;
    clients->waiting--;
    reply->node = client.node;
    reply->took_us = self->now_us - client.asked_us;
    if (client.done)
        client.done (client.context, self, reply);
}

//  'context' is the client's use and place.
static void
give_up (world_t *self, const void *context, code_t code)
{
    uint64_t number = (uintptr_t) context;
    const client_t *client = &self->clients->clients[(uint32_t) number];
    client_reply_t reply = {.code = code, .type = ""};
    if (client->waiting && client->use == number >> 32)
        finish (self, (uint32_t) number, &reply);
}

static void
expire (void *context, world_t *self)
{
    give_up (self, context, TIMEOUT);
}

static void
lose (void *context, world_t *self)
{
    give_up (self, context, NODE_NOT_STARTED);
}

static void
end_later (world_t *self, uint32_t at, int64_t at_us, action_fn *action)
{
    uint64_t number = (uint64_t) self->clients->clients[at].use << 32 | at;
    world_at (self, at_us, action, (void *) (uintptr_t) number);
}

void
clients_ask (world_t *self, uint32_t node, const char *to, const ProtobufCMessage *message,
             uint32_t budget_ms, client_fn *done, void *context)
{
    clients_t *clients = self->clients;
    uint32_t at = take_place (clients);
    client_t *client = &clients->clients[at];
    *client = (client_t) {.done = done,
                          .context = context,
                          .asked_us = self->now_us,
                          .node = node,
                          .use = client->use + 1,
                          .waiting = true};
    clients->waiting++;
    if (!node_runs (&self->nodes[node])) {
        end_later (self, at, self->now_us, lose);
        return;
    }
    char from[32];
    snprintf (from, sizeof from, PREFIX "%u", at);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = (uint64_t) client->use << 32 | (at + 1);
    envelope.trace = envelope.id;
    envelope.from = from;
    envelope.budget_ms = budget_ms;
    seats_say (self, node, to, &envelope, message);
    end_later (self, at, self->now_us + (budget_ms + CLIENTS_GRACE_MS) * INT64_C (1000), expire);
}

void
clients_tell (world_t *self, uint32_t node, const char *to, const ProtobufCMessage *message)
{
    if (!node_runs (&self->nodes[node]))
        return;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = PREFIX "0";
    seats_say (self, node, to, &envelope, message);
}

void
clients_hear (world_t *self, const note_t *note)
{
    uint32_t at = note->client;
    if (note->kind != GGEN__KIND__REPLY || at >= self->clients->count)
        return;
    Ggen__Envelope *envelope = world_envelope (note);
    const client_t *client = &self->clients->clients[at];
    if (!envelope || !client->waiting || client->node != note->node
        || envelope->id != ((uint64_t) client->use << 32 | (at + 1))) {
        if (envelope)
            ggen__envelope__free_unpacked (envelope, NULL);
        return;
    }
    mail_t mail = letters_mail (note);
    client_reply_t reply = {
        .type = envelope->type, .body = mail.body, .attachment = mail.attachment};
    Ggen__Failure *failure = NULL;
    if (strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0) {
        failure = ggen__failure__unpack (NULL, mail.body.size, mail.body.data);
        reply.code = failure && failure->code != OK ? failure->code : SERIALIZATION;
        reply.failure = failure;
    }
    finish (self, at, &reply);
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
}

void
clients_lose (world_t *self, uint32_t node)
{
    for (uint32_t i = 0; i < self->clients->count; i++)
        if (self->clients->clients[i].waiting && self->clients->clients[i].node == node)
            end_later (self, i, self->now_us, lose);
}

void *
clients_unpack (const client_reply_t *reply, const ProtobufCMessageDescriptor *descriptor)
{
    if (reply->code != OK || strcmp (reply->type, descriptor->short_name) != 0)
        return NULL;
    return protobuf_c_message_unpack (descriptor, NULL, reply->body.size, reply->body.data);
}

uint32_t
clients_waiting (const world_t *self)
{
    return self->clients->waiting;
}
