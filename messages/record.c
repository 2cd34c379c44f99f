// SPDX-License-Identifier: MIT
#include "record.h"

#include "record_valid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char domain [] = "ggen record 1";

//  The name of a kind as record.proto spells it, or NULL: the record of no kind is none.
static const char *
kind_name (Ggen__RecordKind kind)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value (&ggen__record_kind__descriptor, (int) kind);
    return value && kind != GGEN__RECORD_KIND__RECORD_NONE ? value->name : NULL;
}

uint8_t *
record_signing_bytes (Ggen__RecordKind kind, bytes_t payload, size_t *size_p)
{
    const char *name = kind_name (kind);
    if (!name || payload.size > RECORD_PAYLOAD_MAX)
        return NULL;
    size_t name_size = strlen (name) + 1;           //  Both NULs are signed
    *size_p = sizeof domain + name_size + payload.size;
    uint8_t *bytes = malloc (*size_p);
    assert (bytes);
    memcpy (bytes, domain, sizeof domain);
    memcpy (bytes + sizeof domain, name, name_size);
    if (payload.size > 0)
        memcpy (bytes + sizeof domain + name_size, payload.data, payload.size);
    return bytes;
}

//  Is 'packed' what packing 'message' gives?
static bool
is_its_encoding (const ProtobufCMessage *message, bytes_t packed)
{
    if (protobuf_c_message_get_packed_size (message) != packed.size)
        return false;
    uint8_t *again = malloc (packed.size + 1);
    assert (again);
    protobuf_c_message_pack (message, again);
    bool same = packed.size == 0 || memcmp (again, packed.data, packed.size) == 0;
    free (again);
    return same;
}

code_t
record_open (Ggen__SignedRecord **record_p, bytes_t packed)
{
    *record_p = NULL;
    if (packed.size == 0 || packed.size > RECORD_SIZE_MAX)
        return SERIALIZATION;
    Ggen__SignedRecord *record = ggen__signed_record__unpack (NULL, packed.size, packed.data);
    if (!record)
        return SERIALIZATION;
    if (kind_name (record->kind)
    &&  record->payload.len > 0 && record->payload.len <= RECORD_PAYLOAD_MAX
    &&  record->key.len == PUBLISHER_KEY_SIZE && record->signature.len == RECORD_SIGNATURE_SIZE
    &&  record->base.n_unknown_fields == 0 && is_its_encoding (&record->base, packed)) {
        *record_p = record;
        return OK;
    }
    record_destroy (&record);
    return SERIALIZATION;
}

code_t
record_check (const Ggen__SignedRecord *record, record_verify_fn *verify, void *context)
{
    assert (record->key.len == PUBLISHER_KEY_SIZE);
    assert (record->signature.len == RECORD_SIGNATURE_SIZE);
    size_t size;
    uint8_t *message = record_signing_bytes (record->kind,
        (bytes_t) {record->payload.data, record->payload.len}, &size);
    assert (message);
    bool good = verify (context, record->signature.data, message, size, record->key.data);
    free (message);
    return good ? OK : INVALID_SIGNATURE;
}

//  The worst payload is of empty dependencies: 64 KiB make protobuf-c take 5 MB for a moment.
ProtobufCMessage *
record_payload (const Ggen__SignedRecord *record, Ggen__RecordKind kind,
    const ProtobufCMessageDescriptor *type)
{
    const ProtobufCBinaryData *payload = &record->payload;
    if (record->kind != kind || payload->len > RECORD_PAYLOAD_MAX)
        return NULL;
    ProtobufCMessage *message = protobuf_c_message_unpack (type, NULL, payload->len, payload->data);
    if (message && !is_its_encoding (message, (bytes_t) {payload->data, payload->len})) {
        protobuf_c_message_free_unpacked (message, NULL);
        return NULL;
    }
    return message;
}

code_t
record_release (Ggen__Release **release_p, const Ggen__SignedRecord *record)
{
    *release_p = (Ggen__Release *)
        record_payload (record, GGEN__RECORD_KIND__RELEASE, &ggen__release__descriptor);
    if (!*release_p)
        return SERIALIZATION;
    if (record_valid_release (*release_p))
        return OK;
    record_release_destroy (release_p);
    return VALIDATION;
}

code_t
record_head (Ggen__Head **head_p, const Ggen__SignedRecord *record)
{
    *head_p = (Ggen__Head *)
        record_payload (record, GGEN__RECORD_KIND__HEAD, &ggen__head__descriptor);
    if (!*head_p)
        return SERIALIZATION;
    if (record_valid_head (*head_p))
        return OK;
    record_head_destroy (head_p);
    return VALIDATION;
}

code_t
record_rotation (Ggen__Rotation **rotation_p, const Ggen__SignedRecord *record)
{
    *rotation_p = (Ggen__Rotation *)
        record_payload (record, GGEN__RECORD_KIND__ROTATION, &ggen__rotation__descriptor);
    if (!*rotation_p)
        return SERIALIZATION;
    if (record_valid_rotation (*rotation_p))
        return OK;
    record_rotation_destroy (rotation_p);
    return VALIDATION;
}

void
record_destroy (Ggen__SignedRecord **record_p)
{
    ggen__signed_record__free_unpacked (*record_p, NULL);
    *record_p = NULL;
}

void
record_release_destroy (Ggen__Release **release_p)
{
    ggen__release__free_unpacked (*release_p, NULL);
    *release_p = NULL;
}

void
record_head_destroy (Ggen__Head **head_p)
{
    ggen__head__free_unpacked (*head_p, NULL);
    *head_p = NULL;
}

void
record_rotation_destroy (Ggen__Rotation **rotation_p)
{
    ggen__rotation__free_unpacked (*rotation_p, NULL);
    *rotation_p = NULL;
}
