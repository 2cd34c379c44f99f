// SPDX-License-Identifier: MIT
//  One thread's door to the buses of all nodes, by the command line's own client library. A node that
//  was started again is attached to again; one that is off or frozen is not asked.
#ifndef GGEN_HARNESS_ASKER_H
#define GGEN_HARNESS_ASKER_H

#include "fleet.h"
#include "swarm.pb-c.h"

#define ASKER_REASON_MAX 512u

typedef struct asker_t asker_t;

//  'fleet' is borrowed.
asker_t *asker_new (fleet_t *fleet);
void asker_destroy (asker_t **self_p);

//  Ask an actor of a node and wait for the answer, which is borrowed until the next call. NULL: it
//  failed; asker_code () and asker_reason () say how.
const void *asker_ask (asker_t *self, const member_t *member, const char *to,
                       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect,
                       uint32_t timeout_ms);

code_t asker_code (const asker_t *self);

//  "CODE: what the failure says"; never NULL.
const char *asker_reason (const asker_t *self);

//  What its swarm says of itself. NULL: as above.
const Ggen__SwarmStatusReply *asker_status (asker_t *self, const member_t *member);

#endif
