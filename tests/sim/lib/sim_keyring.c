// SPDX-License-Identifier: MIT
#include "sim_keyring.h"

#include "publisher.pb-c.h"
#include "record.h"
#include "runtime/actor/out.h"
#include "trust.pb-c.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof ((sim_signer_t *) 0)->secret == crypto_sign_SECRETKEYBYTES, "a secret key");

void
sim_signer_make (sim_signer_t *self, rng_t *rng)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    rng_bytes (rng, seed, sizeof seed);
    crypto_sign_seed_keypair (self->key.bytes, self->secret, seed);
    self->identity = NULL;
}

void
sim_signer_of (sim_signer_t *self, const identity_t *identity)
{
    *self = (sim_signer_t) {.identity = identity};
    memcpy (self->key.bytes, identity->key, sizeof self->key.bytes);
}

ProtobufCBinaryData
sim_signer_sign (const sim_signer_t *self, Ggen__RecordKind kind, bytes_t payload)
{
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    size_t size;
    uint8_t *bytes = record_signing_bytes (kind, payload, &size);
    if (!bytes)
        return (ProtobufCBinaryData) {0, NULL};
    if (self->identity)
        self->identity->sign (self->identity->context, bytes, size, signature);
    else
        crypto_sign_detached (signature, NULL, bytes, size, self->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload.size, (uint8_t *) payload.data};
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) self->key.bytes};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    ProtobufCBinaryData packed = {ggen__signed_record__get_packed_size (&record), NULL};
    packed.data = malloc (packed.len);
    if (!packed.data)
        abort ();
    ggen__signed_record__pack (&record, packed.data);
    return packed;
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

static Ggen__KeyInfo
key_info (sim_signer_t *self)
{
    Ggen__KeyInfo key = GGEN__KEY_INFO__INIT;
    key.name = (char *) "default";
    key.public_key = publisher_key_to_field (&self->key);
    return key;
}

static code_t
on_show (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    Ggen__KeyInfo key = key_info (self);
    Ggen__KeyShowReply reply = GGEN__KEY_SHOW_REPLY__INIT;
    reply.key = &key;
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    Ggen__KeyInfo key = key_info (self), *list = &key;
    Ggen__KeyListReply reply = GGEN__KEY_LIST_REPLY__INIT;
    reply.keys = &list;
    reply.n_keys = 1;
    return out_reply (at, &reply.base);
}

static code_t
on_sign (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_signer_t *self = self_;
    const Ggen__SignRequest *sign = (const void *) message;
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    reply.record = sim_signer_sign (self, sign->kind, (bytes_t) {sign->payload.data,
                                                                 sign->payload.len});
    if (reply.record.len == 0)
        return VALIDATION;
    reply.key = publisher_key_to_field (&self->key);
    out_reply (at, &reply.base);
    free (reply.record.data);
    return OK;
}

//  Nobody here reads it: the file it lies beside is not there either.
static code_t
on_minisign (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    Ggen__MinisignReply reply = GGEN__MINISIGN_REPLY__INIT;
    reply.text = ((const Ggen__MinisignRequest *) (const void *) message)->file_name;
    return out_reply (at, &reply.base);
}

static const handler_t rows[] = {
    {&ggen__key_show_request__descriptor, on_show, THIS_NODE},
    {&ggen__key_list_request__descriptor, on_list, THIS_NODE},
    {&ggen__sign_request__descriptor, on_sign, THIS_NODE},
    {&ggen__minisign_request__descriptor, on_minisign, THIS_NODE},
    {0},
};

const actor_class_t sim_keyring_actor = {
    .name = "keyring", .create = create, .destroy = destroy, .rows = rows};
