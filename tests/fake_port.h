// SPDX-License-Identifier: MIT
//  One actor without a bus: a test gives it messages and time, and looks at what it sends.
#ifndef GGEN_FAKE_PORT_H
#define GGEN_FAKE_PORT_H

#include "runtime/actor/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FAKE_SENT_MAX 512

typedef struct {
    char to[ADDRESS_MAX + 1];
    Ggen__Envelope *envelope;
    uint8_t *body;
    size_t body_size;
    ProtobufCMessage *message;      //  once fake_expect has unpacked it
} fake_sent_t;

typedef struct {
    actor_t *actor;
    fake_sent_t sent[FAKE_SENT_MAX];
    unsigned sent_count;
    unsigned seen;                  //  of them, the test has taken
    int64_t now_ms;
    uint64_t next_id;
} fake_t;

static inline void
fake_send (void *context, const parcel_t *parcel)
{
    fake_t *self = context;
    assert_true (self->sent_count < FAKE_SENT_MAX);
    fake_sent_t *sent = &self->sent[self->sent_count++];
    strcpy (sent->to, parcel->to);
    size_t size = ggen__envelope__get_packed_size (parcel->envelope);
    uint8_t *packed = malloc (size + 1);
    ggen__envelope__pack (parcel->envelope, packed);
    sent->envelope = ggen__envelope__unpack (NULL, size, packed);
    free (packed);
    if (!parcel->body)
        return;
    sent->body_size = protobuf_c_message_get_packed_size (parcel->body);
    sent->body = malloc (sent->body_size + 1);
    protobuf_c_message_pack (parcel->body, sent->body);
}

static inline uint64_t
fake_clock_us (void *context)
{
    return (uint64_t) ((fake_t *) context)->now_ms * 1000;
}

static inline void
fake_start_with (fake_t *self, const actor_class_t *class, const void *settings, void *host)
{
    memset (self, 0, sizeof *self);
    self->now_ms = 1000000;
    actor_setup_t setup = {.epoch = 7,
                           .crypto = &crypto_real,
                           .port = {self, fake_send, fake_clock_us},
                           .settings = settings,
                           .host = host,
                           .now_ms = self->now_ms,
                           .wall_ms = self->now_ms};
    self->actor = actor_new (class, &setup);
    assert_non_null (self->actor);
}

static inline void
fake_start (fake_t *self, const actor_class_t *class, const void *settings)
{
    fake_start_with (self, class, settings, NULL);
}

static inline void
fake_stop (fake_t *self)
{
    actor_destroy (&self->actor);
    for (unsigned i = 0; i < self->sent_count; i++) {
        fake_sent_t *sent = &self->sent[i];
        if (sent->message)
            protobuf_c_message_free_unpacked (sent->message, NULL);
        ggen__envelope__free_unpacked (sent->envelope, NULL);
        free (sent->body);
    }
}

static inline void
fake_deliver (fake_t *self, Ggen__Envelope *envelope, const ProtobufCMessage *body)
{
    envelope->sent_us = fake_clock_us (self);
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    uint8_t *packed = malloc (ggen__envelope__get_packed_size (envelope) + 1);
    uint8_t *bytes = malloc ((body ? protobuf_c_message_get_packed_size (body) : 0) + 1);
    mail_t mail = {{packed, ggen__envelope__pack (envelope, packed)},
                   {bytes, body ? protobuf_c_message_pack (body, bytes) : 0},
                   {NULL, 0}};
    assert_int_equal (actor_deliver (self->actor, &mail, self->now_ms, self->now_ms), OK);
    free (packed);
    free (bytes);
}

//  Ask it something as 'from', with a budget (0 = none). Returns the request's id.
static inline uint64_t
fake_request (fake_t *self, const char *from, const ProtobufCMessage *body, uint32_t budget_ms)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = ++self->next_id;
    envelope.from = (char *) from;
    envelope.budget_ms = budget_ms;
    fake_deliver (self, &envelope, body);
    return envelope.id;
}

static inline void
fake_cancel (fake_t *self, const char *from, uint64_t id)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = id;
    envelope.from = (char *) from;
    fake_deliver (self, &envelope, NULL);
}

//  Answer something it asked, as the one it asked.
static inline void
fake_answer (fake_t *self, const fake_sent_t *asked, const ProtobufCMessage *body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->envelope->id;
    envelope.from = (char *) asked->to;
    fake_deliver (self, &envelope, body);
}

static inline void
fake_answer_failure (fake_t *self, const fake_sent_t *asked, code_t code, const char *text)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) text;
    fake_answer (self, asked, &failure.base);
}

static inline void
fake_pass (fake_t *self, int64_t ms)
{
    self->now_ms += ms;
    assert_int_equal (actor_tick (self->actor, self->now_ms, self->now_ms), OK);
}

//  The next thing it sent has to be of this type; *message_p is what it says.
static inline fake_sent_t *
fake_expect (fake_t *self, const ProtobufCMessageDescriptor *type, void *message_p)
{
    if (self->seen == self->sent_count)
        fail_msg ("nothing was sent; expected %s", type->short_name);
    fake_sent_t *sent = &self->sent[self->seen++];
    assert_string_equal (sent->envelope->type, type->short_name);
    sent->message = protobuf_c_message_unpack (type, NULL, sent->body_size, sent->body);
    assert_non_null (sent->message);
    *(void **) message_p = sent->message;
    return sent;
}

static inline void
fake_expect_nothing (const fake_t *self)
{
    assert_int_equal (self->seen, self->sent_count);
}

//  The next thing it sent has to be a failure, for the request 'id'.
static inline const Ggen__Failure *
fake_expect_failure (fake_t *self, uint64_t id, code_t code)
{
    const Ggen__Failure *failure;
    fake_sent_t *sent = fake_expect (self, &ggen__failure__descriptor, &failure);
    assert_int_equal (sent->envelope->id, id);
    assert_string_equal (code_name (failure->code), code_name (code));
    return failure;
}

#endif
