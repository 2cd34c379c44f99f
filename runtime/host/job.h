// SPDX-License-Identifier: MIT
//  Long work of an I/O actor (unpack, hash a tree, rebuild an index): it runs on the actor's own
//  worker threads while the actor stays responsive. One job runs after another, in the order of
//  starting, but for those started as able to run beside each other (readers-writer order: no
//  job is overtaken by one of the other sort). The actor's class gets each job back through its
//  job_done, in its own thread, in the order of ending.
#ifndef GGEN_JOB_H
#define GGEN_JOB_H

#include "runtime/actor/actor.h"

//  Jobs an actor may have waiting or running; more are refused with BUSY.
#define JOBS_MAX 64

//  Threads of an actor; all but the first are made when jobs can run beside each other.
#define JOBS_WORKERS_MAX 4

typedef struct jobs_t jobs_t;
typedef struct job_t job_t;

//  Runs on a worker. 'arg' belongs to the job until job_done has returned it; what it needs of
//  the actor's state must not change meanwhile.
typedef void (job_fn) (job_t *job, void *arg);

//  ---- for I/O actors: 'jobs' is env->host -----------------------------------------------------------

//  Queue a job for a request (0: for none).
//  OK, or BUSY: JOBS_MAX are there already; 'arg' stays the caller's.
must_use code_t jobs_start (jobs_t *self, ticket_t ticket, job_fn *work, void *arg);

//  The same for a job that may run while others started by this are running.
must_use code_t jobs_start_beside (jobs_t *self, ticket_t ticket, job_fn *work, void *arg);

//  Tell the job of this ticket to stop (job_cancelled becomes true). Returns false when none is.
bool jobs_cancel (jobs_t *self, ticket_t ticket);

ticket_t job_ticket (const job_t *job);
void *job_arg (const job_t *job);

//  ---- inside the work -------------------------------------------------------------------------------

//  True when its asker no longer wants it, or the actor ends. Look at least every 10 ms of work.
bool job_cancelled (const job_t *job);

//  Say how far it is; at most ten times a second reach the asker, and nothing of a job that ends
//  within a tenth of a second of another's telling. Strings are copied.
void job_progress (job_t *job, const char *stage, const char *subject, uint64_t done,
                   uint64_t total, const char *unit);

//  ---- for the shell ---------------------------------------------------------------------------------

jobs_t *jobs_new (void);

//  Cancels what runs and waits for the worker to end. Jobs that were not returned are dropped.
void jobs_destroy (jobs_t **self_p);

//  What to poll (2) for results, or -1 while no job is under way.
int jobs_fd (const jobs_t *self);

typedef enum { JOBS_NOTHING, JOBS_PROGRESS, JOBS_DONE } jobs_event_t;

//  Next event without waiting. JOBS_PROGRESS: *progress_p was unpacked, free it with
//  ggen__progress__free_unpacked; JOBS_DONE: hand *job_p to the class, then job_destroy.
jobs_event_t jobs_next (jobs_t *self, job_t **job_p, Ggen__Progress **progress_p);
void job_destroy (job_t **job_p);

#endif
