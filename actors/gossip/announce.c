// SPDX-License-Identifier: MIT
//  Our own announcements. Those of one millisecond and topic are one batch, signed once. It becomes a
//  wave: pushed to all members while they are few and neighbours, else over the eager links of the mesh;
//  it ends when all have answered. Who did not, and who is not pushed to, is told by id.
#include "gossip_inside.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MS       1
#define WAVES_MAX      32
#define PUSHES_MAX     48           //  under way at one time, below PENDING_MAX
#define PUSH_BUDGET_MS 3000

struct batch_t {
    batch_t *next;
    topic_t *topic;
    ProtobufCBinaryData *items;
    ticket_t *tickets;
    size_t items_count;
    size_t bytes;
};

struct wave_t {
    wave_t *next;
    gossip_t *gossip;
    body_t *body;
    ticket_t *tickets;
    size_t tickets_count;
    peer_set_t todo;
    uint8_t *pushed;                //  4 bytes of each key
    size_t pushed_size;
    uint32_t todo_count;
    uint32_t asked, acknowledged, waiting;
};

//  ---- batches -----------------------------------------------------------------------------------

static void
batch_free (batch_t *batch)
{
    for (size_t i = 0; i < batch->items_count; i++)
        free (batch->items [i].data);
    free (batch->items);
    free (batch->tickets);
    free (batch);
}

//  The batch of this topic that still has room, or a new one at the end. NULL: no memory.
static batch_t *
batch_with_room (gossip_t *self, topic_t *topic, size_t bytes)
{
    batch_t **last = &self->batches;
    for (; *last; last = &(*last)->next)
        if ((*last)->topic == topic && (*last)->items_count < GOSSIP_ITEMS_MAX
            && (*last)->bytes + bytes <= GOSSIP_ITEM_BYTES_MAX)
            return *last;
    batch_t *batch = calloc (1, sizeof *batch);
    if (batch)
        batch->topic = topic;
    return *last = batch;
}

static bool
batch_add (batch_t *batch, ticket_t ticket, bytes_t item)
{
    size_t count = batch->items_count + 1;
    ProtobufCBinaryData *items = realloc (batch->items, count * sizeof *items);
    if (items)
        batch->items = items;
    ticket_t *tickets = items ? realloc (batch->tickets, count * sizeof *tickets) : NULL;
    if (tickets)
        batch->tickets = tickets;
    uint8_t *copy = tickets ? malloc (item.size) : NULL;
    if (!copy)
        return false;
    memcpy (copy, item.data, item.size);
    items [batch->items_count] = (ProtobufCBinaryData) {item.size, copy};
    tickets [batch->items_count++] = ticket;
    batch->bytes += item.size;
    return true;
}

code_t
announce_request (gossip_t *self, const delivery_t *at, const char *name, bytes_t item)
{
    if (!announcement_topic_valid (name) || item.size == 0 || item.size > GOSSIP_ITEM_BYTES_MAX)
        return VALIDATION;
    topic_t *topic = topics_need (self, name);
    if (!topic || self->batch_bytes + item.size > GOSSIP_ITEMS_WAITING_BYTES_MAX)
        return BUSY;
    batch_t *batch = batch_with_room (self, topic, item.size);
    if (!batch || !batch_add (batch, at->ticket, item))
        return BUSY;
    topic->announced_ms = self->now_ms;
    self->batch_bytes += (uint32_t) item.size;
    gossip_due (self, DUE_SIGN, self->now_ms + BATCH_MS);
    return OK;
}

//  ---- waves -------------------------------------------------------------------------------------

static void
wave_free (wave_t *wave)
{
    body_release (&wave->body);
    free (wave->tickets);
    free (wave->pushed);
    free (wave);
}

static void
wave_end (gossip_t *self, wave_t *wave)
{
    wave_t **at = &self->waves;
    while (*at != wave)
        at = &(*at)->next;
    *at = wave->next;
    self->waves_count--;
    Ggen__AnnounceReply reply = GGEN__ANNOUNCE_REPLY__INIT;
    reply.asked = wave->asked;
    reply.acknowledged = wave->acknowledged;
    for (size_t i = 0; i < wave->tickets_count; i++)
        out_answer (self->out, wave->tickets [i], &reply.base);
    wave_free (wave);
    if (self->batches)
        gossip_due (self, DUE_SIGN, self->now_ms);
}

static void
push_more (gossip_t *self);

static code_t
on_pushed (void *self_, void *wave_, const answer_t *answer)
{
    gossip_t *self = self_;
    wave_t *wave = wave_;
    if (answer->progress)
        return OK;
    self->now_ms = answer->now_ms;
    self->wall_ms = answer->wall_ms + self->skew_ms;
    self->pushes--;
    wave->waiting--;
    wave->acknowledged += answer->code == OK;
    peer_t *peer = answer->code == OK ? NULL : peers_find (self, answer->from);
    if (peer)
        peer_set_remove (&wave->body->knows, peer->slot);
    push_more (self);
    outbox_say (self);
    return OK;
}

static code_t
push (gossip_t *self, wave_t *wave, peer_t *peer)
{
    Ggen__PushRequest request = GGEN__PUSH_REQUEST__INIT;
    request.announcement = (ProtobufCBinaryData) {wave->body->size, wave->body->bytes};
    request.pushed = (ProtobufCBinaryData) {wave->pushed_size, wave->pushed};
    char address [GOSSIP_ADDRESS_SIZE];
    peer_address (peer, address);
    ask_t ask = {.to = address,
                 .message = &request.base,
                 .expect = &ggen__push_reply__descriptor,
                 .budget_ms = PUSH_BUDGET_MS,
                 .on_answer = on_pushed,
                 .arg = wave};
    return out_ask (self->out, &ask);
}

//  Push to the next of this wave, while others may be under way.
static void
push_wave (gossip_t *self, wave_t *wave)
{
    peer_t *peer;
    for (unsigned slot = 0; wave->todo_count > 0 && self->pushes < PUSHES_MAX
                            && (peer = peers_next (self, &slot)) != NULL;
         slot++) {
        if (!peer_set_has (&wave->todo, slot))
            continue;
        if (!peer->muted) {
            if (push (self, wave, peer) != OK)
                return;
            self->pushes++;
            self->counts.sent_bodies++;
            wave->waiting++;
            wave->asked++;
            peer_set_add (&wave->body->knows, slot);
        }
        peer_set_remove (&wave->todo, slot);
        wave->todo_count--;
    }
    //  Who left meanwhile is in nobody's slot.
    if (self->pushes < PUSHES_MAX)
        wave->todo_count = 0;
}

static void
push_more (gossip_t *self)
{
    wave_t *next;
    for (wave_t *wave = self->waves; wave; wave = next) {
        next = wave->next;
        push_wave (self, wave);
        if (wave->todo_count == 0 && wave->waiting == 0)
            wave_end (self, wave);
    }
}

static void
aim_at (wave_t *wave, const peer_t *peer)
{
    if (peer_set_has (&wave->todo, peer->slot))
        return;
    peer_set_add (&wave->todo, peer->slot);
    wave->todo_count++;
    memcpy (wave->pushed + wave->pushed_size, peer->key.bytes, 4);
    wave->pushed_size += 4;
}

//  All that follow while they are few and near, else as anybody who has it: over eager links. A
//  push over another link would cross what comes to its end by the tree. With no link at all some of
//  those that follow.
static void
wave_aim (gossip_t *self, wave_t *wave, topic_t *topic)
{
    bool direct = topic_direct (self, topic);
    for (unsigned i = 0; i < topic->links_count; i++)
        if (direct || topic->links [i].eager)
            aim_at (wave, self->peers [topic->links [i].slot]);
    if (!direct && wave->todo_count > 0)
        return;
    unsigned start = self->slots_count ? (unsigned) rng_below (self->rng, self->slots_count) : 0;
    for (unsigned i = 0; i < self->slots_count; i++) {
        const peer_t *peer = self->peers [(start + i) % self->slots_count];
        if (!direct && wave->todo_count >= GOSSIP_MESH)
            break;
        if (peer && !peer->muted && peer_follows (peer, topic->hash))
            aim_at (wave, peer);
    }
}

static bool
wave_start (gossip_t *self, batch_t *batch, bytes_t packed)
{
    wave_t *wave = calloc (1, sizeof *wave);
    if (!wave)
        return false;
    wave->body = body_new (packed);
    wave->pushed = malloc (4u * self->peers_count + 1u);
    if (!wave->body || !wave->pushed) {
        wave_free (wave);
        return false;
    }
    self->crypto->sha256 (packed.data, packed.size, wave->body->id);
    wave->body->topic = batch->topic->hash;
    wave->body->taken_ms = self->now_ms;
    wave->body->own = true;
    wave->tickets = batch->tickets;
    wave->tickets_count = batch->items_count;
    batch->tickets = NULL;
    wave_aim (self, wave, batch->topic);
    history_add (self->history, wave->body, self->now_ms);
    forward_fresh (self, wave->body, (bytes_t) {wave->pushed, wave->pushed_size});
    wave_t **last = &self->waves;
    while (*last)
        last = &(*last)->next;
    *last = wave;
    self->waves_count++;
    return true;
}

//  ---- signing -----------------------------------------------------------------------------------

static bool
sign_batch (gossip_t *self, batch_t *batch)
{
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    announcement.seq = self->seq + 1;
    announcement.wall_ms = self->wall_ms;
    announcement.topic = batch->topic->name;
    announcement.items = batch->items;
    announcement.n_items = batch->items_count;
    size_t size;
    uint8_t *packed = announcement_seal (&announcement, self->settings->identity, &size);
    bool started = packed && wave_start (self, batch, (bytes_t) {packed, size});
    free (packed);
    if (!started)
        return false;
    self->seq++;
    self->counts.announced++;
    return true;
}

void
announce_sign (gossip_t *self)
{
    int64_t tokens = self->own_tokens + (self->now_ms - self->own_at_ms) * GOSSIP_OWN_RATE;
    if (tokens > GOSSIP_OWN_BURST * 1000)
        tokens = GOSSIP_OWN_BURST * 1000;
    self->own_at_ms = self->now_ms;
    self->due_ms [DUE_SIGN] = DEADLINE_NEVER;
    while (self->batches && tokens >= 1000 && self->waves_count < WAVES_MAX) {
        batch_t *batch = self->batches;
        if (!sign_batch (self, batch))
            break;
        tokens -= 1000;
        self->batches = batch->next;
        self->batch_bytes -= (uint32_t) batch->bytes;
        batch_free (batch);
    }
    self->own_tokens = (int32_t) tokens;
    //  With all waves under way the end of one goes on.
    if (self->batches && self->waves_count < WAVES_MAX)
        gossip_due (self, DUE_SIGN,
            self->now_ms + (tokens < 1000 ? (1000 - tokens) / GOSSIP_OWN_RATE + 1 : 1000));
    int64_t beat_ms = self->heartbeat_ms + self->settings->heartbeat_ms;
    gossip_due (self, DUE_HEARTBEAT, beat_ms > self->now_ms ? beat_ms : self->now_ms + 1);
    push_more (self);
}

void
announce_done (gossip_t *self)
{
    while (self->batches) {
        batch_t *batch = self->batches;
        self->batches = batch->next;
        batch_free (batch);
    }
    while (self->waves) {
        wave_t *wave = self->waves;
        self->waves = wave->next;
        wave_free (wave);
    }
}
