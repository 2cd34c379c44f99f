// SPDX-License-Identifier: MIT
#include "sim_publisher.h"

#include "record.h"
#include "runtime/actor/out.h"
#include "trust.pb-c.h"

#include <stdlib.h>

static ProtobufCBinaryData
pack (const ProtobufCMessage *message)
{
    ProtobufCBinaryData packed = {protobuf_c_message_get_packed_size (message), NULL};
    packed.data = malloc (packed.len + 1);
    if (!packed.data)
        abort ();
    protobuf_c_message_pack (message, packed.data);
    return packed;
}

ProtobufCBinaryData
sim_publisher_sign (const identity_t *signer, Ggen__RecordKind kind, bytes_t payload)
{
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    size_t size;
    uint8_t *bytes = record_signing_bytes (kind, payload, &size);
    if (!bytes)
        return (ProtobufCBinaryData) {0, NULL};
    signer->sign (signer->context, bytes, size, signature);
    free (bytes);
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload.size, (uint8_t *) payload.data};
    record.key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) signer->key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    return pack (&record.base);
}

ProtobufCBinaryData
sim_publisher_record (const identity_t *signer, Ggen__RecordKind kind,
                      const ProtobufCMessage *message)
{
    ProtobufCBinaryData payload = pack (message);
    ProtobufCBinaryData record =
        sim_publisher_sign (signer, kind, (bytes_t) {payload.data, payload.len});
    free (payload.data);
    return record;
}

static void *
create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static void
destroy (void *self)
{
    (void) self;
}

static void
describe (const identity_t *self, Ggen__KeyInfo *key)
{
    ggen__key_info__init (key);
    key->name = (char *) "default";
    key->public_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) self->key};
}

static code_t
on_show (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    Ggen__KeyInfo key;
    Ggen__KeyShowReply reply = GGEN__KEY_SHOW_REPLY__INIT;
    describe (self, &key);
    reply.key = &key;
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    Ggen__KeyInfo key, *keys = &key;
    Ggen__KeyListReply reply = GGEN__KEY_LIST_REPLY__INIT;
    describe (self, &key);
    reply.keys = &keys;
    reply.n_keys = 1;
    return out_reply (at, &reply.base);
}

static code_t
on_sign (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    const identity_t *self = self_;
    const Ggen__SignRequest *sign = (const void *) message;
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    reply.record =
        sim_publisher_sign (self, sign->kind, (bytes_t) {sign->payload.data, sign->payload.len});
    if (reply.record.len == 0)
        return VALIDATION;
    reply.key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) self->key};
    out_reply (at, &reply.base);
    free (reply.record.data);
    return OK;
}

static const handler_t rows[] = {
    {&ggen__key_show_request__descriptor, on_show, THIS_NODE},
    {&ggen__key_list_request__descriptor, on_list, THIS_NODE},
    {&ggen__sign_request__descriptor, on_sign, THIS_NODE},
    {0},
};

const actor_class_t sim_publisher_actor = {
    .name = "keyring", .create = create, .destroy = destroy, .rows = rows};
