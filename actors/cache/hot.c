// SPDX-License-Identifier: MIT
#include "hot.h"

#include "runtime/actor/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert (HOT_KEY_MAX <= MAP_KEY_MAX, "any key fits the map");

//  In a ring with the tier's 'ends': its next was used longest ago, its previous last.
typedef struct link_t {
    struct link_t *next;
    struct link_t *previous;
} link_t;

typedef struct {
    link_t link;                //  first: a link is an entry, but for the ends
    int64_t put_ms;
    uint32_t value_size;
    uint8_t key_size;
    bool absent;
    uint8_t bytes[];            //  key, then value
} entry_t;

struct hot_t {
    map_t *map;                 //  NULL as long as nothing was put
    link_t ends;
    hot_limits_t limits;
    hot_counts_t counts;
    uint64_t bytes;
    uint64_t seed;
};

hot_t *
hot_new (const hot_limits_t *limits, uint64_t seed)
{
    assert (limits->entries_max <= HOT_ENTRIES_MAX);
    hot_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->limits = *limits;
    self->seed = seed;
    self->ends.next = self->ends.previous = &self->ends;
    if (self->limits.absent_ttl_ms > self->limits.ttl_ms)
        self->limits.absent_ttl_ms = self->limits.ttl_ms;
    return self;
}

void
hot_destroy (hot_t **self_p)
{
    if (!*self_p)
        return;
    hot_drop_prefix (*self_p, (bytes_t) {NULL, 0});
    map_destroy (&(*self_p)->map);
    free (*self_p);
    *self_p = NULL;
}

uint32_t
hot_entries (const hot_t *self)
{
    return self->map ? map_count (self->map) : 0;
}

uint64_t
hot_bytes (const hot_t *self)
{
    return self->bytes;
}

const hot_limits_t *
hot_limits (const hot_t *self)
{
    return &self->limits;
}

hot_counts_t
hot_counts (const hot_t *self)
{
    return self->counts;
}

//  ---- entries -----------------------------------------------------------------------------------

//  The map has its own copy of the key.
static uint64_t
entry_bytes (const entry_t *entry)
{
    return sizeof *entry + 2u * entry->key_size + entry->value_size;
}

static void
unlink_entry (entry_t *entry)
{
    entry->link.next->previous = entry->link.previous;
    entry->link.previous->next = entry->link.next;
}

static void
link_last_used (hot_t *self, entry_t *entry)
{
    entry->link = (link_t) {&self->ends, self->ends.previous};
    entry->link.previous->next = &entry->link;
    self->ends.previous = &entry->link;
}

static void
drop (hot_t *self, entry_t *entry)
{
    map_remove (self->map, entry->bytes, entry->key_size);
    unlink_entry (entry);
    self->bytes -= entry_bytes (entry);
    free (entry);
}

static entry_t *
find (const hot_t *self, bytes_t key)
{
    return self->map ? map_get (self->map, key.data, key.size) : NULL;
}

static bool
is_old (const hot_t *self, const entry_t *entry, int64_t now_ms)
{
    int64_t ttl_ms = entry->absent ? self->limits.absent_ttl_ms : self->limits.ttl_ms;
    return now_ms - entry->put_ms >= ttl_ms;
}

//  ---- putting -----------------------------------------------------------------------------------

static entry_t *
entry_new (bytes_t key, bytes_t value, int64_t now_ms)
{
    entry_t *entry = malloc (sizeof *entry + key.size + value.size);
    if (!entry)
        return NULL;
    *entry = (entry_t) {.put_ms = now_ms,
                        .value_size = (uint32_t) value.size,
                        .key_size = (uint8_t) key.size,
                        .absent = !value.data};
    memcpy (entry->bytes, key.data, key.size);
    if (value.size > 0)
        memcpy (entry->bytes + key.size, value.data, value.size);
    return entry;
}

//  Room for one more entry of this size. False when there cannot be.
static bool
make_room (hot_t *self, uint64_t bytes)
{
    if (self->limits.entries_max == 0 || bytes > self->limits.bytes_max)
        return false;
    while (hot_entries (self) == self->limits.entries_max
           || self->bytes > self->limits.bytes_max - bytes) {
        drop (self, (entry_t *) self->ends.next);
        self->counts.evicted++;
    }
    if (!self->map)
        self->map = map_new (self->limits.entries_max, self->seed);
    return self->map;
}

code_t
hot_put (hot_t *self, bytes_t key, bytes_t value, int64_t now_ms)
{
    if (key.size == 0 || key.size > HOT_KEY_MAX || value.size > HOT_VALUE_MAX)
        return VALIDATION;
    hot_drop (self, key);
    entry_t *entry = entry_new (key, value, now_ms);
    if (!entry || !make_room (self, entry_bytes (entry))
        || map_put (self->map, key.data, key.size, entry) != OK) {
        free (entry);
        return BUSY;
    }
    self->bytes += entry_bytes (entry);
    link_last_used (self, entry);
    return OK;
}

//  ---- getting -----------------------------------------------------------------------------------

hot_found_t
hot_get (hot_t *self, bytes_t key, int64_t now_ms, bytes_t *value_p, int64_t *age_ms_p)
{
    entry_t *entry = find (self, key);
    if (entry && is_old (self, entry, now_ms)) {
        drop (self, entry);
        self->counts.expired++;
        entry = NULL;
    }
    if (!entry) {
        self->counts.misses++;
        return HOT_COLD;
    }
    unlink_entry (entry);
    link_last_used (self, entry);
    if (entry->absent) {
        self->counts.absent_hits++;
        return HOT_KNOWN_ABSENT;
    }
    self->counts.hits++;
    *value_p = (bytes_t) {entry->bytes + entry->key_size, entry->value_size};
    *age_ms_p = now_ms - entry->put_ms;
    return HOT_FOUND;
}

bool
hot_has (const hot_t *self, bytes_t key)
{
    return find (self, key);
}

void
hot_each (const hot_t *self, int64_t now_ms, bool (*visit) (void *arg, const hot_view_t *view),
          void *arg)
{
    for (const link_t *at = self->ends.previous; at != &self->ends; at = at->previous) {
        const entry_t *entry = (const entry_t *) at;
        hot_view_t view = {.key = {entry->bytes, entry->key_size},
                           .age_ms = now_ms - entry->put_ms};
        if (!entry->absent)
            view.value = (bytes_t) {entry->bytes + entry->key_size, entry->value_size};
        if (!is_old (self, entry, now_ms) && !visit (arg, &view))
            return;
    }
}

//  ---- dropping ----------------------------------------------------------------------------------

bool
hot_drop (hot_t *self, bytes_t key)
{
    entry_t *entry = find (self, key);
    if (entry)
        drop (self, entry);
    return entry;
}

uint32_t
hot_drop_prefix (hot_t *self, bytes_t prefix)
{
    uint32_t dropped = 0;
    for (link_t *at = self->ends.next, *next; at != &self->ends; at = next) {
        entry_t *entry = (entry_t *) at;
        next = at->next;
        if (entry->key_size >= prefix.size
            && (prefix.size == 0 || memcmp (entry->bytes, prefix.data, prefix.size) == 0)) {
            drop (self, entry);
            dropped++;
        }
    }
    return dropped;
}
