// SPDX-License-Identifier: MIT
#include "keep.h"

#include "runtime/actor/lasting.h"
#include "upkeep.h"

#include <stdlib.h>
#include <string.h>

#define TABLE          "peers"
#define LOAD_MS        30000        //  longest that loading may take: there is one try
#define GONE_GROWTH    4u
#define ENTRY_SIZE_MAX 2048u        //  of a KnownPeer, packed

//  ---- loading -----------------------------------------------------------------------------------

static void
forget_kept (swarm_t *self, const peer_key_t *key)
{
    if (self->gone_count == GONE_MAX)
        return;
    if (self->gone_count % GONE_GROWTH == 0) {
        peer_key_t *gone =
            realloc (self->gone, (self->gone_count + GONE_GROWTH) * sizeof *gone);
        if (!gone)
            return;
        self->gone = gone;
    }
    self->gone[self->gone_count++] = *key;
    keep_soon (self);
}

static void
take_entry (swarm_t *self, const Ggen__StateEntry *entry)
{
    peer_key_t key;
    bytes_t value = {entry->value.data, entry->value.len};
    if (peer_key_from_field (&key, entry->key) != OK || value.size > ENTRY_SIZE_MAX
        || book_find (self->book, &key))
        return;
    Ggen__KnownPeer *kept = ggen__known_peer__unpack (NULL, value.size, value.data);
    addresses_t addresses;
    if (!kept)
        return;
    if (addresses_set (&addresses, kept->addresses, kept->n_addresses, NULL, &key)) {
        bool full = book_count (self->book) >= self->settings->max_known;
        known_t *known =
            full || addresses.size == 0 ? NULL : keep_known (self, &key, &addresses);
        if (known) {
            known->good_at = kept->good_at;
            known->persistent = kept->persistent;
            known->dirty = false;
        } else
            forget_kept (self, &key);
        addresses_clear (&addresses);
    }
    ggen__known_peer__free_unpacked (kept, NULL);
}

static code_t on_page (void *self, void *arg, const answer_t *answer);

static void
ask_page (swarm_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = TABLE;
    load.after_key = after;
    ask_t ask = {.to = "state",
                 .message = &load.base,
                 .expect = &ggen__state_load_reply__descriptor,
                 .budget_ms = LOAD_MS,
                 .on_answer = on_page};
    code_t code = out_ask (self->out, &ask);
    (void) code;                    //  BUSY: it starts as one that was never here
}

static code_t
on_page (void *self_, void *arg, const answer_t *answer)
{
    (void) arg;
    swarm_t *self = self_;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress || answer->code)
        return OK;
    for (size_t i = 0; i < page->n_entries; i++)
        take_entry (self, page->entries[i]);
    if (page->next_key.len > 0 && page->n_entries > 0)
        ask_page (self, page->next_key);
    upkeep_soon (self);
    return OK;
}

void
keep_load (swarm_t *self)
{
    self->keep_ms = DEADLINE_NEVER;
    if (self->settings->max_known > 0)
        ask_page (self, (ProtobufCBinaryData) {0, NULL});
}

//  ---- writing -----------------------------------------------------------------------------------

known_t *
keep_known (swarm_t *self, const peer_key_t *key, const addresses_t *addresses)
{
    peer_key_t gone;
    bool any_gone;
    known_t *known = book_put (self->book, key, addresses, &gone, &any_gone);
    if (any_gone)
        forget_kept (self, &gone);
    return known;
}

void
keep_soon (swarm_t *self)
{
    if (self->keep_ms == DEADLINE_NEVER && self->settings->max_known > 0)
        self->keep_ms = out_now_ms (self->out) + KEEP_DELAY_MS;
}

//  One entry as "state" keeps it; *bytes_p is owned by the caller. False: out of memory.
static bool
pack_entry (Ggen__StateEntry *entry, known_t *known, uint8_t **bytes_p)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    Ggen__KnownPeer kept = GGEN__KNOWN_PEER__INIT;
    kept.addresses = addresses;
    kept.n_addresses = addresses_fields (&known->addresses, addresses);
    kept.good_at = known->good_at;
    kept.persistent = known->persistent;
    uint8_t *bytes = malloc (ggen__known_peer__get_packed_size (&kept) + 1);
    if (!bytes)
        return false;
    *entry = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
    entry->key = peer_key_to_field (&known->key);
    entry->value = (ProtobufCBinaryData) {ggen__known_peer__pack (&kept, bytes), bytes};
    *bytes_p = bytes;
    known->dirty = false;
    return true;
}

static void
saved (swarm_t *self)
{
    if (self->keep_ms == DEADLINE_NEVER && self->keep_writing == 0)
        lasting_saved (self->out, &self->saving);
}

//  Whether it was written does not matter enough to look.
static code_t
on_written (void *self_, void *arg, const answer_t *answer)
{
    (void) arg;
    swarm_t *self = self_;
    if (answer->progress)
        return OK;
    self->keep_writing--;
    saved (self);
    return OK;
}

code_t
keep_save (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    swarm_t *self = self_;
    self->saving = at->ticket;
    if (self->keep_ms != DEADLINE_NEVER)
        self->keep_ms = at->now_ms;
    saved (self);
    return OK;
}

static void
put (swarm_t *self, Ggen__StateEntry **entries, size_t count)
{
    ProtobufCBinaryData gone[GONE_MAX];
    Ggen__StatePutRequest request = GGEN__STATE_PUT_REQUEST__INIT;
    request.table = TABLE;
    request.put = entries;
    request.n_put = count;
    request.remove = gone;
    for (uint32_t i = 0; i < self->gone_count; i++)
        if (!book_find (self->book, &self->gone[i]))
            gone[request.n_remove++] = peer_key_to_field (&self->gone[i]);
    if (count + request.n_remove > 0 && lasting_put (self->out, &request, on_written, NULL) == OK)
        self->keep_writing++;
    free (self->gone);
    self->gone = NULL;
    self->gone_count = 0;
}

void
keep_run (swarm_t *self)
{
    Ggen__StateEntry values[KEEP_BATCH], *entries[KEEP_BATCH];
    uint8_t *bytes[KEEP_BATCH];
    size_t count = 0;
    bool more = false;
    self->keep_ms = DEADLINE_NEVER;
    for (uint32_t i = 0; i < book_count (self->book); i++) {
        known_t *known = book_at (self->book, i);
        if (!known->dirty || (known->good_at == 0 && !known->persistent))
            continue;
        more = count == KEEP_BATCH;
        if (more)
            break;
        if (pack_entry (&values[count], known, &bytes[count])) {
            entries[count] = &values[count];
            count++;
        }
    }
    put (self, entries, count);
    for (size_t i = 0; i < count; i++)
        free (bytes[i]);
    if (more)
        keep_soon (self);
    if (more && self->saving)
        self->keep_ms = out_now_ms (self->out);
    saved (self);
}
