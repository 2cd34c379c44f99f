// SPDX-License-Identifier: MIT
#include "rehearsal.h"

#include "envelope.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    bool is_input;
    int64_t now_ms;
    int64_t wall_ms;
    Ggen__RehearsedMessage *message;
} scene_t;

struct rehearsal_t {
    const actor_class_t *class;
    const char *name;
    const void *settings;
    scene_t *scenes;
    size_t scenes_count;
    size_t scenes_room;
    size_t bytes;
    int64_t last_ms;
    uint64_t last_sequence;
    uint32_t epoch;                 //  of its own requests; 0 = none was recorded yet
    bool over;                      //  another one of that name begins: the rest is not of this one

    //  while it is played
    actor_t *actor;
    int64_t now_ms;
    int64_t wall_ms;
    size_t compared;                //  scenes whose output has been said
    bool has_more;                  //  of inputs
    Ggen__RehearsalReply *reply;
};

rehearsal_t *
rehearsal_new (const actor_class_t *class, const char *name, const void *settings)
{
    rehearsal_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->class = class;
    self->name = name;
    self->settings = settings;
    return self;
}

static void
free_message (Ggen__RehearsedMessage *message)
{
    if (message)
        ggen__rehearsed_message__free_unpacked (message, NULL);
}

void
rehearsal_destroy (rehearsal_t **self_p)
{
    rehearsal_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->scenes_count; i++)
        free_message (self->scenes[i].message);
    actor_destroy (&self->actor);
    if (self->reply)
        ggen__rehearsal_reply__free_unpacked (self->reply, NULL);
    free (self->scenes);
    free (self);
    *self_p = NULL;
}

//  A message of its own memory. NULL: out of memory.
static Ggen__RehearsedMessage *
copy_message (const Ggen__RehearsedMessage *message)
{
    size_t size = ggen__rehearsed_message__get_packed_size (message);
    uint8_t *packed = malloc (size + 1);
    if (!packed)
        return NULL;
    ggen__rehearsed_message__pack (message, packed);
    Ggen__RehearsedMessage *copy = ggen__rehearsed_message__unpack (NULL, size, packed);
    free (packed);
    return copy;
}

//  ---- taking the recording ------------------------------------------------------------------------

static bool
is_input (const rehearsal_t *self, const Ggen__TapHeader *header)
{
    return strcmp (header->to, self->name) == 0
           || (self->class->transit && strchr (header->to, '@'));
}

static bool
is_own_request (const rehearsal_t *self, const Ggen__TapHeader *header)
{
    return header->envelope->kind == GGEN__KIND__REQUEST
           && strcmp (header->envelope->from, self->name) == 0;
}

//  The requests of one life have one epoch; a bus counts on.
static bool
is_next_life (const rehearsal_t *self, const Ggen__TapHeader *header)
{
    return header->sequence <= self->last_sequence
           || (self->epoch != 0 && is_own_request (self, header)
               && header->envelope->id >> 32 != self->epoch);
}

static bool
make_room (rehearsal_t *self)
{
    if (self->scenes_count < self->scenes_room)
        return true;
    size_t room = self->scenes_room ? 2 * self->scenes_room : 64;
    scene_t *scenes = realloc (self->scenes, room * sizeof *scenes);
    if (!scenes)
        return false;
    self->scenes = scenes;
    self->scenes_room = room;
    return true;
}

static code_t
keep (rehearsal_t *self, const Ggen__TapHeader *header, bytes_t body)
{
    Ggen__RehearsedMessage message = GGEN__REHEARSED_MESSAGE__INIT;
    message.to = header->to;
    message.envelope = header->envelope;
    message.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    message.attachment_bytes = header->attachment_bytes;
    message.attachment_sha256 = header->attachment_sha256;
    self->bytes += body.size + sizeof (scene_t) + sizeof (Ggen__Envelope);
    if (self->bytes > REHEARSAL_BYTES_MAX || self->scenes_count == REHEARSAL_MESSAGES_MAX
        || !make_room (self))
        return BUSY;
    scene_t *scene = &self->scenes[self->scenes_count];
    *scene = (scene_t) {.is_input = is_input (self, header),
                        .now_ms = (int64_t) ((header->envelope->sent_us + header->latency_us) / 1000),
                        .wall_ms = header->at_us / 1000,
                        .message = copy_message (&message)};
    //  What other nodes sent has a time of its own, or none.
    if (scene->now_ms < self->last_ms || header->envelope->sent_us == 0)
        scene->now_ms = self->last_ms;
    self->last_ms = scene->now_ms;
    if (!scene->message)
        return BUSY;
    self->scenes_count++;
    return OK;
}

code_t
rehearsal_add (rehearsal_t *self, const Ggen__TapHeader *header, bytes_t body)
{
    const Ggen__Envelope *envelope = header->envelope;
    if (self->over || !envelope)
        return OK;
    self->over = is_next_life (self, header);
    if (self->over)
        return OK;
    self->last_sequence = header->sequence;
    if (is_own_request (self, header))
        self->epoch = (uint32_t) (envelope->id >> 32);
    if (!is_input (self, header) && strcmp (envelope->from, self->name) != 0)
        return OK;
    if (is_input (self, header) && header->attachment_bytes > 0)
        return VALIDATION;
    return keep (self, header, body);
}

//  ---- what it says --------------------------------------------------------------------------------

static bool
is_same (const Ggen__RehearsedMessage *a, const Ggen__RehearsedMessage *b)
{
    const Ggen__Envelope *x = a->envelope, *y = b->envelope;
    return strcmp (a->to, b->to) == 0 && x->kind == y->kind && x->id == y->id
           && strcmp (x->type, y->type) == 0 && strcmp (x->to, y->to) == 0
           && message_same_bytes (a->body, b->body) && a->attachment_bytes == b->attachment_bytes
           && message_same_bytes (a->attachment_sha256, b->attachment_sha256);
}

static const scene_t *
next_output (rehearsal_t *self)
{
    while (self->compared < self->scenes_count && self->scenes[self->compared].is_input)
        self->compared++;
    return self->compared < self->scenes_count ? &self->scenes[self->compared] : NULL;
}

static void
differ (rehearsal_t *self, const Ggen__RehearsedMessage *recorded,
        const Ggen__RehearsedMessage *played)
{
    self->reply->differs = true;
    self->reply->number = self->reply->outputs + 1;
    self->reply->recorded = recorded ? copy_message (recorded) : NULL;
    self->reply->played = played ? copy_message (played) : NULL;
}

static void
compare (rehearsal_t *self, const Ggen__RehearsedMessage *played)
{
    const scene_t *scene = next_output (self);
    if (self->reply->differs)
        return;
    if (scene && is_same (scene->message, played)) {
        self->compared++;
        self->reply->outputs++;
    }
    //  Who recorded may have stopped before it was said.
    else if (scene || self->has_more)
        differ (self, scene ? scene->message : NULL, played);
}

static void
port_send (void *self_, const parcel_t *parcel)
{
    rehearsal_t *self = self_;
    uint8_t digest[CRYPTO_HASH_BYTES];
    Ggen__RehearsedMessage played = GGEN__REHEARSED_MESSAGE__INIT;
    size_t size = parcel_body_size (parcel);
    uint8_t *body = malloc (size + 1);
    if (body)
        parcel_body_write (parcel, body);
    played.to = (char *) parcel->to;
    played.envelope = (Ggen__Envelope *) parcel->envelope;
    played.body = (ProtobufCBinaryData) {body ? size : 0, body};
    if (parcel->attachment && parcel->attachment_size > 0) {
        crypto_real.sha256 (parcel->attachment, parcel->attachment_size, digest);
        played.attachment_bytes = parcel->attachment_size;
        played.attachment_sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    }
    compare (self, &played);
    if (parcel->attachment)
        parcel->free_attachment (parcel->attachment, parcel->hint);
    free (body);
}

static uint64_t
port_clock_us (void *self)
{
    return (uint64_t) ((const rehearsal_t *) self)->now_ms * 1000;
}

//  ---- playing -------------------------------------------------------------------------------------

static bool
bear (rehearsal_t *self)
{
    self->now_ms = self->scenes[0].now_ms;
    self->wall_ms = self->scenes[0].wall_ms;
    actor_setup_t setup = {.name = self->name,
                           .epoch = self->epoch ? self->epoch : 1,
                           .crypto = &crypto_real,
                           .port = {self, port_send, port_clock_us},
                           .settings = self->settings,
                           .now_ms = self->now_ms,
                           .wall_ms = self->wall_ms};
    self->actor = actor_new (self->class, &setup);
    return self->actor != NULL;
}

static void
set_time (rehearsal_t *self, int64_t now_ms)
{
    if (now_ms <= self->now_ms)
        return;
    self->wall_ms += now_ms - self->now_ms;
    self->now_ms = now_ms;
}

//  Its timers, up to 'until_ms'.
static code_t
let_pass (rehearsal_t *self, int64_t until_ms)
{
    code_t code = OK;
    for (unsigned i = 0; i < REHEARSAL_TICKS_MAX && code != FATAL; i++) {
        int64_t due_ms = actor_deadline_ms (self->actor);
        if (due_ms > until_ms)
            break;
        set_time (self, due_ms);
        code = actor_tick (self->actor, self->now_ms, self->wall_ms);
    }
    set_time (self, until_ms);
    return code;
}

static code_t
give (rehearsal_t *self, const scene_t *scene)
{
    const Ggen__RehearsedMessage *message = scene->message;
    size_t size = envelope_size (message->envelope);
    uint8_t *packed = malloc (size + 1);
    if (!packed)
        return FATAL;
    self->wall_ms = scene->wall_ms;
    mail_t mail = {.envelope = {packed, envelope_pack (message->envelope, packed)},
                   .body = {message->body.data, message->body.len}};
    code_t code = actor_deliver (self->actor, &mail, self->now_ms, self->wall_ms);
    free (packed);
    self->reply->inputs++;
    return code;
}

static bool
any_input_after (const rehearsal_t *self, size_t at)
{
    while (++at < self->scenes_count)
        if (self->scenes[at].is_input)
            return true;
    return false;
}

static void
play (rehearsal_t *self)
{
    code_t code = OK;
    for (size_t i = 0; i < self->scenes_count && code != FATAL && !self->reply->differs; i++) {
        const scene_t *scene = &self->scenes[i];
        self->has_more = true;
        code = let_pass (self, scene->now_ms);
        self->has_more = any_input_after (self, i);
        if (scene->is_input && code != FATAL && !self->reply->differs)
            code = give (self, scene);
    }
    const scene_t *left = next_output (self);
    self->reply->failed = code == FATAL;
    if (!self->reply->differs && left)
        differ (self, left->message, NULL);
}

code_t
rehearsal_run (rehearsal_t *self, Ggen__RehearsalReply **reply_p)
{
    *reply_p = NULL;
    if (self->scenes_count == 0)
        return PACKAGE_NOT_FOUND;
    self->reply = calloc (1, sizeof *self->reply);
    if (!self->reply)
        return INTERNAL;
    ggen__rehearsal_reply__init (self->reply);
    self->has_more = true;
    if (!bear (self))
        return INTERNAL;
    play (self);
    self->reply->next_life = self->over;
    *reply_p = self->reply;
    self->reply = NULL;
    return OK;
}
