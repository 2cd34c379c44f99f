// SPDX-License-Identifier: MIT
#include "p2p_signed.h"

#include "discovery_valid.h"
#include "semver.h"

#include <stdlib.h>
#include <string.h>

bool
p2p_copy_bytes (ProtobufCBinaryData *to, bytes_t from)
{
    uint8_t *copy = malloc (from.size + 1);
    if (!copy)
        return false;
    if (from.size > 0)
        memcpy (copy, from.data, from.size);
    *to = (ProtobufCBinaryData) {from.size, copy};
    return true;
}

static code_t
open_payload (p2p_signed_t *self, const Ggen__SignedRecord *record)
{
    switch (record->kind) {
        case GGEN__RECORD_KIND__LISTING:
            return discovery_listing (&self->listing, record);
        case GGEN__RECORD_KIND__HEAD:
            return record_head (&self->head, record);
        case GGEN__RECORD_KIND__RELEASE:
            return record_release (&self->release, record);
        case GGEN__RECORD_KIND__ROTATION:
            return record_rotation (&self->rotation, record);
        default:
            return VALIDATION;
    }
}

static code_t
open_record (p2p_signed_t *self, Ggen__RecordKind kind, bytes_t packed, const crypto_t *crypto)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    memset (self, 0, sizeof *self);
    code_t code = record_open (&record, packed);
    if (code == OK && record->kind != kind)
        code = VALIDATION;
    if (code == OK && crypto)
        code = record_check (record, crypto->verify, NULL);
    if (code == OK)
        code = publisher_key_from_field (&self->key, record->key);
    if (code == OK)
        code = open_payload (self, record);
    if (code == OK && !p2p_copy_bytes (&self->packed, packed))
        code = BUSY;
    if (code != OK)
        p2p_signed_clear (self);
    return code;
}

code_t
p2p_signed_open (p2p_signed_t *self, Ggen__RecordKind kind, bytes_t packed, const crypto_t *crypto)
{
    return open_record (self, kind, packed, crypto);
}

code_t
p2p_signed_reopen (p2p_signed_t *self, Ggen__RecordKind kind, bytes_t packed)
{
    return open_record (self, kind, packed, NULL);
}

void
p2p_signed_clear (p2p_signed_t *self)
{
    protobuf_c_message_free_unpacked (self->payload, NULL);
    free (self->packed.data);
    memset (self, 0, sizeof *self);
}

void
p2p_signed_move (p2p_signed_t *self, p2p_signed_t *from)
{
    p2p_signed_clear (self);
    *self = *from;
    memset (from, 0, sizeof *from);
}

bytes_t
p2p_signed_bytes (const p2p_signed_t *self)
{
    return (bytes_t) {self->packed.data, self->packed.len};
}

const Ggen__HeadVersion *
p2p_head_version (const Ggen__Head *head, const char *version)
{
    for (size_t i = 0; i < head->n_versions; i++)
        if (strcmp (head->versions[i]->version, version) == 0)
            return head->versions[i];
    return NULL;
}

const Ggen__HeadVersion *
p2p_head_latest (const Ggen__Head *head)
{
    const Ggen__HeadVersion *latest = NULL;
    semver_t best, version;
    for (size_t i = 0; i < head->n_versions; i++) {
        if (head->versions[i]->yanked || semver_parse (&version, head->versions[i]->version) != OK)
            continue;
        if (!latest || semver_compare_latest (&version, &best) > 0) {
            latest = head->versions[i];
            best = version;
        }
    }
    return latest;
}
