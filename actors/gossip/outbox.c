// SPDX-License-Identifier: MIT
//  What is to be said to each neighbour, gathered into one frame. It leaves at the end of the call
//  that said it, but a millisecond after the last frames at the earliest: what comes in quick
//  succession shares frames.
#include "gossip_inside.h"

#include <stdlib.h>
#include <string.h>

#define NOTES_MAX       6000                //  for one neighbour; more are dropped, and counted
#define FRAME_BODIES    (256u << 10)        //  bytes of bodies after which a frame is full
#define IDS_DELAY_MS    40                  //  of ids: meanwhile a body may come from the other side
#define IDS_APART_MS    100                 //  at least, between two frames with ids alone

typedef struct {
    uint8_t what;                           //  say_t
    bool taken;
    uint32_t backoff_secs;
    union {
        body_t *body;                       //  BODY, HAVE, HAVE_LATE
        char *name;                         //  of a topic
        uint8_t id [ID_SIZE];
    };
} note_t;

struct outbox_t {
    int64_t due_ms;
    note_t *notes;
    uint32_t count, capacity;
};

static bool
of_body (uint8_t what)
{
    return what == SAY_BODY || what == SAY_HAVE || what == SAY_HAVE_LATE;
}

static bool
of_id (uint8_t what)
{
    return what == SAY_WANT || what == SAY_DONT_WANT;
}

static void
note_free (note_t *note)
{
    if (of_body (note->what))
        body_release (&note->body);
    else if (!of_id (note->what))
        free (note->name);
}

void
outbox_drop (gossip_t *self, peer_t *peer)
{
    outbox_t *outbox = peer->outbox;
    if (!outbox)
        return;
    for (uint32_t i = 0; i < outbox->count; i++)
        note_free (&outbox->notes [i]);
    free (outbox->notes);
    free (outbox);
    peer->outbox = NULL;
    peer_set_remove (&self->saying, peer->slot);
}

//  ---- noting ------------------------------------------------------------------------------------

static bool
outbox_room (gossip_t *self, peer_t *peer)
{
    if (!peer->outbox) {
        peer->outbox = calloc (1, sizeof *peer->outbox);
        if (!peer->outbox)
            return false;
        peer->outbox->due_ms = DEADLINE_NEVER;
        peer_set_add (&self->saying, peer->slot);
    }
    outbox_t *outbox = peer->outbox;
    if (outbox->count < outbox->capacity)
        return true;
    if (outbox->count == NOTES_MAX)
        return false;
    uint32_t capacity = outbox->capacity ? 2 * outbox->capacity : 2;
    note_t *grown = realloc (outbox->notes, capacity * sizeof *grown);
    if (!grown)
        return false;
    outbox->notes = grown;
    outbox->capacity = capacity;
    return true;
}

//  NULL: there is no room; counted.
static note_t *
note (gossip_t *self, peer_t *peer, say_t what, int64_t due_ms)
{
    if (!outbox_room (self, peer)) {
        self->counts.dropped_full++;
        return NULL;
    }
    outbox_t *outbox = peer->outbox;
    note_t *note = &outbox->notes [outbox->count++];
    *note = (note_t) {.what = (uint8_t) what};
    if (due_ms < outbox->due_ms)
        outbox->due_ms = due_ms;
    gossip_due (self, DUE_SAY, due_ms);
    return note;
}

void
outbox_prune (gossip_t *self, peer_t *peer, const char *name, uint32_t backoff_secs)
{
    char *copy = strdup (name);
    note_t *added = copy ? note (self, peer, SAY_PRUNE, self->now_ms) : NULL;
    if (!added) {
        free (copy);
        return;
    }
    added->name = copy;
    added->backoff_secs = backoff_secs;
}

void
outbox_topic (gossip_t *self, peer_t *peer, say_t what, topic_t *topic)
{
    char *copy = strdup (topic->name);
    note_t *added = copy ? note (self, peer, what, self->now_ms) : NULL;
    if (added)
        added->name = copy;
    else
        free (copy);
}

void
outbox_id (gossip_t *self, peer_t *peer, say_t what, const uint8_t *id)
{
    note_t *added = note (self, peer, what, self->now_ms);
    if (added)
        memcpy (added->id, id, ID_SIZE);
}

void
outbox_body (gossip_t *self, peer_t *peer, say_t what, body_t *body)
{
    int64_t due_ms = self->now_ms;
    if (what == SAY_HAVE) {
        due_ms += IDS_DELAY_MS;
        uint32_t passed_ms = (uint32_t) self->now_ms - peer->ids_told_at;
        if (passed_ms < IDS_APART_MS - IDS_DELAY_MS)
            due_ms = self->now_ms + IDS_APART_MS - passed_ms;
    }
    note_t *added = note (self, peer, what, due_ms);
    if (added)
        added->body = body_hold (body);
}

//  ---- frames ------------------------------------------------------------------------------------

//  Lists of a frame point into one block of this many pointers or fields a note.
typedef struct {
    Ggen__GossipFrame frame;
    Ggen__GossipHave *haves;
    Ggen__GossipPrune *prunes;
    void *block;
    uint32_t haves_count, prunes_count;
} page_t;

//  Each note is in one list: room for all notes in each, from one allocation.
static bool
page_init (page_t *self, uint32_t notes_count)
{
    size_t data = sizeof (ProtobufCBinaryData), pointer = sizeof (void *);
    size_t size = notes_count
                  * (4 * data + 7 * pointer + sizeof *self->haves + sizeof *self->prunes);
    uint8_t *at = self->block = malloc (size + 64);
    if (!at)
        return false;
    ggen__gossip_frame__init (&self->frame);
    self->haves = (void *) at, at += notes_count * sizeof *self->haves;
    self->prunes = (void *) at, at += notes_count * sizeof *self->prunes;
    self->frame.announcements = (void *) at, at += notes_count * data;
    self->frame.want = (void *) at, at += notes_count * data;
    self->frame.dont_want = (void *) at, at += notes_count * data;
    ProtobufCBinaryData *ids = (void *) at;
    at += notes_count * data;
    self->frame.have = (void *) at, at += notes_count * pointer;
    self->frame.prune = (void *) at, at += notes_count * pointer;
    self->frame.graft = (void *) at, at += notes_count * pointer;
    self->frame.eager = (void *) at, at += notes_count * pointer;
    self->frame.lazy = (void *) at, at += notes_count * pointer;
    self->frame.subscribe = (void *) at, at += notes_count * pointer;
    self->frame.unsubscribe = (void *) at;
    self->haves_count = self->prunes_count = 0;
    if (notes_count > 0)
        self->haves [0].ids = ids;      //  the ids of all haves lie one after another
    return true;
}

static ProtobufCBinaryData
id_field (const uint8_t *id)
{
    return (ProtobufCBinaryData) {ID_SIZE, (uint8_t *) id};
}

//  All ids of this note's topic and kind that are still worth telling, as one list.
static void
page_haves (page_t *self, gossip_t *gossip, outbox_t *outbox, uint32_t from, const peer_t *peer)
{
    const note_t *first = &outbox->notes [from];
    const topic_t *topic = topics_find (gossip, first->body->topic);
    Ggen__GossipHave *have = &self->haves [self->haves_count];
    ProtobufCBinaryData *ids = self->haves_count == 0 ? have->ids
                                                      : have [-1].ids + have [-1].n_ids;
    ggen__gossip_have__init (have);
    have->ids = ids;
    have->late = first->what == SAY_HAVE_LATE;
    for (uint32_t i = from; i < outbox->count; i++) {
        note_t *at = &outbox->notes [i];
        if (at->taken || at->what != first->what || at->body->topic != first->body->topic)
            continue;
        at->taken = true;
        if (!topic || peer_set_has (&at->body->knows, peer->slot))
            continue;
        peer_set_add (&at->body->knows, peer->slot);
        ids [have->n_ids++] = id_field (at->body->id);
    }
    if (have->n_ids == 0) {
        have->ids = ids;
        return;
    }
    have->topic = topic->name;
    self->haves_count++;
    self->frame.have [self->frame.n_have++] = have;
}

static void
page_body (page_t *self, gossip_t *gossip, note_t *note)
{
    note->taken = true;
    gossip->counts.sent_bodies++;
    self->frame.announcements [self->frame.n_announcements++] =
        (ProtobufCBinaryData) {note->body->size, note->body->bytes};
}

static void
page_prune (page_t *self, note_t *note)
{
    Ggen__GossipPrune *prune = &self->prunes [self->prunes_count++];
    ggen__gossip_prune__init (prune);
    prune->topic = note->name;
    prune->backoff_secs = note->backoff_secs;
    self->frame.prune [self->frame.n_prune++] = prune;
}

static void
page_rest (page_t *self, note_t *note)
{
    Ggen__GossipFrame *frame = &self->frame;
    note->taken = true;
    if (note->what == SAY_WANT)
        frame->want [frame->n_want++] = id_field (note->id);
    else if (note->what == SAY_DONT_WANT)
        frame->dont_want [frame->n_dont_want++] = id_field (note->id);
    else if (note->what == SAY_GRAFT)
        frame->graft [frame->n_graft++] = note->name;
    else if (note->what == SAY_PRUNE)
        page_prune (self, note);
    else if (note->what == SAY_EAGER)
        frame->eager [frame->n_eager++] = note->name;
    else if (note->what == SAY_LAZY)
        frame->lazy [frame->n_lazy++] = note->name;
    else if (note->what == SAY_SUBSCRIBE)
        frame->subscribe [frame->n_subscribe++] = note->name;
    else
        frame->unsubscribe [frame->n_unsubscribe++] = note->name;
}

//  Fill one frame. Returns true when notes are left for another.
static bool
page_fill (page_t *self, gossip_t *gossip, outbox_t *outbox, const peer_t *peer)
{
    size_t bytes = 0;
    bool left = false;
    for (uint32_t i = 0; i < outbox->count; i++) {
        note_t *note = &outbox->notes [i];
        if (note->taken)
            continue;
        if (note->what == SAY_HAVE || note->what == SAY_HAVE_LATE)
            page_haves (self, gossip, outbox, i, peer);
        else if (note->what != SAY_BODY)
            page_rest (self, note);
        else if (bytes > 0 && bytes + note->body->size > FRAME_BODIES)
            left = true;
        else {
            bytes += note->body->size;
            page_body (self, gossip, note);
        }
    }
    return left;
}

static bool
frame_empty (const Ggen__GossipFrame *frame)
{
    return frame->n_announcements + frame->n_have + frame->n_want + frame->n_dont_want
               + frame->n_graft + frame->n_prune + frame->n_subscribe + frame->n_unsubscribe
               + frame->n_eager + frame->n_lazy
           == 0;
}

void
outbox_flush (gossip_t *self, peer_t *peer)
{
    outbox_t *outbox = peer->outbox;
    bool left = outbox != NULL;
    char address [GOSSIP_ADDRESS_SIZE];
    peer_address (peer, address);
    while (left) {
        page_t page;
        if (!page_init (&page, outbox->count)) {
            self->counts.dropped_full++;
            break;
        }
        left = page_fill (&page, self, outbox, peer);
        if (page.frame.n_have > 0)
            peer->ids_told_at = (uint32_t) self->now_ms;
        if (!frame_empty (&page.frame)) {
            self->counts.sent_frames++;
            out_event (self->out, address, &page.frame.base);
        }
        free (page.block);
    }
    outbox_drop (self, peer);
}

void
outbox_say (gossip_t *self)
{
    if (self->due_ms [DUE_SAY] > self->now_ms)
        return;
    if (self->said_ms == self->now_ms) {
        self->due_ms [DUE_SAY] = self->now_ms + 1;
        return;
    }
    self->due_ms [DUE_SAY] = DEADLINE_NEVER;
    for (unsigned word = 0; word < PEER_SET_WORDS; word++)
        for (uint64_t bits = self->saying.words [word]; bits; bits &= bits - 1) {
            peer_t *peer = self->peers [64 * word + (unsigned) __builtin_ctzll (bits)];
            if (peer->outbox->due_ms <= self->now_ms) {
                outbox_flush (self, peer);
                self->said_ms = self->now_ms;
            } else
                gossip_due (self, DUE_SAY, peer->outbox->due_ms);
        }
}
