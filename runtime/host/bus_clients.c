// SPDX-License-Identifier: MIT
#include "bus_inside.h"

#include "clock.h"
#include "log.h"

static void
client_gone (bus_t *self, attached_t *client)
{
    log_debug ("bus.client_gone", "client=%s", client->name);
    attached_t copy = *client;
    attached_forget (&self->attached, client);
    for (unsigned i = 0; i < self->seats_count; i++) {
        if (!(copy.asked & 1ull << i))
            continue;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__GONE;
        envelope.from = copy.name;
        bus_self_say (self, self->seats[i].name, &envelope, NULL);
    }
}

static void
add_part (frames_t *frames, const void *data, size_t size)
{
    zmq_msg_t *part = &frames->part[frames->count++];
    if (zmq_msg_init_size (part, size) != 0)
        zmq_msg_init (part);
    else if (size > 0)
        memcpy (zmq_msg_data (part), data, size);
}

//  [id][envelope][body][attachment]
void
bus_clients_send (bus_t *self, attached_t *client, frames_t *frames, const packet_t *packet)
{
    frames_t out = {.count = 0};
    add_part (&out, client->id, client->id_size);
    add_part (&out, packet->envelope.data, packet->envelope.size);
    add_part (&out, packet->body.data, packet->body.size);
    if (frames->count > 1) {
        zmq_msg_t *part = &out.part[out.count++];
        zmq_msg_init (part);
        zmq_msg_move (part, &frames->part[1]);
    }
    if (client->open > 0 && bus_kind (packet->envelope) == GGEN__KIND__REPLY)
        client->open--;
    watch_ready (&self->router_watch);
    if (frames_send (&out, self->router_watch.socket, ZMQ_DONTWAIT) != 0)
        client_gone (self, client);
    frames_close (&out);
}

void
bus_clients_ping (bus_t *self)
{
    for (unsigned i = 0; i < ATTACHED_MAX && self->attached.count > 0; i++) {
        if (self->attached.clients[i].id_size == 0)
            continue;
        Ggen__Ping ping = GGEN__PING__INIT;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__EVENT;
        bus_self_say (self, self->attached.clients[i].name, &envelope, &ping.base);
    }
}

//  [id][address][envelope][body][attachment] -> a packet as from an actor. A client cannot speak
//  for anybody else: its own address goes into the envelope.
static bool
enter (const attached_t *client, frames_t *frames, frames_t *packed)
{
    char to[ADDRESS_MAX + 1];
    bytes_t address = frames_bytes (frames, 1), head = frames_bytes (frames, 2);
    if (address.size > ADDRESS_MAX)
        return false;
    memcpy (to, address.data, address.size);
    to[address.size] = 0;
    Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, head.size, head.data);
    if (!envelope)
        return false;
    Ggen__Envelope stamped = *envelope;
    stamped.from = (char *) client->name;
    stamped.reply_to = "";
    if (stamped.sent_us == 0)
        stamped.sent_us = clock_us ();
    code_t code = packet_wrap (packed, to, &stamped, frames_bytes (frames, 3),
                               frames->count > 4 ? &frames->part[4] : NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    return code == OK;
}

static void
take (bus_t *self, attached_t *client, frames_t *packed, const packet_t *packet)
{
    const seat_t *seat = bus_seat (self, packet->address);
    const bool asks = bus_kind (packet->envelope) == GGEN__KIND__REQUEST;
    client->open += asks;
    if (seat && asks && self->drain.phase != DRAIN_NOT) {
        bus_self_refuse (self, packet->envelope, packet->address, NULL, BUSY,
                         "the node of this home is stopping");
        return;
    }
    if (seat)
        client->asked |= 1ull << (seat - self->seats);
    bus_route (self, packed, packet);
}

static void
from_client (bus_t *self, frames_t *frames)
{
    attached_t *client = attached_by_id (&self->attached, frames_bytes (frames, 0));
    if (!client || frames->count < 4) {
        log_warn ("bus.client_refused", "clients=%u frames=%u", self->attached.count,
                  frames->count);
        return;
    }
    frames_t packed;
    packet_t packet;
    if (!enter (client, frames, &packed))
        return;
    if (packet_read (&packet, &packed))
        take (self, client, &packed, &packet);
    frames_close (&packed);
}

void
bus_clients_serve (bus_t *self)
{
    for (unsigned i = 0; i < BUS_BURST; i++) {
        frames_t frames;
        code_t code = frames_recv (&frames, self->router_watch.socket);
        if (code == BUSY || code == NETWORK) {
            watch_empty (&self->router_watch);
            return;
        }
        if (code == OK)
            from_client (self, &frames);
        frames_close (&frames);
    }
}
