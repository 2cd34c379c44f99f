// SPDX-License-Identifier: MIT
#include "shell.h"

#include "clock.h"
#include "job.h"
#include "log.h"
#include "packet.h"
#include "verify_many.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <sodium.h>

//  Messages between two looks at the jobs.
#define BURST 64

typedef struct {
    const shell_setup_t *setup;
    void *pipe;
    crypto_t crypto;
    int timeout_ms;                         //  of a receive on the pipe, as it is set
    uint64_t now_us;                        //  read once after each wait and each input
    int64_t wall_ms;                        //  at now_us; read once a millisecond
    actor_t *actor;
    jobs_t *jobs;
    bool has_input;                         //  the actor waits for sockets of its own
    uint32_t epoch;
    int64_t fatals_ms[SHELL_FATALS_MAX];    //  when the last ones were, as a ring
    unsigned fatals;
    bool stopped;                           //  $TERM has come
    bool given_up;
} shell_t;

static uint64_t
port_clock_us (void *context)
{
    (void) context;
    return clock_us ();
}

static void
port_send (void *context, const parcel_t *parcel)
{
    shell_t *self = context;
    frames_t frames;
    if (packet_pack (&frames, parcel) == OK) {
        mailbox_t *mailbox = self->setup->mailbox;
        atomic_fetch_add_explicit (&mailbox->said_bytes, frames_size (&frames),
                                   memory_order_relaxed);
        atomic_fetch_add_explicit (&mailbox->said_messages, 1, memory_order_relaxed);
        frames_send (&frames, self->pipe, 0);
    }
    frames_close (&frames);
}

//  The bus takes what it said more slowly than it says more.
static bool
is_ahead (const shell_t *self)
{
    const mailbox_t *mailbox = self->setup->mailbox;
    return atomic_load (&mailbox->said_messages) - atomic_load (&mailbox->fetched_messages)
               > SHELL_UNFETCHED_MESSAGES
           || atomic_load (&mailbox->said_bytes) - atomic_load (&mailbox->fetched_bytes)
                  > SHELL_UNFETCHED_BYTES;
}

static void
read_clocks (shell_t *self)
{
    uint64_t before_us = self->now_us;
    self->now_us = clock_us ();
    if (self->now_us / 1000 != before_us / 1000)
        self->wall_ms = clock_wall_ms ();
}

static int64_t
now_ms (const shell_t *self)
{
    return (int64_t) (self->now_us / 1000);
}

static void
incarnate (shell_t *self)
{
    const shell_setup_t *setup = self->setup;
    self->jobs = jobs_new ();
    actor_setup_t actor = {.name = setup->name,
                           .epoch = ++self->epoch,
                           .crypto = &self->crypto,
                           .port = {self, port_send, port_clock_us},
                           .settings = setup->settings,
                           .host = self->jobs,
                           .now_ms = now_ms (self),
                           .wall_ms = self->wall_ms};
    randombytes_buf (actor.key, sizeof actor.key);
    self->actor = actor_new (setup->class, &actor);
    self->has_input = self->actor && setup->class->input;
    sodium_memzero (actor.key, sizeof actor.key);
    atomic_fetch_add (&setup->mailbox->incarnation, 1);
}

static void
disincarnate (shell_t *self)
{
    jobs_destroy (&self->jobs);
    self->has_input = false;
    actor_destroy (&self->actor);
}

static void
give_up (shell_t *self)
{
    self->given_up = true;
    log_error ("host.actor_failed", "actor=%s fatals=%u", self->setup->name, self->fatals);
    Ggen__ActorFailed failed = GGEN__ACTOR_FAILED__INIT;
    failed.name = (char *) self->setup->name;
    failed.reason = "failed too often";
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = (char *) self->setup->name;
    envelope.type = (char *) failed.base.descriptor->short_name;
    envelope.sent_us = clock_us ();
    parcel_t parcel = {.to = "bus", .envelope = &envelope, .body = &failed.base};
    port_send (self, &parcel);
}

//  Let it crash, and start again: what it kept is on disk, what it owed is answered INTERNAL.
static void
revive (shell_t *self)
{
    int64_t at_ms = now_ms (self);
    int64_t *oldest_ms = &self->fatals_ms[self->fatals++ % SHELL_FATALS_MAX];
    bool too_often = self->fatals > SHELL_FATALS_MAX
                     && at_ms - *oldest_ms < SHELL_FATALS_WINDOW_MS;
    *oldest_ms = at_ms;
    if (self->actor)
        actor_abandon (self->actor);
    disincarnate (self);
    if (too_often) {
        give_up (self);
        return;
    }
    log_warn ("host.actor_restarted", "actor=%s fatals=%u", self->setup->name, self->fatals);
    incarnate (self);
}

static void
publish_metrics (shell_t *self, uint64_t spent_us)
{
    mailbox_t *mailbox = self->setup->mailbox;
    actor_metrics_t metrics = actor_metrics (self->actor);
    atomic_store_explicit (&mailbox->handled, metrics.handled, memory_order_relaxed);
    atomic_store_explicit (&mailbox->refused_busy, metrics.refused_busy, memory_order_relaxed);
    atomic_store_explicit (&mailbox->dropped_late, metrics.dropped_late, memory_order_relaxed);
    atomic_store_explicit (&mailbox->dropped_invalid, metrics.dropped_invalid,
                           memory_order_relaxed);
    atomic_store_explicit (&mailbox->pending, metrics.pending, memory_order_relaxed);
    atomic_fetch_add_explicit (&mailbox->handler_us, spent_us, memory_order_relaxed);
    if (spent_us > atomic_load_explicit (&mailbox->handler_max_us, memory_order_relaxed))
        atomic_store_explicit (&mailbox->handler_max_us, spent_us, memory_order_relaxed);
}

//  An input of the actor was run, from now_us until now; 'code' is what became of it.
static void
after (shell_t *self, code_t code)
{
    uint64_t started_us = self->now_us;
    read_clocks (self);
    publish_metrics (self, self->now_us - started_us);
    if (code == FATAL)
        revive (self);
}

static void
deliver (shell_t *self, frames_t *frames)
{
    packet_t packet;
    if (!self->actor || !packet_read (&packet, frames))
        return;
    mail_t mail = {packet.envelope, packet.body, packet.attachment};
    after (self, actor_deliver (self->actor, &mail, now_ms (self), self->wall_ms));
}

//  Deadlines are looked at after every message: under load no wait ever times out.
static void
tick (shell_t *self)
{
    if (self->actor && actor_deadline_ms (self->actor) <= now_ms (self))
        after (self, actor_tick (self->actor, now_ms (self), self->wall_ms));
}

static bool
is_term (frames_t *frames)
{
    bytes_t first = frames_bytes (frames, 0);
    return frames->count == 1 && first.size == 5 && memcmp (first.data, "$TERM", 5) == 0;
}

//  One message came, or 'code' says why not. Returns false when there was none.
static bool
take (shell_t *self, frames_t *frames, code_t code)
{
    read_clocks (self);
    if (code == VALIDATION)
        return true;
    if (code != OK) {
        self->stopped = code == NETWORK;
        return false;
    }
    if (is_term (frames))
        self->stopped = true;
    else if (!atomic_load_explicit (&self->setup->mailbox->stopping, memory_order_relaxed)) {
        mailbox_t *mailbox = self->setup->mailbox;
        size_t size = frames_size (frames);
        deliver (self, frames);
        atomic_fetch_add_explicit (&mailbox->consumed_bytes, size, memory_order_release);
        atomic_fetch_add_explicit (&mailbox->consumed_messages, 1, memory_order_release);
    }
    frames_close (frames);
    tick (self);
    return true;
}

static void
collect_jobs (shell_t *self)
{
    job_t *job = NULL;
    Ggen__Progress *progress = NULL;
    jobs_event_t event;
    while (self->jobs && (event = jobs_next (self->jobs, &job, &progress)) != JOBS_NOTHING) {
        if (event == JOBS_PROGRESS) {
            actor_job_progress (self->actor, job_ticket (job), progress, now_ms (self));
            ggen__progress__free_unpacked (progress, NULL);
            continue;
        }
        code_t code = actor_job_done (self->actor, job, now_ms (self), self->wall_ms);
        job_destroy (&job);
        after (self, code);
    }
}

//  How long it may wait for input; -1 = for ever.
static int
wait_max_ms (const shell_t *self)
{
    int64_t deadline_ms = self->actor ? actor_deadline_ms (self->actor) : DEADLINE_NEVER;
    if (deadline_ms == DEADLINE_NEVER)
        return -1;
    int64_t left_ms = deadline_ms - now_ms (self);
    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int) left_ms;
}

//  Without jobs there is one socket, and waiting in the receive itself saves the system calls of
//  a zmq_poll and of an attempt in vain.
static void
take_message (shell_t *self)
{
    int timeout_ms = wait_max_ms (self);
    if (timeout_ms != self->timeout_ms)
        zmq_setsockopt (self->pipe, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    self->timeout_ms = timeout_ms;
    frames_t frames;
    if (!take (self, &frames, frames_wait (&frames, self->pipe)))
        tick (self);
}

static void
take_input (shell_t *self, const zmq_pollitem_t *items, unsigned count)
{
    bool any = false;
    for (unsigned i = 0; i < count; i++)
        any |= items[i].revents != 0;       //  An error is to be read, too
    if (any && self->actor)
        after (self, actor_input (self->actor, now_ms (self), self->wall_ms));
}

//  What the actor waits for itself; returns how many.
static unsigned
add_input (shell_t *self, zmq_pollitem_t *items)
{
    void *sockets[ACTOR_SOCKETS_MAX];
    int descriptors[ACTOR_DESCRIPTORS_MAX];
    unsigned count = 0, sockets_count = actor_sockets (self->actor, sockets);
    for (unsigned i = 0; i < sockets_count; i++)
        items[count++] = (zmq_pollitem_t) {sockets[i], 0, ZMQ_POLLIN, 0};
    unsigned descriptors_count = actor_descriptors (self->actor, descriptors);
    for (unsigned i = 0; i < descriptors_count; i++)
        items[count++] = (zmq_pollitem_t) {NULL, descriptors[i], ZMQ_POLLIN, 0};
    return count;
}

static void
take_whatever_comes (shell_t *self)
{
    zmq_pollitem_t items[2 + ACTOR_SOCKETS_MAX + ACTOR_DESCRIPTORS_MAX] = {
        {self->pipe, 0, ZMQ_POLLIN, 0}};
    const bool ahead = self->has_input && is_ahead (self);
    const unsigned input_count = self->has_input && !ahead ? add_input (self, items + 1) : 0;
    int count = 1 + (int) input_count, timeout_ms = wait_max_ms (self);
    if (ahead && (timeout_ms < 0 || timeout_ms > SHELL_UNFETCHED_MS))
        timeout_ms = SHELL_UNFETCHED_MS;
    if (jobs_fd (self->jobs) >= 0)
        items[count++] = (zmq_pollitem_t) {NULL, jobs_fd (self->jobs), ZMQ_POLLIN, 0};
    zmq_poll (items, count, timeout_ms);
    read_clocks (self);
    take_input (self, items + 1, input_count);
    collect_jobs (self);
    frames_t frames;
    for (unsigned i = 0; i < BURST && !self->stopped; i++)
        if (!take (self, &frames, frames_recv (&frames, self->pipe)))
            break;
    tick (self);
}

void
shell_main (zsock_t *pipe, const shell_setup_t *setup)
{
    shell_t self = {.setup = setup, .pipe = zsock_resolve (pipe), .crypto = crypto_real,
                    .timeout_ms = -1};
    self.crypto.verify_many = verify_many;
    self.epoch = randombytes_random () & 0x7FFFFFFF;
    read_clocks (&self);
    incarnate (&self);
    while (!self.stopped) {
        if (!self.actor && !self.given_up)
            revive (&self);
        else if (self.jobs && (self.has_input || jobs_fd (self.jobs) >= 0))
            take_whatever_comes (&self);
        else
            take_message (&self);
    }
    disincarnate (&self);
    //  OpenSSL frees a thread's memory when the thread ends, which may be after the process does.
    OPENSSL_thread_stop ();
}
