// SPDX-License-Identifier: MIT
#include "announcement.h"

#include "runtime/actor/wire.h"

#include <stdlib.h>
#include <string.h>

static const char domain [] = "ggen gossip 1";

//  The signature ends the message: field 6, 64 bytes.
#define SIGNATURE_TAG  0x32
#define SIGNATURE_TAIL (2 + CRYPTO_SIGNATURE_BYTES)

bool
announcement_topic_valid (const char *topic)
{
    size_t size = strnlen (topic, GOSSIP_TOPIC_BYTES_MAX + 1);
    if (size > GOSSIP_TOPIC_BYTES_MAX || topic [0] != '/')
        return false;
    for (size_t i = 0; i < size; i++)
        if (topic [i] <= 0x20 || topic [i] >= 0x7f)
            return false;
    return true;
}

static bool
is_shaped (const Ggen__Announcement *announcement)
{
    size_t size = 0;
    if (announcement->origin.len != CRYPTO_KEY_BYTES || announcement->n_items == 0
        || announcement->n_items > GOSSIP_ITEMS_MAX
        || announcement->signature.len != CRYPTO_SIGNATURE_BYTES
        || !announcement_topic_valid (announcement->topic))
        return false;
    for (size_t i = 0; i < announcement->n_items; i++) {
        size += announcement->items [i].len;
        if (announcement->items [i].len == 0)
            return false;
    }
    return size <= GOSSIP_ITEM_BYTES_MAX;
}

code_t
announcement_open (Ggen__Announcement **announcement_p, bytes_t packed)
{
    *announcement_p = NULL;
    if (packed.size <= SIGNATURE_TAIL || packed.size > ANNOUNCEMENT_BYTES_MAX)
        return SERIALIZATION;
    const uint8_t *tail = packed.data + packed.size - SIGNATURE_TAIL;
    if (tail [0] != SIGNATURE_TAG || tail [1] != CRYPTO_SIGNATURE_BYTES
        || !wire_valid (&ggen__announcement__descriptor, packed))
        return SERIALIZATION;
    Ggen__Announcement *announcement =
        ggen__announcement__unpack (NULL, packed.size, packed.data);
    if (announcement && is_shaped (announcement)) {
        *announcement_p = announcement;
        return OK;
    }
    if (announcement)
        ggen__announcement__free_unpacked (announcement, NULL);
    return SERIALIZATION;
}

//  What is signed; the caller frees it. NULL: no memory.
static uint8_t *
signing_bytes (const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc (sizeof domain + size);
    if (!bytes)
        return NULL;
    memcpy (bytes, domain, sizeof domain);
    memcpy (bytes + sizeof domain, data, size);
    return bytes;
}

code_t
announcement_verify (const Ggen__Announcement *announcement, bytes_t packed,
    const crypto_t *crypto)
{
    size_t size = packed.size - SIGNATURE_TAIL;
    uint8_t *bytes = signing_bytes (packed.data, size);
    if (!bytes)
        return BUSY;
    bool good = crypto->verify (NULL, packed.data + size + 2, bytes, sizeof domain + size,
        announcement->origin.data);
    free (bytes);
    return good ? OK : INVALID_SIGNATURE;
}

uint8_t *
announcement_seal (Ggen__Announcement *announcement, const identity_t *identity, size_t *size_p)
{
    announcement->origin = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) identity->key};
    announcement->signature = (ProtobufCBinaryData) {0, NULL};
    size_t size = ggen__announcement__get_packed_size (announcement);
    uint8_t *packed = malloc (size + SIGNATURE_TAIL);
    uint8_t *bytes = NULL;
    if (packed) {
        ggen__announcement__pack (announcement, packed);
        bytes = signing_bytes (packed, size);
    }
    if (!bytes) {
        free (packed);
        return NULL;
    }
    packed [size] = SIGNATURE_TAG;
    packed [size + 1] = CRYPTO_SIGNATURE_BYTES;
    identity->sign (identity->context, bytes, sizeof domain + size, packed + size + 2);
    free (bytes);
    *size_p = size + SIGNATURE_TAIL;
    return packed;
}
