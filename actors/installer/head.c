// SPDX-License-Identifier: MIT
#include "head.h"

#include "memory.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

void
head_set_bytes (ProtobufCBinaryData *field, ProtobufCBinaryData value)
{
    uint8_t *copy = memory_new (value.len, 1);
    if (value.len > 0)
        memcpy (copy, value.data, value.len);
    free (field->data);
    *field = (ProtobufCBinaryData) {value.len, copy};
}

void
head_set_text (char **field, const char *text)
{
    char *copy = memory_strdup (text);
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = copy;
}

void
head_take_newest (Ggen__Head **newest_p, bytes_t packed, const char *name, ProtobufCBinaryData key,
                  record_verify_fn *verify)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    if (packed.size == 0 || record_open (&record, packed) != OK || !message_same_bytes (record->key, key)
        || record_check (record, verify, NULL) != OK || record_head (&head, record) != OK
        || strcmp (head->name, name) != 0 || (*newest_p && head->seq <= (*newest_p)->seq))
        return;
    Ggen__Head *old = *newest_p;
    *newest_p = head;
    head = old;
}

Ggen__HeadVersion *
head_find (const Ggen__Head *self, const char *version)
{
    for (size_t i = 0; i < self->n_versions; i++)
        if (strcmp (self->versions [i]->version, version) == 0)
            return self->versions [i];
    return NULL;
}

bool
head_stands_for (const Ggen__HeadVersion *entry, const Ggen__Package *package,
                 const crypto_t *crypto)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    uint8_t payload_sha256 [CRYPTO_HASH_BYTES];
    if (entry->release_sha256.len == 0 || !message_same_bytes (entry->sha256, package->sha256)
        || (entry->release_key.len > 0
            && !message_same_bytes (entry->release_key, package->publisher->public_key))
        || record_open (&record, (bytes_t) {package->record.data, package->record.len}) != OK)
        return false;
    crypto->sha256 (record->payload.data, record->payload.len, payload_sha256);
    return message_same_bytes (entry->release_sha256,
                       (ProtobufCBinaryData) {sizeof payload_sha256, payload_sha256});
}

Ggen__HeadVersion *
head_list (Ggen__Head *self, const char *version, ProtobufCBinaryData sha256)
{
    Ggen__HeadVersion **versions = memory_new (self->n_versions + 1, sizeof *versions);
    head_unlist (self, version);
    if (self->n_versions > 0)
        memcpy (versions, self->versions, self->n_versions * sizeof *versions);
    free (self->versions);
    self->versions = versions;
    Ggen__HeadVersion *one = memory_new (1, sizeof *one);
    ggen__head_version__init (one);
    head_set_text (&one->version, version);
    head_set_bytes (&one->sha256, sha256);
    self->versions [self->n_versions++] = one;
    return one;
}

void
head_unlist (Ggen__Head *self, const char *version)
{
    for (size_t i = 0; i < self->n_versions; i++)
        if (strcmp (self->versions [i]->version, version) == 0) {
            ggen__head_version__free_unpacked (self->versions [i], NULL);
            memmove (&self->versions [i], &self->versions [i + 1],
                     (--self->n_versions - i) * sizeof *self->versions);
            return;
        }
}

Ggen__Head *
head_next (const Ggen__Head *last, const char *name, const Ggen__KeyInfo *key, int64_t now_s)
{
    Ggen__Head *self = memory_new (1, sizeof *self);
    ggen__head__init (self);
    head_set_text (&self->name, name);
    self->seq = last ? last->seq + 1 : 1;
    self->issued_at = now_s;
    self->expires_at = now_s + HEAD_LIFETIME_S;
    //  A key that was imported may not know its recovery key; the name's history does.
    head_set_bytes (&self->recovery_sha256, key->recovery_sha256.len == 0 && last
                                                ? last->recovery_sha256
                                                : key->recovery_sha256);
    for (size_t i = 0; last && i < last->n_versions; i++) {
        const Ggen__HeadVersion *old = last->versions [i];
        Ggen__HeadVersion *one = head_list (self, old->version, old->sha256);
        one->yanked = old->yanked;
        head_set_text (&one->yank_reason, old->yank_reason);
        head_set_bytes (&one->release_sha256, old->release_sha256);
        head_set_bytes (&one->release_key, old->release_key);
    }
    return self;
}
