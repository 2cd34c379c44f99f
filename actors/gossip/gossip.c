// SPDX-License-Identifier: MIT
#include "gossip_inside.h"

#include "swarm.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define IDS_SECOND_MAX    50000     //  offered by one neighbour: 10 frames of 5000
#define SERVED_SECOND_MAX (1u << 20)    //  bytes of bodies that it asked for
#define TOPICS_FRAME_MAX  (8 * GOSSIP_TOPICS_MAX)
#define FANOUT_MS         60000     //  a topic that we only announce to is remembered for so long

//  ---- each call ---------------------------------------------------------------------------------

static void
enter (gossip_t *self, int64_t now_ms, int64_t wall_ms)
{
    self->now_ms = now_ms;
    self->wall_ms = wall_ms + self->skew_ms;
    self->verified = 0;
}

static code_t
leave (gossip_t *self)
{
    news_deliver (self);
    outbox_say (self);
    return OK;
}

//  ---- from swarm --------------------------------------------------------------------------------

static bool
speaks (const Ggen__PeerUp *up)
{
    for (size_t i = 0; i < up->n_protocols; i++)
        if (strcmp (up->protocols [i], GOSSIP_PROTOCOL) == 0)
            return true;
    return false;
}

//  NULL: there is no room.
static peer_t *
greet (gossip_t *self, const peer_key_t *key)
{
    peer_t *peer = peers_add (self, key);
    for (unsigned i = 0; peer && i < self->topics_count; i++)
        if (self->topics [i]->followed)
            outbox_topic (self, peer, SAY_SUBSCRIBE, self->topics [i]);
    return peer;
}

static code_t
on_peer_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__PeerUp *up = (const void *) message;
    peer_key_t key;
    enter (self, at->now_ms, at->wall_ms);
    if (peer_key_from_field (&key, up->peer_key) != OK)
        return VALIDATION;
    //  A link for one lookup is gone before gossip has begun.
    peer_t *peer = peers_find_key (self, key.bytes);
    if (!up->kept || !speaks (up)) {
        if (peer)
            peers_remove (self, peer);
        return leave (self);
    }
    if (!peer)
        peer = greet (self, &key);
    if (!peer)
        return leave (self);
    peer->outbound = !up->inbound;
    if (up->n_addresses > 0)
        peer->group =
            peer_group ((bytes_t) {up->addresses [0].data, up->addresses [0].len});
    return leave (self);
}

static code_t
on_peer_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__PeerDown *down = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    peer_t *peer = down->peer_key.len == PEER_KEY_SIZE
                       ? peers_find_key (self, down->peer_key.data)
                       : NULL;
    if (peer)
        peers_remove (self, peer);
    return leave (self);
}

//  Swarm tells all its listeners all its news.
static code_t
on_other_news (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) at;
    (void) message;
    return OK;
}

//  ---- frames ------------------------------------------------------------------------------------

//  What no honest node sends is told to reputation.
static void
misbehaved (gossip_t *self, peer_t *peer, const char *what)
{
    self->counts.invalid++;
    score_change (self, peer, SCORE_MALFORMED);
    score_report (self, peer, GGEN__EXPERIENCE__MISBEHAVED, what);
}

static void
take_subscriptions (gossip_t *self, peer_t *peer, const Ggen__GossipFrame *frame)
{
    for (size_t i = 0; i < frame->n_subscribe; i++) {
        uint32_t hash = topic_hash (frame->subscribe [i]);
        if (!announcement_topic_valid (frame->subscribe [i]) || !peer_follow (peer, hash))
            continue;
        const topic_t *topic = topics_find (self, hash);
        if (!topic)
            continue;
        forward_history (self, peer, hash);
        if (topic->followed && topic->links_count < GOSSIP_MESH_LOW)
            mesh_soon (self);
    }
    for (size_t i = 0; i < frame->n_unsubscribe; i++) {
        uint32_t hash = topic_hash (frame->unsubscribe [i]);
        topic_t *topic = topics_find (self, hash);
        peer_unfollow (peer, hash);
        if (topic)
            mesh_forget (self, topic, peer);
    }
}

static void
take_links (gossip_t *self, peer_t *peer, const Ggen__GossipFrame *frame)
{
    for (size_t i = 0; i < frame->n_prune; i++)
        mesh_on_prune (self, peer, frame->prune [i]->topic, frame->prune [i]->backoff_secs);
    for (size_t i = 0; i < frame->n_graft; i++)
        mesh_on_graft (self, peer, frame->graft [i]);
    for (size_t i = 0; i < frame->n_eager; i++)
        mesh_on_eager (self, peer, frame->eager [i]);
    for (size_t i = 0; i < frame->n_lazy; i++)
        mesh_on_lazy (self, peer, frame->lazy [i]);
}

static void
take_haves (gossip_t *self, peer_t *peer, const Ggen__GossipFrame *frame)
{
    for (size_t i = 0; i < frame->n_have; i++) {
        const Ggen__GossipHave *have = frame->have [i];
        topic_t *topic = topics_find (self, topic_hash (have->topic));
        for (size_t k = 0; k < have->n_ids; k++) {
            if (have->ids [k].len != ID_SIZE) {
                misbehaved (self, peer, "an id that is none");
                return;
            }
            if (++peer->ids_heard > IDS_SECOND_MAX) {
                score_report (self, peer, GGEN__EXPERIENCE__FLOODED, "too many ids");
                return;
            }
            wants_offered (self, peer, topic, have->ids [k].data, have->late);
        }
    }
}

static void
take_wants (gossip_t *self, peer_t *peer, const Ggen__GossipFrame *frame)
{
    for (size_t i = 0; i < frame->n_dont_want && ++peer->ids_heard <= IDS_SECOND_MAX; i++)
        if (frame->dont_want [i].len == ID_SIZE)
            wants_warned (self, peer, frame->dont_want [i].data);
    for (size_t i = 0; i < frame->n_want; i++) {
        body_t *body = frame->want [i].len == ID_SIZE
                           ? history_find (self->history, frame->want [i].data)
                           : NULL;
        if (!body)
            continue;
        if (peer->bytes_served + body->size > SERVED_SECOND_MAX) {
            self->counts.dropped_full++;
            return;
        }
        peer->bytes_served += body->size;
        peer_set_add (&body->knows, peer->slot);
        outbox_body (self, peer, SAY_BODY, body);
    }
}

static size_t
frame_bytes (const Ggen__GossipFrame *frame)
{
    size_t size = ID_SIZE * (frame->n_want + frame->n_dont_want);
    for (size_t i = 0; i < frame->n_announcements; i++)
        size += frame->announcements [i].len;
    for (size_t i = 0; i < frame->n_have; i++)
        size += ID_SIZE * frame->have [i]->n_ids;
    return size;
}

static code_t
on_frame (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__GossipFrame *frame = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    peer_t *peer = peers_find (self, at->from);
    if (!peer || peer->muted || score_of (peer, self->now_ms) < SCORE_HEAR_MIN)
        return OK;
    if (frame_bytes (frame) > GOSSIP_FRAME_BYTES_MAX
        || frame->n_graft + frame->n_prune + frame->n_eager + frame->n_lazy + frame->n_subscribe
                   + frame->n_unsubscribe
               > TOPICS_FRAME_MAX) {
        misbehaved (self, peer, "a frame that is too large");
        return leave (self);
    }
    peer_count_second (peer, self->now_ms);
    take_subscriptions (self, peer, frame);
    take_links (self, peer, frame);
    for (size_t i = 0; i < frame->n_announcements && !peer->muted; i++)
        intake_frame (self, peer,
            (bytes_t) {frame->announcements [i].data, frame->announcements [i].len});
    if (!peer->muted) {
        take_haves (self, peer, frame);
        take_wants (self, peer, frame);
    }
    return leave (self);
}

static code_t
on_push (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__PushRequest *push = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    peer_t *peer = peers_find (self, at->from);
    if (!peer || peer->muted || score_of (peer, self->now_ms) < SCORE_HEAR_MIN)
        return PERMISSION_DENIED;
    Ggen__PushReply reply = GGEN__PUSH_REPLY__INIT;
    bool fresh;
    code_t code = intake_push (self, peer,
        (bytes_t) {push->announcement.data, push->announcement.len},
        (bytes_t) {push->pushed.data, push->pushed.len}, &fresh);
    if (code == OK) {
        reply.fresh = fresh;
        out_reply (at, &reply.base);
    }
    leave (self);
    return code;
}

static code_t
on_peers_clock (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    (void) at;
    self->skew_ms = ((const Ggen__PeersClock *) message)->skew_ms;
    return OK;
}

//  ---- asked on this node ------------------------------------------------------------------------

static code_t
on_announce (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__AnnounceRequest *request = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    return announce_request (self, at, request->topic,
        (bytes_t) {request->item.data, request->item.len});
}

static void
tell_all (gossip_t *self, say_t what, topic_t *topic)
{
    peer_t *peer;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++)
        if (!peer->muted)
            outbox_topic (self, peer, what, topic);
}

static code_t
follow (gossip_t *self, const char *name)
{
    topic_t *topic = topics_need (self, name);
    if (!topic)
        return BUSY;
    if (topic->followed)
        return OK;
    topic->followed = true;
    tell_all (self, SAY_SUBSCRIBE, topic);
    mesh_soon (self);
    return OK;
}

static void
unfollow (gossip_t *self, const char *name)
{
    topic_t *topic = topics_find (self, topic_hash (name));
    if (!topic || !topic->followed)
        return;
    mesh_leave (self, topic);
    tell_all (self, SAY_UNSUBSCRIBE, topic);
    topic->followed = false;
    topic->announced_ms = self->now_ms;
    gossip_due (self, DUE_HEARTBEAT, self->now_ms + FANOUT_MS);
}

static code_t
on_follow (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__FollowRequest *request = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    if (!announcement_topic_valid (request->topic))
        return VALIDATION;
    code_t code = OK;
    if (request->stop)
        unfollow (self, request->topic);
    else
        code = follow (self, request->topic);
    if (code != OK)
        return code;
    Ggen__FollowReply reply = GGEN__FOLLOW_REPLY__INIT;
    out_reply (at, &reply.base);
    return leave (self);
}

//  The id has to be of something that was here lately: what the follower says late counts for nothing.
static code_t
on_invalid (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    gossip_t *self = self_;
    const Ggen__AnnouncedInvalid *invalid = (const void *) message;
    enter (self, at->now_ms, at->wall_ms);
    if (invalid->id.len != ID_SIZE || invalid->origin.len != CRYPTO_KEY_BYTES)
        return VALIDATION;
    if (!history_has (self->history, invalid->id.data))
        return OK;
    self->counts.invalid++;
    if (!origins_fault (&self->origins, invalid->origin.data, self->now_ms))
        return OK;
    peer_t *peer = peers_find_key (self, invalid->origin.data);
    if (peer)
        misbehaved (self, peer, "announcements that are not what their topic is for");
    return leave (self);
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    gossip_t *self = self_;
    Ggen__GossipTopic topics [GOSSIP_TOPICS_MAX], *list [GOSSIP_TOPICS_MAX];
    Ggen__GossipStatusReply reply = GGEN__GOSSIP_STATUS_REPLY__INIT;
    enter (self, at->now_ms, at->wall_ms);
    reply.topics = list;
    for (unsigned i = 0; i < self->topics_count; i++) {
        topic_t *topic = self->topics [i];
        if (!topic->followed)
            continue;
        Ggen__GossipTopic *row = list [reply.n_topics] = &topics [reply.n_topics];
        reply.n_topics++;
        ggen__gossip_topic__init (row);
        row->topic = topic->name;
        row->members = 1 + topic_followers (self, topic);
        row->mesh = topic->links_count;
        row->direct = topic_direct (self, topic);
    }
    reply.announced = self->counts.announced;
    reply.delivered = self->counts.delivered;
    reply.duplicates = self->counts.duplicates;
    reply.invalid = self->counts.invalid;
    reply.sent_bodies = self->counts.sent_bodies;
    reply.dropped_full = self->counts.dropped_full;
    reply.sent_frames = self->counts.sent_frames;
    reply.refused = self->counts.refused;
    reply.pulled = self->counts.pulled;
    reply.broken_promises = self->counts.broken_promises;
    reply.alarms = self->counts.alarms;
    reply.neighbours = self->peers_count;
    reply.seen = history_count (self->history);
    reply.history_bytes = history_bytes (self->history);
    return out_reply (at, &reply.base);
}

//  ---- time --------------------------------------------------------------------------------------

//  Topics that we only announced to. Returns when to look again.
static int64_t
drop_fanout (gossip_t *self)
{
    int64_t next_ms = DEADLINE_NEVER;
    for (unsigned i = self->topics_count; i-- > 0;) {
        topic_t *topic = self->topics [i];
        int64_t until_ms = topic->announced_ms + FANOUT_MS;
        if (topic->followed)
            continue;
        if (self->batches && until_ms <= self->now_ms)
            until_ms = self->now_ms + FANOUT_MS;
        if (until_ms <= self->now_ms)
            topics_remove (self, topic);
        else if (until_ms < next_ms)
            next_ms = until_ms;
    }
    return next_ms;
}

static void
heartbeat (gossip_t *self)
{
    self->heartbeat_ms = self->now_ms;
    self->due_ms [DUE_HEARTBEAT] = DEADLINE_NEVER;
    int64_t mesh_ms = mesh_heartbeat (self);
    int64_t next_ms = self->now_ms + self->settings->heartbeat_ms;
    if (mesh_ms != DEADLINE_NEVER)
        gossip_due (self, DUE_HEARTBEAT, mesh_ms > next_ms ? mesh_ms : next_ms);
    if (forward_heartbeat (self))
        gossip_due (self, DUE_HEARTBEAT, next_ms);
    gossip_due (self, DUE_HEARTBEAT, drop_fanout (self));
    history_expire (self->history, self->now_ms);
    origins_expire (&self->origins, self->now_ms);
    refusals_expire (&self->refusals, self->now_ms);
    gossip_due (self, DUE_HEARTBEAT, history_deadline_ms (self->history));
}

static code_t
tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    gossip_t *self = self_;
    enter (self, now_ms, wall_ms);
    if (self->due_ms [DUE_VERIFY] <= now_ms)
        intake_verify (self);
    if (self->due_ms [DUE_PULL] <= now_ms)
        wants_pull (self);
    if (self->due_ms [DUE_SIGN] <= now_ms)
        announce_sign (self);
    if (self->due_ms [DUE_HEARTBEAT] <= now_ms)
        heartbeat (self);
    return leave (self);
}

static int64_t
deadline_ms (const void *self_)
{
    const gossip_t *self = self_;
    int64_t first_ms = DEADLINE_NEVER;
    for (unsigned due = 0; due < DUE_COUNT; due++)
        if (self->due_ms [due] < first_ms)
            first_ms = self->due_ms [due];
    return first_ms;
}

//  ---- life --------------------------------------------------------------------------------------

static void
destroy (void *self_)
{
    gossip_t *self = self_;
    announce_done (self);
    news_done (self);
    peers_done (self);
    topics_done (self);
    id_table_destroy (&self->wants);
    origins_done (&self->origins);
    refusals_done (&self->refusals);
    history_destroy (&self->history);
    free (self);
}

static void *
create (const actor_env_t *env)
{
    gossip_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->crypto = env->crypto;
    self->settings = env->settings;
    self->now_ms = self->own_at_ms = self->news_at_ms = env->now_ms;
    self->heartbeat_ms = self->said_ms = self->alarm_ms = INT64_MIN / 2;
    self->own_tokens = GOSSIP_OWN_BURST * 1000;
    self->seq = (uint64_t) env->wall_ms << ORIGINS_RUN_BITS;
    for (unsigned due = 0; due < DUE_COUNT; due++)
        self->due_ms [due] = DEADLINE_NEVER;
    self->history = history_new (self->settings->history_bytes_max, rng_u64 (self->rng));
    if (!self->history || !origins_init (&self->origins, rng_u64 (self->rng))) {
        destroy (self);
        return NULL;
    }
    return self;
}

gossip_settings_t
gossip_settings_default (void)
{
    return (gossip_settings_t) {
        .follower = "registry_p2p", .heartbeat_ms = 1000, .history_bytes_max = 64u << 10};
}

static const handler_t rows [] = {
    {&ggen__gossip_frame__descriptor, on_frame, ANY_NODE},
    {&ggen__push_request__descriptor, on_push, ANY_NODE},
    {&ggen__peer_up__descriptor, on_peer_up, THIS_NODE},
    {&ggen__peer_down__descriptor, on_peer_down, THIS_NODE},
    {&ggen__dialability__descriptor, on_other_news, THIS_NODE},
    {&ggen__connectivity_changed__descriptor, on_other_news, THIS_NODE},
    {&ggen__peers_clock__descriptor, on_peers_clock, THIS_NODE},
    {&ggen__announce_request__descriptor, on_announce, THIS_NODE},
    {&ggen__follow_request__descriptor, on_follow, THIS_NODE},
    {&ggen__announced_invalid__descriptor, on_invalid, THIS_NODE},
    {&ggen__gossip_status_request__descriptor, on_status, THIS_NODE},
    {0},
};

const actor_class_t gossip_actor = {
    .name = "gossip",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .tick = tick,
    .deadline_ms = deadline_ms,
};
