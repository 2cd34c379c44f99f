// SPDX-License-Identifier: MIT
#include "ledger.h"

#include "kept.h"

#include "runtime/actor/lasting.h"
#include "reputation.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_ENTRIES 256

//  A row of a peer that is no longer in the table.
typedef struct {
    uint8_t key[KNOWN_KEY_BYTES];
    bool writing;               //  its removal is on its way
} gone_t;

typedef enum {
    LOADING,
    LATE,                       //  not loaded, but nobody waits for it any more
    LOADED
} phase_t;

struct ledger_t {
    out_t *out;
    known_t *known;
    ledger_hooks_t hooks;
    phase_t phase;
    unsigned tries;
    int64_t load_ms;            //  when to try to load again; DEADLINE_NEVER: not
    ticket_t saving;            //  who wants all of it written now; 0 = nobody
    int64_t write_ms;           //  when to write what changed; DEADLINE_NEVER: nothing did
    uint32_t orders;            //  peers with KNOWN_ORDER and KNOWN_CHANGED
    bool writing;               //  a put is on its way
    gone_t *gone;
    uint32_t gone_count;
};

static void load (ledger_t *self, ProtobufCBinaryData after);
static void write_now (ledger_t *self);

ledger_t *
ledger_new (out_t *out, known_t *known, const ledger_hooks_t *hooks)
{
    ledger_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = out;
    self->known = known;
    self->hooks = *hooks;
    self->load_ms = self->write_ms = DEADLINE_NEVER;
    load (self, (ProtobufCBinaryData) {0, NULL});
    return self;
}

void
ledger_destroy (ledger_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->gone);
    free (*self_p);
    *self_p = NULL;
}

bool
ledger_ready (const ledger_t *self)
{
    return self->phase != LOADING;
}

//  Bans do not wait for the next batch.
static void
write_bans (ledger_t *self)
{
    if (self->orders > 0)
        write_now (self);
}

//  ---- loading -----------------------------------------------------------------------------------

static void
load_failed (ledger_t *self)
{
    self->tries += self->tries < LEDGER_TRIES;
    if (self->tries == LEDGER_TRIES)
        self->phase = LATE;
    self->load_ms =
        out_now_ms (self->out) + (self->phase == LATE ? LEDGER_AGAIN_MS : LEDGER_RETRY_MS);
    write_bans (self);
}

static gone_t *
gone_find (const ledger_t *self, const uint8_t *state_key)
{
    for (uint32_t i = 0; i < self->gone_count; i++)
        if (memcmp (self->gone[i].key, state_key, KNOWN_KEY_BYTES) == 0)
            return &self->gone[i];
    return NULL;
}

static void
write_later (ledger_t *self)
{
    if (self->write_ms == DEADLINE_NEVER)
        self->write_ms = out_now_ms (self->out) + LEDGER_DELAY_MS;
}

static void
remove_row (ledger_t *self, const uint8_t *state_key)
{
    if (self->gone_count == LEDGER_GONE_MAX || gone_find (self, state_key))
        return;
    if (!self->gone && !(self->gone = malloc (LEDGER_GONE_MAX * sizeof *self->gone)))
        return;
    gone_t *gone = &self->gone[self->gone_count++];
    gone->writing = false;
    memcpy (gone->key, state_key, KNOWN_KEY_BYTES);
    write_later (self);
}

//  A row that means nothing to us is left alone: a newer program may have written it.
static void
take_entry (ledger_t *self, const Ggen__StateEntry *entry)
{
    Ggen__ReputationKept *kept = kept_unpack ((bytes_t) {entry->key.data, entry->key.len},
                                              (bytes_t) {entry->value.data, entry->value.len});
    if (!kept)
        return;
    known_peer_t *peer = known_find (self->known, kept->peer_key.data);
    if (!peer)
        peer = self->hooks.admit (self->hooks.context, kept->peer_key.data);
    if (!peer)
        remove_row (self, entry->key.data);
    //  Loading that failed half way begins anew: no row is taken twice.
    else if (!(peer->flags & KNOWN_KEPT)) {
        bool banned = peer->flags & KNOWN_BANNED;
        if (kept_restore (peer, kept, out_now_ms (self->out), out_wall_ms (self->out)) == OK)
            peer->flags |= KNOWN_KEPT;
        if (!banned && peer->flags & KNOWN_BANNED)
            self->hooks.banned (self->hooks.context, peer);
        //  Banned before its row was known: the row that was written for it lacks what was kept.
        if (banned || peer->successes != kept->successes || peer->failures != kept->failures)
            ledger_changed (self, peer);
    }
    ggen__reputation_kept__free_unpacked (kept, NULL);
}

static code_t
on_page (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    ledger_t *self = self_;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (answer->code || (page->n_entries == 0 && page->next_key.len > 0)) {
        load_failed (self);
        return OK;
    }
    for (size_t i = 0; i < page->n_entries; i++)
        take_entry (self, page->entries[i]);
    if (page->next_key.len > 0)
        load (self, page->next_key);
    else {
        self->phase = LOADED;
        write_bans (self);
        if (known_count (self->known) > 0)
            write_later (self);
        self->hooks.loaded (self->hooks.context);
    }
    return OK;
}

static void
load (ledger_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest request = GGEN__STATE_LOAD_REQUEST__INIT;
    request.table = LEDGER_TABLE;
    request.after_key = after;
    request.limit = PAGE_ENTRIES;
    if (lasting_load (self->out, &request, on_page, self) != OK)
        load_failed (self);
}

//  ---- what has to be written --------------------------------------------------------------------

void
ledger_changed (ledger_t *self, known_peer_t *peer)
{
    peer->flags |= KNOWN_CHANGED;
    write_later (self);
}

void
ledger_ban_changed (ledger_t *self, known_peer_t *peer)
{
    self->orders += !(peer->flags & KNOWN_ORDER);
    peer->flags |= KNOWN_ORDER;
    ledger_changed (self, peer);
    write_bans (self);
}

void
ledger_forget (ledger_t *self, const known_peer_t *peer)
{
    uint8_t key[KNOWN_KEY_BYTES];
    kept_key (peer->key, key);
    self->orders -= (peer->flags & KNOWN_ORDER) != 0;
    if (peer->flags & (KNOWN_KEPT | KNOWN_WRITING))
        remove_row (self, key);
}

void
ledger_returned (ledger_t *self, known_peer_t *peer)
{
    uint8_t key[KNOWN_KEY_BYTES];
    kept_key (peer->key, key);
    gone_t *gone = gone_find (self, key);
    if (!gone || gone->writing)
        return;
    *gone = self->gone[--self->gone_count];
    peer->flags |= KNOWN_KEPT;
}

//  ---- writing -----------------------------------------------------------------------------------

//  A put while it is made.
typedef struct {
    Ggen__StatePutRequest request;
    Ggen__StateEntry *list[LEDGER_BATCH_MAX];
    ProtobufCBinaryData removed[LEDGER_GONE_MAX];
    struct {
        Ggen__StateEntry entry;
        uint8_t key[KNOWN_KEY_BYTES];
        uint8_t value[KEPT_BYTES_MAX];
    } rooms[LEDGER_BATCH_MAX];
} batch_t;

static void
batch_add (ledger_t *self, batch_t *batch, known_peer_t *peer)
{
    size_t at = batch->request.n_put++;
    Ggen__StateEntry *entry = batch->list[at] = &batch->rooms[at].entry;
    ggen__state_entry__init (entry);
    kept_key (peer->key, batch->rooms[at].key);
    entry->key = (ProtobufCBinaryData) {KNOWN_KEY_BYTES, batch->rooms[at].key};
    entry->value.data = batch->rooms[at].value;
    entry->value.len = kept_pack (peer, out_now_ms (self->out), out_wall_ms (self->out),
                                  entry->value.data);
    if (peer->flags & KNOWN_ORDER) {
        self->orders--;
        peer->flags |= KNOWN_TELL;
    }
    peer->flags = (uint16_t) ((peer->flags & ~(KNOWN_CHANGED | KNOWN_ORDER)) | KNOWN_WRITING);
}

//  Peers with this flag. Returns false when there may be more of them.
static bool
batch_fill (ledger_t *self, batch_t *batch, uint16_t flag)
{
    for (uint32_t i = 0; i < known_count (self->known); i++) {
        if (batch->request.n_put == LEDGER_BATCH_MAX)
            return false;
        if (known_at (self->known, i)->flags & flag)
            batch_add (self, batch, known_at (self->known, i));
    }
    return true;
}

static void
batch_remove (ledger_t *self, batch_t *batch)
{
    for (uint32_t i = 0; i < self->gone_count; i++) {
        self->gone[i].writing = true;
        batch->removed[i] = (ProtobufCBinaryData) {KNOWN_KEY_BYTES, self->gone[i].key};
    }
    batch->request.n_remove = self->gone_count;
}

static void
written_peer (ledger_t *self, known_peer_t *peer, const Ggen__Failure *failure)
{
    bool tell = (peer->flags & KNOWN_TELL) != 0;
    peer->flags &= (uint16_t) ~(KNOWN_WRITING | KNOWN_TELL);
    if (!failure)
        peer->flags |= KNOWN_KEPT;
    else
        ledger_changed (self, peer);
    //  When the ban has changed meanwhile, it is told of when the newer state is there.
    if (tell && !(peer->flags & KNOWN_ORDER))
        self->hooks.kept (self->hooks.context, peer, failure);
}

static void
written_gone (ledger_t *self, const Ggen__Failure *failure)
{
    for (uint32_t i = self->gone_count; i-- > 0;)
        if (self->gone[i].writing && !failure)
            self->gone[i] = self->gone[--self->gone_count];
        else
            self->gone[i].writing = false;
    if (self->gone_count > 0)
        return;
    free (self->gone);
    self->gone = NULL;
}

static void
written (ledger_t *self, const Ggen__Failure *failure)
{
    self->writing = false;
    for (uint32_t i = 0; i < known_count (self->known); i++)
        if (known_at (self->known, i)->flags & KNOWN_WRITING)
            written_peer (self, known_at (self->known, i), failure);
    written_gone (self, failure);
    if (failure)
        self->write_ms = out_now_ms (self->out) + LEDGER_DELAY_MS;
    else if (self->gone_count > 0)
        write_later (self);
}

static code_t
on_written (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    ledger_t *self = self_;
    if (answer->progress)
        return OK;
    written (self, answer->code ? answer->failure : NULL);
    write_bans (self);
    if (self->saving && self->write_ms != DEADLINE_NEVER && !answer->code)
        self->write_ms = answer->now_ms;
    else if (!self->writing)
        lasting_saved (self->out, &self->saving);
    return OK;
}

static void
send (ledger_t *self, const batch_t *batch)
{
    self->writing = true;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = lasting_put (self->out, &batch->request, on_written, self);
    failure.message = "too much is asked at once";
    if (failure.code)
        written (self, &failure);
}

//  Bans always; the rest only when all is loaded: until then a row may know more than we do.
static void
write_now (ledger_t *self)
{
    if (self->writing || self->phase == LOADING)
        return;
    batch_t *batch = malloc (sizeof *batch);
    if (!batch) {
        self->write_ms = out_now_ms (self->out) + LEDGER_DELAY_MS;
        return;
    }
    ggen__state_put_request__init (&batch->request);
    batch->request.table = LEDGER_TABLE;
    batch->request.put = batch->list;
    batch->request.remove = batch->removed;
    batch->request.urgent = self->orders > 0;
    self->write_ms = DEADLINE_NEVER;
    bool all = self->orders == 0 || batch_fill (self, batch, KNOWN_ORDER);
    if (self->phase == LOADED) {
        all = all && batch_fill (self, batch, KNOWN_CHANGED);
        batch_remove (self, batch);
    }
    if (!all)
        self->write_ms = out_now_ms (self->out);
    if (batch->request.n_put > 0 || batch->request.n_remove > 0)
        send (self, batch);
    free (batch);
}

void
ledger_save (ledger_t *self, ticket_t ticket)
{
    const bool pending = self->phase == LOADED && self->write_ms != DEADLINE_NEVER;
    self->saving = ticket;
    if (pending)
        self->write_ms = out_now_ms (self->out);
    else if (!self->writing)
        lasting_saved (self->out, &self->saving);
}

//  ---- time --------------------------------------------------------------------------------------

void
ledger_tick (ledger_t *self, int64_t now_ms)
{
    if (self->load_ms <= now_ms) {
        self->load_ms = DEADLINE_NEVER;
        load (self, (ProtobufCBinaryData) {0, NULL});
    }
    if (self->write_ms <= now_ms)
        write_now (self);
    if (!self->writing && self->write_ms == DEADLINE_NEVER)
        lasting_saved (self->out, &self->saving);
}

int64_t
ledger_deadline_ms (const ledger_t *self)
{
    bool may_write = self->phase == LOADED || (self->phase == LATE && self->orders > 0);
    return may_write && !self->writing && self->write_ms < self->load_ms ? self->write_ms : self->load_ms;
}
