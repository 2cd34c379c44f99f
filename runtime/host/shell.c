// SPDX-License-Identifier: MIT
#include "shell.h"

#include "clock.h"
#include "frames.h"
#include "job.h"
#include "log.h"

#include <limits.h>
#include <sodium.h>

//  Messages between two looks at the jobs' socket.
#define BURST 64

typedef struct {
    const shell_setup_t *setup;
    void *pipe;
    actor_t *actor;
    jobs_t *jobs;
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
    frames_pack (&frames, parcel);
    frames_send (&frames, 0, self->pipe, 0);
    frames_close (&frames);
}

static void
incarnate (shell_t *self)
{
    const shell_setup_t *setup = self->setup;
    self->jobs = jobs_new ();
    actor_setup_t actor = {.name = setup->name,
                           .epoch = ++self->epoch,
                           .crypto = &crypto_real,
                           .port = {self, port_send, port_clock_us},
                           .settings = setup->settings,
                           .host = self->jobs,
                           .now_ms = clock_ms (),
                           .wall_ms = clock_wall_ms ()};
    randombytes_buf (actor.key, sizeof actor.key);
    self->actor = actor_new (setup->class, &actor);
    sodium_memzero (actor.key, sizeof actor.key);
    atomic_fetch_add (&setup->mailbox->incarnation, 1);
}

static void
disincarnate (shell_t *self)
{
    jobs_destroy (&self->jobs);
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
    int64_t now_ms = clock_ms ();
    int64_t *oldest_ms = &self->fatals_ms[self->fatals++ % SHELL_FATALS_MAX];
    bool too_often = self->fatals > SHELL_FATALS_MAX
                     && now_ms - *oldest_ms < SHELL_FATALS_WINDOW_MS;
    *oldest_ms = now_ms;
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

//  Run one input of the actor; 'code' is what became of it.
static void
after (shell_t *self, code_t code, uint64_t started_us)
{
    publish_metrics (self, clock_us () - started_us);
    if (code == FATAL)
        revive (self);
}

static void
deliver (shell_t *self, frames_t *frames)
{
    if (!self->actor)
        return;
    uint64_t started_us = clock_us ();
    mail_t mail = {frames_bytes (frames, 0), frames_bytes (frames, 1), frames_bytes (frames, 2)};
    code_t code =
        actor_deliver (self->actor, &mail, (int64_t) (started_us / 1000), clock_wall_ms ());
    after (self, code, started_us);
}

//  Deadlines are looked at after every message: under load no poll ever times out.
static void
tick (shell_t *self)
{
    uint64_t started_us = clock_us ();
    int64_t now_ms = (int64_t) (started_us / 1000);
    if (!self->actor || actor_deadline_ms (self->actor) > now_ms)
        return;
    after (self, actor_tick (self->actor, now_ms, clock_wall_ms ()), started_us);
}

static bool
is_term (frames_t *frames)
{
    bytes_t first = frames_bytes (frames, 0);
    return frames->count == 1 && first.size == 5 && memcmp (first.data, "$TERM", 5) == 0;
}

//  Returns false when there was nothing to receive.
static bool
receive (shell_t *self)
{
    frames_t frames;
    code_t code = frames_recv (&frames, self->pipe);
    if (code == VALIDATION)
        return true;
    if (code != OK) {
        self->stopped = code == NETWORK;
        return false;
    }
    if (is_term (&frames))
        self->stopped = true;
    else if (!atomic_load_explicit (&self->setup->mailbox->stopping, memory_order_relaxed)) {
        mailbox_t *mailbox = self->setup->mailbox;
        size_t size = frames_size (&frames, 0);
        deliver (self, &frames);
        atomic_fetch_add_explicit (&mailbox->consumed_bytes, size, memory_order_release);
        atomic_fetch_add_explicit (&mailbox->consumed_messages, 1, memory_order_release);
    }
    frames_close (&frames);
    return true;
}

static void
collect_jobs (shell_t *self)
{
    job_t *job = NULL;
    Ggen__Progress *progress = NULL;
    jobs_event_t event;
    while (self->jobs && (event = jobs_next (self->jobs, &job, &progress)) != JOBS_NOTHING) {
        uint64_t started_us = clock_us ();
        int64_t now_ms = (int64_t) (started_us / 1000);
        if (event == JOBS_PROGRESS) {
            actor_job_progress (self->actor, job_ticket (job), progress, now_ms);
            ggen__progress__free_unpacked (progress, NULL);
            continue;
        }
        code_t code = actor_job_done (self->actor, job, now_ms, clock_wall_ms ());
        job_destroy (&job);
        after (self, code, started_us);
    }
}

static void
wait_for_input (shell_t *self)
{
    void *jobs = self->jobs ? jobs_socket (self->jobs) : NULL;
    zmq_pollitem_t items[] = {{self->pipe, 0, ZMQ_POLLIN, 0}, {jobs, 0, ZMQ_POLLIN, 0}};
    int64_t deadline_ms = self->actor ? actor_deadline_ms (self->actor) : DEADLINE_NEVER;
    long timeout_ms = -1;
    if (deadline_ms != DEADLINE_NEVER) {
        int64_t left_ms = deadline_ms - clock_ms ();
        timeout_ms = left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (long) left_ms;
    }
    zmq_poll (items, jobs ? 2 : 1, timeout_ms);
}

void
shell_main (zsock_t *pipe, void *args)
{
    shell_t self = {.setup = args, .pipe = zsock_resolve (pipe)};
    self.epoch = randombytes_random () & 0x7FFFFFFF;
    zsock_signal (pipe, 0);
    incarnate (&self);
    while (!self.stopped) {
        if (!self.actor && !self.given_up) {
            revive (&self);
            continue;
        }
        bool more = true;
        for (unsigned i = 0; i < BURST && more && !self.stopped; i++) {
            more = receive (&self);
            tick (&self);
        }
        collect_jobs (&self);
        if (!more && !self.stopped)
            wait_for_input (&self);
    }
    disincarnate (&self);
}
