// SPDX-License-Identifier: MIT
#include "bus_inside.h"

#include "clock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

//  How often a client is asked whether it is still there, and the tap's lock is tried again.
#define PING_INTERVAL_MS 500

//  How often what waits for room in a mailbox is tried again.
#define HELD_MS 1

_Static_assert(BUS_SEATS_MAX + 3 <= WATCHES_MAX, "every seat, the control pipe, router and tap");

//  ---- routing -------------------------------------------------------------------------------------

//  Kind is field 1 and packed first, so it is the first two bytes of an envelope; a message
//  that was packed otherwise is unpacked to find it.
Ggen__Kind
bus_kind (bytes_t envelope)
{
    if (envelope.size >= 2 && envelope.data[0] == 0x08 && envelope.data[1] < 0x80)
        return (Ggen__Kind) envelope.data[1];
    Ggen__Envelope *unpacked = ggen__envelope__unpack (NULL, envelope.size, envelope.data);
    Ggen__Kind kind = unpacked ? unpacked->kind : GGEN__KIND__KIND_NONE;
    if (unpacked)
        ggen__envelope__free_unpacked (unpacked, NULL);
    return kind;
}

seat_t *
bus_seat (bus_t *self, const char *address)
{
    if (strchr (address, '@'))
        address = "swarm";
    for (unsigned i = 0; i < self->seats_count; i++)
        if (strcmp (self->seats[i].name, address) == 0)
            return &self->seats[i];
    return NULL;
}

static void
to_seat (bus_t *self, seat_t *seat, frames_t *frames, const packet_t *packet, Ggen__Kind kind)
{
    switch (seat_put (seat, frames, kind)) {
    case ADMIT_BUSY:
        bus_self_refuse (self, packet->envelope, packet->address, NULL, BUSY,
                         "its mailbox is half full");
        break;
    case ADMIT_STRIP:
        bus_self_refuse (self, packet->envelope, NULL, packet->address, BUSY,
                         "the answer did not fit into the asker's mailbox");
        break;
    case ADMIT_DROP:
    case ADMIT_TAKE:
        break;
    }
}

static void
publish (bus_t *self, const packet_t *packet)
{
    tap_publish (self->tap, packet);
    watch_ready (&self->tap_watch);
}

void
bus_route (bus_t *self, frames_t *frames, const packet_t *packet)
{
    if (self->tap && tap_wanted (self->tap))
        publish (self, packet);
    Ggen__Kind kind = bus_kind (packet->envelope);
    seat_t *seat = bus_seat (self, packet->address);
    attached_t *client;
    if (seat)
        to_seat (self, seat, frames, packet, kind);
    else if ((client = attached_by_name (&self->attached, packet->address)) != NULL)
        bus_clients_send (self, client, frames, packet);
    else if (strcmp (packet->address, "bus") == 0)
        bus_self_handle (self, packet);
    else if (kind == GGEN__KIND__REQUEST)
        bus_self_refuse (self, packet->envelope, packet->address, NULL,
                         strchr (packet->address, '@') ? NODE_NOT_STARTED : FEATURE_NOT_ENABLED,
                         "this node has no such actor");
}

//  ---- the loop ------------------------------------------------------------------------------------

//  The next message of a seat: the one that waited, or a new one.
static code_t
next_of (seat_t *seat, frames_t *frames)
{
    if (seat->held.count == 0)
        return frames_recv (frames, seat->watch.socket);
    *frames = seat->held;
    seat->held.count = 0;
    return OK;
}

//  Its pipe is left alone meanwhile; asking for its events empties the descriptor that is polled.
static void
hold (seat_t *seat, frames_t *frames)
{
    int events;
    size_t size = sizeof events;
    seat->held = *frames;
    frames->count = 0;
    zmq_getsockopt (seat->watch.socket, ZMQ_EVENTS, &events, &size);
    watch_empty (&seat->watch);
}

static bool
must_wait (bus_t *self, const seat_t *seat, const frames_t *frames, const packet_t *packet)
{
    const seat_t *to = bus_seat (self, packet->address);
    return to && seat_waits (seat, to, bus_kind (packet->envelope), frames_size (frames));
}

static void
serve_seat (bus_t *self, seat_t *seat)
{
    for (unsigned i = 0; i < BUS_BURST; i++) {
        frames_t frames;
        code_t code = next_of (seat, &frames);
        if (code == BUSY || code == NETWORK) {
            watch_empty (&seat->watch);
            return;
        }
        watch_ready (&seat->watch);
        packet_t packet;
        size_t size = frames_size (&frames);
        bool whole = code == OK && packet_read (&packet, &frames);
        if (whole && must_wait (self, seat, &frames, &packet)) {
            hold (seat, &frames);
            return;
        }
        if (code == OK)
            seat_fetched (seat, size);
        if (whole)
            bus_route (self, &frames, &packet);
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
    bus_clients_ping (self);
    if (self->setup->tap_lock_path && self->tap_lock < 0)
        open_tap (self);
}

static bool
any_held (const bus_t *self)
{
    for (unsigned i = 0; i < self->seats_count; i++)
        if (self->seats[i].held.count > 0)
            return true;
    return false;
}

static long
chores_in_ms (const bus_t *self)
{
    if (any_held (self))
        return HELD_MS;
    bool waiting = self->attached.count > 0 || (self->setup->tap_lock_path && self->tap_lock < 0);
    long drain_ms = bus_drain_in_ms (self);
    if (!waiting)
        return drain_ms;
    int64_t left_ms = self->next_ping_ms - clock_ms ();
    if (left_ms < 0)
        left_ms = 0;
    return drain_ms >= 0 && drain_ms < left_ms ? drain_ms : (long) left_ms;
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
    else if (size == 6 && memcmp (command, "$DRAIN", 6) == 0)
        bus_drain_begin (self);
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
        if (self->seats[i].pipe
            && (self->seats[i].watch.ready || self->seats[i].held.count > 0))
            serve_seat (self, &self->seats[i]);
    if (self->router_watch.ready)
        bus_clients_serve (self);
    chores (self);
    bus_drain_run (self);
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
