// SPDX-License-Identifier: MIT
#include "actors/swarm/beacon_io.h"

#include "actors/swarm/beacon.h"
#include "actors/swarm/lan_io.h"
#include "lan.pb-c.h"
#include "link.pb-c.h"
#include "runtime/actor/out.h"
#include "runtime/host/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LISTENING_MAX 8

typedef struct {
    out_t *out;
    rng_t *rng;
    const beacon_settings_t *settings;
    lan_t *lan;                         //  NULL: off
    multiaddr_t listening[LISTENING_MAX];
    unsigned listening_count;
    beacon_pace_t pace;
    beacon_sieve_t sieve;
    int64_t window_ms;                  //  when BEACON_HEARD_MS began
    unsigned heard;                     //  within it
    bool deaf;                          //  until it ends
} ear_t;

//  ---- saying --------------------------------------------------------------------------------------

static bool
is_unspecified (const multiaddr_t *address)
{
    static const uint8_t nowhere[16];
    return memcmp (address->ip, nowhere, address->kind == MULTIADDR_IP6 ? 16 : 4) == 0;
}

//  The port at which this IP of ours can be dialled; 0: none. Who listens on all of IPv6 does so on
//  all of IPv4, too.
static uint16_t
port_at (const ear_t *self, const multiaddr_t *ip)
{
    for (unsigned i = 0; i < self->listening_count && !self->settings->silent; i++) {
        const multiaddr_t *one = &self->listening[i];
        const bool all = is_unspecified (one)
                         && (one->kind == ip->kind || one->kind == MULTIADDR_IP6);
        const bool same = one->kind == ip->kind
                          && memcmp (one->ip, ip->ip, ip->kind == MULTIADDR_IP6 ? 16 : 4) == 0;
        if (all || same)
            return one->port;
    }
    return 0;
}

static void
say (ear_t *self, int64_t now_ms)
{
    uint8_t bytes[BEACON_SIZE];
    multiaddr_t ip;
    unsigned said = 0;
    lan_refresh (self->lan);
    beacon_t beacon = {.key = self->settings->key,
                       .asks = beacon_pace_sent (&self->pace, self->rng, now_ms)};
    for (unsigned i = 0; lan_place (self->lan, i, &ip); i++) {
        beacon.port = port_at (self, &ip);
        if (beacon.port == 0 && !beacon.asks)
            continue;
        beacon_encode (&beacon, bytes);
        said += lan_say (self->lan, i, bytes, sizeof bytes);
    }
    log_debug ("beacon.said", "places=%u asks=%d", said, beacon.asks);
}

//  ---- hearing -------------------------------------------------------------------------------------

static void
pass_on (ear_t *self, const beacon_t *beacon, multiaddr_t *at, int64_t now_ms)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    at->port = beacon->port;
    if (!multiaddr_is_dialable (at) || !beacon_sieve_pass (&self->sieve, at, now_ms))
        return;
    Ggen__LanSighting sighting = GGEN__LAN_SIGHTING__INIT;
    sighting.peer_key = peer_key_to_field (&beacon->key);
    sighting.address = (ProtobufCBinaryData) {multiaddr_encode (at, bytes), bytes};
    out_event (self->out, "swarm", &sighting.base);
}

static void
hear (ear_t *self, bytes_t bytes, multiaddr_t *from, int64_t now_ms)
{
    beacon_t beacon;
    if (beacon_decode (&beacon, bytes) != OK || peer_key_equal (&beacon.key, &self->settings->key))
        return;
    if (beacon.asks)
        beacon_pace_asked (&self->pace, self->rng, now_ms);
    if (beacon.port > 0)
        pass_on (self, &beacon, from, now_ms);
}

static code_t
ear_input (void *self_, int64_t now_ms)
{
    ear_t *self = self_;
    uint8_t bytes[LAN_DATAGRAM_MAX];
    size_t size;
    multiaddr_t from;
    code_t code = OK;
    if (!self->lan)
        return OK;
    if (lan_changed (self->lan) && lan_refresh (self->lan))
        beacon_pace_start (&self->pace, self->rng, now_ms);
    if (now_ms - self->window_ms >= BEACON_HEARD_MS) {
        self->window_ms = now_ms;
        self->heard = 0;
    }
    while (self->heard < BEACON_HEARD_MAX
           && (code = lan_hear (self->lan, bytes, &size, &from)) != BUSY) {
        self->heard++;
        if (code == OK)
            hear (self, (bytes_t) {bytes, size}, &from, now_ms);
    }
    self->deaf = self->heard == BEACON_HEARD_MAX;
    return OK;
}

static unsigned
ear_descriptors (void *self_, int *descriptors)
{
    const ear_t *self = self_;
    return self->lan ? lan_descriptors (self->lan, self->deaf, descriptors) : 0;
}

//  ---- on and off ----------------------------------------------------------------------------------

static void
turn_off (ear_t *self)
{
    lan_destroy (&self->lan);
    self->pace = (beacon_pace_t) {.next_ms = DEADLINE_NEVER};
    self->deaf = false;
}

static void
turn_on (ear_t *self, int64_t now_ms)
{
    self->lan = lan_new ();
    if (!self->lan) {
        log_warn ("beacon.no_sockets", "why=%s", strerror (errno));
        return;
    }
    lan_refresh (self->lan);
    beacon_pace_start (&self->pace, self->rng, now_ms);
}

static bool
is_for_this_host_only (const ear_t *self)
{
    for (unsigned i = 0; i < self->listening_count; i++)
        if (!multiaddr_is_loopback (&self->listening[i]))
            return false;
    return self->listening_count > 0;
}

static code_t
on_listening (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    ear_t *self = self_;
    const Ggen__LinkListening *listening = (const void *) message;
    self->listening_count = 0;
    for (size_t i = 0; i < listening->n_addresses && self->listening_count < LISTENING_MAX; i++) {
        const ProtobufCBinaryData *address = &listening->addresses[i];
        if (multiaddr_decode (&self->listening[self->listening_count],
                              (bytes_t) {address->data, address->len})
            == OK)
            self->listening_count++;
    }
    turn_off (self);
    if (!is_for_this_host_only (self))
        turn_on (self, at->now_ms);
    log_info ("beacon.state", "on=%d port=%d", self->lan != NULL, LAN_PORT);
    return OK;
}

//  ---- life ----------------------------------------------------------------------------------------

static code_t
ear_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    ear_t *self = self_;
    (void) wall_ms;
    if (self->deaf && now_ms - self->window_ms >= BEACON_HEARD_MS)
        self->deaf = false;
    if (self->lan && self->pace.next_ms <= now_ms)
        say (self, now_ms);
    return OK;
}

static int64_t
ear_deadline_ms (const void *self_)
{
    const ear_t *self = self_;
    const int64_t ends_ms = self->window_ms + BEACON_HEARD_MS;
    return self->deaf && ends_ms < self->pace.next_ms ? ends_ms : self->pace.next_ms;
}

static void *
ear_create (const actor_env_t *env)
{
    ear_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->settings = env->settings;
    self->pace.next_ms = DEADLINE_NEVER;
    return self;
}

static void
ear_destroy (void *self_)
{
    ear_t *self = self_;
    lan_destroy (&self->lan);
    free (self);
}

static const handler_t rows[] = {
    {&ggen__link_listening__descriptor, on_listening, THIS_NODE},
    {0},
};

const actor_class_t beacon_actor = {
    .name = "beacon",
    .create = ear_create,
    .destroy = ear_destroy,
    .rows = rows,
    .tick = ear_tick,
    .deadline_ms = ear_deadline_ms,
    .descriptors = ear_descriptors,
    .input = ear_input,
};
