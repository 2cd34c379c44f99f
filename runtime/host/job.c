// SPDX-License-Identifier: MIT
#include "job.h"

#include "clock.h"
#include "handover.h"

#include <czmq.h>
#include <openssl/crypto.h>
#include <stdatomic.h>

#define PROGRESS_INTERVAL_MS 100

struct job_t {
    ticket_t ticket;
    job_fn *work;
    void *arg;
    _Atomic bool cancelled;
    zsock_t *pipe;              //  the worker's end
    int64_t reported_ms;
};

struct jobs_t {
    zactor_t *worker;
    job_t *jobs[JOBS_MAX];      //  in the order of starting
    unsigned count;
};

//  The next job for the worker; false when it has to end. A signal is no reason to.
static bool
next_job (zsock_t *pipe, job_t **job_p)
{
    int size;
    do
        size = zmq_recv (zsock_resolve (pipe), job_p, sizeof *job_p, 0);
    while (size < 0 && errno == EINTR);
    //  "$TERM" is shorter than a pointer.
    return size == (int) sizeof *job_p;
}

static void
send_job (void *pipe, job_t *job)
{
    while (zmq_send (zsock_resolve (pipe), &job, sizeof job, 0) < 0 && errno == EINTR)
        ;
}

//  Jobs cross the pipe as pointers: one owner at a time, handed over with the message.
static void
worker_main (zsock_t *pipe, void *args)
{
    (void) args;
    zsock_signal (pipe, 0);
    job_t *job;
    while (next_job (pipe, &job)) {
        handover_take (job);
        job->pipe = pipe;
        if (!atomic_load (&job->cancelled))
            job->work (job, job->arg);
        handover_give (job);
        send_job (pipe, job);
    }
    //  As in shell.c: before the thread is known to have ended.
    OPENSSL_thread_stop ();
}

jobs_t *
jobs_new (void)
{
    return calloc (1, sizeof (jobs_t));
}

void
jobs_destroy (jobs_t **self_p)
{
    jobs_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < self->count; i++)
        atomic_store (&self->jobs[i]->cancelled, true);
    zactor_destroy (&self->worker);
    for (unsigned i = 0; i < self->count; i++)
        free (self->jobs[i]);
    free (self);
    *self_p = NULL;
}

code_t
jobs_start (jobs_t *self, ticket_t ticket, job_fn *work, void *arg)
{
    if (self->count == JOBS_MAX)
        return BUSY;
    if (!self->worker)
        self->worker = zactor_new (worker_main, NULL);
    job_t *job = calloc (1, sizeof *job);
    if (!job || !self->worker) {
        free (job);
        return BUSY;
    }
    job->ticket = ticket;
    job->work = work;
    job->arg = arg;
    self->jobs[self->count++] = job;
    handover_give (job);
    send_job (self->worker, job);
    return OK;
}

bool
jobs_cancel (jobs_t *self, ticket_t ticket)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->jobs[i]->ticket == ticket) {
            atomic_store (&self->jobs[i]->cancelled, true);
            return true;
        }
    return false;
}

ticket_t
job_ticket (const job_t *job)
{
    return job->ticket;
}

void *
job_arg (const job_t *job)
{
    return job->arg;
}

bool
job_cancelled (const job_t *job)
{
    return atomic_load_explicit (&job->cancelled, memory_order_relaxed);
}

void
job_progress (job_t *job, const char *stage, const char *subject, uint64_t done, uint64_t total,
              const char *unit)
{
    int64_t now_ms = clock_ms ();
    if (now_ms - job->reported_ms < PROGRESS_INTERVAL_MS)
        return;
    job->reported_ms = now_ms;
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.stage = (char *) stage;
    progress.subject = (char *) subject;
    progress.done = done;
    progress.total = total;
    progress.unit = (char *) unit;
    zmq_msg_t part;
    if (zmq_msg_init_size (&part, protobuf_c_message_get_packed_size (&progress.base)) != 0)
        return;
    protobuf_c_message_pack (&progress.base, zmq_msg_data (&part));
    //  The pipe is far larger than JOBS_MAX; a lost progress harms nobody.
    void *raw = zsock_resolve (job->pipe);
    if (zmq_send (raw, &job, sizeof job, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0
        || zmq_msg_send (&part, raw, ZMQ_DONTWAIT) < 0)
        zmq_msg_close (&part);
}

void *
jobs_socket (jobs_t *self)
{
    return self->count > 0 ? zsock_resolve (self->worker) : NULL;
}

static void
forget (jobs_t *self, const job_t *job)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->jobs[i] == job) {
            memmove (self->jobs + i, self->jobs + i + 1,
                     (self->count - i - 1) * sizeof *self->jobs);
            self->count--;
            return;
        }
}

jobs_event_t
jobs_next (jobs_t *self, job_t **job_p, Ggen__Progress **progress_p)
{
    void *raw = jobs_socket (self);
    if (!raw || zmq_recv (raw, job_p, sizeof *job_p, ZMQ_DONTWAIT) != (int) sizeof *job_p)
        return JOBS_NOTHING;
    handover_take (*job_p);
    if (!zsock_rcvmore (self->worker)) {
        forget (self, *job_p);
        return JOBS_DONE;
    }
    AUTO (zframe_destroy) zframe_t *packed = zframe_recv (self->worker);
    *progress_p = packed ? ggen__progress__unpack (NULL, zframe_size (packed), zframe_data (packed))
                         : NULL;
    return *progress_p ? JOBS_PROGRESS : JOBS_NOTHING;
}

void
job_destroy (job_t **job_p)
{
    free (*job_p);
    *job_p = NULL;
}
