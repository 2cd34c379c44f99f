// SPDX-License-Identifier: MIT
#include "bus_inside.h"

#include "clock.h"
#include "log.h"

#include <malloc.h>
#include <sys/statvfs.h>

void
bus_self_say (bus_t *self, const char *to, Ggen__Envelope *envelope, const ProtobufCMessage *body)
{
    envelope->sent_us = clock_us ();
    if (!*envelope->from)
        envelope->from = "bus";
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    if (strchr (to, '@'))
        envelope->to = (char *) to;
    parcel_t parcel = {.to = to, .envelope = envelope, .body = body};
    frames_t frames;
    packet_t packet;
    if (packet_pack (&frames, &parcel) == OK && packet_read (&packet, &frames))
        bus_route (self, &frames, &packet);
    frames_close (&frames);
}

//  Answer the request (or replace the reply) in 'packed' by a failure. 'asked' is who would have
//  answered: the asker takes answers from nobody else.
void
bus_self_refuse (bus_t *self, bytes_t packed, const char *asked, const char *asker, code_t code,
                 const char *message)
{
    Ggen__Envelope *about = ggen__envelope__unpack (NULL, packed.size, packed.data);
    if (!about)
        return;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) message;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = about->id;
    envelope.trace = about->trace;
    envelope.from = (char *) (asked ? asked : about->from);
    if (!asker)
        asker = *about->reply_to ? about->reply_to : about->from;
    bus_self_say (self, asker, &envelope, &failure.base);
    ggen__envelope__free_unpacked (about, NULL);
}

//  ---- requests to the bus itself ------------------------------------------------------------------

static uint64_t
disk_free_bytes (const char *dir)
{
    struct statvfs disk;
    return dir && statvfs (dir, &disk) == 0 ? (uint64_t) disk.f_bavail * disk.f_frsize : 0;
}

static void
answer_status (bus_t *self, const char *asker, Ggen__Envelope *envelope)
{
    Ggen__ActorMetrics metrics[BUS_SEATS_MAX], *list[BUS_SEATS_MAX];
    Ggen__NodeStatusReply status = GGEN__NODE_STATUS_REPLY__INIT;
    status.running = self->setup->daemon;
    status.pid = (uint32_t) getpid ();
    status.uptime_ms = (uint64_t) (clock_ms () - self->started_ms);
    status.home = (char *) self->setup->home;
    status.version = (char *) self->setup->version;
    status.disk_free_bytes = disk_free_bytes (self->setup->home);
    const struct mallinfo2 heap = mallinfo2 ();
    status.heap_bytes = heap.arena + heap.hblkhd;
    status.heap_used_bytes = heap.uordblks + heap.hblkhd;
    status.clients_count = self->attached.count;
    status.tap_sequence = self->tap ? tap_sequence (self->tap) : 0;
    for (unsigned i = 0; i < self->seats_count; i++) {
        seat_metrics (&self->seats[i], &metrics[i]);
        list[status.n_actors++] = &metrics[i];
    }
    status.actors = list;
    bus_self_say (self, asker, envelope, &status.base);
}

static void
answer_attach (bus_t *self, const char *asker, Ggen__Envelope *envelope)
{
    Ggen__AttachReply reply = GGEN__ATTACH_REPLY__INIT;
    reply.address = (char *) asker;
    reply.version = (char *) self->setup->version;
    reply.pid = (uint32_t) getpid ();
    reply.protocol = BUS_PROTOCOL;
    bus_self_say (self, asker, envelope, &reply.base);
}

static void
on_actor_failed (bus_t *self)
{
    self->failed = true;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = INTERNAL;
    failure.message = "an actor of the node failed too often; the node stops";
    for (unsigned i = 0; i < ATTACHED_MAX; i++) {
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__EVENT;
        if (self->attached.clients[i].id_size > 0)
            bus_self_say (self, self->attached.clients[i].name, &envelope, &failure.base);
    }
}

void
bus_self_handle (bus_t *self, const packet_t *packet)
{
    Ggen__Envelope *about =
        ggen__envelope__unpack (NULL, packet->envelope.size, packet->envelope.data);
    if (!about)
        return;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = about->id;
    envelope.trace = about->trace;
    const char *asker = *about->reply_to ? about->reply_to : about->from;
    if (about->kind == GGEN__KIND__EVENT
        && strcmp (about->type, ggen__actor_failed__descriptor.short_name) == 0
        && bus_seat (self, about->from))
        on_actor_failed (self);
    else if (about->kind == GGEN__KIND__REPLY)
        bus_drain_saved (self, about->id);
    else if (about->kind != GGEN__KIND__REQUEST)
        log_debug ("bus.ignored", "type=%s from=%s", about->type, about->from);
    else if (strcmp (about->type, ggen__attach_request__descriptor.short_name) == 0)
        answer_attach (self, asker, &envelope);
    else if (strcmp (about->type, ggen__node_status_request__descriptor.short_name) == 0)
        answer_status (self, asker, &envelope);
    else
        bus_self_refuse (self, packet->envelope, "bus", NULL, FEATURE_NOT_ENABLED,
                         "the bus has no such request");
    ggen__envelope__free_unpacked (about, NULL);
}
