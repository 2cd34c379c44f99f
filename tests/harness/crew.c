// SPDX-License-Identifier: MIT
#include "run.h"

#include <assert.h>
#include <pthread.h>

typedef struct {
    run_t *run;
    job_fn *job;
    void *context;
    unsigned count;
    atomic_uint next;
    atomic_uint busy;               //  threads
} crew_t;

static void *
work (void *self_)
{
    crew_t *self = self_;
    asker_t *asker = asker_new (self->run->fleet);
    for (unsigned index; (index = self->next++) < self->count;)
        self->job (self->run, asker, index, self->context);
    asker_destroy (&asker);
    self->busy--;
    return NULL;
}

static bool
is_done (run_t *run, void *self_)
{
    (void) run;
    const crew_t *self = self_;
    return self->busy == 0;
}

bool
crew_do (run_t *self, unsigned count, job_fn *job, void *context)
{
    pthread_t threads[CREW_MAX];
    unsigned threads_count = count < CREW_MAX ? count : CREW_MAX;
    crew_t crew = {.run = self, .job = job, .context = context, .count = count};
    crew.busy = threads_count;
    for (unsigned i = 0; i < threads_count; i++) {
        int code = pthread_create (&threads[i], NULL, work, &crew);
        assert (code == 0);
    }
    bool good = run_wait (self, INT64_MAX, is_done, &crew);
    if (!good)
        crew.next = count;          //  Nothing more is begun
    for (unsigned i = 0; i < threads_count; i++)
        pthread_join (threads[i], NULL);
    return good;
}
