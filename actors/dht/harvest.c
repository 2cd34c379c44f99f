// SPDX-License-Identifier: MIT
#include "harvest.h"

#include "discovery_valid.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t seq;
    uint16_t from;
    uint16_t item;
} note_t;

struct harvest_t {
    digest_t key;
    const crypto_t *crypto;
    harvest_item_t *items;
    size_t count;
    size_t room;
    size_t items_max;
    note_t notes[HARVEST_NOTES_MAX];
    size_t notes_count;
    bool cut;
};

harvest_t *
harvest_new (const digest_t *key, const crypto_t *crypto, size_t items_max)
{
    harvest_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->key = *key;
    self->crypto = crypto;
    self->items_max = items_max;
    return self;
}

void
harvest_destroy (harvest_t **self_p)
{
    harvest_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free (self->items[i].packed);
    free (self->items);
    free (self);
    *self_p = NULL;
}

code_t
harvest_check (dht_element_t *element, const crypto_t *crypto, const digest_t *key,
               bytes_t packed, int64_t wall_ms)
{
    code_t code = dht_key_check (element, crypto->sha256, crypto->verify, key, packed);
    int64_t now_secs = wall_ms / 1000;
    if (code)
        return code;
    if (element->issued_at > now_secs + HARVEST_SKEW_SECS)
        return VALIDATION;
    if (element->renewed_by_signer_only
        && element->issued_at < now_secs - HARVEST_SKEW_SECS - (int64_t) element->ttl_secs)
        return VALIDATION;
    return OK;
}

void
harvest_provider (contact_t *provider, bytes_t packed, const dht_element_t *element,
                  const ProtobufCBinaryData *hints, size_t hints_count, sha256_fn *sha256)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (discovery_provider_destroy) Ggen__Provider *payload = NULL;
    ProtobufCBinaryData key = {sizeof element->signer, (uint8_t *) element->signer};
    if (record_open (&record, packed) == OK && discovery_provider (&payload, record) == OK
        && payload->n_addresses > 0) {
        hints = payload->addresses;
        hints_count = payload->n_addresses;
    }
    if (contact_from_fields (provider, key, hints, hints_count, sha256) != OK)
        *provider = (contact_t) {0};
}

static harvest_item_t *
find (harvest_t *self, const uint8_t *id)
{
    for (size_t i = 0; i < self->count; i++)
        if (memcmp (self->items[i].id, id, RECORDS_ID_SIZE) == 0)
            return &self->items[i];
    return NULL;
}

//  The same bytes again need no second look: most of what comes in.
static harvest_item_t *
find_bytes (harvest_t *self, bytes_t packed)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->items[i].size == packed.size
            && memcmp (self->items[i].packed, packed.data, packed.size) == 0)
            return &self->items[i];
    return NULL;
}

static void
take_note (harvest_t *self, uint16_t from, const harvest_item_t *item, uint64_t seq)
{
    if (self->notes_count < HARVEST_NOTES_MAX)
        self->notes[self->notes_count++] =
            (note_t) {seq, from, (uint16_t) (item - self->items)};
}

static harvest_item_t *
make_item (harvest_t *self)
{
    if (self->count == self->items_max) {
        self->cut = true;
        return NULL;
    }
    if (self->count == self->room) {
        size_t room = self->room + self->room / 2 + 4;
        harvest_item_t *items = realloc (self->items, room * sizeof *items);
        if (!items)
            return NULL;
        self->items = items;
        self->room = room;
    }
    self->items[self->count] = (harvest_item_t) {.packed = NULL};
    return &self->items[self->count++];
}

//  Two of one seq: all nodes have to agree on one of them, whatever order they come in.
static bool
replaces (harvest_item_t *item, const dht_element_t *element, bytes_t packed)
{
    if (!item->packed || element->seq > item->element.seq)
        return true;
    if (element->seq < item->element.seq)
        return false;
    item->torn = true;
    size_t size = item->size < packed.size ? item->size : packed.size;
    int order = memcmp (packed.data, item->packed, size);
    return order > 0 || (order == 0 && packed.size > item->size);
}

code_t
harvest_add (harvest_t *self, uint16_t from, const Ggen__StoredRecord *record, int64_t wall_ms)
{
    bytes_t packed = {record->record.data, record->record.len};
    harvest_item_t *item = find_bytes (self, packed);
    if (item) {
        take_note (self, from, item, item->element.seq);
        return OK;
    }
    dht_element_t element;
    code_t code = harvest_check (&element, self->crypto, &self->key, packed, wall_ms);
    if (code)
        return code;
    uint8_t id[RECORDS_ID_SIZE];
    records_id (id, self->crypto->sha256, &element);
    item = find (self, id);
    uint8_t *copy = malloc (packed.size);
    if (copy && !item)
        item = make_item (self);
    if (!copy || !item) {
        free (copy);
        return BUSY;
    }
    take_note (self, from, item, element.seq);
    if (!replaces (item, &element, packed)) {
        free (copy);
        return OK;
    }
    bool torn = item->torn && item->packed && element.seq == item->element.seq;
    free (item->packed);
    memcpy (copy, packed.data, packed.size);
    *item = (harvest_item_t) {.element = element, .packed = copy, .size = packed.size, .torn = torn};
    memcpy (item->id, id, RECORDS_ID_SIZE);
    if (element.kind == GGEN__RECORD_KIND__PROVIDER)
        harvest_provider (&item->provider, packed, &element, record->addresses,
                          record->n_addresses, self->crypto->sha256);
    return OK;
}

size_t
harvest_count (const harvest_t *self)
{
    return self->count;
}

const harvest_item_t *
harvest_item (const harvest_t *self, size_t at)
{
    return &self->items[at];
}

bool
harvest_is_cut (const harvest_t *self)
{
    return self->cut;
}

bool
harvest_has_valid (const harvest_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (!self->items[i].element.withdrawn)
            return true;
    return false;
}

const harvest_item_t *
harvest_behind (const harvest_t *self, size_t *cursor, uint16_t *from_p)
{
    while (*cursor < self->notes_count) {
        const note_t *note = &self->notes[(*cursor)++];
        if (note->seq < self->items[note->item].element.seq) {
            *from_p = note->from;
            return &self->items[note->item];
        }
    }
    return NULL;
}

bool
harvest_has (const harvest_t *self, uint16_t from)
{
    for (size_t i = 0; i < self->notes_count; i++)
        if (self->notes[i].from == from)
            return true;
    return false;
}
