// SPDX-License-Identifier: MIT
//  Progress of long work: one line on stderr, rewritten in place, and JSON lines for programs.
//  Fed with Progress messages as they arrive; time is told, never asked for.
#ifndef GGEN_PROGRESS_H
#define GGEN_PROGRESS_H

#include "screen.h"

#define PROGRESS_QUIET_MS 500       //  shorter work shows nothing
#define PROGRESS_REDRAW_MS 100      //  between two drawings of the line
#define PROGRESS_SAMPLE_MS 500      //  between two samples of the rate
#define PROGRESS_SUBJECTS_MAX 8     //  measured at a time; another takes the place of the stalest
#define PROGRESS_SUBJECT_MAX 128    //  bytes of stage and of subject, with NUL; longer ones are cut

typedef struct progress_t progress_t;

//  Progress of work that begins at 'now_ms' (monotonic). The line is drawn on screen->err when that
//  is a terminal and --quiet is off. 'fd' >= 0 gets one JSON line per update, of at most PIPE_BUF
//  bytes; lines that it cannot take at once are dropped, so a reader that sleeps delays nobody;
//  after an error nothing more is written to it. 'fd' is borrowed. NULL only without memory.
progress_t *
    progress_new (const screen_t *screen, int fd, int64_t now_ms);

//  Erases the line.
void
    progress_destroy (progress_t **self_p);

//  What is being done now. self may be NULL (no memory for progress is no reason to stop work).
void
    progress_update (progress_t *self, const Ggen__Progress *now, int64_t now_ms);

//  Erase the line, so that something else can be printed; the next update draws it again.
void
    progress_clear (progress_t *self);

#endif
