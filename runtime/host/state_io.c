// SPDX-License-Identifier: MIT
#include "state_io.h"

#include "log.h"
#include "private_file.h"
#include "state_db.h"

#include "node.pb-c.h"
#include "runtime/actor/out.h"
#include "state.pb-c.h"

#include <stdlib.h>
#include <string.h>

//  Somebody who is told when the batch is on disk.
typedef struct {
    ticket_t ticket;
    uint32_t changed;
} waiter_t;

typedef struct {
    out_t *out;
    state_db_t *db;
    bool read_only;
    waiter_t waiters[OPEN_MAX];
    unsigned waiters_count;
    size_t batch_bytes;
    int64_t flush_ms;           //  DEADLINE_NEVER: no batch
    bool hurries;               //  the node is about to end: nothing waits in a batch
} state_t;

static void *
state_create (const actor_env_t *env)
{
    const state_settings_t *settings = env->settings;
    state_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->read_only = settings->read_only;
    self->flush_ms = DEADLINE_NEVER;
    self->db = state_db_new (settings->path);
    if (!self->db) {
        free (self);
        return NULL;
    }
    return self;
}

//  ---- the batch ---------------------------------------------------------------------------------

static void
forget_batch (state_t *self)
{
    self->waiters_count = 0;
    self->batch_bytes = 0;
    self->flush_ms = DEADLINE_NEVER;
}

//  The database took back what was not committed: nobody in the batch has anything on disk.
static void
fail_batch (state_t *self, code_t code)
{
    for (unsigned i = 0; i < self->waiters_count; i++)
        out_refuse (self->out, self->waiters[i].ticket, code, private_file_hint (code), "%s",
                    state_db_why (self->db));
    forget_batch (self);
}

static void
flush (state_t *self)
{
    if (self->flush_ms == DEADLINE_NEVER)
        return;
    code_t code = state_db_commit (self->db);
    if (code) {
        fail_batch (self, code);
        return;
    }
    for (unsigned i = 0; i < self->waiters_count; i++) {
        Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
        reply.changed = self->waiters[i].changed;
        out_answer (self->out, self->waiters[i].ticket, &reply.base);
    }
    forget_batch (self);
}

//  The last chance of a batch. Its askers have gone or are told INTERNAL: they may not rely on it.
static void
state_destroy (void *self_)
{
    state_t *self = self_;
    if (self->flush_ms != DEADLINE_NEVER && state_db_commit (self->db) != OK)
        log_error ("state.batch_lost", "puts=%u reason=%s", self->waiters_count,
                   state_db_why (self->db));
    state_db_destroy (&self->db);
    free (self);
}

static code_t
state_tick (void *self, int64_t now_ms, int64_t wall_ms)
{
    (void) now_ms;
    (void) wall_ms;
    flush (self);
    return OK;
}

static int64_t
state_deadline_ms (const void *self)
{
    return ((const state_t *) self)->flush_ms;
}

//  ---- bounds ------------------------------------------------------------------------------------

static bool
is_table (const char *name)
{
    size_t size = strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return size > 0 && size <= STATE_TABLE_MAX && name[size] == 0;
}

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

static bool
is_key (ProtobufCBinaryData key)
{
    return key.len > 0 && key.len <= STATE_KEY_MAX;
}

//  Is the request within its bounds? *size_p gets the bytes it writes.
static bool
is_put (const Ggen__StatePutRequest *put, size_t *size_p)
{
    *size_p = 0;
    if (!is_table (put->table) || put->n_put > STATE_PUT_ENTRIES_MAX
        || put->n_remove > STATE_PUT_ENTRIES_MAX - put->n_put)
        return false;
    for (size_t i = 0; i < put->n_put; i++) {
        if (!is_key (put->put[i]->key) || put->put[i]->value.len > STATE_VALUE_MAX)
            return false;
        *size_p += put->put[i]->key.len + put->put[i]->value.len;
    }
    for (size_t i = 0; i < put->n_remove; i++) {
        if (!is_key (put->remove[i]))
            return false;
        *size_p += put->remove[i].len;
    }
    return true;
}

//  What may not begin anew does not: not even with the one entry of a put.
static code_t
refuse_missing (const state_t *self, const delivery_t *at)
{
    return out_fail (at, STORAGE,
                     "put a backup in the place of p2p/state.db, then remove state.db.corrupted;"
                     " without a backup that forgets all pinned publishers",
                     "%s", state_db_why (self->db));
}

//  ---- putting -----------------------------------------------------------------------------------

static code_t
apply (state_t *self, const Ggen__StatePutRequest *put, uint32_t *changed_p)
{
    code_t code = state_db_is_changing (self->db) ? OK : state_db_begin (self->db);
    for (size_t i = 0; i < put->n_put && code == OK; i++)
        code = state_db_put (self->db, put->table, bytes_of (put->put[i]->key),
                             bytes_of (put->put[i]->value), changed_p);
    for (size_t i = 0; i < put->n_remove && code == OK; i++)
        code = state_db_remove (self->db, put->table, bytes_of (put->remove[i]), changed_p);
    return code;
}

static code_t
put_now (state_t *self, const delivery_t *at, const Ggen__StatePutRequest *put)
{
    Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
    flush (self);
    code_t code = apply (self, put, &reply.changed);
    if (code == OK)
        code = state_db_commit (self->db);
    return code ? out_fail (at, code, private_file_hint (code), "%s", state_db_why (self->db))
                : out_reply (at, &reply.base);
}

static code_t
put_later (state_t *self, const delivery_t *at, const Ggen__StatePutRequest *put, size_t size)
{
    if (self->waiters_count == COUNT_OF (self->waiters))
        flush (self);
    waiter_t waiter = {at->ticket, 0};
    code_t code = apply (self, put, &waiter.changed);
    if (code) {
        fail_batch (self, code);
        return out_fail (at, code, private_file_hint (code), "%s", state_db_why (self->db));
    }
    if (self->flush_ms == DEADLINE_NEVER)
        self->flush_ms = at->now_ms + STATE_BATCH_MS;
    self->waiters[self->waiters_count++] = waiter;
    self->batch_bytes += size;
    if (self->batch_bytes >= STATE_BATCH_BYTES_MAX)
        flush (self);
    return OK;
}

static code_t
on_put (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    state_t *self = self_;
    const Ggen__StatePutRequest *put = (const void *) message;
    size_t size;
    if (!is_put (put, &size))
        return out_fail (at, VALIDATION, "", "a put is out of bounds (state_io.h)");
    if (self->read_only)
        return out_fail (at, PERMISSION_DENIED, "", "this call may only read the home");
    if (put->whole && state_db_misses (self->db))
        return refuse_missing (self, at);
    return put->urgent || self->hurries ? put_now (self, at, put) : put_later (self, at, put, size);
}

static code_t
on_save (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    state_t *self = self_;
    Ggen__SaveReply reply = GGEN__SAVE_REPLY__INIT;
    self->hurries = true;
    flush (self);
    return out_reply (at, &reply.base);
}

//  ---- loading -----------------------------------------------------------------------------------

//  A page while it is read: copies, as what SQLite shows lives for one step only.
typedef struct {
    Ggen__StateEntry entries[STATE_PAGE_ENTRIES_MAX];
    Ggen__StateEntry *list[STATE_PAGE_ENTRIES_MAX];
    uint8_t *bytes;             //  STATE_PAGE_BYTES_MAX
    size_t used;
    uint32_t count;
    uint32_t limit;
    bool more;
} page_t;

_Static_assert (STATE_KEY_MAX + STATE_VALUE_MAX <= STATE_PAGE_BYTES_MAX, "any entry fits a page");
_Static_assert (STATE_PAGE_BYTES_MAX + 32 * STATE_PAGE_ENTRIES_MAX < BODY_BYTES_MAX,
                "a page fits a message");

static ProtobufCBinaryData
copy (page_t *self, bytes_t bytes)
{
    uint8_t *to = self->bytes + self->used;
    if (bytes.size > 0)
        memcpy (to, bytes.data, bytes.size);
    self->used += bytes.size;
    return (ProtobufCBinaryData) {bytes.size, to};
}

static bool
add_to_page (void *self_, bytes_t key, bytes_t value, bool checked)
{
    page_t *self = self_;
    self->more =
        self->count == self->limit || key.size + value.size > STATE_PAGE_BYTES_MAX - self->used;
    if (self->more)
        return false;
    Ggen__StateEntry *entry = &self->entries[self->count];
    *entry = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
    entry->key = copy (self, key);
    entry->value = copy (self, value);
    entry->unchecked = !checked;
    self->list[self->count++] = entry;
    return true;
}

static void
page_free (page_t **self_p)
{
    if (*self_p)
        free ((*self_p)->bytes);
    free (*self_p);
}

static page_t *
page_new (uint32_t limit)
{
    page_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->limit = limit > 0 && limit < STATE_PAGE_ENTRIES_MAX ? limit : STATE_PAGE_ENTRIES_MAX;
    self->bytes = malloc (STATE_PAGE_BYTES_MAX);
    if (!self->bytes) {
        free (self);
        return NULL;
    }
    return self;
}

static code_t
on_load (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    state_t *self = self_;
    const Ggen__StateLoadRequest *load = (const void *) message;
    if (!is_table (load->table) || load->after_key.len > STATE_KEY_MAX)
        return out_fail (at, VALIDATION, "", "a load is out of bounds (state_io.h)");
    AUTO (page_free) page_t *page = page_new (load->limit);
    if (!page)
        return BUSY;
    if (load->whole && state_db_misses (self->db))
        return refuse_missing (self, at);
    code_t code =
        state_db_read (self->db, load->table, bytes_of (load->after_key), load->whole, add_to_page,
                       page);
    if (code) {
        fail_batch (self, code);
        return out_fail (at, code, private_file_hint (code), "%s", state_db_why (self->db));
    }
    if (page->more && page->count == 0)
        return out_fail (at, STORAGE, "", "an entry of table '%s' is larger than any of ours",
                         load->table);
    Ggen__StateLoadReply reply = GGEN__STATE_LOAD_REPLY__INIT;
    reply.entries = page->list;
    reply.n_entries = page->count;
    if (page->more)
        reply.next_key = page->entries[page->count - 1].key;
    return out_reply (at, &reply.base);
}

static const handler_t rows[] = {{&ggen__state_load_request__descriptor, on_load, THIS_NODE},
                                 {&ggen__state_put_request__descriptor, on_put, THIS_NODE},
                                 {&ggen__save_request__descriptor, on_save, THIS_NODE},
                                 {0}};

const actor_class_t state_actor = {.name = "state",
                                   .create = state_create,
                                   .destroy = state_destroy,
                                   .rows = rows,
                                   .tick = state_tick,
                                   .deadline_ms = state_deadline_ms};
