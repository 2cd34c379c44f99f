// SPDX-License-Identifier: MIT
#include "storage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  Table with its NUL, key, value.
typedef struct {
    uint16_t table_size, key_size;
    uint32_t value_size;
    uint8_t bytes[];
} entry_t;

//  What a change took away.
typedef struct undo_t {
    struct undo_t *next;
    entry_t *now;               //  what the change made; NULL = it removed
    entry_t *before;            //  NULL = there was none
} undo_t;

struct storage_t {
    entry_t **entries;          //  by table, then key
    uint32_t count, room;
    undo_t *open, *writing;     //  newest change first
    bool is_writing;
    code_t read_code, write_code;
    uint64_t bytes_max, used_bytes;
    size_t heap_bytes;
};

//  ---- entries -------------------------------------------------------------------------------------

static size_t
entry_bytes (const entry_t *entry)
{
    return sizeof *entry + entry->table_size + entry->key_size + entry->value_size;
}

static entry_t *
new_entry (storage_t *self, const char *table, bytes_t key, bytes_t value)
{
    size_t table_size = strlen (table) + 1;
    entry_t *entry = malloc (sizeof *entry + table_size + key.size + value.size);
    if (!entry)
        abort ();
    *entry = (entry_t) {(uint16_t) table_size, (uint16_t) key.size, (uint32_t) value.size};
    memcpy (entry->bytes, table, table_size);
    memcpy (entry->bytes + table_size, key.data, key.size);
    if (value.size > 0)
        memcpy (entry->bytes + table_size + key.size, value.data, value.size);
    self->heap_bytes += entry_bytes (entry);
    return entry;
}

static void
free_entry (storage_t *self, entry_t *entry)
{
    if (entry)
        self->heap_bytes -= entry_bytes (entry);
    free (entry);
}

static bytes_t
key_of (const entry_t *entry)
{
    return (bytes_t) {entry->bytes + entry->table_size, entry->key_size};
}

static int
compare (const entry_t *entry, const char *table, bytes_t key)
{
    int order = strcmp ((const char *) entry->bytes, table);
    size_t size = entry->key_size < key.size ? entry->key_size : key.size;
    if (order == 0 && size > 0)
        order = memcmp (key_of (entry).data, key.data, size);
    return order ? order : (entry->key_size > key.size) - (entry->key_size < key.size);
}

//  The first that is not before this key.
static uint32_t
place_of (const storage_t *self, const char *table, bytes_t key)
{
    uint32_t low = 0, high = self->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare (self->entries[middle], table, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_there (const storage_t *self, uint32_t at, const char *table, bytes_t key)
{
    return at < self->count && compare (self->entries[at], table, key) == 0;
}

//  Put 'fresh' (NULL: nothing) into the place of what has this key; returns that, or NULL.
static entry_t *
exchange (storage_t *self, const char *table, bytes_t key, entry_t *fresh)
{
    uint32_t at = place_of (self, table, key);
    entry_t *before = is_there (self, at, table, key) ? self->entries[at] : NULL;
    if (before && fresh)
        self->entries[at] = fresh;
    else if (before)
        memmove (self->entries + at, self->entries + at + 1,
                 (--self->count - at) * sizeof *self->entries);
    else if (fresh) {
        if (self->count == self->room) {
            self->room = self->room ? self->room + self->room / 2 + 1 : 4;
            self->entries = realloc (self->entries, self->room * sizeof *self->entries);
            if (!self->entries)
                abort ();
        }
        memmove (self->entries + at + 1, self->entries + at,
                 (self->count++ - at) * sizeof *self->entries);
        self->entries[at] = fresh;
    }
    self->used_bytes += fresh ? fresh->key_size + fresh->value_size : 0;
    self->used_bytes -= before ? before->key_size + before->value_size : 0;
    return before;
}

//  ---- life ----------------------------------------------------------------------------------------

storage_t *
storage_new (void)
{
    storage_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->bytes_max = UINT64_MAX;
    return self;
}

static void
forget (storage_t *self, undo_t **log)
{
    while (*log) {
        undo_t *next = (*log)->next;
        free_entry (self, (*log)->before);
        free (*log);
        *log = next;
    }
}

void
storage_destroy (storage_t **self_p)
{
    storage_t *self = *self_p;
    if (!self)
        return;
    forget (self, &self->open);
    forget (self, &self->writing);
    for (uint32_t i = 0; i < self->count; i++)
        free_entry (self, self->entries[i]);
    free (self->entries);
    free (self);
    *self_p = NULL;
}

//  ---- faults --------------------------------------------------------------------------------------

void
storage_fail (storage_t *self, code_t read_code, code_t write_code)
{
    self->read_code = read_code;
    self->write_code = write_code;
}

void
storage_limit (storage_t *self, uint64_t bytes_max)
{
    self->bytes_max = bytes_max;
}

code_t
storage_read_code (const storage_t *self)
{
    return self->read_code;
}

code_t
storage_write_code (const storage_t *self)
{
    return self->write_code;
}

static void
take_back (storage_t *self, undo_t **log)
{
    while (*log) {
        undo_t *undo = *log;
        const entry_t *one = undo->now ? undo->now : undo->before;
        *log = undo->next;
        free_entry (self, exchange (self, (const char *) one->bytes, key_of (one), undo->before));
        free (undo);
    }
}

void
storage_crash (storage_t *self, rng_t *rng)
{
    take_back (self, &self->open);
    if (self->is_writing && rng_below (rng, 2))
        forget (self, &self->writing);
    else
        take_back (self, &self->writing);
    self->is_writing = false;
}

//  ---- tables --------------------------------------------------------------------------------------

static void
remember (storage_t *self, entry_t *now, entry_t *before)
{
    undo_t *undo = malloc (sizeof *undo);
    if (!undo)
        abort ();
    *undo = (undo_t) {self->open, now, before};
    self->open = undo;
}

code_t
storage_put (storage_t *self, const char *table, bytes_t key, bytes_t value, uint32_t *changed_p)
{
    if (self->write_code)
        return self->write_code;
    if (key.size + value.size > self->bytes_max
        || self->used_bytes > self->bytes_max - key.size - value.size)
        return INSUFFICIENT_DISK_SPACE;
    entry_t *fresh = new_entry (self, table, key, value);
    remember (self, fresh, exchange (self, table, key, fresh));
    ++*changed_p;
    return OK;
}

code_t
storage_remove (storage_t *self, const char *table, bytes_t key, uint32_t *changed_p)
{
    if (self->write_code)
        return self->write_code;
    entry_t *before = exchange (self, table, key, NULL);
    if (!before)
        return OK;
    remember (self, NULL, before);
    ++*changed_p;
    return OK;
}

void
storage_undo (storage_t *self)
{
    take_back (self, &self->open);
}

void
storage_write (storage_t *self)
{
    assert (!self->is_writing);
    self->writing = self->open;
    self->open = NULL;
    self->is_writing = true;
}

void
storage_written (storage_t *self)
{
    forget (self, &self->writing);
    self->is_writing = false;
}

bool
storage_is_writing (const storage_t *self)
{
    return self->is_writing;
}

void
storage_read (const storage_t *self, const char *table, bytes_t after, storage_visit_fn *visit,
              void *context)
{
    uint32_t at = place_of (self, table, after);
    if (is_there (self, at, table, after))
        at++;
    for (; at < self->count; at++) {
        const entry_t *entry = self->entries[at];
        bytes_t key = key_of (entry);
        if (strcmp ((const char *) entry->bytes, table) != 0
            || !visit (context, key, (bytes_t) {key.data + key.size, entry->value_size}))
            return;
    }
}

//  ---- room ----------------------------------------------------------------------------------------

code_t
storage_take (storage_t *self, uint64_t bytes)
{
    if (self->write_code)
        return self->write_code;
    if (bytes > self->bytes_max || self->used_bytes > self->bytes_max - bytes)
        return INSUFFICIENT_DISK_SPACE;
    self->used_bytes += bytes;
    return OK;
}

void
storage_give (storage_t *self, uint64_t bytes)
{
    assert (bytes <= self->used_bytes);
    self->used_bytes -= bytes;
}

uint64_t
storage_used_bytes (const storage_t *self)
{
    return self->used_bytes;
}

size_t
storage_bytes (const storage_t *self)
{
    return sizeof *self + self->room * sizeof *self->entries + self->heap_bytes;
}
