// SPDX-License-Identifier: MIT
#include "p2p_keep.h"

#include "p2p_self.h"
#include "package_id.h"
#include "runtime/actor/lasting.h"

#include <stdlib.h>
#include <string.h>

enum { OUTBOX, DISCOVERED, TABLES_COUNT };
static const char *const table_names[TABLES_COUNT] = {"outbox", "discovered"};

#define ENTRY_KEY_MAX (PACKAGE_ID_MAX + 1 + PUBLISHER_KEY_SIZE)

static size_t
entry_key (uint8_t bytes[ENTRY_KEY_MAX], const char *name, const publisher_key_t *key)
{
    size_t size = strlen (name) + 1;
    memcpy (bytes, name, size);
    memcpy (bytes + size, key->bytes, sizeof key->bytes);
    return size + sizeof key->bytes;
}

//  ---- loading -------------------------------------------------------------------------------------

static void ask_page (registry_p2p_t *home, ProtobufCBinaryData after);

//  What is to be told to the network waits for a node that stays in it.
static unsigned
first_table (const registry_p2p_t *home)
{
    return home->settings->brief ? DISCOVERED : OUTBOX;
}

static void
load_failed (registry_p2p_t *home)
{
    keep_t *self = &home->keep;
    if (self->tries < KEEP_TRIES)
        self->tries++;
    self->load_at_ms =
        out_now_ms (home->out) + (self->tries < KEEP_TRIES ? KEEP_RETRY_MS : KEEP_AGAIN_MS);
}

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

//  Signatures were checked when it was kept; they are again before anything is answered. What does
//  not decode, or finds no room, is left out.
static void
take_discovered (registry_p2p_t *home, const Ggen__DiscoveredState *state)
{
    p2p_signed_t record;
    known_t *known = NULL;
    if (p2p_signed_reopen (&record, GGEN__RECORD_KIND__LISTING, bytes_of (state->listing)) == OK) {
        if (discovered_listing (home->discovered, &record) != BUSY)
            known = discovered_find (home->discovered, record.listing->name, &record.key);
        p2p_signed_clear (&record);
    }
    if (p2p_signed_reopen (&record, GGEN__RECORD_KIND__HEAD, bytes_of (state->head)) == OK) {
        if (discovered_head (home->discovered, &record) != BUSY)
            known = discovered_find (home->discovered, record.head->name, &record.key);
        p2p_signed_clear (&record);
    }
    if (known && state->own)
        discovered_protect (home->discovered, known, true, known->pinned);
    if (known
        && p2p_signed_reopen (&record, GGEN__RECORD_KIND__ROTATION, bytes_of (state->rotation))
               == OK) {
        if (discovered_rotation (home->discovered, known->name, &record) != OK)
            known = NULL;
        p2p_signed_clear (&record);
    }
}

static bool
is_sound (const registry_p2p_t *home, Ggen__RecordKind kind, ProtobufCBinaryData packed)
{
    p2p_signed_t record = {0};
    code_t code = packed.len ? p2p_signed_open (&record, kind, bytes_of (packed), home->crypto) : OK;
    p2p_signed_clear (&record);
    return code == OK;
}

//  Whoever was told of a record of which the disk has lost a bit would take us for a forger.
static void
take_outbox (registry_p2p_t *home, const Ggen__StateEntry *entry)
{
    Ggen__OutboxState *state =
        ggen__outbox_state__unpack (NULL, entry->value.len, entry->value.data);
    if (!state)
        return;
    if (!entry->unchecked
        || (is_sound (home, GGEN__RECORD_KIND__RELEASE, state->release)
            && is_sound (home, GGEN__RECORD_KIND__HEAD, state->head)
            && is_sound (home, GGEN__RECORD_KIND__LISTING, state->listing)
            && is_sound (home, GGEN__RECORD_KIND__ROTATION, state->rotation)))
        outbox_load (home, state);
    else
        ggen__outbox_state__free_unpacked (state, NULL);
}

static void
take_entry (registry_p2p_t *home, const Ggen__StateEntry *entry)
{
    if (home->keep.table == OUTBOX) {
        take_outbox (home, entry);
        return;
    }
    Ggen__DiscoveredState *state =
        ggen__discovered_state__unpack (NULL, entry->value.len, entry->value.data);
    if (!state)
        return;
    home->keep.taking = true;
    take_discovered (home, state);
    home->keep.taking = false;
    ggen__discovered_state__free_unpacked (state, NULL);
}

static code_t
on_page (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    keep_t *self = &home->keep;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (answer->code != OK || (page->next_key.len > 0 && page->n_entries == 0)) {
        load_failed (home);
        return OK;
    }
    for (size_t i = 0; i < page->n_entries; i++)
        take_entry (home, page->entries[i]);
    if (page->next_key.len > 0)
        ask_page (home, page->next_key);
    else if (++self->table < TABLES_COUNT)
        ask_page (home, (ProtobufCBinaryData) {0, NULL});
    else {
        self->loaded = true;
        outbox_wake (home, 0);
    }
    return OK;
}

static void
ask_page (registry_p2p_t *home, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) table_names[home->keep.table];
    load.after_key = after;
    home->keep.load_at_ms = DEADLINE_NEVER;
    if (lasting_load (home->out, &load, on_page, NULL) != OK)
        load_failed (home);
}

bool
keep_ready (const keep_t *self)
{
    return self->loaded || self->tries >= KEEP_TRIES;
}

//  ---- what was heard of ---------------------------------------------------------------------------

static void
on_changed (void *home_, const char *name, const publisher_key_t *key)
{
    registry_p2p_t *home = home_;
    keep_t *self = &home->keep;
    uint8_t bytes[ENTRY_KEY_MAX];
    size_t size = entry_key (bytes, name, key);
    if (self->taking || home->settings->brief)
        return;
    if (!self->changed)
        self->changed = calloc (KEEP_CHANGED_MAX, sizeof *self->changed);
    for (unsigned i = 0; self->changed && i < self->changed_count; i++)
        if (self->changed[i].len == size && memcmp (self->changed[i].data, bytes, size) == 0)
            return;
    if (!self->changed || self->changed_count == KEEP_CHANGED_MAX
        || !p2p_copy_bytes (&self->changed[self->changed_count], (bytes_t) {bytes, size}))
        return;
    self->changed_count++;
    if (self->write_at_ms == DEADLINE_NEVER && !self->writing)
        self->write_at_ms = out_now_ms (home->out) + KEEP_DELAY_MS;
}

static void
forget_changed (keep_t *self, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free (self->changed[i].data);
    self->changed_count -= count;
    if (self->changed_count > 0)
        memmove (self->changed, self->changed + count, self->changed_count * sizeof *self->changed);
    else {
        free (self->changed);
        self->changed = NULL;
    }
}

static code_t
on_batch (void *home_, void *arg, const answer_t *answer)
{
    (void) arg;
    registry_p2p_t *home = home_;
    if (answer->progress)
        return OK;
    home->keep.writing = false;
    if (home->keep.changed_count > 0)
        home->keep.write_at_ms = answer->now_ms + (home->keep.saving ? 0 : KEEP_DELAY_MS);
    if (home->keep.changed_count == 0 || answer->code)
        lasting_saved (home->out, &home->keep.saving);
    return OK;
}

//  An entry as it is now; false: it is gone.
static bool
describe (const registry_p2p_t *home, ProtobufCBinaryData key, Ggen__DiscoveredState *state)
{
    publisher_key_t publisher;
    const char *name = (const char *) key.data;
    memcpy (publisher.bytes, key.data + key.len - sizeof publisher.bytes, sizeof publisher.bytes);
    const known_t *known = discovered_find (home->discovered, name, &publisher);
    ggen__discovered_state__init (state);
    if (!known)
        return false;
    state->listing = known->listing;
    state->head = known->head;
    state->rotation = known->rotation;
    state->own = known->own;
    return true;
}

static void
write_batch (registry_p2p_t *home)
{
    keep_t *self = &home->keep;
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry rooms[KEEP_BATCH_MAX], *entries[KEEP_BATCH_MAX];
    ProtobufCBinaryData removed[KEEP_BATCH_MAX];
    unsigned count =
        self->changed_count < KEEP_BATCH_MAX ? self->changed_count : KEEP_BATCH_MAX;
    put.table = (char *) table_names[DISCOVERED];
    put.put = entries;
    put.remove = removed;
    for (unsigned i = 0; i < count; i++) {
        Ggen__DiscoveredState state;
        if (!describe (home, self->changed[i], &state)) {
            removed[put.n_remove++] = self->changed[i];
            continue;
        }
        Ggen__StateEntry *entry = entries[put.n_put] = &rooms[put.n_put];
        ggen__state_entry__init (entry);
        entry->key = self->changed[i];
        entry->value.len = ggen__discovered_state__get_packed_size (&state);
        entry->value.data = malloc (entry->value.len + 1);
        if (!entry->value.data)
            continue;
        ggen__discovered_state__pack (&state, entry->value.data);
        put.n_put++;
    }
    self->writing = lasting_put (home->out, &put, on_batch, NULL) == OK;
    for (size_t i = 0; i < put.n_put; i++)
        free (entries[i]->value.data);
    forget_changed (self, count);
}

code_t
keep_save_all (void *home_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    registry_p2p_t *home = home_;
    home->keep.saving = at->ticket;
    if (home->keep.changed_count == 0 && !home->keep.writing)
        lasting_saved (home->out, &home->keep.saving);
    else if (!home->keep.writing)
        home->keep.write_at_ms = at->now_ms;
    return OK;
}

//  ---- the outbox ----------------------------------------------------------------------------------

code_t
keep_outbox (registry_p2p_t *home, bytes_t key, const Ggen__OutboxState *state, ticket_t ticket,
             answer_fn *on_written, void *arg)
{
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *entries = &entry;
    put.table = (char *) table_names[OUTBOX];
    put.urgent = true;
    entry.key = (ProtobufCBinaryData) {key.size, (uint8_t *) key.data};
    if (state) {
        entry.value.len = ggen__outbox_state__get_packed_size (state);
        entry.value.data = malloc (entry.value.len + 1);
        if (!entry.value.data)
            return BUSY;
        ggen__outbox_state__pack (state, entry.value.data);
        put.put = &entries;
        put.n_put = 1;
    }
    else {
        put.remove = &entry.key;
        put.n_remove = 1;
    }
    ask_t ask = {.to = "state",
                 .message = &put.base,
                 .expect = &ggen__state_put_reply__descriptor,
                 .budget_ms = KEEP_BUDGET_MS,
                 .parent = ticket,
                 .on_answer = on_written,
                 .arg = arg};
    code_t code = out_ask (home->out, &ask);
    free (entry.value.data);
    return code;
}

//  ---- life ----------------------------------------------------------------------------------------

void
keep_begin (registry_p2p_t *home)
{
    home->keep.write_at_ms = DEADLINE_NEVER;
    home->keep.table = first_table (home);
    discovered_watch (home->discovered, on_changed, home);
    ask_page (home, (ProtobufCBinaryData) {0, NULL});
}

void
keep_end (keep_t *self)
{
    if (self->changed)
        forget_changed (self, self->changed_count);
}

void
keep_tick (registry_p2p_t *home, int64_t now_ms)
{
    keep_t *self = &home->keep;
    if (self->load_at_ms <= now_ms) {
        self->table = first_table (home);
        ask_page (home, (ProtobufCBinaryData) {0, NULL});
    }
    if (self->write_at_ms <= now_ms) {
        self->write_at_ms = DEADLINE_NEVER;
        write_batch (home);
    }
}

int64_t
keep_deadline_ms (const keep_t *self)
{
    return self->load_at_ms < self->write_at_ms ? self->load_at_ms : self->write_at_ms;
}
