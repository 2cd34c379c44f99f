// SPDX-License-Identifier: MIT
//  One actor without a bus, and an input that is a sequence of
//
//      [what][who][size, u16 little-endian][size bytes]
//
//  whose meaning its target gives. Whatever the actor sends has to decode at its receiver, and nothing
//  that it is given may make it fail.
#ifndef GGEN_FUZZ_STAGE_H
#define GGEN_FUZZ_STAGE_H

#include "runtime/actor/actor.h"

#define STAGE_STEPS_MAX 200             //  of an input; the rest is not played

typedef struct stage_t stage_t;

//  The first member of what a target knows of its run, zeroed at first.
struct stage_t {
    actor_t *actor;
    int64_t now_ms;
    uint64_t next_id;
    void (*on_send) (stage_t *self, const parcel_t *parcel);
};

//  'on_send' (may be NULL) is given what the actor sends, once it was checked.
void
    stage_begin (stage_t *self, const actor_class_t *class, const void *settings,
        const crypto_t *crypto, void (*on_send) (stage_t *self, const parcel_t *parcel));
void
    stage_end (stage_t *self);

//  Play the input: each step, and after it a look at the actor's state.
void
    stage_play (stage_t *self, const uint8_t *data, size_t size,
        void (*step) (stage_t *self, uint8_t what, uint8_t who, bytes_t bytes),
        void (*check) (const void *state));

//  Any mail; a body of this type; a message.
void
    stage_deliver (stage_t *self, const Ggen__Envelope *envelope, bytes_t body,
        bytes_t attachment);
void
    stage_say (stage_t *self, const char *from, Ggen__Kind kind, const char *type, bytes_t body);
void
    stage_tell (stage_t *self, const char *from, Ggen__Kind kind, const ProtobufCMessage *message);

//  So much time passes.
void
    stage_pass (stage_t *self, int64_t ms);

//  As bytes, which decode; the caller's to free.
uint8_t *
    stage_pack (const ProtobufCMessage *message, size_t *size_p);

//  A signature that an input can have: 64 bytes of 7.
void
    stage_sign (void *context, const void *message, size_t size,
        uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

#endif
