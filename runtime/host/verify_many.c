// SPDX-License-Identifier: MIT
#include "verify_many.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct {
    crypto_check_t *checks;
    size_t count;
    _Atomic size_t next;            //  that nobody has taken yet
} series_t;

static void *
verify_some (void *self_)
{
    series_t *self = self_;
    size_t i;
    while ((i = atomic_fetch_add (&self->next, 1)) < self->count) {
        crypto_check_t *check = &self->checks[i];
        check->holds = crypto_real.verify (NULL, check->signature, check->message, check->size,
                                           check->key);
    }
    return NULL;
}

static unsigned
helpers_for (size_t count)
{
    long processors = sysconf (_SC_NPROCESSORS_ONLN);
    unsigned threads = processors < 1                   ? 1
                       : processors > VERIFY_THREADS_MAX ? VERIFY_THREADS_MAX
                                                         : (unsigned) processors;
    return count < VERIFY_MANY_MIN ? 0 : threads - 1;
}

//  Without helpers it takes longer, nothing else. Signals are for the main thread.
void
verify_many (crypto_check_t *checks, size_t count)
{
    series_t series = {.checks = checks, .count = count};
    pthread_t helpers[VERIFY_THREADS_MAX];
    unsigned wanted = helpers_for (count), started = 0;
    sigset_t all, old;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    while (started < wanted
           && pthread_create (&helpers[started], NULL, verify_some, &series) == 0)
        started++;
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    verify_some (&series);
    while (started > 0)
        pthread_join (helpers[--started], NULL);
}
