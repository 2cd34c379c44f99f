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

//  Put the connection in the place of the address and send. A client that is not there any
//  more, or does not read, is gone.
void
bus_clients_send (bus_t *self, attached_t *client, frames_t *frames)
{
    zmq_msg_close (&frames->part[0]);
    zmq_msg_init_size (&frames->part[0], client->id_size);
    memcpy (zmq_msg_data (&frames->part[0]), client->id, client->id_size);
    watch_ready (&self->router_watch);
    if (frames_send (frames, 0, self->router_watch.socket, ZMQ_DONTWAIT) != 0)
        client_gone (self, client);
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

//  A client cannot speak for anybody else: its own address goes into the envelope.
static bool
stamp (frames_t *frames, const attached_t *client)
{
    bytes_t packed = frames_bytes (frames, 1);
    Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, packed.size, packed.data);
    if (!envelope)
        return false;
    Ggen__Envelope stamped = *envelope;
    stamped.from = (char *) client->name;
    stamped.reply_to = "";
    if (stamped.sent_us == 0)
        stamped.sent_us = clock_us ();
    zmq_msg_t part;
    bool made = zmq_msg_init_size (&part, ggen__envelope__get_packed_size (&stamped)) == 0;
    if (made) {
        ggen__envelope__pack (&stamped, zmq_msg_data (&part));
        zmq_msg_move (&frames->part[1], &part);
        zmq_msg_close (&part);
    }
    ggen__envelope__free_unpacked (envelope, NULL);
    return made;
}

//  [id][address][envelope][body][attachment] -> as from an actor.
static void
from_client (bus_t *self, frames_t *frames)
{
    attached_t *client = attached_by_id (&self->attached, frames_bytes (frames, 0));
    if (!client || frames->count < 4) {
        log_warn ("bus.client_refused", "clients=%u frames=%u", self->attached.count,
                  frames->count);
        return;
    }
    zmq_msg_close (&frames->part[0]);
    memmove (frames->part, frames->part + 1, (frames->count - 1) * sizeof frames->part[0]);
    frames->count--;
    char address[ADDRESS_MAX + 1];
    if (!bus_address (frames, address) || !stamp (frames, client))
        return;
    const seat_t *seat = bus_seat (self, address);
    if (seat)
        client->asked |= 1ull << (seat - self->seats);
    bus_route (self, frames);
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
