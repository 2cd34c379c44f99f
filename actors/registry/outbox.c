// SPDX-License-Identifier: MIT
#include "outbox.h"

#include "outbox_inside.h"
#include "package_id.h"
#include "semver.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_KEY_MAX (PACKAGE_ID_MAX + SEMVER_TEXT_MAX + 2 + PUBLISHER_KEY_SIZE)

//  ---- entries -------------------------------------------------------------------------------------

static bytes_t
entry_key (const outbox_entry_t *entry, uint8_t bytes[ENTRY_KEY_MAX])
{
    size_t id = strlen (entry->state->id) + 1, version = strlen (entry->state->version) + 1;
    memcpy (bytes, entry->state->id, id);
    memcpy (bytes + id, entry->state->version, version);
    memcpy (bytes + id + version, entry->key.bytes, sizeof entry->key.bytes);
    return (bytes_t) {bytes, id + version + sizeof entry->key.bytes};
}

static void
entry_free (outbox_entry_t *entry)
{
    steps_close (entry);
    ggen__outbox_state__free_unpacked (entry->state, NULL);
    free (entry);
}

static outbox_entry_t *
entry_new (registry_p2p_t *home, Ggen__OutboxState *state)
{
    outbox_entry_t *entry = calloc (1, sizeof *entry);
    if (!entry || !package_id_valid (state->id)
        || (*state->version && !semver_is_canonical (state->version))) {
        free (entry);
        ggen__outbox_state__free_unpacked (state, NULL);
        return NULL;
    }
    entry->home = home;
    entry->state = state;
    entry->retry_at_ms = entry->answer_at_ms = DEADLINE_NEVER;
    if (!steps_open (entry)) {
        entry_free (entry);
        return NULL;
    }
    steps_close (entry);
    return entry;
}

bool
outbox_is_done (const outbox_entry_t *entry)
{
    return (entry->wanted & ~entry->state->done) == 0;
}

const Ggen__OutboxState *
outbox_state (const outbox_entry_t *entry)
{
    return entry->state;
}

const outbox_entry_t *
outbox_next (const outbox_t *self, const outbox_entry_t *at)
{
    return at ? at->next : self->entries;
}

static bool
is_same_name (const outbox_entry_t *a, const outbox_entry_t *b)
{
    return strcmp (a->state->id, b->state->id) == 0 && publisher_key_equal (&a->key, &b->key);
}

const Ggen__OutboxState *
outbox_find (const outbox_t *self, const char *id, const char *version, const publisher_key_t *key)
{
    const outbox_entry_t *newest = NULL;
    for (const outbox_entry_t *at = self->entries; at; at = at->next)
        if (strcmp (at->state->id, id) == 0 && publisher_key_equal (&at->key, key)
            && (!version || strcmp (at->state->version, version) == 0)
            && (!newest || newest->seq <= at->seq))
            newest = at;
    return newest ? newest->state : NULL;
}

static void
unlink_entry (outbox_t *self, outbox_entry_t *entry)
{
    outbox_entry_t **at = &self->entries;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    self->count--;
}

static void
link_entry (outbox_t *self, outbox_entry_t *entry)
{
    outbox_entry_t **at = &self->entries;
    while (*at)
        at = &(*at)->next;
    *at = entry;
    self->count++;
}

//  ---- the disk ------------------------------------------------------------------------------------

static code_t
on_noted (void *home, void *arg, const answer_t *answer)
{
    (void) home;
    (void) arg;
    (void) answer;
    return OK;
}

//  Those of one version have one place on the disk: it is of the one that stands for the others, the last
//  of the newest.
static const outbox_entry_t *
place_holder (const outbox_entry_t *entry)
{
    const outbox_entry_t *holder = NULL;
    for (const outbox_entry_t *at = entry->home->outbox.entries; at; at = at->next)
        if (is_same_name (at, entry) && strcmp (at->state->version, entry->state->version) == 0
            && (!holder || holder->seq <= at->seq))
            holder = at;
    return holder;
}

//  What is lost of this is done again.
static void
note (outbox_entry_t *entry, bool gone)
{
    uint8_t bytes[ENTRY_KEY_MAX];
    if (place_holder (entry) != entry)
        return;
    if (keep_outbox (entry->home, entry_key (entry, bytes), gone ? NULL : entry->state, 0, on_noted,
                     NULL)
        != OK)
        return;
}

//  It is being told, or not on the disk yet: an answer that will come has it in hand.
static bool
is_under_way (const outbox_entry_t *entry)
{
    return entry->active || !entry->written;
}

static void
tell (outbox_entry_t *entry)
{
    outbox_asker_t asker = entry->asker;
    entry->asker = (outbox_asker_t) {.arg = NULL};
    entry->answer_at_ms = DEADLINE_NEVER;
    if (asker.told)
        asker.told (asker.arg, entry->state, NULL);
}

//  Not one that is under way; who waits for its turn is answered.
static void
drop (outbox_entry_t *entry)
{
    tell (entry);
    note (entry, true);
    unlink_entry (&entry->home->outbox, entry);
    entry_free (entry);
}

//  What few others have is written again after this time, then after twice that, and so on: half an hour
//  in all. A small network has no more.
#define THIN_RETRY_MS  INT64_C (30000)
#define THIN_TRIES_MAX 6u
#define THIN_SECS      1890

//  ---- rounds --------------------------------------------------------------------------------------

//  A newer one stands for it, and the rest of it is told.
static bool
is_over (const outbox_entry_t *entry)
{
    return entry->superseded && outbox_is_done (entry) && !entry->thin;
}

static int64_t
pause_ms (outbox_entry_t *entry)
{
    int64_t pause = OUTBOX_RETRY_MS;
    for (unsigned i = 0; i < entry->tries && pause < OUTBOX_RETRY_MAX_MS; i++)
        pause *= 2;
    entry->tries++;
    if (pause > OUTBOX_RETRY_MAX_MS)
        pause = OUTBOX_RETRY_MAX_MS;
    //  Not all at the same moment.
    return pause - (int64_t) rng_below (entry->home->rng, (uint64_t) pause / 4);
}

static void
begin (outbox_entry_t *entry)
{
    if (!steps_open (entry)) {
        entry->retry_at_ms = DEADLINE_NEVER;
        return;
    }
    entry->active = true;
    entry->home->outbox.active++;
    entry->retry_at_ms = DEADLINE_NEVER;
    entry->todo = (entry->wanted & ~entry->state->done) | entry->thin;
    entry->thin = 0;
    memset (entry->parts, 0, sizeof entry->parts);
    steps_go (entry);
}

//  Let those begin whose time has come, oldest first.
static void
begin_due (registry_p2p_t *home)
{
    outbox_t *self = &home->outbox;
    int64_t now_ms = out_now_ms (home->out);
    outbox_entry_t *next;
    for (outbox_entry_t *entry = self->entries; entry && self->active < OUTBOX_ACTIVE_MAX;
         entry = next) {
        next = entry->next;
        if (!is_under_way (entry) && entry->retry_at_ms <= now_ms) {
            begin (entry);
            next = self->entries;
        }
    }
}

void
entry_round_over (outbox_entry_t *entry)
{
    registry_p2p_t *home = entry->home;
    steps_close (entry);
    entry->active = false;
    home->outbox.active--;
    if (entry->superseded)
        entry->thin &= ~STEPS_OF_NAME;
    if (!outbox_is_done (entry))
        entry->retry_at_ms = out_now_ms (home->out) + pause_ms (entry);
    else if (entry->thin && entry->thin_tries < THIN_TRIES_MAX)
        entry->retry_at_ms = out_now_ms (home->out) + (THIN_RETRY_MS << entry->thin_tries++);
    else
        entry->thin = 0;
    tell (entry);
    if (is_over (entry))
        drop (entry);
    else
        note (entry, false);
    begin_due (home);
}

void
outbox_wake (registry_p2p_t *home, int64_t delay_ms)
{
    int64_t at_ms = out_now_ms (home->out) + delay_ms;
    for (outbox_entry_t *entry = home->outbox.entries; entry; entry = entry->next)
        if (!is_under_way (entry) && !outbox_is_done (entry)) {
            entry->tries = 0;
            if (entry->retry_at_ms > at_ms)
                entry->retry_at_ms = at_ms;
        }
}

//  ---- a newer head --------------------------------------------------------------------------------

//  What 'entry' says of its name now stands for what others said; but a round of one of them that has
//  begun is ended, for who asked for it will say that others know. What an older entry of the same
//  version has reached stays reached.
static void
supersede (outbox_t *self, outbox_entry_t *entry)
{
    outbox_entry_t *next;
    bool later = false;
    for (outbox_entry_t *at = self->entries; at; at = next) {
        next = at->next;
        later |= at == entry;
        //  Of two with one seq the later one stands, so not each for the other.
        if (at == entry || !is_same_name (at, entry) || at->seq > entry->seq
            || (later && at->seq == entry->seq))
            continue;
        if (strcmp (at->state->version, entry->state->version) == 0
            && message_same_bytes (at->state->release, entry->state->release)) {
            uint64_t kept = STEP_BIT (STEP_RELEASE) | STEP_BIT (STEP_PROVIDE);
            entry->state->done |= at->state->done & kept;
        }
        at->state->done |= STEPS_OF_NAME;
        at->thin &= ~STEPS_OF_NAME;
        at->superseded = true;
        if (is_over (at) && !is_under_way (at))
            drop (at);
    }
}

//  'entry' is on the disk: it stands for older ones, or a newer one stands for it. It may be gone then.
static void
supersede_either_way (outbox_t *self, outbox_entry_t *entry)
{
    supersede (self, entry);
    for (outbox_entry_t *at = self->entries; at; at = at->next)
        if (at->written && is_same_name (at, entry) && at->seq > entry->seq) {
            supersede (self, at);
            return;
        }
}

//  How many others have what was published lately was known to the former process: it is written once more.
static void
doubt (outbox_entry_t *entry)
{
    uint64_t written = entry->wanted & entry->state->done & STEPS_OF_DHT & ~STEP_BIT (STEP_PROVIDE);
    if (entry->state->since + THIN_SECS <= out_wall_ms (entry->home->out) / 1000 || !written)
        return;
    entry->thin = written;
    entry->retry_at_ms = out_now_ms (entry->home->out) + THIN_RETRY_MS;
}

void
outbox_load (registry_p2p_t *home, Ggen__OutboxState *state)
{
    outbox_t *self = &home->outbox;
    outbox_entry_t *entry = entry_new (home, state);
    if (!entry)
        return;
    if (self->count == OUTBOX_MAX) {
        entry_free (entry);
        return;
    }
    for (const outbox_entry_t *at = self->entries; at; at = at->next)
        if (is_same_name (at, entry) && strcmp (at->state->version, state->version) == 0) {
            entry_free (entry);
            return;
        }
    entry->written = true;
    doubt (entry);
    link_entry (self, entry);
    supersede_either_way (self, entry);
}

//  ---- adding --------------------------------------------------------------------------------------

static void
forget (outbox_entry_t *entry, const Ggen__Failure *failure)
{
    registry_p2p_t *home = entry->home;
    unlink_entry (&home->outbox, entry);
    if (entry->asker.told)
        entry->asker.told (entry->asker.arg, NULL, failure);
    entry_free (entry);
}

static code_t
on_written (void *home_, void *entry_, const answer_t *answer)
{
    registry_p2p_t *home = home_;
    outbox_entry_t *entry = entry_;
    if (answer->progress)
        return OK;
    if (answer->code != OK) {
        forget (entry, answer->failure);
        return OK;
    }
    entry->written = true;
    if (entry->asker.kept)
        entry->asker.kept (entry->asker.arg);
    entry->retry_at_ms = answer->now_ms;
    supersede_either_way (&home->outbox, entry);
    begin_due (home);
    return OK;
}

static bool
make_room (outbox_t *self)
{
    for (outbox_entry_t *at = self->entries; at && self->count >= OUTBOX_MAX; at = at->next)
        if (outbox_is_done (at) && !is_under_way (at)) {
            drop (at);
            return true;
        }
    return self->count < OUTBOX_MAX;
}

code_t
outbox_add (registry_p2p_t *home, Ggen__OutboxState *state, ticket_t ticket, int64_t answer_at_ms,
            const outbox_asker_t *asker)
{
    uint8_t bytes[ENTRY_KEY_MAX];
    state->since = out_wall_ms (home->out) / 1000;
    outbox_entry_t *entry = entry_new (home, state);
    if (!entry)
        return BUSY;
    if (!home->keep.loaded || !make_room (&home->outbox)) {
        entry_free (entry);
        return STORAGE;
    }
    entry->ticket = ticket;
    entry->answer_at_ms = answer_at_ms;
    entry->asker = *asker;
    link_entry (&home->outbox, entry);
    //  Without a parent: who asked may go, what was begun is ended.
    code_t code = keep_outbox (home, entry_key (entry, bytes), place_holder (entry)->state, 0,
                               on_written, entry);
    if (code != OK) {
        unlink_entry (&home->outbox, entry);
        entry_free (entry);
    }
    return code;
}

//  ---- healing -------------------------------------------------------------------------------------

void
outbox_announce_again (registry_p2p_t *home)
{
    outbox_t *self = &home->outbox;
    int64_t now_ms = out_now_ms (home->out);
    if (self->count == 0 || self->wants_again)
        return;
    //  A second for the mesh to form, and not all at the same moment.
    self->again_at_ms = now_ms + 1000 + (int64_t) rng_below (home->rng, 1000);
    if (self->again_ms > 0 && self->again_at_ms < self->again_ms + OUTBOX_AGAIN_MS)
        self->again_at_ms = self->again_ms + OUTBOX_AGAIN_MS;
    self->wants_again = true;
}

//  The newest entries, as far as they have news.
static void
announce_again (registry_p2p_t *home, int64_t now_ms)
{
    outbox_t *self = &home->outbox;
    int64_t oldest = out_wall_ms (home->out) / 1000 - OUTBOX_AGAIN_SECS;
    unsigned passed = self->count > OUTBOX_AGAIN_MAX ? self->count - OUTBOX_AGAIN_MAX : 0;
    self->wants_again = false;
    self->again_ms = now_ms;
    for (outbox_entry_t *at = self->entries; at; at = at->next) {
        if (passed > 0) {
            passed--;
            continue;
        }
        if (at->superseded || is_under_way (at) || at->state->since < oldest)
            continue;
        at->state->done &= ~STEPS_OF_NEWS;
        at->retry_at_ms = now_ms;
        at->tries = 0;
    }
}

//  ---- time ----------------------------------------------------------------------------------------

void
outbox_tick (registry_p2p_t *home, int64_t now_ms)
{
    outbox_t *self = &home->outbox;
    if (self->wants_again && self->again_at_ms <= now_ms)
        announce_again (home, now_ms);
    for (outbox_entry_t *at = self->entries; at; at = at->next)
        if (at->answer_at_ms <= now_ms)
            tell (at);
    begin_due (home);
}

int64_t
outbox_deadline_ms (const outbox_t *self)
{
    int64_t earliest_ms = self->wants_again ? self->again_at_ms : DEADLINE_NEVER;
    for (const outbox_entry_t *at = self->entries; at; at = at->next) {
        if (at->answer_at_ms < earliest_ms)
            earliest_ms = at->answer_at_ms;
        bool may = !is_under_way (at) && self->active < OUTBOX_ACTIVE_MAX;
        if (may && at->retry_at_ms < earliest_ms)
            earliest_ms = at->retry_at_ms;
    }
    return earliest_ms;
}

void
outbox_destroy (outbox_t *self)
{
    while (self->entries) {
        outbox_entry_t *entry = self->entries;
        self->entries = entry->next;
        entry_free (entry);
    }
}
