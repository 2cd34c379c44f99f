// SPDX-License-Identifier: MIT
//  A client of a host's bus that asks one thing at a time and waits for its end.
#ifndef GGEN_PROBE_H
#define GGEN_PROBE_H

#include "messages/message.h"
#include "runtime/host/clock.h"
#include "runtime/host/frames.h"
#include "runtime/host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PROBE_WAIT_MS    10000
#define PROBE_ANSWERS_MAX 64

typedef struct {
    zsock_t *dealer;
    uint64_t next_id;
    ProtobufCMessage *answers[PROBE_ANSWERS_MAX];   //  freed by probe_close
    unsigned answers_count;
} probe_t;

static inline void
probe_open (probe_t *self, const host_t *host)
{
    *self = (probe_t) {.dealer = zsock_new (ZMQ_DEALER)};
    zsock_set_linger (self->dealer, 0);
    assert_int_equal (zsock_connect (self->dealer, "%s", host_endpoint (host)), 0);
}

static inline void
probe_close (probe_t *self)
{
    zsock_destroy (&self->dealer);
    for (unsigned i = 0; i < self->answers_count; i++)
        protobuf_c_message_free_unpacked (self->answers[i], NULL);
}

static inline void
probe_send (probe_t *self, const char *to, const ProtobufCMessage *body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = ++self->next_id;
    envelope.from = "probe";
    envelope.type = (char *) body->descriptor->short_name;
    envelope.budget_ms = PROBE_WAIT_MS;
    envelope.sent_us = clock_us ();
    parcel_t parcel = {.to = to, .envelope = &envelope, .body = body};
    frames_t frames;
    frames_pack (&frames, &parcel);
    assert_int_equal (frames_send (&frames, zsock_resolve (self->dealer), 0), 0);
}

//  Its answer if these frames have it, else NULL.
static inline ProtobufCMessage *
probe_answer (const probe_t *self, frames_t *frames, const ProtobufCMessageDescriptor *expect)
{
    bytes_t packed = frames_bytes (frames, 0), body = frames_bytes (frames, 1);
    Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, packed.size, packed.data);
    assert_non_null (envelope);
    ProtobufCMessage *answer = NULL;
    if (envelope->kind == GGEN__KIND__REPLY && envelope->id == self->next_id) {
        bool failed = strcmp (envelope->type, "Failure") == 0;
        answer = protobuf_c_message_unpack (failed ? &ggen__failure__descriptor : expect, NULL,
                                            body.size, body.data);
        assert_non_null (answer);
    }
    ggen__envelope__free_unpacked (envelope, NULL);
    return answer;
}

//  Ask, and wait for the answer: 'expect' or a Failure. It lives until probe_close.
static inline const ProtobufCMessage *
probe_ask (probe_t *self, const char *to, const ProtobufCMessage *body,
           const ProtobufCMessageDescriptor *expect)
{
    probe_send (self, to, body);
    int64_t until_ms = clock_ms () + PROBE_WAIT_MS;
    for (;;) {
        zmq_pollitem_t item = {zsock_resolve (self->dealer), 0, ZMQ_POLLIN, 0};
        assert_true (clock_ms () < until_ms);
        zmq_poll (&item, 1, 100);
        frames_t frames;
        if (frames_recv (&frames, zsock_resolve (self->dealer)) != OK)
            continue;
        ProtobufCMessage *answer = probe_answer (self, &frames, expect);
        frames_close (&frames);
        if (!answer)
            continue;
        assert_true (self->answers_count < PROBE_ANSWERS_MAX);
        self->answers[self->answers_count++] = answer;
        return answer;
    }
}

#endif
