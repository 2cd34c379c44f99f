// SPDX-License-Identifier: MIT
#include "sessions.h"

#include "mail_out.h"
#include "speak.h"

#include <assert.h>
#include <string.h>

//  ---- what is told --------------------------------------------------------------------------------

Ggen__Tier
sessions_tier (const swarm_t *self)
{
    return self->settings->tier;
}

static void
tell_up (swarm_t *self, link_t *link)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    char *protocols[SWARM_PROTOCOLS_MAX];
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = peer_key_to_field (&link->key);
    up.addresses = addresses;
    up.n_addresses = addresses_fields (&link->addresses, addresses);
    up.protocols = protocols;
    up.n_protocols = link_protocols (link, self->settings->protocols, protocols);
    up.tier = link->tier;
    up.inbound = link->inbound;
    up.skew_ms = link->skew_ms;
    up.kept = link->kept;
    swarm_tell (self, &up.base);
}

void
sessions_renew (swarm_t *self, link_t *link)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    Ggen__SessionUpdate update = GGEN__SESSION_UPDATE__INIT;
    update.tier = sessions_tier (self);
    update.addresses = addresses;
    update.n_addresses = addresses_fields (&self->listening, addresses);
    update.kept = link->kept;
    speak_message (self, link, &update.base);
}

//  ---- who gets one --------------------------------------------------------------------------------

//  The transient session that was used longest ago and waits for nothing.
static link_t *
idlest (const swarm_t *self)
{
    link_t *found = NULL, *link;
    uint32_t cursor = 0;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_SESSION && !link->kept && link->flights_count == 0
            && (!found || link->used_ms < found->used_ms))
            found = link;
    return found;
}

//  Make room for one more. False: there is none; *kept says as what it may stay.
static bool
admit (swarm_t *self, bool *kept)
{
    const swarm_settings_t *settings = self->settings;
    census_t census = links_census (self->links);
    if (*kept && census.kept < settings->max_peers)
        return true;
    *kept = false;
    if (census.transients < settings->max_transients)
        return true;
    link_t *link = idlest (self);
    if (link)
        sessions_goodbye (self, link, BUSY, "others need the place", 0);
    return link != NULL;
}

//  ---- beginning -----------------------------------------------------------------------------------

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
    link->tier = valid_tier (identify->tier);
    link->protocols = 0;
    const char *const *ours = self->settings->protocols;
    for (unsigned i = 0; i < SWARM_PROTOCOLS_MAX && ours && ours[i]; i++)
        for (size_t j = 0; j < identify->n_protocols && j < SWARM_PROTOCOLS_MAX; j++)
            if (strcmp (ours[i], identify->protocols[j]) == 0)
                link->protocols |= (uint16_t) (1u << i);
    link->skew_ms = skew_of (self, identify);
}

static void
start (swarm_t *self, link_t *link, const Ggen__Identify *identify)
{
    greeting_t *greeting = link->greeting;
    describe (self, link, identify);
    link->state = LINK_SESSION;
    link->since_ms = link->used_ms = out_now_ms (self->out);
    link->persistent = greeting->persistent;
    links_deadline (self->links, link, link->kept ? DEADLINE_NEVER : link->used_ms + IDLE_MS);
    tell_up (self, link);
    mail_out_flush (self, link);
    greeting_destroy (&link->greeting);
}

//  ---- two links to one peer -----------------------------------------------------------------------

static void
drain (swarm_t *self, link_t *link, const link_t *heir)
{
    greeting_destroy (&link->greeting);
    link->state = LINK_DRAINING;
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
//  keep the same one, and nothing that is on its way is lost. Any other new link says that the peer has lost
//  the old one. Returns true when the session goes on.
static bool
merge (swarm_t *self, link_t *link, link_t *session)
{
    bool young = out_now_ms (self->out) - session->since_ms <= YOUNG_MS;
    if (!young || link->inbound == session->inbound)
        return false;
    bool wins = dialled_by_smaller (self, link, &session->key);
    drain (self, link, session);
    if (wins)
        links_swap (self->links, link, session);
    return true;
}

//  Another dial to the peer is under way, whose session cannot have begun at the other side: it needs our
//  Identify, which is our last word as the one that dials. What waits for it goes over 'link'.
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
    links_remove (self->links, &link);
}

void
sessions_begin (swarm_t *self, link_t *link, const peer_key_t *key, const Ggen__Identify *identify)
{
    char text[PEER_ID_TEXT + 1];
    peer_id_text (key, text);
    bool kept = link->greeting->kept || (link->inbound && identify->kept);
    link_t *other = links_peer (self->links, text);
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
        links_name (self->links, link, key, text);
    if (!admit (self, &kept)) {
        refuse (self, link);
        return;
    }
    link->kept = kept;
    start (self, link, identify);
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
    link->tier = valid_tier (update->tier);
    if (update->kept && !link->kept
        && links_census (self->links).kept < self->settings->max_peers) {
        link->kept = true;
        links_deadline (self->links, link, DEADLINE_NEVER);
    }
    tell_up (self, link);
}

//  ---- ending --------------------------------------------------------------------------------------

static void
close_drains (swarm_t *self, const link_t *session)
{
    uint32_t cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_DRAINING && link->heir == session->slot) {
            speak_close (self, link);
            links_remove (self->links, &link);
        }
}

void
sessions_end (swarm_t *self, link_t *link, code_t code, const char *why)
{
    assert (link->state == LINK_SESSION);
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = peer_key_to_field (&link->key);
    down.code = code;
    speak_close (self, link);
    close_drains (self, link);
    links_unname (self->links, link);
    mail_out_fail_all (self, link, CONNECTION_FAILED, why);
    swarm_tell (self, &down.base);
    links_remove (self->links, &link);
}

void
sessions_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
                  uint32_t pause_secs)
{
    speak_goodbye (self, link, code, reason, pause_secs);
    sessions_end (self, link, code, reason);
}

void
sessions_due (swarm_t *self, link_t *link)
{
    if (link->state == LINK_DRAINING) {
        speak_close (self, link);
        links_remove (self->links, &link);
        return;
    }
    int64_t idle_ms = out_now_ms (self->out) - link->used_ms;
    if (link->kept)
        links_deadline (self->links, link, DEADLINE_NEVER);
    else if (link->flights_count > 0 || idle_ms < IDLE_MS)
        links_deadline (self->links, link, out_now_ms (self->out) + IDLE_MS - idle_ms % IDLE_MS);
    else
        sessions_goodbye (self, link, OK, "nothing more to say", 0);
}
