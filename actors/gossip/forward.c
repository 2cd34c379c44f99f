// SPDX-License-Identifier: MIT
//  Telling on: bodies over eager links, ids over the others, and ids to some more each heartbeat.
#include "gossip_inside.h"

#include <string.h>

#define TOLD_HEARTBEATS 3           //  ids are told to more neighbours for so long
#define TOLD_PEERS      2           //  to so many each time
#define MISSED_MS       1000        //  a push that comes later than this after a pull does not come
#define MEND_MS         5000        //  one link a topic: what is slow for one origin is fast for others
#define HISTORY_IDS_MAX 1024        //  of a topic, to a new neighbour; the newest

//  Is it one of those that the origin pushes to itself?
static bool
is_pushed (const peer_t *peer, bytes_t pushed)
{
    for (size_t at = 0; at + 4 <= pushed.size; at += 4)
        if (memcmp (pushed.data + at, peer->key.bytes, 4) == 0)
            return true;
    return false;
}

void
forward_fresh (gossip_t *self, body_t *body, bytes_t pushed)
{
    const topic_t *topic = topics_find (self, body->topic);
    int64_t beat_ms = self->heartbeat_ms + self->settings->heartbeat_ms;
    gossip_due (self, DUE_HEARTBEAT, beat_ms > self->now_ms ? beat_ms : self->now_ms + 1);
    for (unsigned i = 0; topic && i < topic->links_count; i++) {
        const link_t *link = &topic->links [i];
        peer_t *peer = self->peers [link->slot];
        if (peer_set_has (&body->knows, peer->slot) || is_pushed (peer, pushed))
            continue;
        if (link->eager && !body->late && !peer_set_has (&body->unwanted, peer->slot)) {
            peer_set_add (&body->knows, peer->slot);
            outbox_body (self, peer, SAY_BODY, body);
        } else
            outbox_body (self, peer, body->late ? SAY_HAVE_LATE : SAY_HAVE, body);
    }
    peer_t *peer;
    for (unsigned at = 0; topic && (peer = mesh_refused (self, topic, &at)) != NULL; at++)
        if (!peer->muted && !peer_set_has (&body->knows, peer->slot) && !is_pushed (peer, pushed))
            outbox_body (self, peer, body->late ? SAY_HAVE_LATE : SAY_HAVE, body);
}

void
forward_history (gossip_t *self, peer_t *peer, uint32_t topic)
{
    uint32_t count = history_count (self->history);
    for (uint32_t i = count > HISTORY_IDS_MAX ? count - HISTORY_IDS_MAX : 0; i < count; i++) {
        body_t *body = history_at (self->history, i);
        if (body && body->topic == topic && !peer_set_has (&body->knows, peer->slot))
            outbox_body (self, peer, SAY_HAVE_LATE, body);
    }
}

static void
tell_some (gossip_t *self, body_t *body)
{
    unsigned told = 0;
    unsigned start = (unsigned) rng_below (self->rng, self->slots_count);
    for (unsigned i = 0; i < self->slots_count && told < TOLD_PEERS; i++) {
        peer_t *peer = self->peers [(start + i) % self->slots_count];
        if (!peer || peer->muted || peer_set_has (&body->knows, peer->slot)
            || !peer_follows (peer, body->topic))
            continue;
        outbox_body (self, peer, SAY_HAVE, body);
        told++;
    }
}

//  What was pulled and not pushed by anybody since says that a link of the tree is missing.
static void
mend (gossip_t *self, body_t *body)
{
    if (!body->missed || self->now_ms - body->taken_ms < MISSED_MS)
        return;
    topic_t *topic = topics_find (self, body->topic);
    peer_t *peer = self->peers [body->pulled_from];
    body->missed = false;
    if (!topic || !peer || self->now_ms < topic->mended_ms + MEND_MS)
        return;
    topic->mended_ms = self->now_ms;
    mesh_make_eager (self, topic, peer);
}

bool
forward_heartbeat (gossip_t *self)
{
    int64_t since_ms = self->now_ms - TOLD_HEARTBEATS * (int64_t) self->settings->heartbeat_ms;
    bool any = false;
    for (uint32_t i = history_count (self->history); i-- > 0;) {
        body_t *body = history_at (self->history, i);
        if (!body || body->taken_ms < since_ms)
            break;
        any = true;
        mend (self, body);
        tell_some (self, body);
    }
    return any;
}
