// SPDX-License-Identifier: MIT
#include "actors/registry/signed_head.h"

#include <string.h>

//  The record, or NULL when it is not of this kind or its key has another size.
static Ggen__SignedRecord *
record_open (bytes_t bytes, Ggen__RecordKind kind)
{
    Ggen__SignedRecord *record = ggen__signed_record__unpack (NULL, bytes.size, bytes.data);
    if (record && record->kind == kind && record->key.len == SIGNED_HEAD_KEY_SIZE)
        return record;
    ggen__signed_record__free_unpacked (record, NULL);
    return NULL;
}

Ggen__Head *
signed_head_open (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE])
{
    Ggen__SignedRecord *record = record_open (bytes, GGEN__RECORD_KIND__HEAD);
    if (!record)
        return NULL;
    memcpy (key, record->key.data, SIGNED_HEAD_KEY_SIZE);
    Ggen__Head *head = ggen__head__unpack (NULL, record->payload.len, record->payload.data);
    ggen__signed_record__free_unpacked (record, NULL);
    return head;
}

Ggen__Rotation *
signed_rotation_open (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE])
{
    Ggen__SignedRecord *record = record_open (bytes, GGEN__RECORD_KIND__ROTATION);
    if (!record)
        return NULL;
    memcpy (key, record->key.data, SIGNED_HEAD_KEY_SIZE);
    Ggen__Rotation *rotation
        = ggen__rotation__unpack (NULL, record->payload.len, record->payload.data);
    ggen__signed_record__free_unpacked (record, NULL);
    return rotation;
}

bool
signed_head_release_key (bytes_t bytes, uint8_t key [SIGNED_HEAD_KEY_SIZE])
{
    Ggen__SignedRecord *record = record_open (bytes, GGEN__RECORD_KIND__RELEASE);
    if (!record)
        return false;
    memcpy (key, record->key.data, SIGNED_HEAD_KEY_SIZE);
    ggen__signed_record__free_unpacked (record, NULL);
    return true;
}
