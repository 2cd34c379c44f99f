// SPDX-License-Identifier: MIT
//  Bodies that come in: known ones are put aside by their hash, the rest is verified within its
//  neighbour's budget, at once or from its queue, one of each neighbour in turn. Only then is it
//  believed, kept, told on.
#include "gossip_inside.h"

#include <stdlib.h>
#include <string.h>

#define VERIFY_RATE      400        //  a second, of one neighbour
#define VERIFY_BURST     800
#define VERIFY_CALL_MAX  64         //  in one call: some 3 ms
#define INBOX_MAX        256        //  bodies of one neighbour; more are dropped, and offered again by others
#define INBOX_BYTES_MAX  (512u << 10)
#define INBOXES_BYTES_MAX (4u << 20)    //  of all neighbours
#define DONT_WANT_BYTES  1024       //  of a body for which a word of warning is worth sending
#define CLOCK_SLACK_MS   600000     //  signed times may be so far off

struct inbox_t {
    body_t **bodies;
    uint32_t first, count, capacity;
    uint32_t bytes;
};

//  ---- queues ------------------------------------------------------------------------------------

void
intake_drop (gossip_t *self, peer_t *peer)
{
    inbox_t *inbox = peer->inbox;
    if (!inbox)
        return;
    for (uint32_t i = 0; i < inbox->count; i++)
        body_release (&inbox->bodies [(inbox->first + i) % inbox->capacity]);
    self->inbox_bytes -= inbox->bytes;
    free (inbox->bodies);
    free (inbox);
    peer->inbox = NULL;
    peer_set_remove (&self->waiting, peer->slot);
}

static bool
inbox_grow (inbox_t *inbox)
{
    uint32_t capacity = inbox->capacity ? 2 * inbox->capacity : 4;
    body_t **grown = calloc (capacity, sizeof *grown);
    if (!grown)
        return false;
    for (uint32_t i = 0; i < inbox->count; i++)
        grown [i] = inbox->bodies [(inbox->first + i) % inbox->capacity];
    free (inbox->bodies);
    inbox->bodies = grown;
    inbox->capacity = capacity;
    inbox->first = 0;
    return true;
}

//  Takes 'body'. False: there is no room.
static bool
inbox_put (gossip_t *self, peer_t *peer, body_t *body)
{
    if (!peer->inbox)
        peer->inbox = calloc (1, sizeof *peer->inbox);
    inbox_t *inbox = peer->inbox;
    if (!inbox)
        return false;
    peer_set_add (&self->waiting, peer->slot);
    if (inbox->count == INBOX_MAX || inbox->bytes + body->size > INBOX_BYTES_MAX
        || self->inbox_bytes + body->size > INBOXES_BYTES_MAX
        || (inbox->count == inbox->capacity && !inbox_grow (inbox)))
        return false;
    inbox->bodies [(inbox->first + inbox->count++) % inbox->capacity] = body;
    inbox->bytes += body->size;
    self->inbox_bytes += body->size;
    return true;
}

static body_t *
inbox_take (gossip_t *self, peer_t *peer)
{
    inbox_t *inbox = peer->inbox;
    body_t *body = inbox->bodies [inbox->first];
    inbox->first = (inbox->first + 1) % inbox->capacity;
    inbox->count--;
    inbox->bytes -= body->size;
    self->inbox_bytes -= body->size;
    if (inbox->count == 0)
        intake_drop (self, peer);
    return body;
}

//  ---- budget ------------------------------------------------------------------------------------

//  When it may have the next verification; now or before when at once.
static int64_t
budget_ms (peer_t *peer, int64_t now_ms)
{
    uint32_t passed_ms = (uint32_t) now_ms - peer->verify_at;
    int64_t tokens = VERIFY_BURST * 1000;
    if (passed_ms < 1000u * VERIFY_BURST / VERIFY_RATE)
        tokens = peer->verify_tokens + (int64_t) passed_ms * VERIFY_RATE;
    peer->verify_tokens = (int32_t) (tokens < VERIFY_BURST * 1000 ? tokens : VERIFY_BURST * 1000);
    peer->verify_at = (uint32_t) now_ms;
    return peer->verify_tokens >= 1000
               ? now_ms
               : now_ms + (1000 - peer->verify_tokens + VERIFY_RATE - 1) / VERIFY_RATE;
}

//  ---- judging -----------------------------------------------------------------------------------

//  A signature that does not hold would say that our neighbour lies, unless we cannot verify at all.
static bool
can_verify (const gossip_t *self)
{
    const identity_t *identity = self->settings->identity;
    uint8_t signature [CRYPTO_SIGNATURE_BYTES];
    static const uint8_t probe [] = "ggen gossip probe";
    identity->sign (identity->context, probe, sizeof probe, signature);
    return self->crypto->verify (NULL, signature, probe, sizeof probe, identity->key);
}

static void
forged (gossip_t *self, peer_t *peer)
{
    if (!can_verify (self)) {
        self->counts.refused++;
        return;
    }
    self->counts.invalid++;
    peer->muted = true;
    for (unsigned i = 0; i < self->topics_count; i++)
        mesh_forget (self, self->topics [i], peer);
    wants_forget (self, peer);
    intake_drop (self, peer);
    outbox_drop (self, peer);
    peer->complained_at = (uint32_t) self->now_ms - REPORT_MS;
    score_report (self, peer, GGEN__EXPERIENCE__FORGED, "an announcement whose signature does not hold");
}

static void
malformed (gossip_t *self, peer_t *peer)
{
    self->counts.invalid++;
    score_change (self, peer, SCORE_MALFORMED);
    score_report (self, peer, GGEN__EXPERIENCE__MISBEHAVED, "an announcement that is none");
}

//  Is it one that we want, as far as can be told before its signature is verified?
//  OK                   yes
//  FEATURE_NOT_ENABLED  we do not follow its topic
//  VALIDATION           its time is too far from ours
//  ALREADY_EXISTS       its number was here: a replay, or our own
//  BUSY                 its origin has used up its rate
static code_t
wanted (gossip_t *self, const Ggen__Announcement *announcement)
{
    const uint8_t *origin = announcement->origin.data;
    const topic_t *topic = topics_find (self, topic_hash (announcement->topic));
    if (!topic || !topic->followed || strcmp (topic->name, announcement->topic) != 0)
        return FEATURE_NOT_ENABLED;
    if (announcement->wall_ms < self->wall_ms - CLOCK_SLACK_MS
        || announcement->wall_ms > self->wall_ms + CLOCK_SLACK_MS)
        return VALIDATION;
    if (memcmp (origin, self->settings->identity->key, CRYPTO_KEY_BYTES) == 0
        || origins_replayed (&self->origins, origin, announcement->seq))
        return ALREADY_EXISTS;
    return origins_over (&self->origins, origin, self->now_ms) ? BUSY : OK;
}

//  Of a flood nothing is learned: it would turn all links lazy.
static void
accept (gossip_t *self, peer_t *peer, body_t *body, const Ggen__Announcement *announcement,
    bytes_t pushed)
{
    body->taken_ms = self->now_ms;
    peer_set_add (&body->knows, peer->slot);
    if (origins_busy (&self->origins, announcement->origin.data, self->now_ms))
        body->raced = body->missed = false;
    origins_note (&self->origins, announcement->origin.data, announcement->seq, self->now_ms);
    self->counts.delivered++;
    history_add (self->history, body, self->now_ms);
    score_change (self, peer, SCORE_FIRST);
    if (body->raced)
        mesh_first (topics_find (self, body->topic), peer);
    news_add (self, body);
    forward_fresh (self, body, pushed);
}

//  Unpack it and say whether it is wanted. OK, or as wanted (), or SERIALIZATION; *announcement_p is
//  the caller's to free when it is not NULL.
static code_t
look (gossip_t *self, peer_t *peer, body_t *body, Ggen__Announcement **announcement_p)
{
    code_t code = announcement_open (announcement_p, (bytes_t) {body->bytes, body->size});
    if (code != OK) {
        malformed (self, peer);
        return code;
    }
    const Ggen__Announcement *announcement = *announcement_p;
    body->topic = topic_hash (announcement->topic);
    code = wanted (self, announcement);
    if (code == BUSY && body->late)
        wants_again (self, peer, body);
    else if (code == BUSY)
        refusals_note (&self->refusals, body->id, self->now_ms);
    if (code == BUSY && memcmp (announcement->origin.data, peer->key.bytes, PEER_KEY_SIZE) == 0)
        score_report (self, peer, GGEN__EXPERIENCE__FLOODED, "more announcements than its rate");
    self->counts.refused += code != OK;
    return code;
}

//  Verify and believe. OK, or as look (), or INVALID_SIGNATURE after which the neighbour is muted.
static code_t
judge (gossip_t *self, peer_t *peer, body_t *body, bool by_origin, bytes_t pushed)
{
    Ggen__Announcement *announcement;
    code_t code = look (self, peer, body, &announcement);
    if (code == OK && by_origin
        && memcmp (announcement->origin.data, peer->key.bytes, PEER_KEY_SIZE) != 0) {
        malformed (self, peer);
        code = SECURITY;
    }
    if (code == OK) {
        peer->verify_tokens -= 1000;
        code = announcement_verify (announcement, (bytes_t) {body->bytes, body->size},
            self->crypto);
        if (code == OK)
            accept (self, peer, body, announcement, pushed);
        else if (code == INVALID_SIGNATURE)
            forged (self, peer);
        else
            self->counts.refused++;
    }
    if (announcement)
        ggen__announcement__free_unpacked (announcement, NULL);
    return code;
}

//  ---- frames ------------------------------------------------------------------------------------

static void
seen_again (gossip_t *self, peer_t *peer, const uint8_t *id)
{
    self->counts.duplicates++;
    body_t *body = history_find (self->history, id);
    if (!body)
        return;
    peer_set_add (&body->knows, peer->slot);
    topic_t *topic = topics_find (self, body->topic);
    if (!topic)
        return;
    if (peer->slot == body->pulled_from)
        return;
    body->missed = false;
    mesh_second (self, topic, peer, body->raced);
}

//  It has to wait: say so to those who would push it too.
static void
warn (gossip_t *self, const peer_t *from, const body_t *body)
{
    if (body->size < DONT_WANT_BYTES)
        return;
    for (unsigned i = 0; i < self->topics_count; i++)
        for (unsigned k = 0; k < self->topics [i]->links_count; k++) {
            const link_t *link = &self->topics [i]->links [k];
            if (link->eager && link->slot != from->slot)
                outbox_id (self, self->peers [link->slot], SAY_DONT_WANT, body->id);
        }
}

//  Takes 'body'. What is not wanted takes nobody's room.
static void
queue (gossip_t *self, peer_t *peer, body_t *body)
{
    Ggen__Announcement *announcement;
    bool first = peer->inbox == NULL;
    bool put = false;
    if (look (self, peer, body, &announcement) == OK) {
        put = inbox_put (self, peer, body);
        self->counts.dropped_full += !put;
    }
    if (put) {
        warn (self, peer, body);
        if (first)
            gossip_due (self, DUE_VERIFY, budget_ms (peer, self->now_ms) + 1);
    } else
        body_release (&body);
    if (announcement)
        ggen__announcement__free_unpacked (announcement, NULL);
}

void
intake_frame (gossip_t *self, peer_t *peer, bytes_t packed)
{
    if (packed.size == 0 || packed.size > ANNOUNCEMENT_BYTES_MAX) {
        malformed (self, peer);
        return;
    }
    uint8_t id [ID_SIZE];
    self->crypto->sha256 (packed.data, packed.size, id);
    if (history_has (self->history, id)) {
        seen_again (self, peer, id);
        return;
    }
    body_t *body = body_new (packed);
    if (!body) {
        self->counts.dropped_full++;
        return;
    }
    memcpy (body->id, id, ID_SIZE);
    bool asked = wants_came (self, body, peer);
    if (!body->late && refusals_has (&self->refusals, id)) {
        self->counts.refused++;
        body_release (&body);
        return;
    }
    body->raced = !asked;
    body->missed = asked && !body->late;
    if (peer->inbox || budget_ms (peer, self->now_ms) > self->now_ms
        || self->verified >= VERIFY_CALL_MAX) {
        queue (self, peer, body);
        return;
    }
    self->verified++;
    (void) judge (self, peer, body, false, (bytes_t) {NULL, 0});
    body_release (&body);
}

code_t
intake_push (gossip_t *self, peer_t *peer, bytes_t packed, bytes_t pushed, bool *fresh_p)
{
    uint8_t id [ID_SIZE];
    *fresh_p = false;
    if (packed.size == 0 || packed.size > ANNOUNCEMENT_BYTES_MAX
        || pushed.size > 4 * GOSSIP_PEERS_MAX) {
        malformed (self, peer);
        return VALIDATION;
    }
    self->crypto->sha256 (packed.data, packed.size, id);
    if (history_has (self->history, id)) {
        body_t *known = history_find (self->history, id);
        if (known)
            peer_set_add (&known->knows, peer->slot);
        self->counts.duplicates++;
        return OK;
    }
    if (budget_ms (peer, self->now_ms) > self->now_ms)
        return BUSY;
    body_t *body = body_new (packed);
    if (!body)
        return BUSY;
    memcpy (body->id, id, ID_SIZE);
    (void) wants_came (self, body, peer);
    body->late = false;
    code_t code = judge (self, peer, body, true, pushed);
    body_release (&body);
    *fresh_p = code == OK;
    return code == ALREADY_EXISTS ? OK : code;
}

//  ---- what waits --------------------------------------------------------------------------------

//  The next neighbour after the last one whose turn it was, that has something waiting and may.
static peer_t *
whose_turn (gossip_t *self, int64_t *next_ms)
{
    for (unsigned i = 1; i <= self->slots_count; i++) {
        unsigned slot = (self->verify_slot + i) % self->slots_count;
        if (!peer_set_has (&self->waiting, slot))
            continue;
        int64_t may_ms = budget_ms (self->peers [slot], self->now_ms);
        if (may_ms <= self->now_ms) {
            self->verify_slot = (uint8_t) slot;
            return self->peers [slot];
        }
        if (may_ms < *next_ms)
            *next_ms = may_ms;
    }
    return NULL;
}

void
intake_verify (gossip_t *self)
{
    int64_t next_ms = DEADLINE_NEVER;
    peer_t *peer = NULL;
    unsigned count = 0;
    while (count < VERIFY_CALL_MAX && (peer = whose_turn (self, &next_ms)) != NULL) {
        body_t *body = inbox_take (self, peer);
        if (history_has (self->history, body->id))
            self->counts.duplicates++;
        else {
            count++;
            (void) judge (self, peer, body, false, (bytes_t) {NULL, 0});
        }
        body_release (&body);
    }
    self->due_ms [DUE_VERIFY] = peer ? self->now_ms + 1 : next_ms;
}
