// SPDX-License-Identifier: MIT
//  Jobs: which of them run at the same time, and that they all come back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/host/job.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define WAIT_MS 20000

//  Two meet here: each waits for the other, so neither goes on alone.
static pthread_barrier_t meeting;
static _Atomic unsigned running, most_running;

static void
meet (job_t *job, void *arg)
{
    (void) job;
    (void) arg;
    pthread_barrier_wait (&meeting);
}

static void
count_running (job_t *job, void *arg)
{
    (void) arg;
    unsigned now = atomic_fetch_add (&running, 1) + 1;
    if (now > atomic_load (&most_running))
        atomic_store (&most_running, now);
    for (unsigned i = 0; i < 1000; i++)
        job_progress (job, "count", "running", i, 1000, "");
    atomic_fetch_sub (&running, 1);
}

//  Says that it runs, then waits to be cancelled.
static void
until_cancelled (job_t *job, void *arg)
{
    (void) arg;
    pthread_barrier_wait (&meeting);
    while (!job_cancelled (job))
        sched_yield ();
}

//  The ticket of the next job that ended.
static ticket_t
finish_one (jobs_t *jobs)
{
    for (;;) {
        job_t *job;
        Ggen__Progress *progress;
        jobs_event_t event = jobs_next (jobs, &job, &progress);
        if (event == JOBS_DONE) {
            ticket_t ticket = job_ticket (job);
            job_destroy (&job);
            return ticket;
        }
        if (event == JOBS_PROGRESS)
            ggen__progress__free_unpacked (progress, NULL);
        else {
            struct pollfd item = {jobs_fd (jobs), POLLIN, 0};
            assert_int_equal (poll (&item, 1, WAIT_MS), 1);
        }
    }
}

static void
jobs_that_may_run_beside_each_other_do (void **unused)
{
    (void) unused;
    jobs_t *jobs = jobs_new ();
    pthread_barrier_init (&meeting, NULL, 2);
    assert_int_equal (jobs_start_beside (jobs, 1, meet, NULL), OK);
    assert_int_equal (jobs_start_beside (jobs, 2, meet, NULL), OK);
    assert_int_equal (finish_one (jobs) + finish_one (jobs), 3);
    assert_int_equal (jobs_fd (jobs), -1);
    pthread_barrier_destroy (&meeting);
    jobs_destroy (&jobs);
}

static void
other_jobs_run_alone_and_in_order (void **unused)
{
    (void) unused;
    jobs_t *jobs = jobs_new ();
    most_running = 0;
    for (ticket_t i = 1; i <= 40; i++)
        assert_int_equal (jobs_start (jobs, i, count_running, NULL), OK);
    for (ticket_t i = 1; i <= 40; i++)
        assert_int_equal (finish_one (jobs), i);
    assert_int_equal (most_running, 1);
    jobs_destroy (&jobs);
}

//  What came before it has ended when it begins, and what came after it waits.
static void
a_job_that_runs_alone_is_not_overtaken (void **unused)
{
    (void) unused;
    jobs_t *jobs = jobs_new ();
    pthread_barrier_init (&meeting, NULL, 2);
    assert_int_equal (jobs_start_beside (jobs, 1, meet, NULL), OK);
    assert_int_equal (jobs_start (jobs, 2, meet, NULL), OK);
    assert_int_equal (jobs_start_beside (jobs, 3, count_running, NULL), OK);
    job_t *job;
    Ggen__Progress *progress;
    assert_int_equal (jobs_next (jobs, &job, &progress), JOBS_NOTHING);
    pthread_barrier_wait (&meeting);
    assert_int_equal (finish_one (jobs), 1);
    assert_int_equal (jobs_next (jobs, &job, &progress), JOBS_NOTHING);
    pthread_barrier_wait (&meeting);
    assert_int_equal (finish_one (jobs), 2);
    assert_int_equal (finish_one (jobs), 3);
    pthread_barrier_destroy (&meeting);
    jobs_destroy (&jobs);
}

static void
at_the_bound_a_job_is_refused (void **unused)
{
    (void) unused;
    jobs_t *jobs = jobs_new ();
    for (ticket_t i = 1; i <= JOBS_MAX; i++)
        assert_int_equal (jobs_start_beside (jobs, i, count_running, NULL), OK);
    assert_int_equal (jobs_start (jobs, 99, count_running, NULL), BUSY);
    for (ticket_t i = 1; i <= JOBS_MAX; i++)
        finish_one (jobs);
    jobs_destroy (&jobs);
}

static void
a_cancelled_job_hears_of_it (void **unused)
{
    (void) unused;
    jobs_t *jobs = jobs_new ();
    pthread_barrier_init (&meeting, NULL, 2);
    assert_int_equal (jobs_start (jobs, 7, until_cancelled, NULL), OK);
    pthread_barrier_wait (&meeting);
    assert_false (jobs_cancel (jobs, 8));
    assert_true (jobs_cancel (jobs, 7));
    assert_int_equal (finish_one (jobs), 7);
    pthread_barrier_destroy (&meeting);
    jobs_destroy (&jobs);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (jobs_that_may_run_beside_each_other_do),
        cmocka_unit_test (other_jobs_run_alone_and_in_order),
        cmocka_unit_test (a_job_that_runs_alone_is_not_overtaken),
        cmocka_unit_test (at_the_bound_a_job_is_refused),
        cmocka_unit_test (a_cancelled_job_hears_of_it),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
