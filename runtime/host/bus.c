// SPDX-License-Identifier: MIT
#include "bus.h"

#include "attached.h"
#include "clock.h"
#include "log.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

//  How often a client is asked whether it is still there, and the tap's lock is tried again.
#define PING_INTERVAL_MS 500

_Static_assert(BUS_SEATS_MAX + 3 <= WATCHES_MAX, "every seat, the control pipe, router and tap");

typedef struct {
    const bus_setup_t *setup;
    zsock_t *router;
    tap_t *tap;
    watch_set_t watches;
    watch_t control_watch, router_watch, tap_watch;
    int tap_lock;                       //  descriptor that holds the tap's lock, or -1
    seat_t seats[BUS_SEATS_MAX];
    unsigned seats_count;
    attached_set_t attached;
    int64_t started_ms;
    int64_t next_ping_ms;
    bool stopped;
    bool failed;
} bus_t;

static void route (bus_t *self, frames_t *frames);

//  ---- reading what is needed of a message ---------------------------------------------------------

//  Kind is field 1 and packed first, so it is the first two bytes of an envelope; a message
//  that was packed otherwise is unpacked to find it.
static Ggen__Kind
kind_of (bytes_t envelope)
{
    if (envelope.size >= 2 && envelope.data[0] == 0x08 && envelope.data[1] < 0x80)
        return (Ggen__Kind) envelope.data[1];
    Ggen__Envelope *unpacked = ggen__envelope__unpack (NULL, envelope.size, envelope.data);
    Ggen__Kind kind = unpacked ? unpacked->kind : GGEN__KIND__KIND_NONE;
    if (unpacked)
        ggen__envelope__free_unpacked (unpacked, NULL);
    return kind;
}

static bool
address_of (frames_t *frames, char address[ADDRESS_MAX + 1])
{
    bytes_t bytes = frames_bytes (frames, 0);
    if (frames->count < 3 || bytes.size == 0 || bytes.size > ADDRESS_MAX)
        return false;
    memcpy (address, bytes.data, bytes.size);
    address[bytes.size] = 0;
    return true;
}

static seat_t *
seat_of (bus_t *self, const char *address)
{
    if (strchr (address, '@'))
        address = "swarm";
    for (unsigned i = 0; i < self->seats_count; i++)
        if (strcmp (self->seats[i].name, address) == 0)
            return &self->seats[i];
    return NULL;
}

//  ---- messages the bus itself sends ---------------------------------------------------------------

static void
say (bus_t *self, const char *to, Ggen__Envelope *envelope, const ProtobufCMessage *body)
{
    envelope->sent_us = clock_us ();
    if (!*envelope->from)
        envelope->from = "bus";
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    parcel_t parcel = {.to = to, .envelope = envelope, .body = body};
    frames_t frames;
    frames_pack (&frames, &parcel);
    route (self, &frames);
    frames_close (&frames);
}

//  Answer the request (or replace the reply) in 'packed' by a failure. 'asked' is who would have
//  answered: the asker takes answers from nobody else.
static void
refuse (bus_t *self, bytes_t packed, const char *asked, const char *asker, code_t code,
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
    say (self, asker, &envelope, &failure.base);
    ggen__envelope__free_unpacked (about, NULL);
}

//  ---- clients -------------------------------------------------------------------------------------

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
        say (self, self->seats[i].name, &envelope, NULL);
    }
}

//  Put the connection in the place of the address and send. A client that is not there any
//  more, or does not read, is gone.
static void
send_to_client (bus_t *self, attached_t *client, frames_t *frames)
{
    zmq_msg_close (&frames->part[0]);
    zmq_msg_init_size (&frames->part[0], client->id_size);
    memcpy (zmq_msg_data (&frames->part[0]), client->id, client->id_size);
    watch_ready (&self->router_watch);
    if (frames_send (frames, 0, self->router_watch.socket, ZMQ_DONTWAIT) != 0)
        client_gone (self, client);
}

static void
ping_clients (bus_t *self)
{
    for (unsigned i = 0; i < ATTACHED_MAX && self->attached.count > 0; i++) {
        if (self->attached.clients[i].id_size == 0)
            continue;
        Ggen__Ping ping = GGEN__PING__INIT;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__EVENT;
        say (self, self->attached.clients[i].name, &envelope, &ping.base);
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
    if (!address_of (frames, address) || !stamp (frames, client))
        return;
    const seat_t *seat = seat_of (self, address);
    if (seat)
        client->asked |= 1ull << (seat - self->seats);
    route (self, frames);
}

//  ---- requests to the bus itself ------------------------------------------------------------------

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
    status.clients_count = self->attached.count;
    status.tap_sequence = self->tap ? tap_sequence (self->tap) : 0;
    for (unsigned i = 0; i < self->seats_count; i++) {
        seat_metrics (&self->seats[i], &metrics[i]);
        list[status.n_actors++] = &metrics[i];
    }
    status.actors = list;
    say (self, asker, envelope, &status.base);
}

static void
answer_attach (bus_t *self, const char *asker, Ggen__Envelope *envelope)
{
    Ggen__AttachReply reply = GGEN__ATTACH_REPLY__INIT;
    reply.address = (char *) asker;
    reply.version = (char *) self->setup->version;
    reply.pid = (uint32_t) getpid ();
    reply.protocol = BUS_PROTOCOL;
    say (self, asker, envelope, &reply.base);
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
            say (self, self->attached.clients[i].name, &envelope, &failure.base);
    }
}

static void
to_bus (bus_t *self, frames_t *frames)
{
    bytes_t packed = frames_bytes (frames, 1);
    Ggen__Envelope *about = ggen__envelope__unpack (NULL, packed.size, packed.data);
    if (!about)
        return;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = about->id;
    envelope.trace = about->trace;
    const char *asker = *about->reply_to ? about->reply_to : about->from;
    if (about->kind == GGEN__KIND__EVENT
        && strcmp (about->type, ggen__actor_failed__descriptor.short_name) == 0
        && seat_of (self, about->from))
        on_actor_failed (self);
    else if (about->kind != GGEN__KIND__REQUEST)
        log_debug ("bus.ignored", "type=%s from=%s", about->type, about->from);
    else if (strcmp (about->type, ggen__attach_request__descriptor.short_name) == 0)
        answer_attach (self, asker, &envelope);
    else if (strcmp (about->type, ggen__node_status_request__descriptor.short_name) == 0)
        answer_status (self, asker, &envelope);
    else
        refuse (self, packed, "bus", NULL, FEATURE_NOT_ENABLED, "the bus has no such request");
    ggen__envelope__free_unpacked (about, NULL);
}

//  ---- routing -------------------------------------------------------------------------------------

static void
to_seat (bus_t *self, seat_t *seat, const char *address, frames_t *frames, Ggen__Kind kind)
{
    switch (seat_put (seat, frames, 1, kind)) {
    case ADMIT_BUSY:
        refuse (self, frames_bytes (frames, 1), address, NULL, BUSY, "its mailbox is half full");
        break;
    case ADMIT_STRIP:
        refuse (self, frames_bytes (frames, 1), NULL, address, BUSY,
                "the answer did not fit into the asker's mailbox");
        break;
    case ADMIT_DROP:
    case ADMIT_TAKE:
        break;
    }
}

static void
publish (bus_t *self, const char *address, frames_t *frames)
{
    tap_publish (self->tap, address, frames, 1);
    watch_ready (&self->tap_watch);
}

static void
route (bus_t *self, frames_t *frames)
{
    char address[ADDRESS_MAX + 1];
    if (!address_of (frames, address))
        return;
    if (self->tap && tap_wanted (self->tap))
        publish (self, address, frames);
    Ggen__Kind kind = kind_of (frames_bytes (frames, 1));
    seat_t *seat = seat_of (self, address);
    attached_t *client;
    if (seat)
        to_seat (self, seat, address, frames, kind);
    else if ((client = attached_by_name (&self->attached, address)) != NULL)
        send_to_client (self, client, frames);
    else if (strcmp (address, "bus") == 0)
        to_bus (self, frames);
    else if (kind == GGEN__KIND__REQUEST)
        refuse (self, frames_bytes (frames, 1), address, NULL,
                strchr (address, '@') ? NODE_NOT_STARTED : FEATURE_NOT_ENABLED,
                "this node has no such actor");
}

//  ---- the loop ------------------------------------------------------------------------------------

static void
serve_seat (bus_t *self, seat_t *seat)
{
    for (unsigned i = 0; i < BUS_BURST; i++) {
        frames_t frames;
        code_t code = frames_recv (&frames, seat->watch.socket);
        if (code == BUSY || code == NETWORK) {
            watch_empty (&seat->watch);
            return;
        }
        if (code == OK)
            route (self, &frames);
        frames_close (&frames);
    }
}

static void
serve_clients (bus_t *self)
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

static void
replace_tap (bus_t *self, bool bind)
{
    watch_remove (&self->watches, &self->tap_watch);
    tap_destroy (&self->tap);
    self->tap = tap_new (self->setup->tap_path, bind);
    if (self->tap)
        watch_add (&self->watches, &self->tap_watch, tap_socket (self->tap));
}

static void
open_tap (bus_t *self)
{
    const bus_setup_t *setup = self->setup;
    if (!setup->tap_path)
        return;
    if (self->tap_lock < 0 && setup->tap_lock_path) {
        int lock = open (setup->tap_lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0) {
            self->tap_lock = lock;
            replace_tap (self, true);
            return;
        }
        if (lock >= 0)
            close (lock);
    }
    if (!self->tap)
        replace_tap (self, false);
}

static void
chores (bus_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->next_ping_ms)
        return;
    self->next_ping_ms = now_ms + PING_INTERVAL_MS;
    ping_clients (self);
    if (self->setup->tap_lock_path && self->tap_lock < 0)
        open_tap (self);
}

static long
chores_in_ms (const bus_t *self)
{
    bool waiting = self->attached.count > 0 || (self->setup->tap_lock_path && self->tap_lock < 0);
    if (!waiting)
        return -1;
    int64_t left_ms = self->next_ping_ms - clock_ms ();
    return left_ms > 0 ? (long) left_ms : 0;
}

static void
serve_control (bus_t *self)
{
    char command[8];
    int size = zmq_recv (self->control_watch.socket, command, sizeof command, ZMQ_DONTWAIT);
    if (size < 0 && zmq_errno () == EAGAIN)
        watch_empty (&self->control_watch);
    else if (size < 0)
        self->stopped = zmq_errno () != EINTR;
    else
        self->stopped = size == 5 && memcmp (command, "$TERM", 5) == 0;
}

static void
round_of_all (bus_t *self)
{
    watch_wait (&self->watches, chores_in_ms (self));
    if (self->control_watch.ready)
        serve_control (self);
    if (self->tap && self->tap_watch.ready) {
        watch_empty (&self->tap_watch);
        tap_subscriptions (self->tap);
    }
    for (unsigned i = 0; i < self->seats_count && !self->failed; i++)
        if (self->seats[i].actor && self->seats[i].watch.ready)
            serve_seat (self, &self->seats[i]);
    if (self->router_watch.ready)
        serve_clients (self);
    chores (self);
}

static bool
open_router (bus_t *self)
{
    self->router = zsock_new (ZMQ_ROUTER);
    zsock_set_router_mandatory (self->router, 1);
    zsock_set_linger (self->router, 1000);
    zsock_set_maxmsgsize (self->router, (int) BODY_BYTES_MAX);
    watch_add (&self->watches, &self->router_watch, zsock_resolve (self->router));
    if (zsock_bind (self->router, "%s", self->setup->inproc) < 0)
        return false;
    if (!self->setup->ipc_path)
        return true;
    mode_t old_mask = umask (0177);
    int rc = zsock_bind (self->router, "ipc://%s", self->setup->ipc_path);
    umask (old_mask);
    return rc >= 0;
}

static void
seat_all (bus_t *self)
{
    for (unsigned i = 0; i < self->setup->roles_count; i++) {
        const role_t *role = &self->setup->roles[i];
        seat_t *seat = &self->seats[self->seats_count++];
        seat->name = role->name ? role->name : role->class->name;
        seat->setup = (shell_setup_t) {role->class, seat->name, role->settings, &seat->mailbox};
        seat->watches = &self->watches;
        if (self->setup->eager)
            seat_start (seat);
    }
}

void
bus_main (zsock_t *pipe, void *args)
{
    bus_t *self = calloc (1, sizeof *self);
    assert (self);
    self->setup = args;
    watch_add (&self->watches, &self->control_watch, zsock_resolve (pipe));
    self->tap_lock = -1;
    self->started_ms = clock_ms ();
    bool ready = open_router (self);
    if (ready) {
        open_tap (self);
        seat_all (self);
    }
    zsock_signal (pipe, ready ? 0 : 1);
    watch_ready (&self->control_watch);
    while (ready && !self->stopped && !self->failed)
        round_of_all (self);
    for (unsigned i = self->seats_count; i > 0; i--)
        seat_stop (&self->seats[i - 1]);
    zsock_destroy (&self->router);
    if (self->setup->ipc_path && ready)
        unlink (self->setup->ipc_path);
    tap_destroy (&self->tap);
    if (self->tap_lock >= 0)
        close (self->tap_lock);
    free (self);
}
