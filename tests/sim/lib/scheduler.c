// SPDX-License-Identifier: MIT
#include "scheduler.h"

#include "event_heap.h"
#include "runtime/actor/admit.h"
#include "runtime/actor/out.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY_US_MIN 5u
#define LATENCY_US_MAX 2000u
#define SERVICE_US_MIN 1u
#define SERVICE_US_MAX 200u

//  An address from outside has this place in the table of last arrivals.
#define OUTSIDE SCHEDULER_ACTORS_MAX

typedef struct {
    const actor_class_t *class;
    const void *settings;
    actor_t *actor;
    uint32_t epoch;
    letter_t *first, *last;     //  its mailbox
    uint64_t depth_messages, depth_bytes;
    bool working;               //  an EVENT_WORK is under way
    int64_t wake_us;            //  of the earliest EVENT_WAKE under way; DEADLINE_NEVER = none
    int64_t stalled_us;         //  it does nothing before
} place_t;

struct scheduler_t {
    place_t places[SCHEDULER_ACTORS_MAX];
    unsigned places_count;
    unsigned speaker;           //  who is being run: the sender of what is sent now
    event_heap_t *events;
    int64_t now_us;             //  since SCHEDULER_START_MS
    int64_t arrived_us[SCHEDULER_ACTORS_MAX + 1][SCHEDULER_ACTORS_MAX + 1];
    rng_t rng;
    EVP_MD_CTX *digest;
    scheduler_counts_t counts;
    scheduler_watch_t watch;
};

//  ---- sending -------------------------------------------------------------------------------------

static unsigned
place_of (const scheduler_t *self, const char *address)
{
    for (unsigned i = 0; i < self->places_count; i++)
        if (strcmp (self->places[i].class->name, address) == 0)
            return i;
    return OUTSIDE;
}

static int64_t
between (scheduler_t *self, uint64_t min, uint64_t max)
{
    return (int64_t) (min + rng_below (&self->rng, max - min + 1));
}

//  Between two addresses nothing overtakes.
static void
send_parcel (void *context, const parcel_t *parcel)
{
    scheduler_t *self = context;
    unsigned to = place_of (self, parcel->to);
    int64_t *last_us = &self->arrived_us[self->speaker][to];
    int64_t at_us = self->now_us + between (self, LATENCY_US_MIN, LATENCY_US_MAX);
    if (at_us < *last_us)
        at_us = *last_us;
    *last_us = at_us;
    event_t event = {.at_us = at_us, .kind = EVENT_ARRIVE, .place = to};
    event.letter = letter_new (parcel);
    event_heap_push (self->events, &event);
}

static uint64_t
clock_us (void *context)
{
    const scheduler_t *self = context;
    return SCHEDULER_START_MS * 1000ull + (uint64_t) self->now_us;
}

int64_t
scheduler_now_ms (const scheduler_t *self)
{
    return SCHEDULER_START_MS + self->now_us / 1000;
}

static int64_t
wall_ms (const scheduler_t *self)
{
    return SCHEDULER_START_WALL_MS + self->now_us / 1000;
}

void
scheduler_post (scheduler_t *self, const char *to, Ggen__Envelope *envelope,
                const ProtobufCMessage *body)
{
    envelope->sent_us = clock_us (self);
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    parcel_t parcel = {.to = to, .envelope = envelope, .body = body};
    self->speaker = OUTSIDE;
    send_parcel (self, &parcel);
}

static const char *
asker_of (const Ggen__Envelope *request)
{
    return *request->reply_to ? request->reply_to : request->from;
}

//  As the bus answers in the place of a mailbox.
static void
refuse (scheduler_t *self, const char *asked, const char *asker, const Ggen__Envelope *about,
        code_t code)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = about->id;
    envelope.trace = about->trace;
    envelope.from = (char *) asked;
    scheduler_post (self, asker, &envelope, &failure.base);
}

//  ---- an actor's life -----------------------------------------------------------------------------

static void
incarnate (scheduler_t *self, place_t *place)
{
    actor_setup_t setup = {.epoch = ++place->epoch,
                           .crypto = &crypto_real,
                           .port = {self, send_parcel, clock_us},
                           .settings = place->settings,
                           .now_ms = scheduler_now_ms (self),
                           .wall_ms = wall_ms (self)};
    rng_bytes (&self->rng, setup.key, sizeof setup.key);
    place->actor = actor_new (place->class, &setup);
    assert (place->actor);
}

static void
wake_later (scheduler_t *self, unsigned at)
{
    place_t *place = &self->places[at];
    int64_t deadline_ms = actor_deadline_ms (place->actor);
    if (deadline_ms == DEADLINE_NEVER)
        return;
    int64_t wake_us = (deadline_ms - SCHEDULER_START_MS) * 1000;
    if (wake_us <= self->now_us)
        wake_us = self->now_us + 1;
    if (wake_us < place->stalled_us)
        wake_us = place->stalled_us;
    if (wake_us >= place->wake_us)
        return;
    place->wake_us = wake_us;
    event_t event = {.at_us = wake_us, .kind = EVENT_WAKE, .place = at};
    event_heap_push (self->events, &event);
}

static void
after (scheduler_t *self, unsigned at, code_t code)
{
    place_t *place = &self->places[at];
    if (code == FATAL) {
        actor_abandon (place->actor);
        actor_destroy (&place->actor);
        incarnate (self, place);
        self->counts.incarnations++;
    }
    if (self->watch.worked)
        self->watch.worked (self->watch.context, place->class->name);
    wake_later (self, at);
}

static void
tick (scheduler_t *self, unsigned at)
{
    place_t *place = &self->places[at];
    self->speaker = at;
    if (place->stalled_us <= self->now_us
        && actor_deadline_ms (place->actor) <= scheduler_now_ms (self))
        after (self, at, actor_tick (place->actor, scheduler_now_ms (self), wall_ms (self)));
    else
        wake_later (self, at);
}

void
scheduler_add (scheduler_t *self, const actor_class_t *class, const void *settings)
{
    assert (self->places_count < SCHEDULER_ACTORS_MAX);
    unsigned at = self->places_count++;
    place_t *place = &self->places[at];
    *place = (place_t) {.class = class, .settings = settings, .wake_us = DEADLINE_NEVER};
    self->speaker = at;
    incarnate (self, place);
    wake_later (self, at);
}

void
scheduler_stall (scheduler_t *self, const char *name, int64_t ms)
{
    unsigned at = place_of (self, name);
    assert (at != OUTSIDE);
    self->places[at].stalled_us = self->now_us + ms * 1000;
}

void
scheduler_fail (scheduler_t *self, const char *name)
{
    unsigned at = place_of (self, name);
    assert (at != OUTSIDE);
    self->speaker = at;
    after (self, at, FATAL);
}

//  ---- mailboxes -----------------------------------------------------------------------------------

static void
work_later (scheduler_t *self, unsigned at, int64_t in_us)
{
    self->places[at].working = true;
    event_t event = {.at_us = self->now_us + in_us, .kind = EVENT_WORK, .place = at};
    event_heap_push (self->events, &event);
}

static void
put (scheduler_t *self, unsigned at, letter_t *letter)
{
    place_t *place = &self->places[at];
    place->depth_messages++;
    place->depth_bytes += letter_size (letter);
    if (place->depth_messages > self->counts.depth_max)
        self->counts.depth_max = place->depth_messages;
    if (place->depth_bytes > self->counts.depth_bytes_max)
        self->counts.depth_bytes_max = place->depth_bytes;
    if (place->last)
        place->last->next = letter;
    else
        place->first = letter;
    place->last = letter;
    if (!place->working)
        work_later (self, at, 0);
}

static void
record (scheduler_t *self, const letter_t *letter)
{
    EVP_DigestUpdate (self->digest, &self->now_us, sizeof self->now_us);
    EVP_DigestUpdate (self->digest, letter->to, strlen (letter->to) + 1);
    EVP_DigestUpdate (self->digest, letter->bytes, letter_size (letter));
    self->counts.messages++;
}

static void
arrive_outside (scheduler_t *self, const letter_t *letter, const Ggen__Envelope *envelope)
{
    if (strncmp (letter->to, "client-", 7) == 0)
        self->watch.heard (self->watch.context, letter->to, envelope, letter_mail (letter).body);
    else if (envelope->kind == GGEN__KIND__REQUEST)
        refuse (self, letter->to, asker_of (envelope), envelope,
                strchr (letter->to, '@') ? NODE_NOT_STARTED : FEATURE_NOT_ENABLED);
}

//  True when its mailbox has taken the letter.
static bool
arrive_inside (scheduler_t *self, unsigned at, letter_t *letter, const Ggen__Envelope *envelope)
{
    const place_t *place = &self->places[at];
    switch (admit_message (envelope->kind, letter_size (letter), place->depth_messages,
                           place->depth_bytes)) {
    case ADMIT_TAKE:
        put (self, at, letter);
        return true;
    case ADMIT_BUSY:
        self->counts.busy++;
        refuse (self, letter->to, asker_of (envelope), envelope, BUSY);
        return false;
    case ADMIT_STRIP:
        refuse (self, envelope->from, letter->to, envelope, BUSY);
        return false;
    case ADMIT_DROP:
        break;
    }
    self->counts.dropped++;
    self->counts.replies_lost += envelope->kind == GGEN__KIND__REPLY;
    return false;
}

static code_t
shown (scheduler_t *self, const letter_t *letter, const Ggen__Envelope *envelope)
{
    if (!self->watch.arrives)
        return OK;
    code_t code = self->watch.arrives (self->watch.context, letter->to, envelope,
                                       letter_mail (letter).body);
    return envelope->kind == GGEN__KIND__REQUEST ? code : OK;
}

//  Takes the letter.
static void
arrive (scheduler_t *self, unsigned at, letter_t *letter)
{
    bool taken = false;
    record (self, letter);
    mail_t mail = letter_mail (letter);
    Ggen__Envelope *envelope =
        ggen__envelope__unpack (NULL, mail.envelope.size, mail.envelope.data);
    assert (envelope);
    code_t code = shown (self, letter, envelope);
    if (code)
        refuse (self, letter->to, asker_of (envelope), envelope, code);
    else if (at == OUTSIDE)
        arrive_outside (self, letter, envelope);
    else
        taken = arrive_inside (self, at, letter, envelope);
    ggen__envelope__free_unpacked (envelope, NULL);
    if (!taken)
        letter_destroy (&letter);
}

//  One message, and a look at the deadline after it, as the shell does.
static void
work (scheduler_t *self, unsigned at)
{
    place_t *place = &self->places[at];
    letter_t *letter = place->first;
    place->working = false;
    if (!letter)
        return;
    if (place->stalled_us > self->now_us) {
        work_later (self, at, place->stalled_us - self->now_us);
        return;
    }
    place->first = letter->next;
    if (!place->first)
        place->last = NULL;
    place->depth_messages--;
    place->depth_bytes -= letter_size (letter);
    mail_t mail = letter_mail (letter);
    self->speaker = at;
    after (self, at,
           actor_deliver (place->actor, &mail, scheduler_now_ms (self), wall_ms (self)));
    letter_destroy (&letter);
    tick (self, at);
    work_later (self, at, between (self, SERVICE_US_MIN, SERVICE_US_MAX));
}

//  ---- the loop ------------------------------------------------------------------------------------

uint64_t
scheduler_run (scheduler_t *self, int64_t ms)
{
    int64_t until_us = self->now_us + ms * 1000;
    uint64_t happened = 0;
    event_t event;
    while (event_heap_pop (self->events, until_us, &event)) {
        self->now_us = event.at_us;
        happened++;
        if (event.kind == EVENT_ARRIVE)
            arrive (self, event.place, event.letter);
        else if (event.kind == EVENT_WORK)
            work (self, event.place);
        else {
            if (self->places[event.place].wake_us == event.at_us)
                self->places[event.place].wake_us = DEADLINE_NEVER;
            tick (self, event.place);
        }
    }
    self->now_us = until_us;
    return happened;
}

scheduler_t *
scheduler_new (uint64_t seed, const scheduler_watch_t *watch)
{
    scheduler_t *self = calloc (1, sizeof *self);
    assert (self);
    uint8_t key[RNG_KEY_BYTES] = {0};
    memcpy (key, &seed, sizeof seed);
    rng_init (&self->rng, key);
    self->watch = *watch;
    self->events = event_heap_new ();
    self->digest = EVP_MD_CTX_new ();
    int started = self->digest ? EVP_DigestInit_ex (self->digest, EVP_sha256 (), NULL) : 0;
    assert (self->events && started == 1);
    return self;
}

void
scheduler_destroy (scheduler_t **self_p)
{
    scheduler_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < self->places_count; i++) {
        place_t *place = &self->places[i];
        actor_destroy (&place->actor);
        while (place->first) {
            letter_t *next = place->first->next;
            letter_destroy (&place->first);
            place->first = next;
        }
    }
    event_heap_destroy (&self->events);
    EVP_MD_CTX_free (self->digest);
    free (self);
    *self_p = NULL;
}

scheduler_counts_t
scheduler_counts (const scheduler_t *self)
{
    return self->counts;
}

void
scheduler_debts (const scheduler_t *self, uint32_t *open_p, uint32_t *pending_p)
{
    *open_p = *pending_p = 0;
    for (unsigned i = 0; i < self->places_count; i++) {
        actor_metrics_t metrics = actor_metrics (self->places[i].actor);
        *open_p += metrics.open;
        *pending_p += metrics.pending;
    }
}

void
scheduler_digest (const scheduler_t *self, uint8_t digest[SCHEDULER_DIGEST_SIZE])
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new ();
    int done = copy && EVP_MD_CTX_copy_ex (copy, self->digest)
               && EVP_DigestFinal_ex (copy, digest, NULL);
    assert (done);
    (void) done;
    EVP_MD_CTX_free (copy);
}
