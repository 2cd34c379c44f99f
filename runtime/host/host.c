// SPDX-License-Identifier: MIT
#include "host.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

//  Of a process: two for each seat and a few more. ZeroMQ keeps a table of so many from the first one on.
#define HOST_SOCKETS_MAX 4096

//  Deeper than any mailbox, so that the bus never waits for an actor.
#define PIPE_HWM (8 * MAILBOX_MESSAGES_MAX)

struct host_t {
    bus_setup_t setup;
    char inproc[48];
    zactor_t *bus;
};

void
host_init (void)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set (&done))
        return;
    //  Signals are ours, not CZMQ's.
    setenv ("ZSYS_SIGHANDLER", "false", 1);
    zsys_init ();
    zsys_set_max_sockets (HOST_SOCKETS_MAX);
    zsys_set_pipehwm (PIPE_HWM);
    zsys_set_logstream (NULL);
    if (sodium_init () < 0)
        abort ();
}

static code_t
check (const bus_setup_t *setup, char *why, size_t why_size)
{
    if (setup->roles_count > BUS_SEATS_MAX) {
        snprintf (why, why_size, "%u actors, at most %u", setup->roles_count, BUS_SEATS_MAX);
        return INTERNAL;
    }
    for (unsigned i = 0; i < setup->roles_count; i++)
        if (actor_class_check (setup->roles[i].class, why, why_size))
            return INTERNAL;
    return OK;
}

//  The threads of one call take turns. One heap costs less to make than one for each of them.
static void
share_heap (bool daemon)
{
#ifdef M_ARENA_MAX
    mallopt (M_ARENA_MAX, daemon ? HOST_ARENAS : 1);
#endif
}

//  The kernel's table of descriptors has 64 places and grows when they are full; where threads share it
//  they then wait until all processors have seen that, which takes milliseconds. While there is one
//  thread nobody waits.
static void
make_room_for_descriptors (void)
{
    int any = eventfd (0, EFD_CLOEXEC);
    int high = any < 0 ? -1 : fcntl (any, F_DUPFD_CLOEXEC, HOST_DESCRIPTORS - 1);
    if (high >= 0)
        close (high);
    if (any >= 0)
        close (any);
}

//  Signals are for the main thread: every thread of ours is born with them blocked.
static zactor_t *
start_bus (host_t *self)
{
    sigset_t all, old;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    zactor_t *bus = zactor_new (bus_main, &self->setup);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    return bus;
}

code_t
host_start (host_t **self_p, const bus_setup_t *setup, char *why, size_t why_size)
{
    static _Atomic unsigned started;
    *self_p = NULL;
    host_init ();
    if (check (setup, why, why_size))
        return INTERNAL;
    host_t *self = calloc (1, sizeof *self);
    if (!self)
        return INTERNAL;
    self->setup = *setup;
    share_heap (setup->daemon);
    make_room_for_descriptors ();
    const unsigned before = atomic_fetch_add (&started, 1);
    //  ZeroMQ's thread for connections would have none.
    if (setup->alone && before == 0)
        zsys_set_io_threads (0);
    snprintf (self->inproc, sizeof self->inproc, "inproc://ggen-bus-%u", before);
    self->setup.inproc = self->inproc;
    self->bus = start_bus (self);
    if (!self->bus) {
        snprintf (why, why_size, "cannot bind %s", setup->ipc_path ? setup->ipc_path : "inproc");
        free (self);
        return NETWORK;
    }
    *self_p = self;
    return OK;
}

void
host_drain (host_t *self)
{
    zmq_pollitem_t item = {zsock_resolve (self->bus), 0, ZMQ_POLLIN, 0};
    const int64_t until_ms = clock_ms () + BUS_DRAIN_MS + BUS_SAVE_MS;
    int64_t left_ms;
    zstr_send (self->bus, "$DRAIN");
    while ((left_ms = until_ms - clock_ms ()) > 0)
        if (zmq_poll (&item, 1, (long) left_ms) > 0)
            break;
}

void
host_stop (host_t **self_p)
{
    host_t *self = *self_p;
    if (!self)
        return;
    zactor_destroy (&self->bus);
    free (self);
    *self_p = NULL;
}

void
host_flush (void)
{
    zsys_shutdown ();
}

const char *
host_endpoint (const host_t *self)
{
    return self->inproc;
}

code_t
host_wait (host_t *self, const volatile int *interrupted)
{
    zmq_pollitem_t item = {zsock_resolve (self->bus), 0, ZMQ_POLLIN, 0};
    int64_t trim_ms = clock_ms () + HOST_TRIM_MS;
    while (!*interrupted) {
        int rc = zmq_poll (&item, 1, 1000);
        if (clock_ms () >= trim_ms) {
            malloc_trim (0);
            trim_ms = clock_ms () + HOST_TRIM_MS;
        }
        if (rc > 0)
            return INTERNAL;
        if (rc < 0 && zmq_errno () != EINTR)
            return INTERNAL;
    }
    return OK;
}
