// SPDX-License-Identifier: MIT
#include "sim_keyring.h"

#include "publisher.pb-c.h"
#include "record.h"
#include "runtime/actor/out.h"
#include "trust.pb-c.h"

#include <sodium.h>
#include <stdio.h>
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

ProtobufCBinaryData
sim_signer_sign_message (const sim_signer_t *self, Ggen__RecordKind kind,
                         const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *payload = malloc (size + 1);
    if (!payload)
        abort ();
    protobuf_c_message_pack (message, payload);
    ProtobufCBinaryData record = sim_signer_sign (self, kind, (bytes_t) {payload, size});
    free (payload);
    if (record.len == 0)
        abort ();
    return record;
}

ProtobufCBinaryData
sim_sign (const identity_t *identity, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    sim_signer_t signer;
    sim_signer_of (&signer, identity);
    return sim_signer_sign_message (&signer, kind, message);
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

//  A key as it is told, with room for its name.
typedef struct {
    Ggen__KeyInfo info;
    char name[16];
} told_key_t;

static void
tell_key (told_key_t *told, const sim_signer_t *signer, unsigned number)
{
    ggen__key_info__init (&told->info);
    snprintf (told->name, sizeof told->name, number > 0 ? "key-%u" : "default", number);
    told->info.name = told->name;
    told->info.public_key = publisher_key_to_field (&((sim_signer_t *) signer)->key);
}

//  Empty: the first. NULL: there is none of this name.
static const sim_signer_t *
find_key (const sim_signer_t *self, const char *name)
{
    told_key_t told;
    for (unsigned i = 0; self && i < SIM_KEYRING_KEYS_MAX; i++, self = self->next) {
        tell_key (&told, self, i);
        if (*name == 0 || strcmp (told.name, name) == 0)
            return self;
    }
    return NULL;
}

static code_t
on_show (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    told_key_t told;
    Ggen__KeyShowReply reply = GGEN__KEY_SHOW_REPLY__INIT;
    tell_key (&told, self, 0);
    reply.key = &told.info;
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    told_key_t rooms[SIM_KEYRING_KEYS_MAX];
    Ggen__KeyInfo *list[SIM_KEYRING_KEYS_MAX];
    Ggen__KeyListReply reply = GGEN__KEY_LIST_REPLY__INIT;
    reply.keys = list;
    for (const sim_signer_t *at_key = self; at_key && reply.n_keys < SIM_KEYRING_KEYS_MAX;
         at_key = at_key->next) {
        tell_key (&rooms[reply.n_keys], at_key, (unsigned) reply.n_keys);
        list[reply.n_keys] = &rooms[reply.n_keys].info;
        reply.n_keys++;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_sign (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__SignRequest *sign = (const void *) message;
    const sim_signer_t *signer = find_key (self, sign->key_name);
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    if (!signer)
        return MISSING_SIGNATURE;
    reply.record = sim_signer_sign (signer, sign->kind, (bytes_t) {sign->payload.data,
                                                                 sign->payload.len});
    if (reply.record.len == 0)
        return VALIDATION;
    reply.key = publisher_key_to_field (&((sim_signer_t *) signer)->key);
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
