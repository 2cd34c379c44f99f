// SPDX-License-Identifier: MIT
//  One actor in the hands of a test: no bus, no thread, and the time is what the test says.
//  All that the actor sends is kept until the test takes it. Include after cmocka.h.
#ifndef GGEN_TESTS_PUPPET_H
#define GGEN_TESTS_PUPPET_H

#include "runtime/actor/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUPPET_SAID_MAX 2048
#define PUPPET_TESTER   "tester"

//  A message that the actor sent.
typedef struct {
    char to[ADDRESS_MAX + 1];
    Ggen__Envelope *envelope;
    uint8_t *body;
    size_t body_size;
    uint8_t *attachment;        //  NULL without
    size_t attachment_size;
} said_t;

//  Sees every byte that leaves the actor.
typedef void (puppet_watch_fn) (void *context, const uint8_t *data, size_t size);

typedef struct {
    const actor_class_t *class;
    const void *settings;
    void *host;                 //  of I/O actors: jobs_t
    actor_t *actor;
    said_t said[PUPPET_SAID_MAX];
    unsigned said_count;
    int64_t now_ms;
    int64_t wall_ms;
    uint64_t next_id;
    uint32_t epoch;
    puppet_watch_fn *watch;
    void *watch_context;
} puppet_t;

static inline uint8_t *
puppet_pack (const ProtobufCMessage *message, size_t *size_p)
{
    uint8_t *packed = malloc (protobuf_c_message_get_packed_size (message) + 1);
    assert_non_null (packed);
    *size_p = protobuf_c_message_pack (message, packed);
    return packed;
}

static inline void
puppet_send (void *self_, const parcel_t *parcel)
{
    puppet_t *self = self_;
    assert_true (self->said_count < PUPPET_SAID_MAX);
    said_t *said = &self->said[self->said_count++];
    *said = (said_t) {0};
    size_t size;
    uint8_t *envelope = puppet_pack (&parcel->envelope->base, &size);
    snprintf (said->to, sizeof said->to, "%s", parcel->to);
    said->envelope = ggen__envelope__unpack (NULL, size, envelope);
    said->body_size = parcel_body_size (parcel);
    said->body = calloc (1, said->body_size + 1);
    assert_non_null (said->body);
    parcel_body_write (parcel, said->body);
    if (self->watch) {
        self->watch (self->watch_context, envelope, size);
        self->watch (self->watch_context, said->body, said->body_size);
    }
    if (parcel->attachment) {
        said->attachment_size = parcel->attachment_size;
        said->attachment = malloc (parcel->attachment_size + 1);
        assert_non_null (said->attachment);
        memcpy (said->attachment, parcel->attachment, parcel->attachment_size);
        parcel->free_attachment (parcel->attachment, parcel->hint);
    }
    free (envelope);
}

static inline uint64_t
puppet_clock_us (void *self)
{
    return (uint64_t) ((puppet_t *) self)->now_ms * 1000;
}

static inline void
said_free (said_t *said)
{
    if (said->envelope)
        ggen__envelope__free_unpacked (said->envelope, NULL);
    free (said->body);
    free (said->attachment);
    *said = (said_t) {0};
}

//  Bring it to life. 'self' is zeroed by the caller before the first time; time goes on.
static inline void
puppet_start (puppet_t *self, const actor_class_t *class, const void *settings)
{
    self->class = class;
    self->settings = settings;
    if (self->now_ms == 0)
        self->now_ms = 1000;
    if (self->wall_ms == 0)
        self->wall_ms = 1763600000000;
    actor_setup_t setup = {.epoch = ++self->epoch,
                           .key = {7},
                           .crypto = &crypto_real,
                           .port = {self, puppet_send, puppet_clock_us},
                           .settings = settings,
                           .host = self->host,
                           .now_ms = self->now_ms,
                           .wall_ms = self->wall_ms};
    self->actor = actor_new (class, &setup);
    assert_non_null (self->actor);
}

//  End it as the host does ($TERM).
static inline void
puppet_stop (puppet_t *self)
{
    actor_destroy (&self->actor);
    for (unsigned i = 0; i < self->said_count; i++)
        said_free (&self->said[i]);
    self->said_count = 0;
}

static inline code_t
puppet_deliver_with (puppet_t *self, Ggen__Envelope *envelope, const uint8_t *body, size_t size,
                     bytes_t attachment)
{
    size_t envelope_size;
    uint8_t *packed = puppet_pack (&envelope->base, &envelope_size);
    mail_t mail = {
        .envelope = {packed, envelope_size}, .body = {body, size}, .attachment = attachment};
    code_t code = actor_deliver (self->actor, &mail, self->now_ms, self->wall_ms);
    free (packed);
    return code;
}

static inline code_t
puppet_deliver (puppet_t *self, Ggen__Envelope *envelope, const uint8_t *body, size_t size)
{
    return puppet_deliver_with (self, envelope, body, size, (bytes_t) {NULL, 0});
}

//  Hand it a request of 'from', an event when 'budget_ms' is 0. Returns its id.
static inline uint64_t
puppet_ask_from (puppet_t *self, const char *from, const ProtobufCMessage *message,
                 uint32_t budget_ms)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = budget_ms > 0 ? GGEN__KIND__REQUEST : GGEN__KIND__EVENT;
    envelope.id = ++self->next_id;
    envelope.from = (char *) from;
    envelope.type = (char *) message->descriptor->short_name;
    envelope.budget_ms = budget_ms;
    envelope.sent_us = puppet_clock_us (self);
    assert_int_equal (puppet_deliver (self, &envelope, body, size), OK);
    free (body);
    return envelope.id;
}

//  Hand it a request of the tester. Returns its id.
static inline uint64_t
puppet_ask (puppet_t *self, const ProtobufCMessage *message)
{
    return puppet_ask_from (self, PUPPET_TESTER, message, 60000);
}

//  The tester no longer wants what it asked.
static inline void
puppet_cancel (puppet_t *self, uint64_t id)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = id;
    envelope.from = PUPPET_TESTER;
    assert_int_equal (puppet_deliver (self, &envelope, NULL, 0), OK);
}

//  Take the first message that it sent to 'to'; false when there is none. said_free () it.
static inline bool
puppet_take (puppet_t *self, const char *to, said_t *said)
{
    for (unsigned i = 0; i < self->said_count; i++)
        if (strcmp (self->said[i].to, to) == 0) {
            *said = self->said[i];
            memmove (self->said + i, self->said + i + 1,
                     (--self->said_count - i) * sizeof self->said[0]);
            return true;
        }
    return false;
}

//  Has it said nothing (more) to the tester?
static inline bool
puppet_silent (const puppet_t *self)
{
    for (unsigned i = 0; i < self->said_count; i++)
        if (strcmp (self->said[i].to, PUPPET_TESTER) == 0)
            return false;
    return true;
}

//  The next answer to the tester, which has to be of this type; the caller frees it with
//  protobuf_c_message_free_unpacked.
static inline void *
puppet_hear (puppet_t *self, const ProtobufCMessageDescriptor *type)
{
    said_t said = {0};
    assert_true (puppet_take (self, PUPPET_TESTER, &said));
    if (strcmp (said.envelope->type, type->short_name) != 0) {
        Ggen__Failure *failure = ggen__failure__unpack (NULL, said.body_size, said.body);
        fail_msg ("%s instead of %s: %s", said.envelope->type, type->short_name,
                  failure ? failure->message : "");
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack (type, NULL, said.body_size, said.body);
    assert_non_null (message);
    said_free (&said);
    return message;
}

static inline void
puppet_free (void *message)
{
    protobuf_c_message_free_unpacked (message, NULL);
}

//  Answer what it asked of somebody else. 'said' is freed.
static inline void
puppet_reply_with (puppet_t *self, said_t *said, const ProtobufCMessage *message,
                   bytes_t attachment)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = said->envelope->id;
    envelope.from = said->to;
    envelope.type = (char *) message->descriptor->short_name;
    assert_int_equal (puppet_deliver_with (self, &envelope, body, size, attachment), OK);
    free (body);
    said_free (said);
}

static inline void
puppet_reply (puppet_t *self, said_t *said, const ProtobufCMessage *message)
{
    puppet_reply_with (self, said, message, (bytes_t) {NULL, 0});
}

//  Answer with a failure.
static inline void
puppet_refuse (puppet_t *self, said_t *said, code_t code)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = "the test says so";
    puppet_reply (self, said, &failure.base);
}

//  Let time pass; ticks come as they fall due.
static inline void
puppet_wait (puppet_t *self, int64_t ms)
{
    int64_t until_ms = self->now_ms + ms, started_ms = self->now_ms, wall_ms = self->wall_ms;
    while (actor_deadline_ms (self->actor) <= until_ms) {
        if (actor_deadline_ms (self->actor) > self->now_ms)
            self->now_ms = actor_deadline_ms (self->actor);
        self->wall_ms = wall_ms + self->now_ms - started_ms;
        assert_int_equal (actor_tick (self->actor, self->now_ms, self->wall_ms), OK);
    }
    self->now_ms = until_ms;
    self->wall_ms = wall_ms + ms;
}

//  Carry one request of 'self' to 'other' (the actor it is addressed to) and, when that answers
//  at once, the answer back. False when it has none for it.
static inline bool
puppet_relay (puppet_t *self, puppet_t *other)
{
    said_t asked = {0}, answered = {0};
    if (!puppet_take (self, other->class->name, &asked))
        return false;
    assert_int_equal (puppet_deliver (other, asked.envelope, asked.body, asked.body_size), OK);
    if (puppet_take (other, self->class->name, &answered)) {
        assert_int_equal (
            puppet_deliver (self, answered.envelope, answered.body, answered.body_size), OK);
        said_free (&answered);
    }
    said_free (&asked);
    return true;
}

#endif
