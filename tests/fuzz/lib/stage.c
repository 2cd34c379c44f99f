// SPDX-License-Identifier: MIT
#include "stage.h"

#include "fuzz.h"
#include "runtime/actor/wire.h"

#include <stdlib.h>
#include <string.h>

#define WALL_MS 1763600000000

uint8_t *
stage_pack (const ProtobufCMessage *message, size_t *size_p)
{
    *size_p = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (*size_p + 1);
    must_hold (packed != NULL);
    protobuf_c_message_pack (message, packed);
    must_hold (wire_valid (message->descriptor, (bytes_t) {packed, *size_p}));
    return packed;
}

void
stage_sign (void *context, const void *message, size_t size,
            uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    (void) context, (void) message, (void) size;
    memset (signature, 7, CRYPTO_SIGNATURE_BYTES);
}

//  ---- what it says --------------------------------------------------------------------------------

static void
on_send (void *self_, const parcel_t *parcel)
{
    stage_t *self = self_;
    size_t size;
    free (stage_pack (&parcel->envelope->base, &size));
    if (parcel->body)
        free (stage_pack (parcel->body, &size));
    if (self->on_send)
        self->on_send (self, parcel);
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
}

static uint64_t
clock_us (void *self)
{
    return (uint64_t) ((stage_t *) self)->now_ms * 1000;
}

void
stage_begin (stage_t *self, const actor_class_t *class, const void *settings,
             const crypto_t *crypto, void (*send) (stage_t *self, const parcel_t *parcel))
{
    self->now_ms = 1000;
    self->on_send = send;
    actor_setup_t setup = {.epoch = 1,
                           .crypto = crypto,
                           .port = {self, on_send, clock_us},
                           .settings = settings,
                           .now_ms = self->now_ms,
                           .wall_ms = WALL_MS + self->now_ms};
    self->actor = actor_new (class, &setup);
    must_hold (self->actor != NULL);
}

void
stage_end (stage_t *self)
{
    actor_destroy (&self->actor);
}

//  ---- what it is given ----------------------------------------------------------------------------

void
stage_deliver (stage_t *self, const Ggen__Envelope *envelope, bytes_t body, bytes_t attachment)
{
    uint8_t *packed = malloc (ggen__envelope__get_packed_size (envelope) + 1);
    must_hold (packed != NULL);
    mail_t mail = {{packed, ggen__envelope__pack (envelope, packed)}, body, attachment};
    must_hold (actor_deliver (self->actor, &mail, self->now_ms, WALL_MS + self->now_ms) == OK);
    free (packed);
}

void
stage_say (stage_t *self, const char *from, Ggen__Kind kind, const char *type, bytes_t body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = ++self->next_id;
    envelope.from = (char *) from;
    envelope.type = (char *) type;
    envelope.budget_ms = 1000;
    stage_deliver (self, &envelope, body, (bytes_t) {NULL, 0});
}

void
stage_tell (stage_t *self, const char *from, Ggen__Kind kind, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *packed = stage_pack (message, &size);
    stage_say (self, from, kind, message->descriptor->short_name, (bytes_t) {packed, size});
    free (packed);
}

void
stage_pass (stage_t *self, int64_t ms)
{
    self->now_ms += ms;
    must_hold (actor_tick (self->actor, self->now_ms, WALL_MS + self->now_ms) == OK);
}

void
stage_play (stage_t *self, const uint8_t *data, size_t size,
            void (*step) (stage_t *self, uint8_t what, uint8_t who, bytes_t bytes),
            void (*check) (const void *state))
{
    for (unsigned steps = 0; size >= 4 && steps < STAGE_STEPS_MAX; steps++) {
        size_t length = data[2] | (size_t) data[3] << 8;
        if (length > size - 4)
            length = size - 4;
        step (self, data[0], data[1], (bytes_t) {data + 4, length});
        check (actor_state (self->actor));
        data += 4 + length;
        size -= 4 + length;
    }
}
