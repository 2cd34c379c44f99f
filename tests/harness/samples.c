// SPDX-License-Identifier: MIT
#include "run.h"

#include "runtime/host/clock.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct samples_t {
    run_t *run;
    FILE *file;
    int64_t every_ms, next_ms;
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
    if (*self_p)
        fclose ((*self_p)->file);
    free (*self_p);
    *self_p = NULL;
}

//  Sum of the lines of a file of /proc that begin with one of two words; -1: it cannot be read.
static long
sum_lines (pid_t pid, const char *name, const char *word, const char *other)
{
    char path[64], line[256];
    long sum = 0;
    snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
    FILE *file = fopen (path, "r");
    if (!file)
        return -1;
    while (fgets (line, sizeof line, file))
        if (strncmp (line, word, strlen (word)) == 0 || strncmp (line, other, strlen (other)) == 0)
            sum += strtol (strchr (line, ':') + 1, NULL, 10);
    fclose (file);
    return sum;
}

static long
count_entries (pid_t pid, const char *name)
{
    char path[64];
    long count = 0;
    snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
    DIR *directory = opendir (path);
    if (!directory)
        return -1;
    while (readdir (directory))
        count++;
    closedir (directory);
    return count - 2;               //  "." and ".."
}

void
samples_look (samples_t *self)
{
    const run_t *run = self->run;
    if (clock_ms () < self->next_ms)
        return;
    self->next_ms += self->every_ms;
    for (unsigned i = 0; i < run->nodes; i++) {
        const member_t *member = fleet_at (run->fleet, i);
        if (member->state == MEMBER_OFF)
            continue;
        fprintf (self->file, "%.1f,%u,%u,%ld,%ld,%ld\n",
                 (double) (clock_ms () - run->zero_ms) / 1000, i, member->life,
                 sum_lines (member->pid, "smaps_rollup", "Private_Clean:", "Private_Dirty:"),
                 count_entries (member->pid, "fd"), count_entries (member->pid, "task"));
    }
    fflush (self->file);
}
