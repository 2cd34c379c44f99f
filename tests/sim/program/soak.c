// SPDX-License-Identifier: MIT
#include "soak.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 8

typedef struct {
    pid_t process;                  //  0: free
    uint64_t seed;
} place_t;

//  ---- one run -------------------------------------------------------------------------------------

static pid_t
start (soak_run_fn *run, const scenario_options_t *options)
{
    fflush (NULL);
    pid_t child = fork ();
    if (child < 0)
        abort ();
    if (child > 0)
        return child;
    struct rlimit limit = {SOAK_CPU_SECS, SOAK_CPU_SECS}, none = {0, 0};
    int nowhere = open ("/dev/null", O_WRONLY);
    setrlimit (RLIMIT_CPU, &limit);
    setrlimit (RLIMIT_CORE, &none);
    dup2 (nowhere, STDOUT_FILENO);
    dup2 (nowhere, STDERR_FILENO);
    _exit (run (options));
}

static bool
is_good (int status)
{
    return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

bool
soak_fails (soak_run_fn *run, const scenario_options_t *options)
{
    int status = 0;
    pid_t child = start (run, options);
    if (waitpid (child, &status, 0) != child)
        abort ();
    return !is_good (status);
}

//  ---- many ----------------------------------------------------------------------------------------

typedef struct {
    place_t places[PROCESSES_MAX];
    unsigned processes, running;
    uint64_t next, done;
    bool failed;
    uint64_t failed_seed;
} pool_t;

static void
fill (pool_t *self, const scenario_options_t *options, soak_run_fn *run)
{
    unsigned at = 0;
    while (self->places[at].process != 0)
        at++;
    scenario_options_t one = *options;
    one.seed = self->next++;
    self->places[at] = (place_t) {start (run, &one), one.seed};
    self->running++;
}

static void
reap (pool_t *self, const soak_plan_t *plan)
{
    int status;
    pid_t child = wait (&status);
    for (unsigned i = 0; i < self->processes; i++) {
        place_t *place = &self->places[i];
        if (place->process != child)
            continue;
        bool good = is_good (status);
        place->process = 0;
        self->running--;
        self->done++;
        if (plan->tap)
            printf ("%s %" PRIu64 " - seed %" PRIu64 "\n", good ? "ok" : "not ok", self->done,
                    place->seed);
        //  Of several that fail the one with the lowest seed.
        if (!good && (!self->failed || place->seed < self->failed_seed))
            self->failed_seed = place->seed;
        self->failed |= !good;
    }
}

static double
hours (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return ((double) now.tv_sec + (double) now.tv_nsec / 1e9) / 3600;
}

bool
soak (scenario_options_t *options, const soak_plan_t *plan, soak_run_fn *run)
{
    long processors = sysconf (_SC_NPROCESSORS_ONLN);
    pool_t pool = {.next = options->seed};
    double end = hours () + plan->hours;
    pool.processes = processors < 1 ? 1 : processors > PROCESSES_MAX ? PROCESSES_MAX : (unsigned) processors;
    if (plan->tap)
        printf ("1..%u\n", plan->count);
    for (;;) {
        bool more = plan->count ? pool.next < options->seed + plan->count : hours () < end;
        //  With TAP all that were planned are run.
        if (pool.failed && !plan->tap)
            more = false;
        if (more && pool.running < pool.processes)
            fill (&pool, options, run);
        else if (pool.running > 0)
            reap (&pool, plan);
        else
            break;
    }
    if (!plan->tap)
        printf ("%" PRIu64 " seeds from %" PRIu64 " on\n", pool.done, options->seed);
    if (pool.failed)
        options->seed = pool.failed_seed;
    return !pool.failed;
}
