// SPDX-License-Identifier: MIT
//  "state" for tests: the same messages, kept in memory that the test owns, so that it outlives the
//  actor. It can be told to fail. Settings: a memory_state_t, zeroed at first.
#ifndef GGEN_TESTS_MEMORY_STATE_H
#define GGEN_TESTS_MEMORY_STATE_H

#include "runtime/actor/out.h"
#include "state.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_STATE_ENTRIES_MAX 32768

typedef struct {
    char *table;
    uint8_t *key, *value;
    size_t key_size, value_size;
} memory_entry_t;

typedef struct {
    memory_entry_t entries[MEMORY_STATE_ENTRIES_MAX];   //  by table, then key
    size_t count;
    unsigned page_max;          //  entries of a page; 0 = 1000
    code_t load_code;           //  not OK: loads fail
    code_t put_code;            //  not OK: puts fail
    bool unchecked;             //  loads say that of what they hand out
    unsigned loads, puts, urgent;
    unsigned whole;             //  loads and puts that want what was there before, or nothing
} memory_state_t;

static inline void *
memory_state_create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static inline void
memory_state_destroy (void *self)
{
    (void) self;
}

static inline void
memory_entry_free (memory_entry_t *entry)
{
    free (entry->table);
    free (entry->key);
    free (entry->value);
}

static inline void
memory_state_clear (memory_state_t *self)
{
    while (self->count > 0)
        memory_entry_free (&self->entries[--self->count]);
}

static inline int
memory_state_compare (const memory_entry_t *entry, const char *table, ProtobufCBinaryData key)
{
    int order = strcmp (entry->table, table);
    size_t size = entry->key_size < key.len ? entry->key_size : key.len;
    if (order == 0 && size > 0)
        order = memcmp (entry->key, key.data, size);
    return order ? order : (entry->key_size > key.len) - (entry->key_size < key.len);
}

//  The first entry that is not before this key.
static inline size_t
memory_state_find (const memory_state_t *self, const char *table, ProtobufCBinaryData key)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (memory_state_compare (&self->entries[middle], table, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool
memory_state_remove (memory_state_t *self, const char *table, ProtobufCBinaryData key)
{
    size_t at = memory_state_find (self, table, key);
    if (at == self->count || memory_state_compare (&self->entries[at], table, key) != 0)
        return false;
    memory_entry_free (&self->entries[at]);
    memmove (self->entries + at, self->entries + at + 1,
             (--self->count - at) * sizeof self->entries[0]);
    return true;
}

static inline uint8_t *
memory_state_copy (ProtobufCBinaryData bytes)
{
    uint8_t *copy = malloc (bytes.len + 1);
    if (copy && bytes.len > 0)
        memcpy (copy, bytes.data, bytes.len);
    return copy;
}

static inline bool
memory_state_insert (memory_state_t *self, const char *table, ProtobufCBinaryData key,
                     ProtobufCBinaryData value)
{
    memory_state_remove (self, table, key);
    if (self->count == MEMORY_STATE_ENTRIES_MAX)
        return false;
    size_t at = memory_state_find (self, table, key);
    memmove (self->entries + at + 1, self->entries + at,
             (self->count++ - at) * sizeof self->entries[0]);
    self->entries[at] = (memory_entry_t) {strdup (table), memory_state_copy (key),
                                          memory_state_copy (value), key.len, value.len};
    return true;
}

static inline code_t
memory_state_put (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_state_t *self = self_;
    const Ggen__StatePutRequest *put = (const void *) message;
    Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
    self->puts++;
    self->urgent += put->urgent != 0;
    self->whole += put->whole != 0;
    if (self->put_code)
        return out_fail (at, self->put_code, "a hint", "the test's disk cannot be written");
    for (size_t i = 0; i < put->n_put; i++) {
        if (!memory_state_insert (self, put->table, put->put[i]->key, put->put[i]->value))
            return STORAGE;
        reply.changed++;
    }
    for (size_t i = 0; i < put->n_remove; i++)
        reply.changed += memory_state_remove (self, put->table, put->remove[i]);
    return out_reply (at, &reply.base);
}

static inline code_t
memory_state_load (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    memory_state_t *self = self_;
    const Ggen__StateLoadRequest *load = (const void *) message;
    unsigned limit = self->page_max ? self->page_max : 1000;
    if (load->limit > 0 && load->limit < limit)
        limit = load->limit;
    self->loads++;
    self->whole += load->whole != 0;
    if (self->load_code)
        return out_fail (at, self->load_code, "a hint", "the test's disk cannot be read");
    Ggen__StateLoadReply reply = GGEN__STATE_LOAD_REPLY__INIT;
    Ggen__StateEntry *values = calloc (limit, sizeof *values);
    reply.entries = calloc (limit, sizeof *reply.entries);
    size_t from = memory_state_find (self, load->table, load->after_key);
    for (size_t i = from; i < self->count && strcmp (self->entries[i].table, load->table) == 0;
         i++) {
        const memory_entry_t *entry = &self->entries[i];
        if (memory_state_compare (entry, load->table, load->after_key) == 0)
            continue;
        if (reply.n_entries == limit) {
            reply.next_key = values[limit - 1].key;
            break;
        }
        Ggen__StateEntry *value = &values[reply.n_entries];
        *value = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
        value->key = (ProtobufCBinaryData) {entry->key_size, entry->key};
        value->value = (ProtobufCBinaryData) {entry->value_size, entry->value};
        value->unchecked = self->unchecked;
        reply.entries[reply.n_entries++] = value;
    }
    out_reply (at, &reply.base);
    free (reply.entries);
    free (values);
    return OK;
}

static const handler_t memory_state_rows[] = {
    {&ggen__state_put_request__descriptor, memory_state_put, THIS_NODE},
    {&ggen__state_load_request__descriptor, memory_state_load, THIS_NODE},
    {0}};

static const actor_class_t memory_state_actor = {.name = "state",
                                                 .create = memory_state_create,
                                                 .destroy = memory_state_destroy,
                                                 .rows = memory_state_rows};

#endif
