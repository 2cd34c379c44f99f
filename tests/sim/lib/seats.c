// SPDX-License-Identifier: MIT
#include "world_inside.h"

#include "runtime/actor/admit.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

//  Of an attachment so much is part of the digest.
#define DIGEST_ATTACHMENT_BYTES 64u

//  ---- whose bytes they are --------------------------------------------------------------------------

//  What of the simulator's may change while an actor of this node works.
static size_t
own_bytes (const world_t *self, uint32_t at)
{
    const storage_t *storage = self->nodes[at].storage;
    return letters_bytes (self->letters) + agenda_bytes (self->agenda)
           + self->network.room * sizeof *self->network.links
           + self->network.numbers_room * sizeof *self->network.numbers
           + (storage ? storage_bytes (storage) : 0);
}

static void
account_begin (world_t *self, uint32_t at)
{
    if (self->heapbook)
        heapbook_begin (self->heapbook, own_bytes (self, at));
}

static void
account_end (world_t *self, uint32_t at, uint8_t number)
{
    if (self->heapbook)
        heapbook_end (self->heapbook, self->nodes[at].seats[number].name, own_bytes (self, at));
}

//  ---- an actor's life -----------------------------------------------------------------------------

static void
speak (world_t *self, uint32_t node, uint8_t seat, int64_t until_us)
{
    self->speaker = node;
    self->speaker_seat = seat;
    self->speaking_us = until_us;
}

//  The random streams of one seed and incarnation are the same whatever happens elsewhere.
static void
make_key (const world_t *self, uint32_t node, const char *name, uint32_t epoch,
          uint8_t key[RNG_KEY_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init (&state, (const uint8_t *) &self->setup.seed,
                             0, RNG_KEY_BYTES);
    crypto_generichash_update (&state, (const uint8_t *) &self->setup.seed,
                               sizeof self->setup.seed);
    crypto_generichash_update (&state, (const uint8_t *) &node, sizeof node);
    crypto_generichash_update (&state, (const uint8_t *) &epoch, sizeof epoch);
    crypto_generichash_update (&state, (const uint8_t *) name, strlen (name));
    crypto_generichash_final (&state, key, RNG_KEY_BYTES);
}

static void
incarnate (world_t *self, uint32_t at, uint8_t number)
{
    node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    actor_setup_t setup = {.name = seat->name,
                           .epoch = ++node->epoch,
                           .crypto = self->crypto,
                           .port = {self, seats_port_send, seats_port_clock_us},
                           .settings = seat->settings,
                           .scratch = self->scratch,
                           .now_ms = clocks_mono_ms (&node->traits.clocks, self->now_us),
                           .wall_ms = clocks_wall_ms (&node->traits.clocks, self->now_us)};
    make_key (self, at, seat->name, setup.epoch, setup.key);
    account_begin (self, at);
    seat->actor = actor_new (seat->class, &setup);
    if (!seat->actor)
        abort ();
    account_end (self, at, number);
}

static void
wake_later_at (world_t *self, uint32_t at, uint8_t number, int64_t deadline_ms)
{
    node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    if (deadline_ms == DEADLINE_NEVER)
        return;
    int64_t wake_us = clocks_virtual_us (&node->traits.clocks, deadline_ms);
    if (wake_us < seat->free_us)
        wake_us = seat->free_us;
    if (wake_us <= self->now_us)
        wake_us = self->now_us + 1;
    if (wake_us >= seat->wake_us)
        return;
    seat->wake_us = wake_us;
    world_due (self, DUE_WAKE, wake_us, at, number);
}

static void
wake_later (world_t *self, uint32_t at, uint8_t number)
{
    wake_later_at (self, at, number, actor_deadline_ms (self->nodes[at].seats[number].actor));
}

static void
revive (world_t *self, uint32_t at, uint8_t number)
{
    seat_t *seat = &self->nodes[at].seats[number];
    actor_abandon (seat->actor);
    account_begin (self, at);
    actor_destroy (&seat->actor);
    account_end (self, at, number);
    incarnate (self, at, number);
    self->counts.incarnations++;
}

static void
after (world_t *self, uint32_t at, uint8_t number, const note_t *note, code_t code)
{
    if (code == FATAL)
        revive (self, at, number);
    for (unsigned i = 0; i < self->observers_count; i++)
        if (self->observers[i].handled)
            self->observers[i].handled (self->observers[i].context, self, at, number, note);
}

//  Begin a handler: it takes a time, and what it sends leaves at the end of that.
static void
begin (world_t *self, uint32_t at, uint8_t number)
{
    node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    uint64_t spread = seat->service_us_max - seat->service_us_min + 1u;
    uint64_t service_us = seat->service_us_min + rng_below (&self->rng, spread);
    if (node->traits.slow > 1.0f)
        service_us = (uint64_t) ((double) service_us * (double) node->traits.slow);
    seat->free_us = self->now_us + (int64_t) service_us;
    speak (self, at, number, seat->free_us);
}

//  Deadlines are looked at after every message, as the shell does.
static void
tick (world_t *self, uint32_t at, uint8_t number)
{
    node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    int64_t now_ms = clocks_mono_ms (&node->traits.clocks, self->now_us);
    int64_t deadline_ms = actor_deadline_ms (seat->actor);
    if (deadline_ms <= now_ms) {
        account_begin (self, at);
        code_t code = actor_tick (seat->actor, now_ms,
                                  clocks_wall_ms (&node->traits.clocks, self->now_us));
        account_end (self, at, number);
        after (self, at, number, NULL, code);
        deadline_ms = actor_deadline_ms (seat->actor);
    }
    wake_later_at (self, at, number, deadline_ms);
}

static void
handle (world_t *self, uint32_t at, uint8_t number, note_t *note)
{
    node_t *node = &self->nodes[at];
    mail_t mail = letters_mail (note);
    begin (self, at, number);
    account_begin (self, at);
    code_t code = actor_deliver (node->seats[number].actor, &mail,
                                 clocks_mono_ms (&node->traits.clocks, self->now_us),
                                 clocks_wall_ms (&node->traits.clocks, self->now_us));
    account_end (self, at, number);
    after (self, at, number, note, code);
    letters_free (self->letters, &note);
    tick (self, at, number);
}

void
seats_open (world_t *self, uint32_t at, const node_plan_t *plan)
{
    node_t *node = &self->nodes[at];
    node->seats = calloc (plan->count, sizeof *node->seats);
    if (!node->seats && plan->count > 0)
        abort ();
    node->seats_count = (uint8_t) plan->count;
    for (uint8_t i = 0; i < plan->count; i++) {
        const seat_plan_t *seat = &plan->seats[i];
        bool given = seat->service_us_max > 0;
        node->seats[i] = (seat_t) {
            .class = seat->class,
            .name = seat->name ? seat->name : seat->class->name,
            .settings = seat->settings,
            .wake_us = INT64_MAX,
            .service_us_min = (uint16_t) (given ? seat->service_us_min : WORLD_SERVICE_US_MIN),
            .service_us_max = (uint16_t) (given ? seat->service_us_max : WORLD_SERVICE_US_MAX)};
    }
    node->swarm = seats_find (node, "swarm");
    for (uint8_t i = 0; i < plan->count; i++) {
        begin (self, at, i);
        incarnate (self, at, i);
        wake_later (self, at, i);
    }
}

static void
free_letters (world_t *self, note_t *first)
{
    while (first) {
        note_t *next = first->next;
        letters_free (self->letters, &first);
        first = next;
    }
}

void
seats_close (world_t *self, uint32_t at)
{
    node_t *node = &self->nodes[at];
    for (uint32_t i = node->seats_count; i > 0; i--) {
        seat_t *seat = &node->seats[i - 1];
        speak (self, at, (uint8_t) (i - 1), self->now_us);
        account_begin (self, at);
        actor_destroy (&seat->actor);
        account_end (self, at, (uint8_t) (i - 1));
        free_letters (self, seat->first);
        free_letters (self, seat->held_first);
    }
    free (node->seats);
    node->seats = NULL;
    node->seats_count = 0;
    node->swarm = WORLD_SEATS_MAX;
}

//  ---- mailboxes -----------------------------------------------------------------------------------

static void
work_later (world_t *self, uint32_t at, uint8_t number)
{
    const node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    if (seat->working || !seat->first || node->state == NODE_FROZEN)
        return;
    seat->working = true;
    world_due (self, DUE_WORK, seat->free_us > self->now_us ? seat->free_us : self->now_us, at,
               number);
}

static void
queue (world_t *self, uint32_t at, uint8_t number, note_t *note)
{
    seat_t *seat = &self->nodes[at].seats[number];
    note->next = NULL;
    if (seat->last)
        seat->last->next = note;
    else
        seat->first = note;
    seat->last = note;
    seat->depth++;
    seat->depth_bytes += (uint32_t) letters_size (note);
    if (seat->depth > self->counts.depth_max)
        self->counts.depth_max = seat->depth;
    if (seat->depth_bytes > self->counts.depth_bytes_max)
        self->counts.depth_bytes_max = seat->depth_bytes;
    work_later (self, at, number);
}

static note_t *
take (seat_t *seat)
{
    note_t *note = seat->first;
    seat->first = note->next;
    if (!seat->first)
        seat->last = NULL;
    seat->depth--;
    seat->depth_bytes -= (uint32_t) letters_size (note);
    return note;
}

//  Between "link" and swarm a letter waits for room (out_event): what it tells is never lost.
static void
hold (world_t *self, seat_t *seat, note_t *note)
{
    uint32_t link = note->end / 2;
    bool full = seat->held_bytes > NETWORK_QUEUE_BYTES_MAX && !note->ends_link;
    note->next = NULL;
    if (seat->held_last)
        seat->held_last->next = note;
    else
        seat->held_first = note;
    seat->held_last = note;
    seat->held_bytes += letters_size (note);
    //  Who sends so much to one that does not read loses the link.
    if (full)
        cables_break (self, link);
}

static void
take_held (world_t *self, uint32_t at, uint8_t number)
{
    seat_t *seat = &self->nodes[at].seats[number];
    note_t *note;
    while ((note = seat->held_first) != NULL
           && admit_message (note->kind, letters_size (note), seat->depth, seat->depth_bytes)
                  == ADMIT_TAKE) {
        seat->held_first = note->next;
        if (!seat->held_first)
            seat->held_last = NULL;
        seat->held_bytes -= letters_size (note);
        queue (self, at, number, note);
    }
}

//  What is refused was asked of the address that its sender named: of another node's actor, when it
//  was to pass through.
static const char *
asked_name (const seat_t *seat, const Ggen__Envelope *envelope)
{
    bool passes = strchr (envelope->to, '@') && !strchr (envelope->from, '@');
    return passes ? envelope->to : seat->name;
}

static void
refuse_request (world_t *self, const note_t *note, code_t code, const char *why)
{
    const seat_t *seat = &self->nodes[note->node].seats[note->seat];
    Ggen__Envelope *about = world_envelope (note);
    if (!about)
        return;
    seats_refuse (self, note->node, asked_name (seat, about), seats_asker (about), about, code, why);
    ggen__envelope__free_unpacked (about, NULL);
}

//  A reply too large for the mailbox of who asked: that is told so in its place.
static void
strip (world_t *self, const note_t *note)
{
    const seat_t *seat = &self->nodes[note->node].seats[note->seat];
    Ggen__Envelope *about = world_envelope (note);
    if (!about)
        return;
    seats_refuse (self, note->node, about->from, seat->name, about, BUSY,
            "the answer did not fit into the asker's mailbox");
    ggen__envelope__free_unpacked (about, NULL);
}

static void
record (world_t *self, const note_t *note)
{
    const uint8_t *from = (const uint8_t *) &note->at_us;
    size_t size = (size_t) (note->bytes - from) + note->envelope_size + note->body_size;
    crypto_shorthash_siphashx24 (self->digest, from, size, self->digest);
    if (note->attachment) {
        size_t part = note->attachment_size < DIGEST_ATTACHMENT_BYTES ? note->attachment_size
                                                                      : DIGEST_ATTACHMENT_BYTES;
        crypto_shorthash_siphashx24 (self->digest, note->attachment, part, self->digest);
    }
    self->counts.letters++;
    self->counts.kinds[note->kind & 7]++;
    for (unsigned i = 0; i < self->observers_count; i++)
        if (self->observers[i].arrives)
            self->observers[i].arrives (self->observers[i].context, self, note);
}

static void
arrive_inside (world_t *self, note_t *note)
{
    uint32_t at = note->node;
    uint8_t number = note->seat;
    node_t *node = &self->nodes[at];
    seat_t *seat = &node->seats[number];
    size_t size = letters_size (note);
    admit_t verdict = admit_message (note->kind, size, seat->depth, seat->depth_bytes);
    if (note->end != LETTER_NO_LINK && size <= ADMIT_REQUESTS_BYTES_MAX
        && (verdict == ADMIT_DROP || seat->held_first)) {
        hold (self, seat, note);
        return;
    }
    if (verdict == ADMIT_TAKE) {
        if (!seat->first && seat->free_us <= self->now_us && node->state == NODE_ON)
            handle (self, at, number, note);
        else
            queue (self, at, number, note);
        return;
    }
    if (verdict == ADMIT_BUSY) {
        self->counts.busy++;
        refuse_request (self, note, BUSY, "its mailbox is half full");
    } else if (verdict == ADMIT_STRIP) {
        self->counts.busy++;
        strip (self, note);
    } else if (note->kind == GGEN__KIND__REPLY)
        self->counts.replies_lost++;
    else
        self->counts.dropped++;
    letters_free (self->letters, &note);
}

void
seats_arrive (world_t *self, note_t *note)
{
    const node_t *node = &self->nodes[note->node];
    if (!node_runs (node) || note->life != node->life
        || (note->end != LETTER_NO_LINK && !cables_deliver (self, note))) {
        self->counts.lost++;
        letters_free (self->letters, &note);
        return;
    }
    record (self, note);
    code_t code = OK;
    if (note->seat == SEAT_CLIENTS)
        clients_hear (self, note);
    else if (note->seat == SEAT_NOBODY)
        seats_nowhere (self, note);
    else if (self->refuse && note->kind == GGEN__KIND__REQUEST
             && (code = self->refuse (self->refuse_context, self, note)) != OK)
        refuse_request (self, note, code, "refused by the simulator");
    else {
        arrive_inside (self, note);
        return;
    }
    letters_free (self->letters, &note);
}

void
seats_work (world_t *self, uint32_t at, uint8_t number)
{
    node_t *node = &self->nodes[at];
    if (number >= node->seats_count)
        return;
    seat_t *seat = &node->seats[number];
    if (!seat->working)
        return;
    seat->working = false;
    if (!seat->first || node->state != NODE_ON)
        return;
    if (seat->free_us <= self->now_us) {
        handle (self, at, number, take (seat));
        take_held (self, at, number);
    }
    work_later (self, at, number);
}

void
seats_wake (world_t *self, uint32_t at, uint8_t number, int64_t at_us)
{
    node_t *node = &self->nodes[at];
    if (number >= node->seats_count || node->seats[number].wake_us != at_us) {
        self->counts.events--;          //  It was set anew since: nothing happens
        return;
    }
    seat_t *seat = &node->seats[number];
    seat->wake_us = INT64_MAX;
    if (node->state != NODE_ON)
        return;
    if (seat->free_us > self->now_us) {
        wake_later (self, at, number);
        return;
    }
    begin (self, at, number);
    tick (self, at, number);
}

void
seats_fail (world_t *self, uint32_t at, uint8_t number)
{
    if (number >= self->nodes[at].seats_count)
        return;
    begin (self, at, number);
    after (self, at, number, NULL, FATAL);
    wake_later (self, at, number);
}

void
seats_stall (world_t *self, uint32_t at, uint8_t number, int64_t us)
{
    if (number >= self->nodes[at].seats_count)
        return;
    seat_t *seat = &self->nodes[at].seats[number];
    if (seat->free_us < self->now_us + us)
        seat->free_us = self->now_us + us;
}

void
seats_thaw (world_t *self, uint32_t at)
{
    node_t *node = &self->nodes[at];
    for (uint8_t i = 0; i < node->seats_count; i++) {
        work_later (self, at, i);
        wake_later (self, at, i);
    }
}
