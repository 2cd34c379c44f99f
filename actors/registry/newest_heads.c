// SPDX-License-Identifier: MIT
#include "newest_heads.h"

#include "record.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    ProtobufCBinaryData packed;
    Ggen__SignedRecord *record;
    Ggen__Head *head;               //  NULL: not to be heeded
    bool checked;                   //  its signature holds
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
    for (size_t i = 0; i < self->count; i++) {
        record_head_destroy (&self->known[i].head);
        record_destroy (&self->known[i].record);
    }
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
    if (record_open (&known->record, (bytes_t) {packed->data, packed->len}) == OK
        && record_head (&known->head, known->record) == OK
        && strcmp (known->head->name, package->id) != 0)
        record_head_destroy (&known->head);
}

//  The one of highest seq of those that may be its publisher's, and how many these are.
static known_t *
highest_of (newest_heads_t *self, const Ggen__Package *package, size_t *count_p)
{
    const ProtobufCBinaryData *key = package->publisher ? &package->publisher->public_key : NULL;
    known_t *highest = NULL;
    *count_p = 0;
    for (size_t i = 0; key && key->len == PUBLISHER_KEY_SIZE && i < self->count; i++) {
        known_t *known = &self->known[i];
        if (!known->head || memcmp (known->record->key.data, key->data, key->len) != 0
            || strcmp (known->head->name, package->id) != 0)
            continue;
        ++*count_p;
        if (!highest || known->head->seq > highest->head->seq)
            highest = known;
    }
    return highest;
}

//  What a head says of this version of the package; NULL: nothing that counts.
static const Ggen__HeadVersion *
word_on (const Ggen__Head *head, const Ggen__Package *package)
{
    const Ggen__HeadVersion *word = NULL;
    for (size_t i = 0; i < head->n_versions; i++) {
        const Ggen__HeadVersion *version = head->versions[i];
        if (strcmp (version->version, package->version) != 0
            || version->sha256.len != package->sha256.len
            || memcmp (version->sha256.data, package->sha256.data, package->sha256.len) != 0)
            continue;
        //  Who handed the name over may be contradicted by the successor, whose word the registry has.
        if (head->rotated_to.len == 0 || version->yanked)
            word = version;
    }
    return word;
}

//  Does the package say by itself what its only head says, true or not?
static bool
agrees (const known_t *known, const Ggen__Package *package)
{
    const Ggen__HeadVersion *word = word_on (known->head, package);
    bool same_head = package->head.len == 0
                     || (package->head.len == known->packed.len
                         && memcmp (package->head.data, known->packed.data, known->packed.len) == 0);
    return same_head
           && (!word
               || (!word->yanked == !package->yanked
                   && strcmp (word->yank_reason, package->yank_reason) == 0));
}

//  A signature is looked at when something depends on it.
static const known_t *
newest_of (newest_heads_t *self, const Ggen__Package *package)
{
    for (;;) {
        size_t count;
        known_t *known = highest_of (self, package, &count);
        if (!known || known->checked)
            return known;
        if (count == 1 && agrees (known, package))
            return NULL;
        known->checked = record_check (known->record, self->crypto->verify, NULL) == OK;
        if (!known->checked)
            record_head_destroy (&known->head);
    }
}

void
newest_heads_apply (newest_heads_t *self, Ggen__Package *package)
{
    const known_t *newest = newest_of (self, package);
    if (!newest)
        return;
    if (package->head.len > 0)
        package->head = newest->packed;
    const Ggen__HeadVersion *word = word_on (newest->head, package);
    if (!word)
        return;
    package->yanked = word->yanked;
    package->yank_reason = word->yank_reason;
}
