// SPDX-License-Identifier: MIT
#include "job.h"

#include "clock.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PROGRESS_INTERVAL_MS 100

typedef enum { WAITING, RUNNING, ENDED } phase_t;

//  'phase' and 'progress' are under the mutex.
struct job_t {
    jobs_t *owner;
    ticket_t ticket;
    job_fn *work;
    void *arg;
    bool beside;                    //  others that say so may run at the same time
    _Atomic bool cancelled;
    int64_t reported_ms;            //  its last progress, or another job's before it ran
    phase_t phase;
    Ggen__Progress *progress;       //  the newest, not yet taken
};

struct jobs_t {
    pthread_mutex_t mutex;          //  of all below, but 'count' is the actor's thread's alone
    pthread_cond_t changed;         //  a job came or ended, or 'ending'
    pthread_t workers[JOBS_WORKERS_MAX];
    unsigned workers_count;
    int event;                      //  eventfd (2): something is to be taken; -1: none yet
    bool ending;
    int64_t reported_ms;            //  the last progress of any job
    job_t *jobs[JOBS_MAX];          //  in the order of starting
    unsigned count;
};

//  ---- the workers -------------------------------------------------------------------------------

//  The first that waits, if those before it let it run.
static job_t *
next_job (const jobs_t *self)
{
    bool running = false, alone = false;
    for (unsigned i = 0; i < self->count; i++) {
        job_t *job = self->jobs[i];
        if (job->phase == WAITING)
            return job->beside ? (alone ? NULL : job) : (running ? NULL : job);
        running |= job->phase == RUNNING;
        alone |= job->phase == RUNNING && !job->beside;
    }
    return NULL;
}

//  Failing would need 2^64 events that nobody took.
static void
raise_event (const jobs_t *self)
{
    eventfd_write (self->event, 1);
}

static void *
worker_main (void *self_)
{
    jobs_t *self = self_;
    pthread_mutex_lock (&self->mutex);
    while (!self->ending) {
        job_t *job = next_job (self);
        if (!job) {
            pthread_cond_wait (&self->changed, &self->mutex);
            continue;
        }
        job->phase = RUNNING;
        job->reported_ms = self->reported_ms;
        pthread_mutex_unlock (&self->mutex);
        if (!atomic_load (&job->cancelled))
            job->work (job, job->arg);
        pthread_mutex_lock (&self->mutex);
        job->phase = ENDED;
        raise_event (self);
        pthread_cond_broadcast (&self->changed);
    }
    pthread_mutex_unlock (&self->mutex);
    //  As in shell.c: before the thread is known to have ended.
    OPENSSL_thread_stop ();
    return NULL;
}

//  Signals are for the main thread.
static bool
add_worker (jobs_t *self)
{
    sigset_t all, old;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    bool added = pthread_create (&self->workers[self->workers_count], NULL, worker_main, self) == 0;
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    self->workers_count += added;
    return added;
}

//  Jobs that wait or run.
static unsigned
jobs_left (jobs_t *self)
{
    unsigned left = 0;
    pthread_mutex_lock (&self->mutex);
    for (unsigned i = 0; i < self->count; i++)
        left += self->jobs[i]->phase != ENDED;
    pthread_mutex_unlock (&self->mutex);
    return left;
}

//  One worker always; another when this job could run beside those that are there.
static bool
have_workers (jobs_t *self, bool beside)
{
    if (self->event < 0)
        self->event = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->event < 0)
        return false;
    if (self->workers_count == 0)
        return add_worker (self);
    bool more = beside && self->workers_count < JOBS_WORKERS_MAX
                && self->workers_count <= jobs_left (self);
    //  Without a further one it takes longer, nothing else.
    (void) (more && add_worker (self));
    return true;
}

//  ---- life --------------------------------------------------------------------------------------

jobs_t *
jobs_new (void)
{
    jobs_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->event = -1;
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->changed, NULL);
    return self;
}

void
jobs_destroy (jobs_t **self_p)
{
    jobs_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->mutex);
    self->ending = true;
    for (unsigned i = 0; i < self->count; i++)
        atomic_store (&self->jobs[i]->cancelled, true);
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->mutex);
    for (unsigned i = 0; i < self->workers_count; i++)
        pthread_join (self->workers[i], NULL);
    for (unsigned i = 0; i < self->count; i++)
        job_destroy (&self->jobs[i]);
    if (self->event >= 0)
        close (self->event);
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->mutex);
    free (self);
    *self_p = NULL;
}

//  ---- for I/O actors ----------------------------------------------------------------------------

static code_t
start (jobs_t *self, ticket_t ticket, job_fn *work, void *arg, bool beside)
{
    if (self->count == JOBS_MAX || !have_workers (self, beside))
        return BUSY;
    job_t *job = calloc (1, sizeof *job);
    if (!job)
        return BUSY;
    job->owner = self;
    job->ticket = ticket;
    job->work = work;
    job->arg = arg;
    job->beside = beside;
    pthread_mutex_lock (&self->mutex);
    self->jobs[self->count++] = job;
    pthread_cond_signal (&self->changed);
    pthread_mutex_unlock (&self->mutex);
    return OK;
}

code_t
jobs_start (jobs_t *self, ticket_t ticket, job_fn *work, void *arg)
{
    return start (self, ticket, work, arg, false);
}

code_t
jobs_start_beside (jobs_t *self, ticket_t ticket, job_fn *work, void *arg)
{
    return start (self, ticket, work, arg, true);
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

//  ---- inside the work ---------------------------------------------------------------------------

bool
job_cancelled (const job_t *job)
{
    return atomic_load_explicit (&job->cancelled, memory_order_relaxed);
}

//  One allocation, freed as what protobuf-c unpacks is: by its members.
static Ggen__Progress *
progress_new (const char *stage, const char *subject, const char *unit)
{
    Ggen__Progress *self = malloc (sizeof *self);
    if (!self)
        return NULL;
    ggen__progress__init (self);
    self->stage = strdup (stage);
    self->subject = strdup (subject);
    self->unit = strdup (unit);
    if (self->stage && self->subject && self->unit)
        return self;
    ggen__progress__free_unpacked (self, NULL);
    return NULL;
}

void
job_progress (job_t *job, const char *stage, const char *subject, uint64_t done, uint64_t total,
              const char *unit)
{
    int64_t now_ms = clock_ms ();
    if (now_ms - job->reported_ms < PROGRESS_INTERVAL_MS)
        return;
    job->reported_ms = now_ms;
    //  A lost progress harms nobody.
    Ggen__Progress *progress = progress_new (stage, subject, unit);
    if (!progress)
        return;
    progress->done = done;
    progress->total = total;
    pthread_mutex_lock (&job->owner->mutex);
    job->owner->reported_ms = now_ms;
    Ggen__Progress *older = job->progress;
    job->progress = progress;
    raise_event (job->owner);
    pthread_mutex_unlock (&job->owner->mutex);
    if (older)
        ggen__progress__free_unpacked (older, NULL);
}

//  ---- for the shell -----------------------------------------------------------------------------

int
jobs_fd (const jobs_t *self)
{
    return self->count > 0 ? self->event : -1;
}

static void
forget (jobs_t *self, unsigned at)
{
    self->count--;
    memmove (self->jobs + at, self->jobs + at + 1, (self->count - at) * sizeof *self->jobs);
}

static jobs_event_t
take (jobs_t *self, job_t **job_p, Ggen__Progress **progress_p)
{
    for (unsigned i = 0; i < self->count; i++) {
        job_t *job = *job_p = self->jobs[i];
        *progress_p = job->progress;
        job->progress = NULL;
        if (*progress_p)
            return JOBS_PROGRESS;
        if (job->phase == ENDED) {
            forget (self, i);
            return JOBS_DONE;
        }
    }
    eventfd_t ignored;
    if (self->event >= 0)
        eventfd_read (self->event, &ignored);
    return JOBS_NOTHING;
}

jobs_event_t
jobs_next (jobs_t *self, job_t **job_p, Ggen__Progress **progress_p)
{
    pthread_mutex_lock (&self->mutex);
    jobs_event_t event = take (self, job_p, progress_p);
    pthread_mutex_unlock (&self->mutex);
    return event;
}

void
job_destroy (job_t **job_p)
{
    if (*job_p && (*job_p)->progress)
        ggen__progress__free_unpacked ((*job_p)->progress, NULL);
    free (*job_p);
    *job_p = NULL;
}
