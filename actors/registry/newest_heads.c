// SPDX-License-Identifier: MIT
#include "newest_heads.h"

#include "record.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    ProtobufCBinaryData packed;
    uint8_t key[PUBLISHER_KEY_SIZE];
    Ggen__Head *head;               //  NULL: not to be heeded
} known_t;

struct newest_heads_t {
    const crypto_t *crypto;
    known_t known[HEADS_MAX];
    size_t count;
};

newest_heads_t *
newest_heads_new (const crypto_t *crypto)
{
    newest_heads_t *self = calloc (1, sizeof *self);
    if (self)
        self->crypto = crypto;
    return self;
}

void
newest_heads_destroy (newest_heads_t **self_p)
{
    newest_heads_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        record_head_destroy (&self->known[i].head);
    free (self);
    *self_p = NULL;
}

static bool
is_known (const newest_heads_t *self, const ProtobufCBinaryData *packed)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->known[i].packed.len == packed->len
            && memcmp (self->known[i].packed.data, packed->data, packed->len) == 0)
            return true;
    return false;
}

void
newest_heads_add (newest_heads_t *self, const Ggen__Package *package)
{
    const ProtobufCBinaryData *packed = &package->head;
    if (packed->len == 0 || self->count == HEADS_MAX || is_known (self, packed))
        return;
    known_t *known = &self->known[self->count++];
    known->packed = *packed;
    Ggen__SignedRecord *record = NULL;
    if (record_open (&record, (bytes_t) {packed->data, packed->len}) == OK
        && record_check (record, self->crypto->verify, NULL) == OK
        && record_head (&known->head, record) == OK) {
        memcpy (known->key, record->key.data, sizeof known->key);
        if (strcmp (known->head->name, package->id) != 0)
            record_head_destroy (&known->head);
    }
    record_destroy (&record);
}

static const known_t *
newest_of (const newest_heads_t *self, const Ggen__Package *package)
{
    const ProtobufCBinaryData *key = package->publisher ? &package->publisher->public_key : NULL;
    const known_t *newest = NULL;
    for (size_t i = 0; key && key->len == PUBLISHER_KEY_SIZE && i < self->count; i++) {
        const known_t *known = &self->known[i];
        if (known->head && memcmp (known->key, key->data, key->len) == 0
            && strcmp (known->head->name, package->id) == 0
            && (!newest || known->head->seq > newest->head->seq))
            newest = known;
    }
    return newest;
}

void
newest_heads_apply (const newest_heads_t *self, Ggen__Package *package)
{
    const known_t *newest = newest_of (self, package);
    if (!newest)
        return;
    if (package->head.len > 0)
        package->head = newest->packed;
    for (size_t i = 0; i < newest->head->n_versions; i++) {
        const Ggen__HeadVersion *version = newest->head->versions[i];
        if (strcmp (version->version, package->version) != 0
            || version->sha256.len != package->sha256.len
            || memcmp (version->sha256.data, package->sha256.data, package->sha256.len) != 0)
            continue;
        //  Who handed the name over may be contradicted by the successor, whose word the registry has.
        if (newest->head->rotated_to.len > 0 && !version->yanked)
            continue;
        package->yanked = version->yanked;
        package->yank_reason = version->yank_reason;
    }
}
