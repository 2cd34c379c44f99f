// SPDX-License-Identifier: MIT
#include "asker.h"

#include "runtime/host/client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MS 5000u

struct asker_t {
    fleet_t *fleet;
    client_t *clients[FLEET_MAX];
    unsigned lives[FLEET_MAX];      //  that the clients are of
    ProtobufCMessage *reply;
    code_t code;
    char reason[ASKER_REASON_MAX];
};

asker_t *
asker_new (fleet_t *fleet)
{
    asker_t *self = calloc (1, sizeof *self);
    assert (self);
    self->fleet = fleet;
    return self;
}

static void
forget_reply (asker_t *self)
{
    if (self->reply)
        protobuf_c_message_free_unpacked (self->reply, NULL);
    self->reply = NULL;
}

void
asker_destroy (asker_t **self_p)
{
    asker_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < FLEET_MAX; i++)
        client_close (&self->clients[i]);
    forget_reply (self);
    free (self);
    *self_p = NULL;
}

static void
fail (asker_t *self, code_t code, const char *message)
{
    self->code = code;
    snprintf (self->reason, sizeof self->reason, "%s: %.400s", code_name (code), message);
}

//  ---- attaching -----------------------------------------------------------------------------------

//  The node of a home is a process of its own, or there is none.
static code_t
refuse (void *context, const home_t *home, bool daemon, void **node_p, const char **endpoint_p,
        char *why, size_t why_size)
{
    (void) context;
    (void) daemon;
    (void) node_p;
    (void) endpoint_p;
    snprintf (why, why_size, "no node runs on %s", home->dir);
    return NODE_NOT_STARTED;
}

static void
stop_none (void *context, void **node_p)
{
    (void) context;
    *node_p = NULL;
}

//  Whoever enters the home while no node has it would hold its lock for a moment, in the way of one
//  that starts.
static bool
answers (const member_t *member)
{
    char path[FLEET_PATH_MAX + 16];
    snprintf (path, sizeof path, "%s/run/bus.ipc", member->home);
    return home_socket_alive (path);
}

static client_t *
attach (asker_t *self, const member_t *member)
{
    client_t **client_p = &self->clients[member->number];
    unsigned life = member->life;
    char why[ASKER_REASON_MAX];
    if (*client_p && self->lives[member->number] == life)
        return *client_p;
    client_close (client_p);
    if (!answers (member)) {
        fail (self, NODE_NOT_STARTED, "it does not answer yet");
        return NULL;
    }
    const client_embed_t embed = {refuse, stop_none, NULL, NULL};
    const client_setup_t setup = {.home_dir = member->home,
                                  .need = HOME_READ,
                                  .program = "ggen-harness",
                                  .embed = &embed};
    code_t code = client_open (client_p, &setup, why, sizeof why);
    if (code != OK)
        fail (self, code, why);
    self->lives[member->number] = life;
    return *client_p;
}

//  ---- asking --------------------------------------------------------------------------------------

const void *
asker_ask (asker_t *self, const member_t *member, const char *to, const ProtobufCMessage *request,
           const ProtobufCMessageDescriptor *expect, uint32_t timeout_ms)
{
    Ggen__Failure *failure = NULL;
    forget_reply (self);
    if (member->state != MEMBER_ON) {
        fail (self, NODE_NOT_STARTED, "it is off, or frozen");
        return NULL;
    }
    client_t *client = attach (self, member);
    if (!client)
        return NULL;
    const client_call_t call = {
        .to = to, .request = request, .expect = expect, .timeout_ms = timeout_ms};
    self->code = client_call (client, &call, &self->reply, &failure);
    if (self->code == OK)
        return self->reply;
    fail (self, self->code, failure->message);
    ggen__failure__free_unpacked (failure, NULL);
    if (self->code == CONNECTION_FAILED || self->code == TIMEOUT)
        client_close (&self->clients[member->number]);
    return NULL;
}

code_t
asker_code (const asker_t *self)
{
    return self->code;
}

const char *
asker_reason (const asker_t *self)
{
    return self->reason;
}

const Ggen__SwarmStatusReply *
asker_status (asker_t *self, const member_t *member)
{
    const Ggen__SwarmStatusRequest request = GGEN__SWARM_STATUS_REQUEST__INIT;
    return asker_ask (self, member, "swarm", &request.base, &ggen__swarm_status_reply__descriptor,
                      STATUS_MS);
}
