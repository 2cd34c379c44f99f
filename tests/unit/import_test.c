// SPDX-License-Identifier: MIT
//  import_io: an import that nobody wants any more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "actors/registry/import_io.h"
#include "tests/temp_dir.h"

#define WAIT_MS 60000

static pthread_barrier_t running;

typedef struct {
    import_t ask;
    code_t code;
    Ggen__SourceImportReply *reply;
    Ggen__Failure *failure;
} errand_t;

static void
import_when_cancelled (job_t *job, void *arg)
{
    errand_t *self = arg;
    pthread_barrier_wait (&running);
    while (!job_cancelled (job))
        sched_yield ();
    self->ask.job = job;
    self->code = import_run (&self->ask, &self->reply, &self->failure);
}

static void
wait_for_end (jobs_t *jobs)
{
    for (;;) {
        job_t *job;
        Ggen__Progress *progress;
        jobs_event_t event = jobs_next (jobs, &job, &progress);
        if (event == JOBS_DONE) {
            job_destroy (&job);
            return;
        }
        if (event == JOBS_PROGRESS)
            ggen__progress__free_unpacked (progress, NULL);
        else {
            struct pollfd item = {jobs_fd (jobs), POLLIN, 0};
            assert_int_equal (poll (&item, 1, WAIT_MS), 1);
        }
    }
}

//  Each costs a signature's check, and a web server can tell of half a million.
static void
a_cancelled_import_checks_no_heads_that_no_version_took_along (void **state)
{
    (void) state;
    char dir [TEMP_DIR_SIZE], path [TEMP_DIR_SIZE + 16], copy [TEMP_DIR_SIZE + 16];
    temp_dir_make (dir);
    snprintf (path, sizeof path, "%s/index.json", dir);
    snprintf (copy, sizeof copy, "%s/copy", dir);
    FILE *file = fopen (path, "w");
    fputs ("{\"packages\": {\"a\": {\"versions\": [], \"heads\": [\"AAAA\"]}}}", file);
    fclose (file);
    errand_t errand = {.ask = {.path = path, .directory = copy, .crypto = &crypto_real}};
    jobs_t *jobs = jobs_new ();
    pthread_barrier_init (&running, NULL, 2);
    assert_int_equal (jobs_start (jobs, 1, import_when_cancelled, &errand), OK);
    pthread_barrier_wait (&running);
    assert_true (jobs_cancel (jobs, 1));
    wait_for_end (jobs);
    jobs_destroy (&jobs);
    assert_int_equal (errand.code, CANCELLED);
    assert_int_equal (errand.failure->code, CANCELLED);
    ggen__failure__free_unpacked (errand.failure, NULL);
    pthread_barrier_destroy (&running);
    temp_dir_remove (dir);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_cancelled_import_checks_no_heads_that_no_version_took_along),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
