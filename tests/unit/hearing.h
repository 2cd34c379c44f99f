// SPDX-License-Identifier: MIT
//  What an actor on real sockets tells "swarm", in its order, and how the test speaks to it as "swarm". The
//  test is its shell and lets it work. Include after cmocka.h.
#ifndef GGEN_TESTS_HEARING_H
#define GGEN_TESTS_HEARING_H

#include "runtime/actor/out.h"
#include "runtime/host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARD_MAX 4096

typedef struct {
    char type[24];
    ProtobufCMessage *message;
    uint8_t *attachment;                //  NULL without
    size_t attachment_size;
} heard_t;

typedef struct {
    heard_t list[HEARD_MAX];
    unsigned count;
} hearing_t;

//  The port of an actor has this and a hearing_t as its context.
static inline void
hearing_take (void *self_, const parcel_t *parcel)
{
    hearing_t *self = self_;
    assert_string_equal (parcel->to, "swarm");
    assert_true (self->count < HEARD_MAX);
    heard_t *heard = &self->list[self->count++];
    size_t size = parcel_body_size (parcel);
    uint8_t *bytes = malloc (size + 1);
    assert_non_null (bytes);
    parcel_body_write (parcel, bytes);
    snprintf (heard->type, sizeof heard->type, "%s", parcel->envelope->type);
    heard->message = protobuf_c_message_unpack (parcel->body->descriptor, NULL, size, bytes);
    free (bytes);
    heard->attachment_size = parcel->attachment_size;
    if (!parcel->attachment)
        return;
    heard->attachment = malloc (parcel->attachment_size + 1);
    assert_non_null (heard->attachment);
    memcpy (heard->attachment, parcel->attachment, parcel->attachment_size);
    parcel->free_attachment (parcel->attachment, parcel->hint);
}

static inline uint64_t
hearing_clock_us (void *self)
{
    (void) self;
    return clock_us ();
}

static inline unsigned
hearing_count (const hearing_t *self, const char *type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->count; i++)
        count += strcmp (self->list[i].type, type) == 0;
    return count;
}

//  NULL: there was none.
static inline const heard_t *
hearing_last (const hearing_t *self, const char *type)
{
    for (unsigned i = self->count; i > 0; i--)
        if (strcmp (self->list[i - 1].type, type) == 0)
            return &self->list[i - 1];
    return NULL;
}

static inline void
hearing_clear (hearing_t *self)
{
    while (self->count > 0) {
        heard_t *heard = &self->list[--self->count];
        protobuf_c_message_free_unpacked (heard->message, NULL);
        free (heard->attachment);
    }
}

//  An event of "swarm" for the actor.
static inline void
swarm_says (actor_t *actor, const ProtobufCMessage *message, bytes_t attachment, int64_t now_ms)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "swarm";
    envelope.type = (char *) message->descriptor->short_name;
    uint8_t head[256];
    size_t head_size = ggen__envelope__pack (&envelope, head);
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    assert_non_null (body);
    protobuf_c_message_pack (message, body);
    mail_t mail = {{head, head_size}, {body, size}, attachment};
    assert_int_equal (actor_deliver (actor, &mail, now_ms, clock_wall_ms ()), OK);
    free (body);
}

#endif
