// SPDX-License-Identifier: MIT
#include "marks.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char name[MARK_NAME_MAX + 1];
    double *samples;
    unsigned count, room;
    unsigned long total;
    double sum;
} mark_t;

struct marks_t {
    pthread_mutex_t lock;
    mark_t marks[MARKS_MAX];
    unsigned count;
};

marks_t *
marks_new (void)
{
    marks_t *self = calloc (1, sizeof *self);
    assert (self);
    pthread_mutex_init (&self->lock, NULL);
    return self;
}

void
marks_destroy (marks_t **self_p)
{
    marks_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < self->count; i++)
        free (self->marks[i].samples);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

static mark_t *
find (marks_t *self, const char *name, size_t size)
{
    for (unsigned i = 0; i < self->count; i++)
        if (strlen (self->marks[i].name) == size && strncmp (self->marks[i].name, name, size) == 0)
            return &self->marks[i];
    return NULL;
}

static void
keep (mark_t *mark, double sample)
{
    mark->total++;
    mark->sum += sample;
    if (mark->count == MARK_ROOM)
        return;
    if (mark->count == mark->room) {
        mark->room = mark->room ? 2 * mark->room : 64;
        mark->samples = realloc (mark->samples, mark->room * sizeof *mark->samples);
        assert (mark->samples);
    }
    mark->samples[mark->count++] = sample;
}

void
marks_add (marks_t *self, const char *name, double sample)
{
    pthread_mutex_lock (&self->lock);
    mark_t *mark = find (self, name, strlen (name));
    if (!mark) {
        assert (self->count < MARKS_MAX && strlen (name) <= MARK_NAME_MAX);
        mark = &self->marks[self->count++];
        strcpy (mark->name, name);
    }
    keep (mark, sample);
    pthread_mutex_unlock (&self->lock);
}

//  ---- what they say -------------------------------------------------------------------------------

static int
compare (const void *a, const void *b)
{
    double one = *(const double *) a, other = *(const double *) b;
    return (one > other) - (one < other);
}

static double
rank (mark_t *mark, double share)
{
    qsort (mark->samples, mark->count, sizeof *mark->samples, compare);
    return mark->samples[(unsigned) (share * (mark->count - 1) + 0.5)];
}

static double
value_of (mark_t *mark, const char *suffix)
{
    if (strcmp (suffix, "-p50") == 0)
        return rank (mark, 0.5);
    if (strcmp (suffix, "-p99") == 0)
        return rank (mark, 0.99);
    if (strcmp (suffix, "-max") == 0)
        return rank (mark, 1);
    if (strcmp (suffix, "-count") == 0)
        return (double) mark->total;
    return mark->sum / (double) mark->total;
}

bool
marks_value (marks_t *self, const char *name, double *value_p)
{
    static const char *const suffixes[] = {"", "-p50", "-p99", "-max", "-count"};
    bool found = false;
    pthread_mutex_lock (&self->lock);
    for (unsigned i = 0; i < sizeof suffixes / sizeof suffixes[0] && !found; i++) {
        size_t size = strlen (name), cut = strlen (suffixes[i]);
        mark_t *mark = size > cut && strcmp (name + size - cut, suffixes[i]) == 0
                           ? find (self, name, size - cut)
                           : NULL;
        if (mark) {
            *value_p = value_of (mark, suffixes[i]);
            found = true;
        }
    }
    pthread_mutex_unlock (&self->lock);
    return found;
}

void
marks_print (marks_t *self, FILE *file, bool json)
{
    pthread_mutex_lock (&self->lock);
    for (unsigned i = 0; i < self->count; i++) {
        mark_t *mark = &self->marks[i];
        double p50 = rank (mark, 0.5), p99 = rank (mark, 0.99), most = rank (mark, 1);
        double mean = mark->sum / (double) mark->total;
        if (json)
            fprintf (file,
                     "%s\"%s\": {\"mean\": %.6g, \"p50\": %.6g, \"p99\": %.6g, \"max\": %.6g, "
                     "\"count\": %lu}",
                     i > 0 ? ", " : "", mark->name, mean, p50, p99, most, mark->total);
        else if (mark->total == 1)
            fprintf (file, "  %-20s %10.6g\n", mark->name, mean);
        else
            fprintf (file, "  %-20s %10.6g   p50 %.6g, p99 %.6g, max %.6g of %lu\n", mark->name,
                     mean, p50, p99, most, mark->total);
    }
    pthread_mutex_unlock (&self->lock);
}
