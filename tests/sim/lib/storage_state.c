// SPDX-License-Identifier: MIT
#include "storage_state.h"

#include "runtime/actor/out.h"
#include "runtime/host/state_io.h"
#include "state.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define SYNC_MS_MIN 2u
#define SYNC_MS_MAX 15u

//  Somebody who is told when the batch is on disk.
typedef struct {
    ticket_t ticket;
    uint32_t changed;
} waiter_t;

typedef struct {
    waiter_t *waiters;
    unsigned count, room;
} batch_t;

typedef struct {
    out_t *out;
    rng_t *rng;
    const storage_state_settings_t *settings;
    storage_t *storage;
    batch_t open, writing;
    int64_t write_ms;           //  when the open one is due; DEADLINE_NEVER: there is none
    int64_t written_ms;         //  when the other one is on disk; DEADLINE_NEVER: there is none
} keeper_t;

static void *
keeper_create (const actor_env_t *env)
{
    keeper_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    *self = (keeper_t) {.out = env->out,
                        .rng = env->rng,
                        .settings = env->settings,
                        .write_ms = DEADLINE_NEVER,
                        .written_ms = DEADLINE_NEVER};
    self->storage = self->settings->storage;
    return self;
}

//  The last chance of a batch, as in state_io.c: when the node has crashed there is none any more.
static void
keeper_destroy (void *self_)
{
    keeper_t *self = self_;
    if (storage_is_writing (self->storage))
        storage_written (self->storage);
    storage_write (self->storage);
    storage_written (self->storage);
    free (self->open.waiters);
    free (self->writing.waiters);
    free (self);
}

//  ---- batches -------------------------------------------------------------------------------------

static void
add_waiter (batch_t *self, ticket_t ticket, uint32_t changed)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 4;
        self->waiters = realloc (self->waiters, self->room * sizeof *self->waiters);
        if (!self->waiters)
            abort ();
    }
    self->waiters[self->count++] = (waiter_t) {ticket, changed};
}

static void
forget_waiters (batch_t *self)
{
    free (self->waiters);
    *self = (batch_t) {0};
}

static void
begin_writing (keeper_t *self)
{
    uint32_t min = self->settings->sync_ms_min, max = self->settings->sync_ms_max;
    if (max == 0) {
        min = SYNC_MS_MIN;
        max = SYNC_MS_MAX;
    }
    storage_write (self->storage);
    self->writing = self->open;
    self->open = (batch_t) {0};
    self->write_ms = DEADLINE_NEVER;
    self->written_ms =
        out_now_ms (self->out) + min + (int64_t) rng_below (self->rng, max - min + 1);
}

static void
end_writing (keeper_t *self)
{
    storage_written (self->storage);
    self->written_ms = DEADLINE_NEVER;
    batch_t done = self->writing;
    self->writing = (batch_t) {0};
    for (unsigned i = 0; i < done.count; i++) {
        Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
        reply.changed = done.waiters[i].changed;
        out_answer (self->out, done.waiters[i].ticket, &reply.base);
    }
    forget_waiters (&done);
}

//  What fails takes its batch with it, and everybody in it is told.
static void
fail_open (keeper_t *self, code_t code)
{
    storage_undo (self->storage);
    batch_t failed = self->open;
    self->open = (batch_t) {0};
    self->write_ms = DEADLINE_NEVER;
    for (unsigned i = 0; i < failed.count; i++)
        out_refuse (self->out, failed.waiters[i].ticket, code, "", "the disk: %s",
                    code_name (code));
    forget_waiters (&failed);
}

static code_t
keeper_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    keeper_t *self = self_;
    (void) wall_ms;
    if (self->written_ms <= now_ms)
        end_writing (self);
    if (self->write_ms <= now_ms && self->written_ms == DEADLINE_NEVER)
        begin_writing (self);
    return OK;
}

static int64_t
keeper_deadline_ms (const void *self_)
{
    const keeper_t *self = self_;
    return self->written_ms != DEADLINE_NEVER ? self->written_ms : self->write_ms;
}

//  ---- putting -------------------------------------------------------------------------------------

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

static bool
is_table (const char *name)
{
    size_t size = strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return size > 0 && size <= STATE_TABLE_MAX && name[size] == 0;
}

static bool
is_key (ProtobufCBinaryData key)
{
    return key.len > 0 && key.len <= STATE_KEY_MAX;
}

static bool
is_put (const Ggen__StatePutRequest *put)
{
    if (!is_table (put->table) || put->n_put > STATE_PUT_ENTRIES_MAX
        || put->n_remove > STATE_PUT_ENTRIES_MAX - put->n_put)
        return false;
    for (size_t i = 0; i < put->n_put; i++)
        if (!is_key (put->put[i]->key) || put->put[i]->value.len > STATE_VALUE_MAX)
            return false;
    for (size_t i = 0; i < put->n_remove; i++)
        if (!is_key (put->remove[i]))
            return false;
    return true;
}

static code_t
apply (keeper_t *self, const Ggen__StatePutRequest *put, uint32_t *changed_p)
{
    code_t code = storage_write_code (self->storage);
    for (size_t i = 0; i < put->n_put && code == OK; i++)
        code = storage_put (self->storage, put->table, bytes_of (put->put[i]->key),
                            bytes_of (put->put[i]->value), changed_p);
    for (size_t i = 0; i < put->n_remove && code == OK; i++)
        code = storage_remove (self->storage, put->table, bytes_of (put->remove[i]), changed_p);
    return code;
}

static code_t
on_put (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keeper_t *self = self_;
    const Ggen__StatePutRequest *put = (const void *) message;
    uint32_t changed = 0;
    if (!is_put (put))
        return out_fail (at, VALIDATION, "", "a put is out of bounds (state_io.h)");
    code_t code = apply (self, put, &changed);
    if (code) {
        fail_open (self, code);
        return out_fail (at, code, "", "the disk: %s", code_name (code));
    }
    add_waiter (&self->open, at->ticket, changed);
    int64_t write_ms = put->urgent ? at->now_ms : at->now_ms + STATE_BATCH_MS;
    if (write_ms < self->write_ms)
        self->write_ms = write_ms;
    if (self->open.count == OPEN_MAX / 2)
        self->write_ms = at->now_ms;
    if (self->write_ms <= at->now_ms && self->written_ms == DEADLINE_NEVER)
        begin_writing (self);
    return OK;
}

//  ---- loading -------------------------------------------------------------------------------------

typedef struct {
    Ggen__StateEntry *entries, **list;
    uint32_t count, limit;
    size_t bytes;
    bool more;
} page_t;

static bool
add_to_page (void *page_, bytes_t key, bytes_t value)
{
    page_t *page = page_;
    page->more = page->count == page->limit
                 || key.size + value.size > STATE_PAGE_BYTES_MAX - page->bytes;
    if (page->more)
        return false;
    Ggen__StateEntry *entry = &page->entries[page->count];
    *entry = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
    entry->key = (ProtobufCBinaryData) {key.size, (uint8_t *) key.data};
    entry->value = (ProtobufCBinaryData) {value.size, (uint8_t *) value.data};
    page->list[page->count++] = entry;
    page->bytes += key.size + value.size;
    return true;
}

static code_t
on_load (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    //  One thread: used again by all nodes, within one call.
    static Ggen__StateEntry entries[STATE_PAGE_ENTRIES_MAX];
    static Ggen__StateEntry *list[STATE_PAGE_ENTRIES_MAX];
    keeper_t *self = self_;
    const Ggen__StateLoadRequest *load = (const void *) message;
    if (!is_table (load->table) || load->after_key.len > STATE_KEY_MAX)
        return out_fail (at, VALIDATION, "", "a load is out of bounds (state_io.h)");
    code_t code = storage_read_code (self->storage);
    if (code)
        return out_fail (at, code, "", "the disk: %s", code_name (code));
    page_t page = {entries, list, 0, STATE_PAGE_ENTRIES_MAX, 0, false};
    if (load->limit > 0 && load->limit < page.limit)
        page.limit = load->limit;
    storage_read (self->storage, load->table, bytes_of (load->after_key), add_to_page, &page);
    Ggen__StateLoadReply reply = GGEN__STATE_LOAD_REPLY__INIT;
    reply.entries = list;
    reply.n_entries = page.count;
    if (page.more)
        reply.next_key = entries[page.count - 1].key;
    return out_reply (at, &reply.base);
}

static const handler_t rows[] = {{&ggen__state_load_request__descriptor, on_load, THIS_NODE},
                                 {&ggen__state_put_request__descriptor, on_put, THIS_NODE},
                                 {0}};

const actor_class_t storage_state_actor = {.name = "state",
                                           .create = keeper_create,
                                           .destroy = keeper_destroy,
                                           .rows = rows,
                                           .tick = keeper_tick,
                                           .deadline_ms = keeper_deadline_ms};
