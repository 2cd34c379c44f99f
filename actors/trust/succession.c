// SPDX-License-Identifier: MIT
#include "succession.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    digest_t recovery;              //  of the key that signed it
    publisher_key_t key;            //  the new one
    uint64_t seq;
} rotation_t;

struct evidence_t {
    signatures_t *signatures;
    char name[PACKAGE_ID_MAX + 1];
    signed_head_t heads[EVIDENCE_RECORDS_MAX];
    size_t heads_count;
    rotation_t rotations[EVIDENCE_RECORDS_MAX];
    size_t rotations_count;
    size_t records_count;           //  that were looked at
};

//  ---- evidence ----------------------------------------------------------------------------------

evidence_t *
evidence_new (const char *name, signatures_t *signatures)
{
    evidence_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->signatures = signatures;
    snprintf (self->name, sizeof self->name, "%s", name);
    return self;
}

void
evidence_destroy (evidence_t **self_p)
{
    if (!*self_p)
        return;
    for (size_t i = 0; i < (*self_p)->heads_count; i++)
        heads_destroy (&(*self_p)->heads[i]);
    free (*self_p);
    *self_p = NULL;
}

static void
add_rotation (evidence_t *self, const Ggen__SignedRecord *record)
{
    AUTO (record_rotation_destroy) Ggen__Rotation *rotation = NULL;
    rotation_t *one = &self->rotations[self->rotations_count];
    if (record_rotation (&rotation, record) != OK
        || publisher_key_from_field (&one->key, rotation->new_key) != OK)
        return;
    one->seq = rotation->seq;
    signatures_crypto (self->signatures)->sha256 (record->key.data, record->key.len,
                                                  one->recovery.bytes);
    self->rotations_count++;
}

void
evidence_add (evidence_t *self, bytes_t packed)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    if (packed.size == 0 || self->records_count == EVIDENCE_RECORDS_MAX)
        return;
    self->records_count++;
    if (record_open (&record, packed) != OK)
        return;
    if (record->kind == GGEN__RECORD_KIND__ROTATION) {
        if (signatures_check (self->signatures, record) == OK)
            add_rotation (self, record);
        return;
    }
    findings_t *unheard = calloc (1, sizeof *unheard);
    if (unheard
        && heads_open (&self->heads[self->heads_count], packed, self->name, self->signatures,
                       unheard)
               == OK)
        self->heads_count++;
    free (unheard);
}

//  ---- following ---------------------------------------------------------------------------------

static const signed_head_t *
newest_head (const evidence_t *self, const publisher_key_t *key)
{
    const signed_head_t *newest = NULL;
    for (size_t i = 0; i < self->heads_count; i++)
        if (publisher_key_equal (&self->heads[i].key, key)
            && (!newest || self->heads[i].head->seq > newest->head->seq))
            newest = &self->heads[i];
    return newest;
}

//  The recovery key of a name of which nothing is known: as the oldest head that is here has it.
static bool
first_recovery (const evidence_t *self, const publisher_key_t *key, digest_t *recovery)
{
    const signed_head_t *oldest = NULL;
    for (size_t i = 0; i < self->heads_count; i++)
        if (publisher_key_equal (&self->heads[i].key, key)
            && (!oldest || self->heads[i].head->seq < oldest->head->seq))
            oldest = &self->heads[i];
    return oldest && digest_from_field (recovery, oldest->head->recovery_sha256) == OK;
}

static const rotation_t *
newest_rotation (const evidence_t *self, const succession_start_t *start)
{
    digest_t recovery = start->recovery;
    const rotation_t *newest = NULL;
    if (!start->has_recovery && !first_recovery (self, &start->key, &recovery))
        return NULL;
    for (size_t i = 0; i < self->rotations_count; i++) {
        const rotation_t *one = &self->rotations[i];
        if (digest_equal (&one->recovery, &recovery) && one->seq > start->rotation_seq
            && (!newest || one->seq > newest->seq))
            newest = one;
    }
    return newest;
}

//  May its seq be, after what was seen of its key?
static bool
fits_seq (const signed_head_t *head, const succession_start_t *start)
{
    uint64_t seen = publisher_key_equal (&head->key, &start->key) ? start->head_seq : 0;
    return head->head->seq >= seen
           && head->head->seq - seen <= (seen > 0 ? HEAD_JUMP_MAX : HEAD_FIRST_MAX);
}

const publisher_key_t *
succession_last (const succession_t *self)
{
    return &self->keys[self->keys_count - 1];
}

bool
succession_has (const succession_t *self, const publisher_key_t *key)
{
    for (size_t i = 0; i < self->keys_count; i++)
        if (publisher_key_equal (&self->keys[i], key))
            return true;
    return false;
}

void
succession_follow (succession_t *self, const evidence_t *evidence, const succession_start_t *start)
{
    const rotation_t *rotation = newest_rotation (evidence, start);
    const signed_head_t *head;
    *self = (succession_t) {.keys = {start->key}, .keys_count = 1,
                            .rotation_seq = start->rotation_seq};
    if (rotation) {
        self->by_recovery = true;
        self->rotation_seq = rotation->seq;
        if (!publisher_key_equal (&rotation->key, &start->key))
            self->keys[self->keys_count++] = rotation->key;
    }
    while ((head = newest_head (evidence, succession_last (self))) && head->rotates
           && fits_seq (head, start)) {
        if (self->keys_count == SUCCESSION_KEYS_MAX) {
            self->keys_count = 1;
            break;
        }
        self->keys[self->keys_count++] = head->successor;
    }
    self->head = newest_head (evidence, succession_last (self));
}

static bool
means_signer (const Ggen__HeadVersion *entry, const foreign_release_t *foreign)
{
    publisher_key_t key;
    if (entry->release_key.len == 0)
        return foreign->is_former;
    return publisher_key_from_field (&key, entry->release_key) == OK
           && publisher_key_equal (&key, &foreign->signer);
}

bool
succession_vouches (const succession_t *self, const foreign_release_t *foreign)
{
    const Ggen__Head *head = self->head ? self->head->head : NULL;
    for (size_t i = 0; head && i < head->n_versions; i++) {
        const Ggen__HeadVersion *one = head->versions[i];
        digest_t listed, signed_payload, archive;
        if (strcmp (one->version, foreign->release->version) == 0)
            return digest_from_field (&listed, one->sha256) == OK
                   && digest_from_field (&archive, foreign->release->sha256) == OK
                   && digest_from_field (&signed_payload, one->release_sha256) == OK
                   && digest_equal (&listed, &archive)
                   && digest_equal (&signed_payload, &foreign->payload_sha256)
                   && means_signer (one, foreign);
    }
    return false;
}
