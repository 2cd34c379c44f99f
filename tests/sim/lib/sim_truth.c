// SPDX-License-Identifier: MIT
#include "sim_truth.h"
#include "message.h"

#include "runtime/actor/crypto.h"

#include <stdlib.h>
#include <string.h>

void
sim_truth_clear (sim_truth_t *self)
{
    while (self->count > 0)
        record_release_destroy (&self->entries[--self->count].release);
}

void
sim_truth_add (sim_truth_t *self, ProtobufCBinaryData packed)
{
    Ggen__SignedRecord *record = NULL;
    sim_truth_entry_t entry = {.accepted = false};
    if (record_open (&record, (bytes_t) {packed.data, packed.len}) == OK
        && record->kind == GGEN__RECORD_KIND__RELEASE
        && record_check (record, crypto_real.verify, NULL) == OK
        && record_release (&entry.release, record) == OK
        && publisher_key_from_field (&entry.key, record->key) == OK) {
        if (self->count == SIM_TRUTHS_MAX)
            abort ();
        self->entries[self->count++] = entry;
    }
    record_destroy (&record);
}

static bool
is_key (const publisher_key_t *key, ProtobufCBinaryData field)
{
    return field.len == PUBLISHER_KEY_SIZE && memcmp (key->bytes, field.data, field.len) == 0;
}

bool
sim_truth_accept (sim_truth_t *self, const Ggen__CheckReleaseReply *reply)
{
    const Ggen__Release *accepted = reply->release;
    bool found = false;
    for (size_t i = 0; accepted && i < self->count; i++) {
        sim_truth_entry_t *entry = &self->entries[i];
        if (strcmp (entry->release->name, accepted->name) != 0
            || strcmp (entry->release->version, accepted->version) != 0
            || !message_same_bytes (entry->release->sha256, accepted->sha256)
            || !message_same_bytes (entry->release->files_sha256, accepted->files_sha256)
            || !is_key (&entry->key, reply->publisher_key))
            continue;
        entry->accepted = found = true;
    }
    return found;
}

bool
sim_truth_holds (const sim_truth_t *self, const Ggen__LockedPackage *locked)
{
    for (size_t i = 0; i < self->count; i++) {
        const sim_truth_entry_t *entry = &self->entries[i];
        if (entry->accepted && strcmp (entry->release->name, locked->name) == 0
            && strcmp (entry->release->version, locked->version) == 0
            && message_same_bytes (entry->release->sha256, locked->sha256)
            && message_same_bytes (entry->release->files_sha256, locked->files_sha256)
            && is_key (&entry->key, locked->publisher_key))
            return true;
    }
    return false;
}

bool
sim_truth_has_tree (const sim_truth_t *self, const char *id, const char *version,
                    ProtobufCBinaryData files)
{
    for (size_t i = 0; i < self->count; i++) {
        const sim_truth_entry_t *entry = &self->entries[i];
        if (entry->accepted && strcmp (entry->release->name, id) == 0
            && strcmp (entry->release->version, version) == 0
            && message_same_bytes (entry->release->files_sha256, files))
            return true;
    }
    return false;
}
