// SPDX-License-Identifier: MIT
#include "discovered.h"

#include "package_id.h"
#include "message.h"
#include "runtime/actor/map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    unsigned count;             //  entries that are not protected
    known_t *first;             //  of all entries
} signer_t;

struct discovered_t {
    map_t *names;               //  lower-case name -> its first entry
    map_t *signers;             //  key -> signer_t
    known_t *newest, *oldest;   //  by use; of those that are not protected
    uint32_t count, entries_max, signer_max;
    uint64_t clock;             //  of uses
    discovered_changed_fn *changed;
    void *context;
};

discovered_t *
discovered_new (uint32_t entries_max, uint32_t signer_max, uint64_t seed)
{
    discovered_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->entries_max = entries_max ? entries_max : DISCOVERED_MAX;
    self->signer_max = signer_max ? signer_max : DISCOVERED_SIGNER_MAX;
    self->names = map_new (self->entries_max, seed);
    self->signers = map_new (self->entries_max, ~seed);
    if (!self->names || !self->signers)
        discovered_destroy (&self);
    return self;
}

void
discovered_watch (discovered_t *self, discovered_changed_fn *changed, void *context)
{
    self->changed = changed;
    self->context = context;
}

static void
known_free (known_t *known)
{
    free (known->listing.data);
    free (known->head.data);
    free (known->rotation.data);
    free (known);
}

void
discovered_destroy (discovered_t **self_p)
{
    discovered_t *self = *self_p;
    if (!self)
        return;
    uint32_t cursor = 0;
    known_t *known;
    while (self->names && (known = map_next (self->names, &cursor, NULL)) != NULL)
        while (known) {
            known_t *next = known->next_of_name;
            known_free (known);
            known = next;
        }
    signer_t *signer;
    cursor = 0;
    while (self->signers && (signer = map_next (self->signers, &cursor, NULL)) != NULL)
        free (signer);
    map_destroy (&self->names);
    map_destroy (&self->signers);
    free (self);
    *self_p = NULL;
}

//  ---- by use --------------------------------------------------------------------------------------

static bool
is_protected (const known_t *known)
{
    return known->own || known->pinned;
}

static void
use_unlink (discovered_t *self, known_t *known)
{
    *(known->newer ? &known->newer->older : &self->newest) = known->older;
    *(known->older ? &known->older->newer : &self->oldest) = known->newer;
    known->newer = known->older = NULL;
}

static void
use_link (discovered_t *self, known_t *known)
{
    known->used = ++self->clock;
    known->older = self->newest;
    known->newer = NULL;
    *(self->newest ? &self->newest->newer : &self->oldest) = known;
    self->newest = known;
}

void
discovered_touch (discovered_t *self, known_t *known)
{
    if (is_protected (known))
        return;
    use_unlink (self, known);
    use_link (self, known);
}

static signer_t *
signer_of (const discovered_t *self, const publisher_key_t *key)
{
    return map_get (self->signers, key->bytes, sizeof key->bytes);
}

static void
tell (discovered_t *self, const known_t *known)
{
    if (self->changed)
        self->changed (self->context, known->name, &known->key);
}

void
discovered_protect (discovered_t *self, known_t *known, bool own, bool pinned)
{
    bool before = is_protected (known), was_own = known->own;
    signer_t *signer = signer_of (self, &known->key);
    known->own = own;
    known->pinned = pinned;
    if (is_protected (known) && !before) {
        use_unlink (self, known);
        signer->count--;
    }
    else if (before && !is_protected (known)) {
        use_link (self, known);
        signer->count++;
    }
    if (was_own != own)
        tell (self, known);
}

//  ---- by name -------------------------------------------------------------------------------------

static size_t
fold (const char *name, char folded[PACKAGE_ID_MAX + 1])
{
    size_t size = strnlen (name, PACKAGE_ID_MAX);
    for (size_t i = 0; i < size; i++)
        folded[i] = (char) tolower ((unsigned char) name[i]);
    return size;
}

known_t *
discovered_of_name (const discovered_t *self, const char *name)
{
    char folded[PACKAGE_ID_MAX + 1];
    return map_get (self->names, folded, fold (name, folded));
}

known_t *
discovered_find (const discovered_t *self, const char *name, const publisher_key_t *key)
{
    known_t *known = discovered_of_name (self, name);
    while (known && (strcmp (known->name, name) != 0 || !publisher_key_equal (&known->key, key)))
        known = known->next_of_name;
    return known;
}

uint32_t
discovered_count (const discovered_t *self)
{
    return self->count;
}

known_t *
discovered_next (const discovered_t *self, discovered_walk_t *walk)
{
    walk->known = walk->known && walk->known->next_of_name
                      ? walk->known->next_of_name
                      : map_next (self->names, &walk->names, NULL);
    return walk->known;
}

//  ---- going ---------------------------------------------------------------------------------------

static void
unlink_name (discovered_t *self, known_t *known)
{
    char folded[PACKAGE_ID_MAX + 1];
    size_t size = fold (known->name, folded);
    known_t *first = map_get (self->names, folded, size);
    if (first == known && !known->next_of_name) {
        map_remove (self->names, folded, size);
        return;
    }
    //  In the place of what is there: that needs no memory.
    if (first == known) {
        if (map_put (self->names, folded, size, known->next_of_name) != OK)
            abort ();
        return;
    }
    while (first->next_of_name != known)
        first = first->next_of_name;
    first->next_of_name = known->next_of_name;
}

static void
unlink_signer (discovered_t *self, known_t *known)
{
    signer_t *signer = signer_of (self, &known->key);
    known_t **at = &signer->first;
    while (*at != known)
        at = &(*at)->next_of_signer;
    *at = known->next_of_signer;
    if (!is_protected (known))
        signer->count--;
    if (!signer->first) {
        map_remove (self->signers, known->key.bytes, sizeof known->key.bytes);
        free (signer);
    }
}

static void
forget (discovered_t *self, known_t *known)
{
    if (!is_protected (known))
        use_unlink (self, known);
    unlink_name (self, known);
    unlink_signer (self, known);
    self->count--;
    tell (self, known);
    known_free (known);
}

//  ---- coming --------------------------------------------------------------------------------------

static unsigned
publishers_count (const discovered_t *self, const char *name)
{
    unsigned count = 0;
    for (const known_t *at = discovered_of_name (self, name); at; at = at->next_of_name)
        count++;
    return count;
}

static code_t
make_room (discovered_t *self, const char *name, const publisher_key_t *key)
{
    if (publishers_count (self, name) >= DISCOVERED_NAME_MAX)
        return STORAGE;
    signer_t *signer = signer_of (self, key);
    if (signer && signer->count >= self->signer_max) {
        known_t *oldest = NULL;
        for (known_t *at = signer->first; at; at = at->next_of_signer)
            if (!is_protected (at) && (!oldest || at->used < oldest->used))
                oldest = at;
        forget (self, oldest);
    }
    if (self->count == self->entries_max) {
        if (!self->oldest)
            return STORAGE;
        forget (self, self->oldest);
    }
    return OK;
}

static code_t
link_signer (discovered_t *self, known_t *known)
{
    signer_t *signer = signer_of (self, &known->key);
    if (!signer) {
        signer = calloc (1, sizeof *signer);
        if (!signer)
            return BUSY;
        if (map_put (self->signers, known->key.bytes, sizeof known->key.bytes, signer) != OK) {
            free (signer);
            return BUSY;
        }
    }
    known->next_of_signer = signer->first;
    signer->first = known;
    signer->count++;
    return OK;
}

static code_t
add (discovered_t *self, const char *name, const publisher_key_t *key, known_t **known_p)
{
    code_t code = make_room (self, name, key);
    if (code != OK)
        return code;
    char folded[PACKAGE_ID_MAX + 1];
    size_t name_size = strlen (name) + 1;
    known_t *known = calloc (1, sizeof *known + name_size);
    if (!known)
        return BUSY;
    memcpy (known->name, name, name_size);
    known->key = *key;
    size_t size = fold (name, folded);
    known_t *first = map_get (self->names, folded, size);
    if ((!first && map_put (self->names, folded, size, known) != OK)
        || link_signer (self, known) != OK) {
        if (!first)
            map_remove (self->names, folded, size);
        known_free (known);
        return BUSY;
    }
    if (first) {
        known->next_of_name = first->next_of_name;
        first->next_of_name = known;
    }
    use_link (self, known);
    self->count++;
    *known_p = known;
    return OK;
}

//  A newer record in the place of the one that is there.
static code_t
replace (discovered_t *self, const char *name, const publisher_key_t *key, uint64_t seq,
         size_t field, size_t seq_field, const p2p_signed_t *record)
{
    known_t *known = discovered_find (self, name, key);
    uint64_t seen = 0;
    if (known) {
        ProtobufCBinaryData *old = (void *) ((char *) known + field);
        seen = *(uint64_t *) (void *) ((char *) known + seq_field);
        if (old->len > 0 && seq == seen)
            return message_same_bytes (*old, record->packed) ? ALREADY_EXISTS : SECURITY;
        if (seq < seen)
            return VALIDATION;
    }
    if (seq - seen > (seen > 0 ? DISCOVERED_JUMP_MAX : DISCOVERED_FIRST_MAX))
        return SECURITY;
    ProtobufCBinaryData copy;
    if (!p2p_copy_bytes (&copy, p2p_signed_bytes (record)))
        return BUSY;
    code_t code = known ? OK : add (self, name, key, &known);
    if (code != OK) {
        free (copy.data);
        return code;
    }
    ProtobufCBinaryData *place = (void *) ((char *) known + field);
    free (place->data);
    *place = copy;
    *(uint64_t *) (void *) ((char *) known + seq_field) = seq;
    discovered_touch (self, known);
    tell (self, known);
    return OK;
}

code_t
discovered_listing (discovered_t *self, const p2p_signed_t *record)
{
    const Ggen__Listing *listing = record->listing;
    code_t code = replace (self, listing->name, &record->key, listing->seq,
                           offsetof (known_t, listing), offsetof (known_t, listing_seq), record);
    if (code == OK)
        discovered_find (self, listing->name, &record->key)->withdrawn = listing->withdrawn;
    return code;
}

code_t
discovered_head (discovered_t *self, const p2p_signed_t *record)
{
    return replace (self, record->head->name, &record->key, record->head->seq,
                    offsetof (known_t, head), offsetof (known_t, head_seq), record);
}

code_t
discovered_rotation (discovered_t *self, const char *name, const p2p_signed_t *record)
{
    publisher_key_t former;
    if (publisher_key_from_field (&former, record->rotation->former_key) != OK)
        return VALIDATION;
    return replace (self, name, &former, record->rotation->seq, offsetof (known_t, rotation),
                    offsetof (known_t, rotation_seq), record);
}
