// SPDX-License-Identifier: MIT
#include "actors/swarm/wires_io.h"

#include "actors/swarm/swarm.h"
#include "actors/swarm/zap_io.h"
#include "hex.h"

#include <czmq.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  The largest frame of ZeroMQ that "swarm" takes, and room for what CURVE adds, some 48 bytes: whoever
//  sends a larger one is cut off before it is in memory.
#define FRAME_BYTES_MAX   ((int64_t) SWARM_BODY_MAX + 4096)
#define HANDSHAKE_MS      2000
#define QUEUE_MESSAGES    256           //  to and from one peer, in ZeroMQ
#define LINGER_MS         500           //  for what is to be sent at the end
#define ADDRESSES_MAX     8
#define ENFORCE_ZAP       93            //  ZMQ_ZAP_ENFORCE_DOMAIN, which zmq.h keeps for drafts: who is
                                        //  not let in by ZAP stays out also while nobody answers
#define ZAP_BURST         16

typedef struct {
    void *router;
    void *monitor;
} side_t;

struct wires_t {
    side_t sides[WIRES_SIDES];
    void *zap;                          //  NULL: somebody else of this process answers, or did until
                                        //  now: its name is free a little later
    uint8_t listening[ADDRESSES_MAX][MULTIADDR_SIZE_MAX];
    size_t listening_size[ADDRESSES_MAX];
    unsigned listening_count;
};

static void
set_number (void *socket, int option, int value)
{
    zmq_setsockopt (socket, option, &value, sizeof value);
}

//  ---- making --------------------------------------------------------------------------------------

static void
set_options (void *router, const link_settings_t *settings)
{
    const int64_t frame_bytes = FRAME_BYTES_MAX;
    set_number (router, ZMQ_IPV6, 1);
    set_number (router, ZMQ_ROUTER_MANDATORY, 1);
    set_number (router, ZMQ_LINGER, LINGER_MS);
    set_number (router, ZMQ_SNDHWM, QUEUE_MESSAGES);
    set_number (router, ZMQ_RCVHWM, QUEUE_MESSAGES);
    set_number (router, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_number (router, ZMQ_RECONNECT_IVL, -1);
    zmq_setsockopt (router, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof frame_bytes);
    zmq_setsockopt (router, ZMQ_CURVE_SECRETKEY, settings->secret_key, 32);
    zmq_setsockopt (router, ZMQ_CURVE_PUBLICKEY, settings->public_key, 32);
}

static bool
open_side (wires_t *self, void *context, wires_side_t side, const link_settings_t *settings)
{
    side_t *it = &self->sides[side];
    char endpoint[64];
    it->router = zmq_socket (context, ZMQ_ROUTER);
    if (!it->router)
        return false;
    set_options (it->router, settings);
    if (side == WIRES_IN) {
        set_number (it->router, ZMQ_CURVE_SERVER, 1);
        zmq_setsockopt (it->router, ZMQ_ZAP_DOMAIN, "ggen", 4);
        set_number (it->router, ENFORCE_ZAP, 1);
    }
    //  A name is taken a little longer than its socket lives.
    static atomic_uint names;
    snprintf (endpoint, sizeof endpoint, "inproc://ggen-link-%u", atomic_fetch_add (&names, 1));
    if (zmq_socket_monitor (it->router, endpoint, ZMQ_EVENT_ALL) != 0)
        return false;
    it->monitor = zmq_socket (context, ZMQ_PAIR);
    if (!it->monitor)
        return false;
    set_number (it->monitor, ZMQ_LINGER, 0);
    set_number (it->monitor, ZMQ_RCVHWM, 0);
    return zmq_connect (it->monitor, endpoint) == 0;
}

static bool
bind_one (wires_t *self, const multiaddr_t *address)
{
    void *router = self->sides[WIRES_IN].router;
    char ip[INET6_ADDRSTRLEN], endpoint[WIRES_ENDPOINT_MAX + 1];
    const bool v6 = address->kind == MULTIADDR_IP6;
    inet_ntop (v6 ? AF_INET6 : AF_INET, address->ip, ip, sizeof ip);
    snprintf (endpoint, sizeof endpoint, v6 ? "tcp://[%s]:%u" : "tcp://%s:%u", ip, address->port);
    if (zmq_bind (router, endpoint) != 0)
        return false;
    size_t size = sizeof endpoint;
    zmq_getsockopt (router, ZMQ_LAST_ENDPOINT, endpoint, &size);
    const char *colon = strrchr (endpoint, ':');
    multiaddr_t bound = *address;
    bound.has_peer = false;
    bound.port = (uint16_t) strtoul (colon ? colon + 1 : "0", NULL, 10);
    unsigned at = self->listening_count++;
    self->listening_size[at] = multiaddr_encode (&bound, self->listening[at]);
    return true;
}

static code_t
bind_all (wires_t *self, const link_settings_t *settings, char *why, size_t why_size)
{
    if (settings->addresses_count > ADDRESSES_MAX) {
        snprintf (why, why_size, "more than %u addresses to listen on", ADDRESSES_MAX);
        return VALIDATION;
    }
    for (size_t i = 0; i < settings->addresses_count; i++) {
        const multiaddr_t *address = &settings->addresses[i];
        char text[MULTIADDR_TEXT_MAX + 1];
        multiaddr_text (address, text);
        if (address->kind != MULTIADDR_IP4 && address->kind != MULTIADDR_IP6) {
            snprintf (why, why_size, "%s: only an IP can be listened on", text);
            return VALIDATION;
        }
        if (!bind_one (self, address)) {
            snprintf (why, why_size, "%s: %s", text, zmq_strerror (errno));
            return NETWORK;
        }
    }
    return OK;
}

wires_t *
wires_new (const link_settings_t *settings, char *why, size_t why_size)
{
    wires_t *self = calloc (1, sizeof *self);
    void *context = zsys_init ();
    bool taken = false;
    if (!self)
        return NULL;
    self->zap = zap_open (context, &taken);
    if ((!self->zap && !taken) || !open_side (self, context, WIRES_IN, settings)
        || !open_side (self, context, WIRES_OUT, settings)) {
        snprintf (why, why_size, "no sockets: %s", zmq_strerror (errno));
        wires_destroy (&self);
        return NULL;
    }
    if (bind_all (self, settings, why, why_size) != OK)
        wires_destroy (&self);
    return self;
}

static void
close_side (side_t *side)
{
    if (side->router) {
        zmq_socket_monitor (side->router, NULL, 0);
        zmq_close (side->router);
    }
    if (side->monitor)
        zmq_close (side->monitor);
}

void
wires_destroy (wires_t **self_p)
{
    wires_t *self = *self_p;
    if (!self)
        return;
    for (unsigned side = 0; side < WIRES_SIDES; side++)
        close_side (&self->sides[side]);
    zap_close (&self->zap);
    free (self);
    *self_p = NULL;
}

unsigned
wires_sockets (const wires_t *self, void **sockets)
{
    unsigned count = 0;
    for (unsigned side = 0; side < WIRES_SIDES; side++) {
        sockets[count++] = self->sides[side].router;
        sockets[count++] = self->sides[side].monitor;
    }
    if (self->zap)
        sockets[count++] = self->zap;
    return count;
}

size_t
wires_listening (const wires_t *self, unsigned index, uint8_t bytes[MULTIADDR_SIZE_MAX])
{
    if (index >= self->listening_count)
        return 0;
    memcpy (bytes, self->listening[index], self->listening_size[index]);
    return self->listening_size[index];
}

bool
wires_admit (wires_t *self)
{
    bool taken;
    if (!self->zap)
        self->zap = zap_open (zsys_init (), &taken);
    if (self->zap)
        zap_answer (self->zap, ZAP_BURST);
    return self->zap != NULL;
}

//  ---- dialling and sending ------------------------------------------------------------------------

code_t
wires_dial (wires_t *self, const char *endpoint, const uint8_t *routing, size_t routing_size,
            const uint8_t transport_key[32])
{
    void *router = self->sides[WIRES_OUT].router;
    zmq_setsockopt (router, ZMQ_CURVE_SERVERKEY, transport_key, 32);
    zmq_setsockopt (router, ZMQ_CONNECT_ROUTING_ID, routing, routing_size);
    return zmq_connect (router, endpoint) == 0 ? OK : NETWORK;
}

code_t
wires_send (wires_t *self, wires_side_t side, const uint8_t *routing, size_t routing_size,
            zmq_msg_t *frames, unsigned count)
{
    void *router = self->sides[side].router;
    while (zmq_send (router, routing, routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return errno == EAGAIN ? BUSY : NETWORK;
    //  The routing id was taken, so the rest is.
    for (unsigned i = 0; i < count; i++)
        while (zmq_msg_send (&frames[i], router, i + 1 < count ? ZMQ_SNDMORE : 0) < 0)
            if (errno != EINTR) {
                zmq_msg_close (&frames[i]);
                break;
            }
    return OK;
}

//  ---- receiving -----------------------------------------------------------------------------------

static void
take_routing (wires_message_t *message, zmq_msg_t *frame)
{
    size_t size = zmq_msg_size (frame);
    message->routing_size = size <= WIRES_ROUTING_MAX ? size : 0;
    memcpy (message->routing, zmq_msg_data (frame), message->routing_size);
}

//  Metadata is on every frame of a connection that was let in by ZAP.
static void
take_sender (wires_message_t *message, zmq_msg_t *frame)
{
    const char *user = zmq_msg_gets (frame, "User-Id");
    message->fd = zmq_msg_get (frame, ZMQ_SRCFD);
    message->known = user && hex_decode (message->key, sizeof message->key, user) == OK;
}

code_t
wires_receive (wires_t *self, wires_side_t side, wires_message_t *message)
{
    void *router = self->sides[side].router;
    *message = (wires_message_t) {.fd = -1};
    bool more = true, whole = true;
    for (unsigned at = 0; more; at++) {
        zmq_msg_t frame;
        zmq_msg_init (&frame);
        int got = zmq_msg_recv (&frame, router, ZMQ_DONTWAIT);
        if (got < 0) {
            zmq_msg_close (&frame);
            if (at == 0 && errno != EINTR)
                return BUSY;
            at--;                               //  A message is there whole, or not at all
            continue;
        }
        more = zmq_msg_more (&frame) != 0;
        message->bytes += (size_t) got;
        if (at == 0)
            take_routing (message, &frame);
        if (at == 1 && side == WIRES_IN)
            take_sender (message, &frame);
        if (at == 0 || message->count == WIRES_FRAMES_MAX) {
            whole &= at == 0 && message->routing_size > 0;
            zmq_msg_close (&frame);
            continue;
        }
        message->frames[message->count++] = frame;
    }
    if (whole && message->count >= 2)
        return OK;
    wires_forget (message);
    return VALIDATION;
}

void
wires_forget (wires_message_t *message)
{
    while (message->count > 0)
        zmq_msg_close (&message->frames[--message->count]);
}

bool
wires_hang_up (wires_t *self, const char *endpoint, wires_message_t *message)
{
    bool taken = wires_receive (self, WIRES_OUT, message) == OK;
    zmq_disconnect (self->sides[WIRES_OUT].router, endpoint);
    return taken;
}

//  ---- monitors ------------------------------------------------------------------------------------

static bool
news_of (uint16_t event, wires_news_t *news)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        *news = WIRES_ACCEPTED;
        return true;
    case ZMQ_EVENT_CONNECTED:
        *news = WIRES_CONNECTED;
        return true;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        *news = WIRES_SECURED;
        return true;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        *news = WIRES_FAILED;
        return true;
    case ZMQ_EVENT_DISCONNECTED:
    case ZMQ_EVENT_CLOSED:
        *news = WIRES_CLOSED;
        return true;
    default:
        return false;
    }
}

//  One event: two frames, number (16 bits) with value (32 bits), and endpoint. False: none is there.
static bool
read_event (void *monitor, uint16_t *number, int32_t *value, char *endpoint, size_t endpoint_size)
{
    zmq_msg_t frame;
    zmq_msg_init (&frame);
    if (zmq_msg_recv (&frame, monitor, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close (&frame);
        return false;
    }
    const uint8_t *data = zmq_msg_data (&frame);
    memcpy (number, data, sizeof *number);
    memcpy (value, data + sizeof *number, sizeof *value);
    if (zmq_msg_more (&frame) && zmq_msg_recv (&frame, monitor, 0) >= 0)
        snprintf (endpoint, endpoint_size, "%.*s", (int) zmq_msg_size (&frame),
                  (const char *) zmq_msg_data (&frame));
    zmq_msg_close (&frame);
    return true;
}

bool
wires_event (wires_t *self, wires_side_t side, wires_event_t *event)
{
    uint16_t number;
    int32_t value;
    event->endpoint[0] = 0;
    while (read_event (self->sides[side].monitor, &number, &value, event->endpoint,
                       sizeof event->endpoint)) {
        if (!news_of (number, &event->news))
            continue;
        const bool has_fd = event->news != WIRES_SECURED && event->news != WIRES_FAILED;
        event->fd = has_fd ? value : -1;
        return true;
    }
    return false;
}
