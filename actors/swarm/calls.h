// SPDX-License-Identifier: MIT
//  Requests for sessions: ConnectRequest and BootstrapRequest, and whom they wait for.
#ifndef GGEN_SWARM_CALLS_H
#define GGEN_SWARM_CALLS_H

#include "swarm_self.h"

//  Handlers.
code_t calls_connect (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t calls_bootstrap (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t calls_disconnect (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  The class's cancelled.
bool calls_cancelled (void *self, ticket_t ticket);

//  A link that these calls (greeting_t.calls) wait for has a session, or failed.
void calls_up (swarm_t *self, uint32_t calls, const link_t *link);
void calls_failed (swarm_t *self, uint32_t calls, bytes_t address, code_t code, const char *why);

void calls_destroy (swarm_t *self);

#endif
