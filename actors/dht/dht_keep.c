// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include "runtime/actor/lasting.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MS        1000        //  Changes are written so long after the first of them
#define BATCH_MAX       64
#define BATCH_BYTES_MAX (1u << 20)
#define PAGE_MAX        256

//  Changes that wait to be written. What does not fit is written when it changes again.
#define CHANGED_MAX 8192

//  A table that cannot be loaded is tried again; after LOAD_TRIES it is done without, for records
//  come back from the network.
#define LOAD_TRIES    3
#define LOAD_RETRY_MS 1000

typedef struct {
    uint8_t key[RECORDS_STATE_SIZE];
} state_key_t;

struct keep_t {
    state_key_t *changed;           //  the oldest first
    size_t count;
    size_t room;
    int64_t write_ms;
    int64_t load_ms;                //  when to try again
    unsigned tries;
    uint8_t loading;                //  which table; LOADED = none
    bool filling;                   //  what changes now is from the table
    bool writing;
    size_t taken;                   //  of the changes: in the batch that is being written
    ticket_t saving;                //  who wants all of it written now; 0 = nobody
};

enum { RECORDS_TABLE, PROVIDED_TABLE, LOADED };
static const char *const table_names[] = {"dht", "dht_provided"};

keep_t *
dht_keep_new (void)
{
    keep_t *self = calloc (1, sizeof *self);
    if (self)
        self->write_ms = self->load_ms = DEADLINE_NEVER;
    return self;
}

void
dht_keep_destroy (keep_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->changed);
    free (*self_p);
    *self_p = NULL;
}

bool
dht_keep_ready (const dht_t *self)
{
    return self->keep->loading == LOADED;
}

int64_t
dht_keep_deadline_ms (const dht_t *self)
{
    const keep_t *keep = self->keep;
    return keep->write_ms < keep->load_ms ? keep->write_ms : keep->load_ms;
}

//  ---- writing -----------------------------------------------------------------------------------

bool
dht_keep_changed (void *self_, const uint8_t state_key[RECORDS_STATE_SIZE])
{
    dht_t *self = self_;
    keep_t *keep = self->keep;
    if (keep->filling || self->settings->brief || keep->count == CHANGED_MAX)
        return false;
    if (keep->count == keep->room) {
        size_t room = keep->room + keep->room / 2 + 8;
        state_key_t *changed = realloc (keep->changed, room * sizeof *changed);
        if (!changed)
            return false;
        keep->changed = changed;
        keep->room = room;
    }
    memcpy (keep->changed[keep->count++].key, state_key, RECORDS_STATE_SIZE);
    if (keep->write_ms == DEADLINE_NEVER && !keep->writing)
        keep->write_ms = out_now_ms (self->out) + BATCH_MS;
    return true;
}

static bool
pack_kept (const element_t *element, int64_t now_ms, int64_t wall_ms, Ggen__StateEntry *entry)
{
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__KeptRecord kept = GGEN__KEPT_RECORD__INIT;
    stored.record = (ProtobufCBinaryData) {element->size, element->packed};
    stored.age_secs = records_age_secs (element, now_ms);
    kept.record = &stored;
    kept.kept_at = wall_ms / 1000;
    kept.sender_group = element->sender_group;
    entry->value.data = malloc (ggen__kept_record__get_packed_size (&kept) + 1);
    if (!entry->value.data)
        return false;
    entry->value.len = ggen__kept_record__pack (&kept, entry->value.data);
    return true;
}

typedef struct {
    Ggen__StateEntry rooms[BATCH_MAX];
    Ggen__StateEntry *puts[BATCH_MAX];
    ProtobufCBinaryData removes[BATCH_MAX];
    size_t puts_count, removes_count, bytes;
} batch_t;

//  What is here now is what is written: an entry that is gone is removed.
static void
add_change (dht_t *self, batch_t *batch, state_key_t *changed, int64_t now_ms, int64_t wall_ms)
{
    digest_t key;
    ProtobufCBinaryData field = {RECORDS_STATE_SIZE, changed->key};
    memcpy (key.bytes, changed->key, DIGEST_SIZE);
    element_t *element = records_get (self->records, &key, changed->key + DIGEST_SIZE);
    if (!element) {
        batch->removes[batch->removes_count++] = field;
        return;
    }
    Ggen__StateEntry *entry = &batch->rooms[batch->puts_count];
    ggen__state_entry__init (entry);
    entry->key = field;
    element->unsaved = false;
    if (!pack_kept (element, now_ms, wall_ms, entry))
        return;
    batch->bytes += entry->value.len;
    batch->puts[batch->puts_count++] = entry;
}

//  The changes of the batch that is on disk; those that came meanwhile stay.
static void
forget_written (keep_t *keep)
{
    keep->count -= keep->taken;
    if (keep->count > 0) {
        memmove (keep->changed, keep->changed + keep->taken, keep->count * sizeof *keep->changed);
        return;
    }
    free (keep->changed);
    keep->changed = NULL;
    keep->room = 0;
}

static code_t
on_written (void *self_, void *arg, const answer_t *answer)
{
    dht_t *self = self_;
    (void) arg;
    if (answer->progress)
        return OK;
    self->keep->writing = false;
    //  What was refused for what it is would be refused again; else it is tried again.
    if (answer->code == OK || answer->code == VALIDATION)
        forget_written (self->keep);
    self->keep->taken = 0;
    if (self->keep->count > 0)
        self->keep->write_ms = answer->now_ms + (answer->code ? BATCH_MS : 0);
    if (self->keep->count == 0 || answer->code)
        lasting_saved (self->out, &self->keep->saving);
    return OK;
}

static void
write_batch (dht_t *self, int64_t now_ms, int64_t wall_ms)
{
    keep_t *keep = self->keep;
    batch_t batch;
    batch.puts_count = batch.removes_count = batch.bytes = 0;
    size_t taken = 0;
    while (taken < keep->count && taken < BATCH_MAX && batch.bytes < BATCH_BYTES_MAX)
        add_change (self, &batch, &keep->changed[taken++], now_ms, wall_ms);
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = (char *) table_names[RECORDS_TABLE];
    put.put = batch.puts;
    put.n_put = batch.puts_count;
    put.remove = batch.removes;
    put.n_remove = batch.removes_count;
    keep->writing = lasting_put (self->out, &put, on_written, NULL) == OK;
    for (size_t i = 0; i < batch.puts_count; i++)
        free (batch.rooms[i].value.data);
    keep->taken = keep->writing ? taken : 0;
    keep->write_ms = keep->writing ? DEADLINE_NEVER : now_ms + BATCH_MS;
}

//  ---- loading -----------------------------------------------------------------------------------

//  What is on our own disk was checked when it came, and "state" hands out what it lost no bit of.
static bool
trust_own_disk (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
                const uint8_t *key)
{
    (void) context, (void) signature, (void) message, (void) size, (void) key;
    return true;
}

//  Returns false when the entry is no record that may still be kept.
static bool
take_record (dht_t *self, const digest_t *key, const Ggen__KeptRecord *kept, bool checked,
             int64_t now_ms, int64_t wall_ms)
{
    crypto_t crypto = *self->crypto;
    dht_element_t element;
    contact_t provider = {.group = 0};
    if (checked)
        crypto.verify = trust_own_disk;
    if (kept->kept_at < 0 || kept->kept_at > INT64_MAX / 1000)
        return false;
    //  A clock that shows a time before this is wrong: it would refuse what was signed since.
    if (wall_ms < kept->kept_at * 1000)
        wall_ms = kept->kept_at * 1000;
    int64_t away_secs = wall_ms / 1000 - kept->kept_at;
    int64_t age_secs = away_secs + kept->record->age_secs;
    bytes_t packed = {kept->record->record.data, kept->record->record.len};
    if (age_secs > RECORDS_KEEP_SECS || packed.size > RECORD_SIZE_MAX
        || harvest_check (&element, &crypto, key, packed, wall_ms) != OK)
        return false;
    if (element.kind == GGEN__RECORD_KIND__PROVIDER)
        harvest_provider (&provider, packed, &element, NULL, 0, self->crypto->sha256);
    int32_t due_secs = dht_later_secs (self, self->settings->republish_ms) - (int32_t) age_secs;
    int32_t soonest_secs = dht_later_secs (self, self->settings->refresh_ms);
    offer_t offer = {.key = key,
                     .element = &element,
                     .packed = packed,
                     .age_secs = (uint32_t) age_secs,
                     .sender_group = kept->sender_group,
                     .group = provider.group,
                     .due_secs = due_secs > soonest_secs ? due_secs : soonest_secs};
    records_put_t put = records_put (self->records, &offer, now_ms, NULL);
    return put == RECORDS_STORED || put == RECORDS_KNOWN;
}

static void
take_entry (dht_t *self, const Ggen__StateEntry *entry, const answer_t *answer)
{
    digest_t key;
    if (entry->key.len != RECORDS_STATE_SIZE)
        return;
    memcpy (key.bytes, entry->key.data, DIGEST_SIZE);
    Ggen__KeptRecord *kept =
        ggen__kept_record__unpack (NULL, entry->value.len, entry->value.data);
    self->keep->filling = true;
    bool taken = kept && kept->record
              && take_record (self, &key, kept, !entry->unchecked, answer->now_ms,
                              answer->wall_ms);
    self->keep->filling = false;
    if (!taken)
        dht_keep_changed (self, entry->key.data);
    if (kept)
        ggen__kept_record__free_unpacked (kept, NULL);
}

static void ask_page (dht_t *self, ProtobufCBinaryData after);

static void
load_failed (dht_t *self)
{
    keep_t *keep = self->keep;
    if (++keep->tries < LOAD_TRIES)
        keep->load_ms = out_now_ms (self->out) + LOAD_RETRY_MS;
    else
        keep->loading = LOADED;
}

static code_t
on_page (void *self_, void *arg, const answer_t *answer)
{
    dht_t *self = self_;
    keep_t *keep = self->keep;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    (void) arg;
    if (answer->progress)
        return OK;
    if (answer->code) {
        load_failed (self);
        return OK;
    }
    for (size_t i = 0; i < page->n_entries; i++)
        if (keep->loading == RECORDS_TABLE)
            take_entry (self, page->entries[i], answer);
        else
            dht_provide_load (self, page->entries[i]);
    if (page->next_key.len > 0)
        ask_page (self, page->next_key);
    else if (++keep->loading != LOADED)
        ask_page (self, (ProtobufCBinaryData) {0, NULL});
    return OK;
}

static void
ask_page (dht_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) table_names[self->keep->loading];
    load.after_key = after;
    load.limit = PAGE_MAX;
    if (lasting_load (self->out, &load, on_page, NULL) != OK)
        load_failed (self);
}

void
dht_keep_load (dht_t *self)
{
    if (self->settings->brief)
        self->keep->loading = LOADED;
    else
        ask_page (self, (ProtobufCBinaryData) {0, NULL});
}

void
dht_keep_tick (dht_t *self, int64_t now_ms, int64_t wall_ms)
{
    keep_t *keep = self->keep;
    if (now_ms >= keep->load_ms) {
        keep->load_ms = DEADLINE_NEVER;
        ask_page (self, (ProtobufCBinaryData) {0, NULL});
    }
    if (now_ms >= keep->write_ms)
        write_batch (self, now_ms, wall_ms);
}

code_t
dht_keep_save (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    dht_t *self = self_;
    keep_t *keep = self->keep;
    keep->saving = at->ticket;
    if (keep->count == 0 && !keep->writing)
        lasting_saved (self->out, &self->keep->saving);
    else if (!keep->writing)
        keep->write_ms = at->now_ms;
    return OK;
}
