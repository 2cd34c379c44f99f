// SPDX-License-Identifier: MIT
//  "keyring" of a node among many: one publisher's key, "default", which signs any record as the world's
//  cryptography does (crypto_sim.h). Settings: an identity_t, which outlives the actor.
#ifndef GGEN_TESTS_SIM_PUBLISHER_H
#define GGEN_TESTS_SIM_PUBLISHER_H

#include "record.pb-c.h"
#include "runtime/actor/actor.h"

//  A packed SignedRecord of this payload; free its data. len = 0: the payload cannot be signed.
ProtobufCBinaryData sim_publisher_sign (const identity_t *signer, Ggen__RecordKind kind,
                                        bytes_t payload);

//  The same of a message.
ProtobufCBinaryData sim_publisher_record (const identity_t *signer, Ggen__RecordKind kind,
                                          const ProtobufCMessage *message);

extern const actor_class_t sim_publisher_actor;

#endif
