// SPDX-License-Identifier: MIT
//  The answers about heads and rotations.
#include "answers.h"

#include <stdlib.h>
#include <string.h>

//  Of all registries together; more are left out, with a warning.
#define RECORDS_MAX       512
#define RECORDS_BYTES_MAX (2u << 20)

void
answers_put_head (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    if (call_replies_count (call) == 0 && call_failures_count (call, PACKAGE_NOT_FOUND) > 0
        && !call_failure (call)) {
        char text[FAILURE_TEXT_MAX];
        call_describe (call, text, sizeof text);
        out_refuse (out, call->ticket, PACKAGE_NOT_FOUND, "", "%s", text);
        return;
    }
    if (call_replies_count (call) == 0) {
        answers_failure (out, call);
        return;
    }
    Ggen__PutHeadReply reply = GGEN__PUT_HEAD_REPLY__INIT;
    for (unsigned i = 0; i < call->slots_count; i++) {
        const Ggen__PutHeadReply *own = (const void *) call->slots[i].reply;
        for (size_t w = 0; own && w < own->n_warnings; w++)
            call_warn (call, "%s", own->warnings[w]);
        reply.acknowledged += own ? own->acknowledged : 0;
    }
    call_warn_of_failures (call);
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    out_answer (out, call->ticket, &reply.base);
}

typedef struct {
    ProtobufCBinaryData list[RECORDS_MAX];
    size_t count;
    size_t size;
    bool cut;
} records_t;

static void
add_record (records_t *self, ProtobufCBinaryData record)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->list[i].len == record.len
            && memcmp (self->list[i].data, record.data, record.len) == 0)
            return;
    self->cut |= self->count == RECORDS_MAX || self->size + record.len > RECORDS_BYTES_MAX;
    if (self->cut)
        return;
    self->list[self->count++] = record;
    self->size += record.len;
}

void
answers_get_heads (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    if (call_replies_count (call) == 0) {
        answers_failure (out, call);
        return;
    }
    records_t records = {.count = 0};
    Ggen__GetHeadsReply reply = GGEN__GET_HEADS_REPLY__INIT;
    for (unsigned i = 0; i < call->slots_count; i++) {
        const Ggen__GetHeadsReply *own = (const void *) call->slots[i].reply;
        for (size_t r = 0; own && r < own->n_records; r++)
            add_record (&records, own->records[r]);
        for (size_t w = 0; own && w < own->n_warnings; w++)
            call_warn (call, "%s", own->warnings[w]);
    }
    call_warn_of_failures (call);
    if (records.cut)
        call_warn (call, "some heads did not fit into one answer");
    reply.records = records.list;
    reply.n_records = records.count;
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    answers_give (out, call, &reply.base);
}
