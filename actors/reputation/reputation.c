// SPDX-License-Identifier: MIT
#include "reputation_self.h"

#include "kept.h"

#include "node.pb-c.h"
#include "swarm.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWARM "swarm"

//  ---- peers -------------------------------------------------------------------------------------

bool
reputation_is_peer (const reputation_t *self, ProtobufCBinaryData key)
{
    const identity_t *identity = self->settings->identity;
    return key.len == KNOWN_KEY_BYTES
           && !(identity && memcmp (key.data, identity->key, KNOWN_KEY_BYTES) == 0);
}

static uint32_t
wall_secs (int64_t wall_ms)
{
    int64_t secs = wall_ms / 1000;
    return secs < 0 ? 0 : secs > UINT32_MAX ? UINT32_MAX : (uint32_t) secs;
}

static void
see (known_peer_t *peer, int64_t wall_ms)
{
    peer->seen = wall_secs (wall_ms);
    peer->flags |= KNOWN_SEEN;
}

score_facts_t
reputation_facts (const reputation_t *self, const known_peer_t *peer, int64_t wall_ms)
{
    const known_more_t *more = peer->more;
    score_facts_t facts = {.successes = peer->successes,
                           .failures = peer->failures,
                           .average_ms = peer->average_ms,
                           .packages = more ? distinct_count (&more->packages) : 0,
                           .seen = (peer->flags & (KNOWN_SEEN | KNOWN_UP)) != 0,
                           .distance_km = SCORE_UNKNOWN};
    if (!(peer->flags & KNOWN_UP))
        facts.idle_secs = (double) wall_secs (wall_ms) - peer->seen;
    if (self->settings->located && peer->flags & KNOWN_LOCATED)
        facts.distance_km = geo_distance_km (&self->place, &more->place);
    return facts;
}

//  Something of its history changed.
static void
note (reputation_t *self, known_peer_t *peer, int64_t wall_ms)
{
    known_more_t *more = known_more (peer);
    score_facts_t facts = reputation_facts (self, peer, wall_ms);
    if (more)
        trend_add (&more->trend, wall_secs (wall_ms), score_total (&facts));
    ledger_changed (self->ledger, peer);
}

//  ---- bans --------------------------------------------------------------------------------------

static void
order (const reputation_t *self, const known_peer_t *peer, uint32_t secs, const char *reason)
{
    Ggen__BanOrder message = GGEN__BAN_ORDER__INIT;
    message.peer_key = (ProtobufCBinaryData) {KNOWN_KEY_BYTES, (uint8_t *) peer->key};
    message.secs = secs;
    message.reason = (char *) reason;
    out_event (self->out, SWARM, &message.base);
}

//  Tell swarm how it is with this peer now.
static void
order_now (const reputation_t *self, const known_peer_t *peer)
{
    const known_ban_t *ban = known_ban (peer);
    order (self, peer, bans_left_secs (peer, out_now_ms (self->out)), ban ? ban->reason : "");
}

static void
watch_end (reputation_t *self, const known_peer_t *peer)
{
    int64_t until_ms = known_ban (peer)->until_ms;
    if (until_ms < self->ban_ms)
        self->ban_ms = until_ms;
}

//  One more is banned: now, or by an earlier run.
static void
count_ban (void *self_, const known_peer_t *peer)
{
    reputation_t *self = self_;
    self->bans_count++;
    watch_end (self, peer);
}

code_t
reputation_ban (reputation_t *self, known_peer_t *peer, Ggen__Experience cause, uint32_t secs,
                const char *reason, int64_t now_ms)
{
    bool banned = peer->flags & KNOWN_BANNED;
    bool room = banned || 4 * self->bans_count < 3 * self->settings->peers_max;
    if (!room || bans_begin (peer, cause, secs, reason, now_ms) != OK) {
        order (self, peer, secs ? secs : BAN_SECS_FIRST, reason);
        return STORAGE;
    }
    if (banned)
        watch_end (self, peer);
    else
        count_ban (self, peer);
    ledger_ban_changed (self->ledger, peer);
    return OK;
}

static void
ban_by_rule (reputation_t *self, known_peer_t *peer, const Ggen__Observation *seen, int64_t now_ms)
{
    char reason[KNOWN_REASON_MAX + 1];
    snprintf (reason, sizeof reason, "%s%s%s", bans_cause_name (seen->experience),
              *seen->detail ? ": " : "", seen->detail);
    //  Without room swarm has been told, and that is all that can be done.
    if (reputation_ban (self, peer, seen->experience, 0, reason, now_ms) != OK)
        return;
}

//  The change of a ban is on disk, or cannot get there: swarm obeys it either way.
static void
kept (void *self_, known_peer_t *peer, const Ggen__Failure *failure)
{
    reputation_t *self = self_;
    order_now (self, peer);
    reputation_answer_asked (self, peer, failure);
}

//  End the bans that are due, and find the next.
static void
end_bans (reputation_t *self, int64_t now_ms, int64_t wall_ms)
{
    self->ban_ms = DEADLINE_NEVER;
    for (uint32_t i = 0; i < known_count (self->known); i++) {
        known_peer_t *peer = known_at (self->known, i);
        if (!(peer->flags & KNOWN_BANNED))
            continue;
        int64_t until_ms = known_ban (peer)->until_ms;
        if (until_ms <= now_ms) {
            bans_end (peer, wall_ms);
            self->bans_count--;
            ledger_changed (self->ledger, peer);
        } else if (until_ms < self->ban_ms)
            self->ban_ms = until_ms;
    }
}

static known_peer_t *
admit_loaded (void *self_, const uint8_t *key)
{
    reputation_t *self = self_;
    //  Nobody has to go for one that is merely loaded.
    return known_full (self->known) ? NULL : reputation_admit (self, key, out_now_ms (self->out));
}

static void
tell_all_told (const reputation_t *self)
{
    const Ggen__BansTold told = GGEN__BANS_TOLD__INIT;
    out_event (self->out, SWARM, &told.base);
}

static void
loaded (void *self_)
{
    reputation_t *self = self_;
    if (self->bans_count > 0)
        self->order_ms = out_now_ms (self->out);
    else
        tell_all_told (self);
}

//  Tell swarm of some more of the bans that were loaded.
static void
order_some (reputation_t *self, int64_t now_ms)
{
    uint32_t told = 0;
    for (; self->order_next < known_count (self->known); self->order_next++) {
        const known_peer_t *peer = known_at (self->known, self->order_next);
        if (!(peer->flags & KNOWN_BANNED) || peer->flags & (KNOWN_ORDER | KNOWN_TELL))
            continue;
        if (told++ == REPUTATION_ORDERS_AT_ONCE) {
            self->order_ms = now_ms + REPUTATION_ORDERS_MS;
            return;
        }
        order_now (self, peer);
    }
    self->order_ms = DEADLINE_NEVER;
    tell_all_told (self);
}

//  ---- observations ------------------------------------------------------------------------------

static void
increment (uint32_t *count)
{
    *count += *count < UINT32_MAX;
}

static void
take_back_ban (reputation_t *self, known_peer_t *peer, int64_t now_ms, int64_t wall_ms)
{
    const known_ban_t *ban = known_ban (peer);
    if (!(peer->flags & KNOWN_BANNED) || ban->cause != GGEN__EXPERIENCE__FAILED
        || ban->until_ms - (int64_t) ban->secs * 1000 < now_ms - OUTAGE_WINDOW_MS)
        return;
    bans_take_back (peer, wall_ms);
    self->bans_count--;
    ledger_ban_changed (self->ledger, peer);
}

//  It is us: nobody failed.
static void
take_back (reputation_t *self, int64_t now_ms, int64_t wall_ms)
{
    const uint8_t *key;
    uint32_t counted;
    while (outage_take (&self->outage, &key, &counted)) {
        known_peer_t *peer = known_find (self->known, key);
        if (!peer)
            continue;
        peer->failures -= counted < peer->failures ? counted : peer->failures;
        uint32_t in_row = peer->failed_in_row;
        peer->failed_in_row = (uint16_t) (in_row - (counted < in_row ? counted : in_row));
        take_back_ban (self, peer, now_ms, wall_ms);
        ledger_changed (self->ledger, peer);
    }
}

//  A peer failed, or its session broke. Returns true when it is us.
static bool
is_our_outage (reputation_t *self, const known_peer_t *peer, int64_t now_ms, int64_t wall_ms)
{
    outage_failed (&self->outage, peer->key, peer->flags & KNOWN_UP, now_ms);
    bool ours = outage_is_ours (&self->outage, self->sessions_count, now_ms);
    if (ours)
        take_back (self, now_ms, wall_ms);
    return ours;
}

static void
count_served (reputation_t *self, known_peer_t *peer, const Ggen__Observation *seen)
{
    increment (&peer->successes);
    if (seen->took_ms > 0)
        peer->average_ms = (float) score_average_ms (peer->average_ms, seen->took_ms);
    known_more_t *more = known_more (peer);
    if (more && seen->sha256.len >= DISTINCT_DIGEST_BYTES)
        distinct_add (&more->packages, seen->sha256.data);
    outage_served (&self->outage, peer->key);
}

//  Count what was seen. Returns false when it does not count.
static bool
count (reputation_t *self, known_peer_t *peer, const Ggen__Observation *seen, const delivery_t *at)
{
    switch (seen->experience) {
    case GGEN__EXPERIENCE__SERVED:
        count_served (self, peer, seen);
        break;
    case GGEN__EXPERIENCE__FAILED:
        if (is_our_outage (self, peer, at->now_ms, at->wall_ms))
            return false;
        outage_counted (&self->outage, peer->key, at->now_ms);
        increment (&peer->failures);
        return true;            //  A peer that fails need not be there
    case GGEN__EXPERIENCE__WRONG_BYTES:
        increment (&peer->failures);
        break;
    default:
        break;
    }
    see (peer, at->wall_ms);
    return true;
}

static code_t
on_observation (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__Observation *seen = (const void *) message;
    if (!reputation_is_peer (self, seen->peer_key)
        || seen->experience <= GGEN__EXPERIENCE__EXPERIENCE_NONE
        || seen->experience > GGEN__EXPERIENCE__MISBEHAVED)
        return OK;
    known_peer_t *peer = reputation_admit (self, seen->peer_key.data, at->now_ms);
    if (!peer || !count (self, peer, seen, at))
        return OK;
    bool due = bans_count (peer, seen->experience, self->settings->ban_threshold, at->now_ms);
    if (due && !(peer->flags & KNOWN_BANNED))
        ban_by_rule (self, peer, seen, at->now_ms);
    note (self, peer, at->wall_ms);
    return OK;
}

//  ---- sessions ----------------------------------------------------------------------------------

static code_t
on_peer_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__PeerUp *up = (const void *) message;
    if (!reputation_is_peer (self, up->peer_key))
        return OK;
    known_peer_t *peer = up->kept ? reputation_admit (self, up->peer_key.data, at->now_ms)
                                  : known_find (self->known, up->peer_key.data);
    if (!peer)
        return OK;
    self->sessions_count += !(peer->flags & KNOWN_UP);
    peer->flags |= KNOWN_UP;
    see (peer, at->wall_ms);
    outage_session (&self->outage, peer->key, true);
    if (peer->flags & KNOWN_BANNED)
        order_now (self, peer);
    return OK;
}

//  Did the network end it, rather than one of the two?
static bool
is_broken (Ggen__Code code)
{
    return code == NETWORK || code == CONNECTION_FAILED || code == TIMEOUT;
}

static void
session_ended (reputation_t *self, known_peer_t *peer, int64_t wall_ms)
{
    peer->flags &= (uint16_t) ~KNOWN_UP;
    self->sessions_count--;
    see (peer, wall_ms);
    outage_session (&self->outage, peer->key, false);
    if (peer->flags & KNOWN_KEPT)
        ledger_changed (self->ledger, peer);
}

static code_t
on_peer_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__PeerDown *down = (const void *) message;
    if (!reputation_is_peer (self, down->peer_key))
        return OK;
    known_peer_t *peer = known_find (self->known, down->peer_key.data);
    if (!peer || !(peer->flags & KNOWN_UP))
        return OK;
    session_ended (self, peer, at->wall_ms);
    if (is_broken (down->code))
        is_our_outage (self, peer, at->now_ms, at->wall_ms);
    return OK;
}

static code_t
on_connectivity (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__ConnectivityChanged *changed = (const void *) message;
    if (changed->peers_count > 0 || self->sessions_count == 0)
        return OK;
    for (uint32_t i = 0; i < known_count (self->known); i++)
        if (known_at (self->known, i)->flags & KNOWN_UP)
            session_ended (self, known_at (self->known, i), at->wall_ms);
    return OK;
}

//  swarm tells all who listen; it is of no use here.
static code_t
on_dialability (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) at;
    (void) message;
    return OK;
}

static code_t
on_location (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__PeerLocation *location = (const void *) message;
    geo_t place;
    if (!reputation_is_peer (self, location->peer_key)
        || geo_from_degrees (&place, location->latitude, location->longitude) != OK)
        return OK;
    known_peer_t *peer = reputation_admit (self, location->peer_key.data, at->now_ms);
    known_more_t *more = peer ? known_more (peer) : NULL;
    if (!more)
        return OK;
    more->place = place;
    peer->flags |= KNOWN_LOCATED;
    see (peer, at->wall_ms);
    if (kept_worth (peer))
        ledger_changed (self->ledger, peer);
    return OK;
}

//  ---- time --------------------------------------------------------------------------------------

//  What was written of bans says when they end by a clock that has been set since.
static void
watch_clock (reputation_t *self, int64_t now_ms, int64_t wall_ms)
{
    int64_t moved_ms = wall_ms - now_ms - self->clock_ms;
    if (moved_ms > -REPUTATION_CLOCK_MS && moved_ms < REPUTATION_CLOCK_MS)
        return;
    self->clock_ms += moved_ms;
    for (uint32_t i = 0; i < known_count (self->known); i++)
        if (known_at (self->known, i)->flags & KNOWN_BANNED)
            ledger_changed (self->ledger, known_at (self->known, i));
}

static code_t
reputation_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    reputation_t *self = self_;
    watch_clock (self, now_ms, wall_ms);
    if (self->ban_ms <= now_ms)
        end_bans (self, now_ms, wall_ms);
    if (self->prune_ms <= now_ms)
        reputation_prune (self, now_ms, wall_ms);
    if (self->order_ms <= now_ms)
        order_some (self, now_ms);
    ledger_tick (self->ledger, now_ms);
    return OK;
}

static int64_t
reputation_deadline_ms (const void *self_)
{
    const reputation_t *self = self_;
    const int64_t dues_ms[] = {self->ban_ms, self->prune_ms, self->order_ms};
    int64_t earliest_ms = ledger_deadline_ms (self->ledger);
    for (size_t i = 0; i < COUNT_OF (dues_ms); i++)
        if (dues_ms[i] < earliest_ms)
            earliest_ms = dues_ms[i];
    return earliest_ms;
}

//  ---- life --------------------------------------------------------------------------------------

static void
reputation_destroy (void *self_)
{
    reputation_t *self = self_;
    ledger_destroy (&self->ledger);
    known_destroy (&self->known);
    outage_clear (&self->outage);
    free (self->asked);
    free (self);
}

static void *
reputation_create (const actor_env_t *env)
{
    reputation_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->settings = env->settings;
    self->ban_ms = self->prune_ms = self->order_ms = DEADLINE_NEVER;
    self->clock_ms = env->wall_ms - env->now_ms;
    const ledger_hooks_t hooks = {admit_loaded, count_ban, loaded, kept, self};
    self->known = known_new (self->settings->peers_max, env->rng);
    if (self->known)
        self->ledger = ledger_new (env->out, self->known, &hooks);
    bool placed = !self->settings->located
                  || geo_from_degrees (&self->place, self->settings->latitude,
                                       self->settings->longitude) == OK;
    if (!self->ledger || !placed) {
        reputation_destroy (self);
        return NULL;
    }
    return self;
}

static bool
reputation_ready (const void *self)
{
    return ledger_ready (((const reputation_t *) self)->ledger);
}

static code_t
on_save (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    ledger_save (((reputation_t *) self)->ledger, at->ticket);
    return OK;
}

static const handler_t rows[] = {
    {&ggen__save_request__descriptor, on_save, THIS_NODE},
    {&ggen__observation__descriptor, on_observation, THIS_NODE},
    {&ggen__peer_up__descriptor, on_peer_up, THIS_NODE},
    {&ggen__peer_down__descriptor, on_peer_down, THIS_NODE},
    {&ggen__connectivity_changed__descriptor, on_connectivity, THIS_NODE},
    {&ggen__dialability__descriptor, on_dialability, THIS_NODE},
    {&ggen__peer_location__descriptor, on_location, THIS_NODE},
    {&ggen__rank_request__descriptor, reputation_on_rank, THIS_NODE},
    {&ggen__reputation_request__descriptor, reputation_on_reputation, THIS_NODE},
    {&ggen__ban_request__descriptor, reputation_on_ban, THIS_NODE},
    {&ggen__unban_request__descriptor, reputation_on_unban, THIS_NODE},
    {0}};

const actor_class_t reputation_actor = {.name = "reputation",
                                        .create = reputation_create,
                                        .destroy = reputation_destroy,
                                        .rows = rows,
                                        .tick = reputation_tick,
                                        .deadline_ms = reputation_deadline_ms,
                                        .ready = reputation_ready};
