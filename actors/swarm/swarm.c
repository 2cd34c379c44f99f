// SPDX-License-Identifier: MIT
#include "swarm.h"

#include "bootstraps.h"
#include "calls.h"
#include "connectivity.h"
#include "dialability.h"
#include "greet.h"
#include "keep.h"
#include "lan.h"
#include "lan.pb-c.h"
#include "lanes.h"
#include "link.pb-c.h"
#include "node.pb-c.h"
#include "dials.h"
#include "mail_in.h"
#include "mail_out.h"
#include "reputation.pb-c.h"
#include "sessions.h"
#include "speak.h"
#include "status.h"
#include "upkeep.h"

#include <stdlib.h>

void
swarm_settings_default (swarm_settings_t *self)
{
    *self = (swarm_settings_t) {.tier = GGEN__TIER__COMMUNITY,
                                .max_peers = 128,
                                .min_peers = 5,
                                .max_transients = 64,
                                .max_known = 256};
}

//  ---- for all files -----------------------------------------------------------------------------

static void
tell (const swarm_t *self, const char *const *names, const ProtobufCMessage *message)
{
    for (unsigned i = 0; names && names[i]; i++)
        out_event (self->out, names[i], message);
}

void
swarm_tell (const swarm_t *self, const ProtobufCMessage *message)
{
    tell (self, self->settings->listeners, message);
    tell (self, self->settings->kept_listeners, message);
}

const char *const *
swarm_asked_protocols (const swarm_t *self)
{
    const swarm_settings_t *settings = self->settings;
    return settings->asked_protocols ? settings->asked_protocols : settings->protocols;
}

void
swarm_tell_peer (const swarm_t *self, link_t *link, const ProtobufCMessage *message)
{
    link->told |= link->kept;
    tell (self, self->settings->listeners, message);
    if (link->told)
        tell (self, self->settings->kept_listeners, message);
}

void
swarm_tell_clock (swarm_t *self)
{
    Ggen__PeersClock clock = GGEN__PEERS_CLOCK__INIT;
    if (peer_clocks_news (&self->clocks, &clock.skew_ms))
        tell (self, self->settings->clock_listeners, &clock.base);
}

void
swarm_complain (swarm_t *self, link_t *link, Ggen__Experience experience, const char *detail)
{
    int64_t now_ms = out_now_ms (self->out);
    if (link->told_ms > 0 && now_ms - link->told_ms < COMPLAINT_MS)
        return;
    Ggen__Observation observation = GGEN__OBSERVATION__INIT;
    link->told_ms = now_ms;
    observation.peer_key = peer_key_to_field (&link->key);
    observation.experience = experience;
    observation.detail = (char *) detail;
    out_event (self->out, "reputation", &observation.base);
}

//  ---- links -------------------------------------------------------------------------------------

static code_t
on_link_up (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    greet_up (self, (const void *) message);
    return OK;
}

static code_t
on_link_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const Ggen__LinkDown *down = (const void *) message;
    link_t *link = links_find (self->links, down->link);
    if (!link)
        return OK;
    links_number (self->links, link, 0);
    if (link->state == LINK_SESSION || link->state == LINK_LEAVING)
        sessions_end (self, link, CONNECTION_FAILED, "the connection broke");
    else if (link->state == LINK_DRAINING)
        links_remove (self->links, &link);
    else
        greet_failed (self, link, down->code == TIMEOUT ? TIMEOUT : CONNECTION_FAILED, NULL);
    return OK;
}

static code_t
on_link_received (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    //  Who judges what comes now should know of it
    if (peer_clocks_watch (&self->clocks, at->now_ms, at->wall_ms))
        swarm_tell_clock (self);
    mail_in_received (self, (const void *) message, at->attachment);
    return OK;
}

static code_t
on_link_written (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const Ggen__LinkWritten *written = (const void *) message;
    link_t *link = links_find (self->links, written->link);
    if (link)
        link->unwritten_bytes -= written->bytes_count < link->unwritten_bytes
                                     ? (uint32_t) written->bytes_count
                                     : link->unwritten_bytes;
    return OK;
}

static code_t
on_link_listening (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const Ggen__LinkListening *listening = (const void *) message;
    if (self->settings->announced_count == 0) {
        self->described++;
        addresses_clear (&self->listening);
        addresses_set (&self->listening, listening->addresses, listening->n_addresses,
                       NULL, NULL);
    }
    dialability_reset (self);
    return OK;
}

//  ---- bans --------------------------------------------------------------------------------------

static void
drop_banned (swarm_t *self, const peer_key_t *key, uint32_t secs)
{
    char text[PEER_ID_TEXT + 1];
    peer_id_text (key, text);
    link_t *link = sessions_peer (self, text);
    if (link && link->state == LINK_SESSION)
        sessions_goodbye (self, link, LOW_REPUTATION, "banned", secs);
    else if (link)
        dials_fail (self, link, LOW_REPUTATION, "it is banned");
}

static code_t
on_ban_order (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__BanOrder *order = (const void *) message;
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    peer_key_t key;
    if (peer_key_from_field (&key, order->peer_key) != OK
        || !self->crypto->transport_key (key.bytes, transport_key))
        return VALIDATION;
    if (order->secs == 0)
        bans_remove (&self->bans, transport_key);
    else {
        int64_t until_ms = at->now_ms + order->secs * INT64_C (1000);
        bans_put (&self->bans, transport_key, until_ms, at->now_ms);
        book_pause (self->book, &key, until_ms);
        drop_banned (self, &key, order->secs);
    }
    return OK;
}

static code_t
on_bans_told (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    (void) message;
    swarm_t *self = self_;
    self->bans_due_ms = 0;
    upkeep_soon (self);
    return OK;
}

//  ---- life --------------------------------------------------------------------------------------

static void
swarm_destroy (void *self_)
{
    swarm_t *self = self_;
    uint32_t cursor = 0;
    link_t *link;
    while (self->links && (link = links_next (self->links, &cursor)) != NULL)
        if (link->greeting)
            parked_clear (&link->greeting->parked, &self->parked_bytes);
    calls_destroy (self);
    links_destroy (&self->links);
    flights_destroy (&self->flights);
    book_destroy (&self->book);
    bans_clear (&self->bans);
    peer_clocks_clear (&self->clocks);
    bootstraps_destroy (self);
    addresses_clear (&self->dialability.reached);
    addresses_clear (&self->listening);
    free (self->gone);
    free (self);
}

static bool
take_addresses (swarm_t *self)
{
    const swarm_settings_t *settings = self->settings;
    const bool is_announced = settings->announced_count > 0;
    const bytes_t *list = is_announced ? settings->announced : settings->addresses;
    size_t list_count = is_announced ? settings->announced_count : settings->addresses_count;
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX];
    size_t count = 0;
    for (; count < list_count && count < MULTIADDR_PEER_MAX; count++)
        fields[count] =
            (ProtobufCBinaryData) {list[count].size, (uint8_t *) list[count].data};
    return addresses_set (&self->listening, fields, count, NULL, NULL);
}

static void *
swarm_create (const actor_env_t *env)
{
    swarm_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->crypto = env->crypto;
    self->settings = env->settings;
    self->bans_due_ms = self->settings->waits_for_bans ? env->now_ms + BANS_DUE_MS : 0;
    //  Numbers of another incarnation are not met again
    self->number = rng_u64 (self->rng) << 32 | 1;
    self->lanes = (uint32_t) rng_below (self->rng, UINT32_MAX / 2);
    self->links = links_new (self->settings->max_peers + self->settings->max_transients
                                 + DIALS_MAX + GREETINGS_MAX,
                             rng_u64 (self->rng));
    self->flights = flights_new ();
    self->book = book_new (self->settings->max_known, rng_u64 (self->rng));
    self->connectivity.next_ms = DEADLINE_NEVER;
    if (!self->links || !self->flights || !self->book || !take_addresses (self)
        || !upkeep_begin (self)) {
        swarm_destroy (self);
        return NULL;
    }
    dialability_begin (self);
    keep_load (self);
    return self;
}

static code_t
swarm_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    swarm_t *self = self_;
    link_t *link;
    peer_clocks_watch (&self->clocks, now_ms, wall_ms);
    swarm_tell_clock (self);
    while ((link = links_due (self->links, now_ms)) != NULL)
        if (!link->greeting)
            sessions_due (self, link);
        else
            greet_failed (self, link, TIMEOUT, "the handshake took too long");
    mail_out_expire (self, now_ms);
    if (self->connectivity.next_ms <= now_ms)
        connectivity_run (self, now_ms);
    if (self->dialability.next_ms <= now_ms)
        dialability_run (self);
    if (self->upkeep_ms <= now_ms)
        upkeep_run (self, now_ms);
    if (self->keep_ms <= now_ms)
        keep_run (self);
    if (self->tidy_ms <= now_ms) {
        links_tidy (self->links);
        self->tidy_ms = now_ms + TIDY_MS;
    }
    return OK;
}

static int64_t
swarm_deadline_ms (const void *self_)
{
    const swarm_t *self = self_;
    const int64_t all_ms[] = {links_earliest_ms (self->links),   self->connectivity.next_ms,
                              flights_earliest_ms (self->flights), self->dialability.next_ms,
                              self->upkeep_ms,                     self->keep_ms};
    int64_t first_ms = all_ms[0];
    for (unsigned i = 1; i < COUNT_OF (all_ms); i++)
        if (all_ms[i] < first_ms)
            first_ms = all_ms[i];
    return first_ms;
}

static const handler_t rows[] = {
    {&ggen__save_request__descriptor, keep_save, THIS_NODE},
    {&ggen__link_received__descriptor, on_link_received, THIS_NODE},
    {&ggen__link_written__descriptor, on_link_written, THIS_NODE},
    {&ggen__link_up__descriptor, on_link_up, THIS_NODE},
    {&ggen__link_down__descriptor, on_link_down, THIS_NODE},
    {&ggen__link_listening__descriptor, on_link_listening, THIS_NODE},
    {&ggen__bulk_received__descriptor, lanes_received, THIS_NODE},
    {&ggen__bulk_returned__descriptor, lanes_returned, THIS_NODE},
    {&ggen__bulk_invited__descriptor, lanes_invited, THIS_NODE},
    {&ggen__bulk_up__descriptor, lanes_up, THIS_NODE},
    {&ggen__bulk_down__descriptor, lanes_down, THIS_NODE},
    {&ggen__dial_back_request__descriptor, dialability_back, ANY_NODE},
    {&ggen__ban_order__descriptor, on_ban_order, THIS_NODE},
    {&ggen__bans_told__descriptor, on_bans_told, THIS_NODE},
    {&ggen__lan_sighting__descriptor, lan_sighted, THIS_NODE},
    {&ggen__connect_request__descriptor, calls_connect, THIS_NODE},
    {&ggen__disconnect_request__descriptor, calls_disconnect, THIS_NODE},
    {&ggen__bootstrap_request__descriptor, calls_bootstrap, THIS_NODE},
    {&ggen__peers_request__descriptor, status_peers, THIS_NODE},
    {&ggen__swarm_status_request__descriptor, status_swarm, THIS_NODE},
    {0}};

const actor_class_t swarm_actor = {.name = "swarm",
                                   .create = swarm_create,
                                   .destroy = swarm_destroy,
                                   .rows = rows,
                                   .tick = swarm_tick,
                                   .deadline_ms = swarm_deadline_ms,
                                   .cancelled = calls_cancelled,
                                   .transit = mail_out_transit};
