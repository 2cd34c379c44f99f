// SPDX-License-Identifier: MIT
//  Clients: what a person at a node's command line does. One client asks one thing, of one actor of
//  one node, and gets exactly one end.
#ifndef GGEN_TESTS_CLIENTS_H
#define GGEN_TESTS_CLIENTS_H

#include "world.h"

//  Borrowed for the call.
typedef struct {
    uint32_t node;
    code_t code;                //  OK: the body is of 'type'. Else: refused, or by itself TIMEOUT (no
                                //  end within the budget and CLIENTS_GRACE_MS), NODE_NOT_STARTED
    const char *type;           //  "" when nobody answered
    bytes_t body;
    bytes_t attachment;
    const Ggen__Failure *failure;   //  NULL: OK, or nobody answered
    int64_t took_us;
} client_reply_t;

typedef void (client_fn) (void *context, world_t *world, const client_reply_t *reply);

//  After a budget has passed without an answer the actor is at fault, a little later the client ends it.
#define CLIENTS_GRACE_MS 1000

//  Ask actor 'to' of 'node'; 'message' is borrowed for the call. 'done' is called once, never before
//  this returns; NULL: nobody cares.
void clients_ask (world_t *world, uint32_t node, const char *to, const ProtobufCMessage *message,
                  uint32_t budget_ms, client_fn *done, void *context);

//  An event from outside.
void clients_tell (world_t *world, uint32_t node, const char *to, const ProtobufCMessage *message);

//  The reply's message, which is unpacked; free it with protobuf_c_message_free_unpacked. NULL: the
//  reply is another type, or does not decode.
void *clients_unpack (const client_reply_t *reply, const ProtobufCMessageDescriptor *descriptor);

//  That wait for an end.
uint32_t clients_waiting (const world_t *world);

#endif
