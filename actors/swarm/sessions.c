// SPDX-License-Identifier: MIT
#include "sessions.h"

#include "calls.h"
#include "connectivity.h"
#include "dialability.h"
#include "lanes.h"
#include "mail_out.h"
#include "places.h"
#include "speak.h"
#include "stay.h"
#include "upkeep.h"

#include <assert.h>
#include <string.h>

//  ---- what is told ------------------------------------------------------------------------------

Ggen__Tier
sessions_tier (const swarm_t *self)
{
    const dialability_t *state = &self->dialability;
    bool sure = self->settings->tier == GGEN__TIER__BOOTSTRAP || (state->known && state->dialable);
    return sure ? self->settings->tier : GGEN__TIER__CLIENT;
}

void
sessions_tell (swarm_t *self, link_t *link)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    char *protocols[SWARM_PROTOCOLS_MAX];
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = peer_key_to_field (&link->key);
    up.addresses = addresses;
    up.n_addresses = addresses_fields (&link->addresses, addresses);
    up.protocols = protocols;
    up.n_protocols = link_protocols (link, swarm_asked_protocols (self), protocols);
    up.tier = link->tier;
    up.inbound = link->inbound;
    up.skew_ms = link->skew_ms;
    up.kept = link->kept;
    up.seen = (ProtobufCBinaryData) {link->seen_size, link->seen};
    swarm_tell_peer (self, link, &up.base);
}

void
sessions_renew (swarm_t *self, link_t *link, uint32_t pause_secs)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    Ggen__SessionUpdate update = GGEN__SESSION_UPDATE__INIT;
    update.tier = sessions_tier (self);
    update.addresses = addresses;
    update.n_addresses = addresses_fields (&self->listening, addresses);
    update.kept = link->kept;
    update.pause_secs = pause_secs;
    speak_message (self, link, &update.base);
}

//  ---- beginning ---------------------------------------------------------------------------------

static int32_t
skew_of (const swarm_t *self, const Ggen__Identify *identify)
{
    int64_t wall_ms = out_wall_ms (self->out);
    if (identify->wall_ms < 0 || identify->wall_ms > wall_ms + INT32_MAX)
        return INT32_MAX;
    int64_t skew_ms = identify->wall_ms - wall_ms;
    return skew_ms < -INT32_MAX ? -INT32_MAX : (int32_t) skew_ms;
}

//  A tier that we do not know is one that we ask nothing of.
static Ggen__Tier
valid_tier (Ggen__Tier tier)
{
    return tier == GGEN__TIER__BOOTSTRAP || tier == GGEN__TIER__COMMUNITY ? tier
                                                                          : GGEN__TIER__CLIENT;
}

static void
describe (swarm_t *self, link_t *link, const Ggen__Identify *identify)
{
    addresses_clear (&link->addresses);
    const bytes_t seen = link_seen (link);
    addresses_set (&link->addresses, identify->addresses, identify->n_addresses, &seen,
                   &link->key);
    link->tier = valid_tier (identify->tier) & 3u;
    link->protocols = 0;
    const char *const *ours = swarm_asked_protocols (self);
    for (unsigned i = 0; i < SWARM_PROTOCOLS_MAX && ours && ours[i]; i++)
        for (size_t j = 0; j < identify->n_protocols && j < SWARM_PROTOCOLS_MAX; j++)
            if (strcmp (ours[i], identify->protocols[j]) == 0)
                link->protocols |= (uint16_t) (1u << i);
    link->skew_ms = skew_of (self, identify);
}

static void
compare_clocks (swarm_t *self, const link_t *link, const Ggen__Identify *identify)
{
    int64_t now_ms = out_now_ms (self->out);
    peer_clocks_watch (&self->clocks, now_ms, out_wall_ms (self->out));
    peer_clocks_add (&self->clocks, &link->key, !link->inbound, identify->wall_ms, now_ms);
    swarm_tell_clock (self);
}

static void
start (swarm_t *self, link_t *link, bool kept, const Ggen__Identify *identify)
{
    greeting_t *greeting = link->greeting;
    describe (self, link, identify);
    compare_clocks (self, link, identify);
    links_set (self->links, link, LINK_SESSION, kept);
    link->since_ms = link->used_ms = out_now_ms (self->out);
    link->persistent = greeting->persistent;
    links_deadline (self->links, link, link->kept ? DEADLINE_NEVER : link->used_ms + IDLE_MS);
    sessions_tell (self, link);
    //  What was said of us in the handshake may have changed while that went on.
    if (greeting->answered && greeting->described != self->described)
        sessions_renew (self, link, 0);
    mail_out_flush (self, link);
    calls_up (self, greeting->calls, link);
    upkeep_up (self, link, link->inbound ? (bytes_t) {NULL, 0} : greeting_address (greeting));
    greeting_destroy (&link->greeting);
    connectivity_changed (self, link->kept);
    dialability_up (self, link);
}

//  ---- two links to one peer ---------------------------------------------------------------------

static void
drain (swarm_t *self, link_t *link, const link_t *heir)
{
    greeting_destroy (&link->greeting);
    links_set (self->links, link, LINK_DRAINING, false);
    link->heir = heir->slot;
    links_deadline (self->links, link, out_now_ms (self->out) + DRAINING_MS);
}

//  Whoever dialled a link: does it have the smaller key?
static bool
dialled_by_smaller (const swarm_t *self, const link_t *link, const peer_key_t *key)
{
    bool we = memcmp (self->settings->identity->key, key->bytes, PEER_KEY_SIZE) < 0;
    return we != link->inbound;
}

//  A new link to a peer that has a session. Dialled by both at about the same time, the two sides
//  keep the same one, and nothing that is on its way is lost. Any other new link says that the peer
//  has lost the old one. Returns true when the session goes on.
//  It may also be that the peer has begun anew just now: then it knows of no session, and what it is to know
//  is said over the new link.
static bool
merge (swarm_t *self, link_t *link, link_t *session)
{
    bool young = out_now_ms (self->out) - session->since_ms <= YOUNG_MS;
    if (!young || link->inbound == session->inbound)
        return false;
    const greeting_t *greeting = link->greeting;
    bool kept = greeting->kept, said = greeting->said, persistent = greeting->persistent;
    bool wins = dialled_by_smaller (self, link, &session->key);
    calls_up (self, greeting->calls, session);
    drain (self, link, session);
    if (wins)
        links_swap (self->links, link, session);
    if (kept)
        stay_keep (self, session, persistent);
    stay_settle (self, session, said);
    return true;
}

//  Another dial to the peer is under way, whose session cannot have begun at the other side: it
//  needs our Identify, which is our last word as the one that dials. What waits for it goes over
//  'link'.
static link_t *
take_over (swarm_t *self, link_t *link, link_t *dial)
{
    links_swap (self->links, link, dial);
    dial->rtt_us = link->rtt_us;
    speak_close (self, link);
    links_remove (self->links, &link);
    return dial;
}

static void
refuse (swarm_t *self, link_t *link)
{
    self->refused_full++;
    speak_goodbye (self, link, BUSY, "no room for more sessions", FULL_PAUSE_SECS);
    mail_out_fail_all (self, link, BUSY, "no room for more sessions here");
    calls_failed (self, link->greeting->calls, greeting_address (link->greeting), BUSY,
                  "no room for more sessions here");
    if (link->greeting->until_ms > 0)
        upkeep_failed (self, link);
    links_remove (self->links, &link);
}

void
sessions_begin (swarm_t *self, link_t *link, const peer_key_t *key, const Ggen__Identify *identify)
{
    char text[PEER_ID_TEXT + 1];
    peer_id_text (key, text);
    bool kept = link->greeting->kept, said = link->greeting->said;
    link_t *other = sessions_peer (self, text);
    if (other && other->state == LINK_SESSION) {
        if (merge (self, link, other))
            return;
        kept |= other->kept;
        link->greeting->persistent |= other->persistent;
        sessions_end (self, other, CONNECTION_FAILED, "it began another session");
        other = NULL;
    }
    if (other && other != link) {
        kept |= other->greeting->kept;
        link = take_over (self, link, other);
    } else
        links_name (self->links, link, key);
    if (!places_take (self, link->inbound, &kept)) {
        refuse (self, link);
        return;
    }
    start (self, link, kept, identify);
    stay_settle (self, link, said);
}

void
sessions_update (swarm_t *self, link_t *link, const Ggen__SessionUpdate *update)
{
    addresses_t addresses;
    const bytes_t seen = link_seen (link);
    if (!addresses_set (&addresses, update->addresses, update->n_addresses, &seen, &link->key))
        return;
    addresses_clear (&link->addresses);
    link->addresses = addresses;
    link->tier = valid_tier (update->tier) & 3u;
    bool was_kept = link->kept;
    if (!stay_heard (self, link, update))
        return;
    sessions_tell (self, link);
    connectivity_changed (self, link->kept && !was_kept);
}

//  ---- ending ------------------------------------------------------------------------------------

static void
close_drains (swarm_t *self, const link_t *session)
{
    uint32_t cursor = 0;
    link_t *link;
    if (links_census (self->links).drains == 0)
        return;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_DRAINING && link->heir == session->slot) {
            speak_close (self, link);
            links_remove (self->links, &link);
        }
}

//  Nobody has a session with it any more.
static void
tell_down (swarm_t *self, link_t *link, code_t code)
{
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = peer_key_to_field (&link->key);
    down.code = code;
    swarm_tell_peer (self, link, &down.base);
    peer_clocks_down (&self->clocks, &link->key);
    upkeep_down (self, link, code);
}

static void
drop (swarm_t *self, link_t *link, const char *why)
{
    lanes_close (self, link);
    speak_close (self, link);
    close_drains (self, link);
    links_unname (self->links, link);
    mail_out_fail_all (self, link, CONNECTION_FAILED, why);
    links_remove (self->links, &link);
}

void
sessions_end (swarm_t *self, link_t *link, code_t code, const char *why)
{
    bool session = link->state == LINK_SESSION;
    assert (session || link->state == LINK_LEAVING);
    if (session)
        tell_down (self, link, code);
    drop (self, link, why);
    if (session)
        connectivity_changed (self, false);
}

static void
leave (swarm_t *self, link_t *link, code_t code)
{
    bool kept = link->kept;
    links_set (self->links, link, LINK_LEAVING, kept);
    links_deadline (self->links, link, out_now_ms (self->out) + LEAVING_MS);
    close_drains (self, link);
    tell_down (self, link, code);
    connectivity_changed (self, false);
}

//  Whose session ends with this code may still have what it asked for before it heard of it.
static bool
is_polite (code_t code)
{
    return code == OK || code == BUSY;
}

void
sessions_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
                  uint32_t pause_secs)
{
    if (is_polite (code) && link->flights_count == 0) {
        speak_leave (self, link, code, reason, pause_secs);
        leave (self, link, code);
        return;
    }
    speak_goodbye (self, link, code, reason, pause_secs);
    sessions_end (self, link, code, reason);
}

void
sessions_left (swarm_t *self, link_t *link, const Ggen__Goodbye *goodbye)
{
    code_t code = goodbye->code < FATAL ? goodbye->code : NETWORK;
    bool session = link->state == LINK_SESSION;
    if (link->state == LINK_LEAVING)
        drop (self, link, "the peer ended its session");
    if (!session)
        return;
    book_pause (self->book, &link->key, sessions_pause_ms (self, goodbye));
    if (is_polite (code) && link->flights_count > 0) {
        link->left = true;
        leave (self, link, code);
    } else
        sessions_end (self, link, code, "the peer ended its session");
}

void
sessions_answered (swarm_t *self, link_t *link)
{
    if (link->state == LINK_LEAVING && link->left && link->flights_count == 0)
        drop (self, link, "");
}

link_t *
sessions_peer (swarm_t *self, const char *text)
{
    link_t *link = links_peer (self->links, text);
    if (!link || link->state != LINK_LEAVING)
        return link;
    links_unname (self->links, link);
    return NULL;
}

int64_t
sessions_pause_ms (const swarm_t *self, const Ggen__Goodbye *goodbye)
{
    uint32_t secs = goodbye->pause_secs < PAUSE_MAX_SECS ? goodbye->pause_secs : PAUSE_MAX_SECS;
    return out_now_ms (self->out) + secs * INT64_C (1000);
}

//  It is in use, and not kept: goes on until then. What was last said of that may have been overtaken, when
//  one link took the place of another: it is said again, and the other side answers if it thinks otherwise.
static void
go_on (swarm_t *self, link_t *link, int64_t until_ms)
{
    links_deadline (self->links, link, until_ms);
    sessions_renew (self, link, 0);
}

void
sessions_due (swarm_t *self, link_t *link)
{
    if (link->state == LINK_DRAINING || link->state == LINK_LEAVING) {
        drop (self, link, "the peer ended its session");
        return;
    }
    int64_t end_ms = link->used_ms + IDLE_MS, now_ms = out_now_ms (self->out);
    if (link->kept)
        links_deadline (self->links, link, DEADLINE_NEVER);
    else if (places_busy (link, now_ms))
        go_on (self, link, now_ms + IDLE_MS);
    else if (end_ms > now_ms)
        go_on (self, link, end_ms);
    else
        sessions_goodbye (self, link, OK, "nothing more to say", 0);
}
