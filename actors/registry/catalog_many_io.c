// SPDX-License-Identifier: MIT
//  Many questions by one call. What fails is left out: asked for by itself, it tells why.
#include "actors/registry/catalog_self_io.h"

#include "many.h"
#include "many.pb-c.h"
#include "message.h"
#include "runtime/host/job.h"

//  The answer of one, taken from its call; NULL when it failed or is too large beside the others.
static ProtobufCMessage *
take_reply (code_t code, catalog_call_t *one, size_t *size_p)
{
    if (one->failure)
        ggen__failure__free_unpacked (one->failure, NULL);
    if (one->reply)
        *size_p += protobuf_c_message_get_packed_size (one->reply) + 16;
    if (code == OK && *size_p <= CATALOG_REPLY_MAX)
        return one->reply;
    if (one->reply)
        protobuf_c_message_free_unpacked (one->reply, NULL);
    return NULL;
}

static code_t
ask_each (catalog_t *self, catalog_call_t *call, catalog_fn *ask,
          const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *replies [MANY_QUESTIONS_MAX] = {0};
    size_t count = many_count (call->request), size = 0;
    if (count > MANY_QUESTIONS_MAX)
        return catalog_fail (call, reply_failure (VALIDATION, "", "%zu questions at once", count));
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    for (size_t i = 0; i < count && size <= CATALOG_REPLY_MAX && !job_cancelled (call->job); i++) {
        catalog_call_t one = {.request = many_at (call->request, i),
                              .wall_s = call->wall_s,
                              .job = call->job,
                              .opened = true};
        replies [i] = take_reply (ask (self, &one), &one, &size);
    }
    //  What is borrowed here is the answer's.
    ProtobufCMessage *borrowing = many_replies (type, replies, count);
    ProtobufCMessage *reply = message_copy (borrowing);
    many_free (&borrowing);
    for (size_t i = 0; i < count; i++)
        if (replies [i])
            protobuf_c_message_free_unpacked (replies [i], NULL);
    if (!reply)
        return catalog_fail (call, reply_failure (BUSY, "", "no memory"));
    call->reply = reply;
    return OK;
}

code_t
catalog_list_many (catalog_t *self, catalog_call_t *call)
{
    return ask_each (self, call, catalog_list_versions, &ggen__list_many_reply__descriptor);
}

code_t
catalog_heads_many (catalog_t *self, catalog_call_t *call)
{
    return ask_each (self, call, catalog_get_heads, &ggen__heads_many_reply__descriptor);
}
