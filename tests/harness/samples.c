// SPDX-License-Identifier: MIT
#include "run.h"

#include "runtime/host/clock.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { PRIVATE_KIB, DESCRIPTORS, THREADS, THINGS } thing_t;

//  Of a node that has not ended since the first sample.
typedef struct {
    unsigned life;
    double *values;                 //  THINGS at a time
    unsigned count, room;           //  samples
} series_t;

struct samples_t {
    run_t *run;
    FILE *file;
    int64_t every_ms, next_ms;
    series_t series[FLEET_MAX];
};

samples_t *
samples_new (run_t *run, int64_t every_ms)
{
    char path[SHELF_PATH_MAX];
    samples_t *self = calloc (1, sizeof *self);
    assert (self);
    snprintf (path, sizeof path, "%s/samples.csv", run->options.dir);
    self->run = run;
    self->every_ms = every_ms;
    self->next_ms = clock_ms ();
    self->file = fopen (path, "w");
    if (!self->file) {
        free (self);
        return NULL;
    }
    fprintf (self->file, "secs,node,life,private_kib,descriptors,threads\n");
    return self;
}

void
samples_destroy (samples_t **self_p)
{
    samples_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < FLEET_MAX; i++)
        free (self->series[i].values);
    fclose (self->file);
    free (self);
    *self_p = NULL;
}

//  ---- looking -------------------------------------------------------------------------------------

//  Sum of the lines of a file of /proc that begin with one of two words; -1: it cannot be read.
static double
sum_lines (pid_t pid, const char *name, const char *word, const char *other)
{
    char path[64], line[256];
    double sum = 0;
    snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
    FILE *file = fopen (path, "r");
    if (!file)
        return -1;
    while (fgets (line, sizeof line, file))
        if (strncmp (line, word, strlen (word)) == 0 || strncmp (line, other, strlen (other)) == 0)
            sum += strtod (strchr (line, ':') + 1, NULL);
    fclose (file);
    return sum;
}

static double
count_entries (pid_t pid, const char *name)
{
    char path[64];
    double count = 0;
    snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
    DIR *directory = opendir (path);
    if (!directory)
        return -1;
    while (readdir (directory))
        count++;
    closedir (directory);
    return count - 2;               //  "." and ".."
}

static void
keep (series_t *series, const double values[THINGS])
{
    if (series->count == series->room) {
        series->room = series->room ? 2 * series->room : 64;
        series->values = realloc (series->values, series->room * THINGS * sizeof *values);
        assert (series->values);
    }
    memcpy (&series->values[series->count++ * THINGS], values, THINGS * sizeof *values);
}

static void
look_at (samples_t *self, const member_t *member)
{
    series_t *series = &self->series[member->number];
    const double values[THINGS] = {
        sum_lines (member->pid, "smaps_rollup", "Private_Clean:", "Private_Dirty:"),
        count_entries (member->pid, "fd"), count_entries (member->pid, "task")};
    fprintf (self->file, "%.1f,%u,%u,%.0f,%.0f,%.0f\n",
             run_secs_since (self->run->zero_ms), member->number, member->life,
             values[PRIVATE_KIB], values[DESCRIPTORS], values[THREADS]);
    if (series->count == 0)
        series->life = member->life;
    if (series->life == member->life)
        keep (series, values);
}

void
samples_look (samples_t *self)
{
    const run_t *run = self->run;
    if (clock_ms () < self->next_ms)
        return;
    self->next_ms += self->every_ms;
    for (unsigned i = 0; i < run->nodes; i++)
        if (fleet_at (run->fleet, i)->state != MEMBER_OFF)
            look_at (self, fleet_at (run->fleet, i));
    fflush (self->file);
}

//  ---- judging -------------------------------------------------------------------------------------

static double
mean (const series_t *series, thing_t thing, unsigned from, unsigned to)
{
    double sum = 0;
    for (unsigned i = from; i < to; i++)
        sum += series->values[i * THINGS + thing];
    return to > from ? sum / (to - from) : 0;
}

void
samples_judge (samples_t *self)
{
    static const char *const names[THINGS][2] = {{"private-kib", "private-growth"},
                                                 {"descriptors", "descriptors-growth"},
                                                 {"threads", "threads-growth"}};
    for (unsigned i = 0; i < self->run->nodes; i++) {
        const series_t *series = &self->series[i];
        if (series->count < 8 || fleet_at (self->run->fleet, i)->life != series->life)
            continue;
        unsigned quarter = series->count / 4;
        for (thing_t thing = PRIVATE_KIB; thing < THINGS; thing++) {
            double early = mean (series, thing, quarter, 2 * quarter);
            double late = mean (series, thing, series->count - quarter, series->count);
            marks_add (self->run->marks, names[thing][0], late);
            marks_add (self->run->marks, names[thing][1], late / early);
        }
    }
}
