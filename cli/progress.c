// SPDX-License-Identifier: MIT
#include "progress.h"
#include "shape.h"
#include "text.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

typedef struct {
    char stage [PROGRESS_SUBJECT_MAX];
    char subject [PROGRESS_SUBJECT_MAX];
    int64_t sampled_ms;         //  When 'sampled' was done
    int64_t updated_ms;
    uint64_t sampled;
    double rate;                //  Units a second; 0 = not known yet
} work_t;

struct progress_t {
    FILE *terminal;             //  NULL = draw nothing
    size_t width;
    int fd;                     //  -1 = none
    int64_t started_ms;
    int64_t drawn_ms;
    bool drawn;                 //  There is a line to erase
    work_t works [PROGRESS_SUBJECTS_MAX];
    size_t works_count;
};

progress_t *
progress_new (const screen_t *screen, int fd, int64_t now_ms)
{
    progress_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->terminal = screen->err_width && !screen->quiet && !screen->dumb ? screen->err : NULL;
    self->width = screen->err_width;
    self->fd = fd;
    self->started_ms = now_ms;
    return self;
}

void
progress_destroy (progress_t **self_p)
{
    progress_clear (*self_p);
    free (*self_p);
    *self_p = NULL;
}

void
progress_clear (progress_t *self)
{
    if (!self || !self->drawn)
        return;
    fputs ("\r\033[K", self->terminal);
    fflush (self->terminal);
    self->drawn = false;
}

//  Stage and subject as shown: clean, and cut to what a slot holds.
static bool
copy_clean (char out [PROGRESS_SUBJECT_MAX], const char *text)
{
    AUTO (text_free) char *clean = text_clean (text);
    if (!clean)
        return false;
    size_t size = strlen (clean);
    if (size >= PROGRESS_SUBJECT_MAX) {
        size = PROGRESS_SUBJECT_MAX - 1;
        while (size > 0 && ((unsigned char) clean [size] & 0xC0) == 0x80)
            size--;
    }
    memcpy (out, clean, size);
    out [size] = 0;
    return true;
}

static work_t *
find_work (progress_t *self, const work_t *key, bool *is_new)
{
    work_t *stalest = &self->works [0];
    *is_new = false;
    for (size_t at = 0; at < self->works_count; at++) {
        work_t *work = &self->works [at];
        if (strcmp (work->stage, key->stage) == 0 && strcmp (work->subject, key->subject) == 0)
            return work;
        if (work->updated_ms < stalest->updated_ms)
            stalest = work;
    }
    *is_new = true;
    return self->works_count < PROGRESS_SUBJECTS_MAX ? &self->works [self->works_count++] : stalest;
}

//  The rate is smoothed: 0.7 of what it was and 0.3 of the last sample.
static void
sample (work_t *work, uint64_t done, int64_t now_ms)
{
    const int64_t elapsed_ms = now_ms - work->sampled_ms;
    work->updated_ms = now_ms;
    if (done < work->sampled) {                 //  It was started over
        work->sampled = done;
        work->sampled_ms = now_ms;
        return;
    }
    if (elapsed_ms < PROGRESS_SAMPLE_MS)
        return;
    const double rate = (double) (done - work->sampled) * 1000 / (double) elapsed_ms;
    work->rate = work->rate > 0 ? 0.7 * work->rate + 0.3 * rate : rate;
    work->sampled = done;
    work->sampled_ms = now_ms;
}

static void
append (char line [LINE_MAX_BYTES], const char *gap, const char *text)
{
    const size_t size = strlen (line);
    snprintf (line + size, LINE_MAX_BYTES - size, "%s%s", size ? gap : "", text);
}

static void
append_amount (char line [LINE_MAX_BYTES], const Ggen__Progress *now)
{
    char done [TEXT_SIZE_MAX], total [TEXT_SIZE_MAX], text [128];
    if (strcmp (now->unit, "bytes") == 0)
        snprintf (text, sizeof text, "%s%s%s", text_size (now->done, done), now->total ? " / " : "",
                  now->total ? text_size (now->total, total) : "");
    else if (now->total)
        snprintf (text, sizeof text, "%" PRIu64 " / %" PRIu64 " ", now->done, now->total);
    else
        snprintf (text, sizeof text, "%" PRIu64 " ", now->done);
    append (line, "  ", text);
    if (strcmp (now->unit, "bytes") != 0) {
        char unit [PROGRESS_SUBJECT_MAX];
        append (line, "", copy_clean (unit, now->unit) ? unit : "");
    }
}

static void
append_speed (char line [LINE_MAX_BYTES], const Ggen__Progress *now, const work_t *work)
{
    char size [TEXT_SIZE_MAX], time [TEXT_TIME_MAX], text [64];
    if (now->total && now->done <= now->total) {
        snprintf (text, sizeof text, "%.0f%%", 100.0 * (double) now->done / (double) now->total);
        append (line, "  ", text);
    }
    if (work->rate < 1)
        return;
    if (strcmp (now->unit, "bytes") == 0 && work->rate < 1e18) {
        snprintf (text, sizeof text, "%s/s", text_size ((uint64_t) work->rate, size));
        append (line, "  ", text);
    }
    if (now->total > now->done) {
        const double left_s = (double) (now->total - now->done) / work->rate;
        const uint64_t seconds = left_s < 1e9 ? (uint64_t) (left_s + 0.5) : 1000000000;
        append (line, "  ", "ETA ");
        append (line, "", text_duration (seconds, time));
    }
}

static void
draw (progress_t *self, const Ggen__Progress *now, const work_t *work, int64_t now_ms)
{
    char line [LINE_MAX_BYTES] = "";
    append (line, "", work->stage);
    append (line, " ", work->subject);
    if (now->done || now->total)
        append_amount (line, now);
    append_speed (line, now, work);
    line [text_fit (line, self->width - 1)] = 0;
    fprintf (self->terminal, "\r%s\033[K", line);
    fflush (self->terminal);
    self->drawn = true;
    self->drawn_ms = now_ms;
}

//  A pipe that polls writable takes PIPE_BUF bytes whole (POSIX write).
static void
tell_fd (progress_t *self, const Ggen__Progress *now, const work_t *work)
{
    char unit [PROGRESS_SUBJECT_MAX];
    struct pollfd ready = {.fd = self->fd, .events = POLLOUT};
    if (poll (&ready, 1, 0) == 0 || !copy_clean (unit, now->unit))
        return;
    Ggen__Progress bounded = *now;
    bounded.stage = (char *) (uintptr_t) work->stage;
    bounded.subject = (char *) (uintptr_t) work->subject;
    bounded.unit = unit;
    json_t *document = shape_progress (&bounded);
    if (work->rate >= 1)
        shape_set (&document, "rate", json_real (work->rate));
    char line [PIPE_BUF];
    const size_t size = document ? json_dumpb (document, line, sizeof line - 1,
                                               JSON_COMPACT | JSON_ENSURE_ASCII) : 0;
    json_decref (document);
    if (size == 0 || size >= sizeof line)
        return;
    line [size] = '\n';
    if (write (self->fd, line, size + 1) != (ssize_t) (size + 1))
        self->fd = -1;
}

void
progress_update (progress_t *self, const Ggen__Progress *now, int64_t now_ms)
{
    work_t key = {.sampled = now->done, .sampled_ms = now_ms, .updated_ms = now_ms};
    bool is_new = false;
    if (!self || !copy_clean (key.stage, now->stage) || !copy_clean (key.subject, now->subject))
        return;
    work_t *work = find_work (self, &key, &is_new);
    if (is_new)
        *work = key;
    else
        sample (work, now->done, now_ms);

    if (self->fd >= 0)
        tell_fd (self, now, work);
    if (!self->terminal || now_ms - self->started_ms < PROGRESS_QUIET_MS)
        return;
    if (!self->drawn || is_new || now_ms - self->drawn_ms >= PROGRESS_REDRAW_MS)
        draw (self, now, work, now_ms);
}
