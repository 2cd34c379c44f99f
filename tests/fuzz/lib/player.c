// SPDX-License-Identifier: MIT
#include "player.h"
#include "fuzz.h"
#include "stage.h"
#include "messages/peer_id.h"
#include "messages/vocabulary.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 256
#define ADDRESS_SIZE (ADDRESS_MAX + 1)
#define BUDGET_MS 60000
#define REMOTE_FIRST 128        //  client that is of another node
#define SILENCE_MS 30000
#define SILENCES_MAX 400        //  Longer than any chain of asks with their deadlines

typedef struct {
    char to [ADDRESS_SIZE];
    uint64_t id;
    const char *reply;          //  Name of the message that is its natural answer
} asked_t;

typedef struct {
    const actor_class_t *class;
    actor_t *actor;
    unsigned rows_count;
    asked_t asked [ASKED_MAX];  //  The last of them, as a ring
    unsigned asked_count;
    uint64_t next_id;
    int64_t now_ms;
    bool ended;                 //  FATAL
    bool unlimited;             //  It may have been asked something without a budget
    unsigned flags;
} player_t;

//  One step of the input.
typedef struct {
    uint8_t op, a, b;
    bytes_t bytes;
} step_t;

//  ---- what the actor sends ------------------------------------------------------------------------

static const char *
reply_of (const char *request)
{
    char name [128];
    size_t size = strlen (request), tail = strlen ("Request");
    if (size <= tail || size >= sizeof name)
        return "Failure";
    snprintf (name, sizeof name, "%.*sReply", (int) (size - tail), request);
    const ProtobufCMessageDescriptor *reply = vocabulary_find (name);
    return reply ? reply->short_name : "PackageReply";
}

static void
check_decodes (const ProtobufCMessage *message)
{
    size_t size;
    free (stage_pack (message, &size));
}

static void
on_send (void *context, const parcel_t *parcel)
{
    player_t *self = context;
    const Ggen__Envelope *envelope = parcel->envelope;
    must_hold (*parcel->to && strlen (parcel->to) <= ADDRESS_MAX);
    check_decodes (&envelope->base);
    if (parcel->body) {
        must_hold (strcmp (envelope->type, parcel->body->descriptor->short_name) == 0);
        check_decodes (parcel->body);
    }
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
    if (envelope->kind != GGEN__KIND__REQUEST)
        return;
    asked_t *asked = &self->asked [self->asked_count++ % ASKED_MAX];
    snprintf (asked->to, sizeof asked->to, "%s", parcel->to);
    asked->id = envelope->id;
    asked->reply = reply_of (envelope->type);
}

static uint64_t
clock_us (void *context)
{
    return (uint64_t) ((player_t *) context)->now_ms * 1000;
}

//  ---- what it is given ----------------------------------------------------------------------------

static void
note (player_t *self, code_t code)
{
    must_hold (code == OK || code == FATAL);
    self->ended = code == FATAL;
    actor_metrics_t metrics = actor_metrics (self->actor);
    must_hold (metrics.open <= OPEN_MAX && metrics.pending <= PENDING_MAX);
}

static void
deliver_with (player_t *self, Ggen__Envelope *envelope, bytes_t body, bytes_t attachment)
{
    envelope->sent_us = clock_us (self);
    uint8_t *packed = malloc (ggen__envelope__get_packed_size (envelope) + 1);
    must_hold (packed != NULL);
    mail_t mail = {{packed, ggen__envelope__pack (envelope, packed)}, body, attachment};
    note (self, actor_deliver (self->actor, &mail, self->now_ms, self->now_ms));
    free (packed);
}

static void
deliver (player_t *self, Ggen__Envelope *envelope, bytes_t body)
{
    deliver_with (self, envelope, body, (bytes_t) {NULL, 0});
}

//  Who asks: somebody here, or the same actor of another node.
static void
client_name (const player_t *self, unsigned number, char name [ADDRESS_SIZE])
{
    peer_key_t key;
    memset (key.bytes, (int) number, sizeof key.bytes);
    if (number < REMOTE_FIRST)
        snprintf (name, ADDRESS_SIZE, "client-%u", number);
    else
        peer_id_address (&key, self->class->name, name);
}

static void
pass (player_t *self, int64_t ms)
{
    self->now_ms += ms;
    note (self, actor_tick (self->actor, self->now_ms, self->now_ms));
}

static void
play_request (player_t *self, const step_t *step, Ggen__Kind kind)
{
    char from [ADDRESS_SIZE];
    client_name (self, step->b, from);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = kind == GGEN__KIND__REQUEST ? ++self->next_id : 0;
    envelope.from = from;
    envelope.budget_ms = BUDGET_MS;
    const handler_t *row = &self->class->rows [step->a % self->rows_count];
    envelope.type = (char *) (uintptr_t) row->message->short_name;
    deliver (self, &envelope, step->bytes);
}

static void
play_answer (player_t *self, const step_t *step, Ggen__Kind kind, const char *type)
{
    if (!self->asked_count)
        return;
    const asked_t *asked = &self->asked [step->a % self->asked_count % ASKED_MAX];
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = asked->id;
    envelope.from = (char *) (uintptr_t) asked->to;
    envelope.type = (char *) (uintptr_t) (type ? type : asked->reply);
    char from [ADDRESS_SIZE];
    memcpy (from, asked->to, sizeof from);      //  The ring may move on meanwhile
    envelope.from = from;
    if (kind == GGEN__KIND__REPLY && step->b == 1)
        deliver_with (self, &envelope, (bytes_t) {NULL, 0}, step->bytes);
    else
        deliver (self, &envelope, step->bytes);
}

static void
play_cancel (player_t *self, const step_t *step)
{
    char from [ADDRESS_SIZE];
    client_name (self, step->b, from);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = step->a == 255 ? GGEN__KIND__GONE : GGEN__KIND__CANCEL;
    envelope.id = step->a;
    envelope.from = from;
    deliver (self, &envelope, (bytes_t) {NULL, 0});
}

static void
play_anything (player_t *self, const step_t *step)
{
    size_t split = step->a < step->bytes.size ? step->a : step->bytes.size;
    mail_t mail = {{step->bytes.data, split},
                   {step->bytes.data + split, step->bytes.size - split},
                   {NULL, 0}};
    self->unlimited = true;
    note (self, actor_deliver (self->actor, &mail, self->now_ms, self->now_ms));
}

static void
play_step (player_t *self, const step_t *step)
{
    switch (step->op % 8) {
    case 0: play_request (self, step, GGEN__KIND__REQUEST); break;
    case 1: play_answer (self, step, GGEN__KIND__REPLY, NULL); break;
    case 2: play_answer (self, step, GGEN__KIND__REPLY, "Failure"); break;
    case 3: play_answer (self, step, GGEN__KIND__PROGRESS, "Progress"); break;
    case 4: play_cancel (self, step); break;
    case 5: play_request (self, step, GGEN__KIND__EVENT); break;
    case 6: pass (self, step->a * 256 + step->b); break;
    case 7: play_anything (self, step); break;
    }
}

//  ---- the whole -----------------------------------------------------------------------------------

static bool
next_step (const uint8_t **data, size_t *size, step_t *step)
{
    if (*size < 5)
        return false;
    const uint8_t *at = *data;
    size_t length = (size_t) at [3] | (size_t) at [4] << 8;
    length = length < *size - 5 ? length : *size - 5;
    *step = (step_t) {at [0], at [1], at [2], {at + 5, length}};
    *data += 5 + length;
    *size -= 5 + length;
    return true;
}

//  Nobody answers any more: what it waits for ends by its deadlines, and so does what it owes.
static void
fall_silent (player_t *self)
{
    for (unsigned i = 0; i < SILENCES_MAX && !self->ended; i++) {
        actor_metrics_t metrics = actor_metrics (self->actor);
        if (!metrics.open && (!metrics.pending || self->flags & PLAYER_RESTLESS))
            return;
        pass (self, SILENCE_MS);
    }
    must_hold (self->ended || self->unlimited);
}

static bool
believe (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
         const uint8_t *key)
{
    (void) context, (void) signature, (void) message, (void) size, (void) key;
    return true;
}

static void
sign (void *context, const void *message, size_t size, uint8_t *signature)
{
    (void) context, (void) message, (void) size;
    memset (signature, 7, CRYPTO_SIGNATURE_BYTES);
}

const identity_t player_identity = {.key = {99}, .sign = sign};

void
player_play_as (const actor_class_t *class, const void *settings, unsigned flags,
                const uint8_t *data, size_t size)
{
    crypto_t crypto = crypto_real;
    if (flags & PLAYER_BELIEVES)
        crypto.verify = believe;
    must_hold (sodium_init () >= 0);
    player_t *self = calloc (1, sizeof *self);
    must_hold (self != NULL);
    self->class = class;
    self->flags = flags;
    self->now_ms = 1000000;
    while (class->rows [self->rows_count].message)
        self->rows_count++;
    actor_setup_t setup = {.epoch = 7,
                           .crypto = &crypto,
                           .port = {self, on_send, clock_us},
                           .settings = settings,
                           .now_ms = self->now_ms,
                           .wall_ms = self->now_ms};
    self->actor = actor_new (class, &setup);
    must_hold (self->actor != NULL);
    step_t step;
    for (unsigned i = 0; i < PLAYER_OPS_MAX && !self->ended && next_step (&data, &size, &step); i++)
        play_step (self, &step);
    if (!self->ended)
        fall_silent (self);
    else
        actor_abandon (self->actor);
    actor_destroy (&self->actor);
    free (self);
}

void
player_play (const actor_class_t *class, const void *settings, const uint8_t *data, size_t size)
{
    player_play_as (class, settings, 0, data, size);
}
