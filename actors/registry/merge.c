// SPDX-License-Identifier: MIT
#include "merge.h"

#include "digest.h"
#include "merge_inside.h"
#include "package_id.h"
#include "signed_head.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

merge_t *
merge_new (const crypto_t *crypto)
{
    merge_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->heads = newest_heads_new (crypto);
    if (!self->heads)
        merge_destroy (&self);
    return self;
}

void
merge_destroy (merge_t **self_p)
{
    merge_t *self = *self_p;
    if (!self)
        return;
    newest_heads_destroy (&self->heads);
    free (self->entries);
    free (self->list);
    free (self->added);
    free (self);
    *self_p = NULL;
}

//  ---- collecting --------------------------------------------------------------------------------

static bool
make_room (merge_t *self, size_t more)
{
    size_t wanted = self->count + more;
    if (wanted <= self->room)
        return true;
    merge_entry_t *entries = reallocarray (self->entries, wanted, sizeof *entries);
    if (!entries)
        return false;
    self->entries = entries;
    self->room = wanted;
    return true;
}

//  Returns false when it says nothing that can be used.
static bool
fill (merge_entry_t *entry, const Ggen__Package *package)
{
    if (!package_id_valid (package->id) || semver_parse (&entry->version, package->version) != OK
        || (package->sha256.len != 0 && package->sha256.len != DIGEST_SIZE))
        return false;
    entry->package = *package;
    if (!*package->source)
        entry->package.source = (char *) entry->source;
    return true;
}

code_t
merge_add (merge_t *self, const char *source, Ggen__Package *const *packages, size_t count)
{
    assert (self->registries_count < MERGE_REGISTRIES_MAX);
    size_t room = MERGE_ENTRIES_MAX - self->count;
    size_t taken = count < room ? count : room;
    if (!make_room (self, taken))
        return BUSY;
    self->dropped_count += count - taken;
    for (size_t i = 0; i < taken; i++) {
        merge_entry_t *entry = &self->entries[self->count];
        memset (entry, 0, sizeof *entry);
        entry->source = source;
        entry->registry = self->registries_count;
        entry->place = i;
        if (fill (entry, packages[i]))
            self->count++;
        else
            self->dropped_count++;
    }
    self->registries_count++;
    return OK;
}

//  ---- making one of several ---------------------------------------------------------------------

static int
compare (const void *a_, const void *b_)
{
    const merge_entry_t *a = a_, *b = b_;
    int order = strcmp (a->package.id, b->package.id);
    if (order == 0)
        order = semver_order (&a->version, &b->version);
    if (order == 0)
        order = (a->registry > b->registry) - (a->registry < b->registry);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static bool
is_same_version (const merge_entry_t *a, const merge_entry_t *b)
{
    return strcmp (a->package.id, b->package.id) == 0
           && semver_order (&a->version, &b->version) == 0;
}

static bool
is_open (const Ggen__Package *package)
{
    return strcmp (package->source, MERGE_OPEN_SOURCE) == 0;
}

//  Signed by two different keys, and one is from where anybody may publish under any name: that is for
//  trust to decide, and no stranger may spoil a version by publishing another one under its name.
static bool
are_rivals (const Ggen__Package *a, const Ggen__Package *b)
{
    uint8_t keys[2][SIGNED_HEAD_KEY_SIZE];
    if ((!is_open (a) && !is_open (b)) || a->record.len == 0 || b->record.len == 0
        || (a->record.len == b->record.len
            && memcmp (a->record.data, b->record.data, a->record.len) == 0))
        return false;
    return signed_head_release_key ((bytes_t) {a->record.data, a->record.len}, keys[0])
           && signed_head_release_key ((bytes_t) {b->record.data, b->record.len}, keys[1])
           && memcmp (keys[0], keys[1], sizeof keys[0]) != 0;
}

//  The entry that this one is about, among the last ones that were kept; NULL: none. *rivals_p: how many
//  are rivals of it.
static merge_entry_t *
kept_of (merge_t *self, size_t kept, const merge_entry_t *entry, unsigned *rivals_p)
{
    *rivals_p = 0;
    while (kept > 0 && is_same_version (&self->entries[kept - 1], entry)) {
        merge_entry_t *other = &self->entries[--kept];
        if (!are_rivals (&other->package, &entry->package))
            return other;
        ++*rivals_p;
    }
    return NULL;
}

static void
note_conflict (merge_t *self, const merge_entry_t *kept, const merge_entry_t *other)
{
    if (self->conflicts_count == MERGE_CONFLICTS_MAX)
        return;
    self->conflicts[self->conflicts_count++] =
        (merge_conflict_t) {.id = kept->package.id,
                            .version = kept->package.version,
                            .sources = {kept->package.source, other->package.source},
                            .digests = {kept->package.sha256.data, other->package.sha256.data}};
}

//  'other' says the same of a version, or something else.
static void
unite (merge_t *self, merge_entry_t *kept, const merge_entry_t *other)
{
    Ggen__Package *to = &kept->package;
    const Ggen__Package *from = &other->package;
    if (to->sha256.len > 0 && from->sha256.len > 0
        && memcmp (to->sha256.data, from->sha256.data, DIGEST_SIZE) != 0) {
        note_conflict (self, kept, other);
        return;
    }
    //  A digest comes with its size, and with where bytes of this digest are.
    if (to->sha256.len == 0 && from->sha256.len > 0) {
        to->sha256 = from->sha256;
        to->size_bytes = from->size_bytes;
        to->source = from->source;
        to->location = from->location;
    }
    if (to->record.len == 0)
        to->record = from->record;
    if (to->head.len == 0)
        to->head = from->head;
    if (!*to->readme)
        to->readme = from->readme;
    if (to->downloads < from->downloads)
        to->downloads = from->downloads;
}

code_t
merge_finish (merge_t *self)
{
    self->list = calloc (self->count + 1, sizeof *self->list);
    self->added = calloc (self->count + 1, sizeof *self->added);
    if (!self->list || !self->added)
        return BUSY;
    self->added_count = self->count;
    for (size_t i = 0; i < self->count; i++)
        self->added[i] =
            (merge_added_t) {self->entries[i].package.id, self->entries[i].registry};
    if (self->count > 0)
        qsort (self->entries, self->count, sizeof *self->entries, compare);
    for (size_t i = 0; i < self->count; i++)
        newest_heads_add (self->heads, &self->entries[i].package);
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        unsigned rivals;
        merge_entry_t *same = kept_of (self, kept, &self->entries[i], &rivals);
        if (same)
            unite (self, same, &self->entries[i]);
        else if (rivals < MERGE_RIVALS_MAX)
            self->entries[kept++] = self->entries[i];
        else
            self->dropped_count++;
    }
    self->count = kept;
    for (size_t i = 0; i < self->count; i++)
        newest_heads_apply (self->heads, &self->entries[i].package);
    return OK;
}

//  ---- results -----------------------------------------------------------------------------------

size_t
merge_conflicts_count (const merge_t *self)
{
    return self->conflicts_count;
}

const merge_conflict_t *
merge_conflict (const merge_t *self, size_t index)
{
    return &self->conflicts[index];
}

size_t
merge_dropped_count (const merge_t *self)
{
    return self->dropped_count;
}

merge_entry_t *
merge_latest_of (merge_t *self, size_t first, size_t end)
{
    merge_entry_t *latest = NULL;
    for (size_t i = first; i < end; i++) {
        merge_entry_t *entry = &self->entries[i];
        if (!entry->package.yanked
            && (!latest || semver_compare_latest (&entry->version, &latest->version) > 0))
            latest = entry;
    }
    return latest;
}

Ggen__Package *
merge_latest (merge_t *self)
{
    merge_entry_t *latest = merge_latest_of (self, 0, self->count);
    return latest ? &latest->package : NULL;
}

Ggen__Package **
merge_versions (merge_t *self, size_t *count_p)
{
    for (size_t i = 0; i < self->count; i++)
        self->list[i] = &self->entries[i].package;
    *count_p = self->count;
    return self->list;
}
