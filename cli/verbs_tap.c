// SPDX-License-Identifier: MIT
//  tap: what the parts of a node say to each other, as they say it.
#include "verbs.h"
#include "feed.h"
#include "path.h"
#include "recording.h"
#include "rehearse.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WHY_MAX 4608
#define WAIT_MS 250
#define BURST 1000              //  Messages between two looks at the interrupt

typedef struct {
    const screen_t *screen;
    listener_t *listener;
    recording_t *recording;     //  NULL = none
    feed_t *feed;
} tap_verb_t;

static void
show_lost (const screen_t *screen, uint64_t lost)
{
    if (lost == 0)
        return;
    if (!screen->json) {
        fprintf (screen->out, "lost %" PRIu64 "\n", lost);
        return;
    }
    json_t *line = json_object ();
    shape_set (&line, "lost", json_integer (lost > INT64_MAX ? INT64_MAX : (json_int_t) lost));
    render_json_line (screen, line);
}

static void
print (const tap_verb_t *self, const feed_message_t *message)
{
    if (self->screen->json)
        render_json_line (self->screen, feed_shape (message));
    else
        feed_print (self->screen->out, message);
}

//  Show and record one message. STORAGE: it could not be recorded; BUSY: the recording is full.
static code_t
show (tap_verb_t *self, const heard_t *heard)
{
    code_t code = OK;
    Ggen__TapHeader *header =
        ggen__tap_header__unpack (NULL, heard->header.size, heard->header.data);
    if (!header)
        return OK;
    feed_message_t message = {.header = header, .body = heard->body};
    const bool wanted = feed_take (self->feed, &message);
    show_lost (self->screen, message.lost);
    if (wanted)
        print (self, &message);
    if (self->recording && message.lost > 0)
        code = recording_lost (self->recording, message.lost);
    if (wanted && self->recording && code == OK)
        code = recording_add (self->recording, heard);
    ggen__tap_header__free_unpacked (header, NULL);
    return code;
}

static int
fail_recording (const tap_verb_t *self, code_t code)
{
    char message [128];
    screen_t plain = *self->screen;
    plain.json = false;         //  Documents were printed already
    snprintf (message, sizeof message, "cannot record: %s",
              code == BUSY ? "the file is as large as it may be" : strerror (errno));
    render_error (&plain, STORAGE, message,
                  code == BUSY ? "record less (--type, --actor), or allow more: --record-max MIB" : NULL);
    return VERB_FAILED;
}

//  Show what comes until the interrupt, 'deadline', or nobody reads us any more.
static int
watch (tap_verb_t *self, time_t deadline)
{
    code_t code = OK;
    while (code == OK && !session_interrupted () && !ferror (self->screen->out)
           && time (NULL) < deadline) {
        heard_t heard;
        code_t got = listener_hear (self->listener, &heard, WAIT_MS);
        for (unsigned count = 0; got == OK && code == OK && count < BURST; count++) {
            code = show (self, &heard);
            got = listener_hear (self->listener, &heard, 0);
        }
        if (got == OK && code == OK)
            code = show (self, &heard);
        fflush (self->screen->out);
        if (self->recording && code == OK)
            code = recording_flush (self->recording);
    }
    return code == OK ? VERB_DONE : fail_recording (self, code);
}

static bool
start_recording (tap_verb_t *self, const args_t *args)
{
    char why [WHY_MAX];
    AUTO (text_free) char *path = NULL;
    if (!args_value (args, "record"))
        return true;
    if (!path_take (self->screen, args_value (args, "record"), PATH_MAY_EXIST, &path))
        return false;
    const uint64_t bytes_max = args_count (args, "record-max", 0) << 20;
    const code_t code = recording_new (&self->recording, path, bytes_max, why, sizeof why);
    if (code != OK)
        render_error (self->screen, code, why, code == ALREADY_EXISTS ? "name another file" : NULL);
    return code == OK;
}

static bool
start_listening (tap_verb_t *self, const home_t *home)
{
    char why [WHY_MAX];
    const code_t code = listener_new (&self->listener, home, why, sizeof why);
    if (code == OK)
        return true;
    render_error (self->screen, code, why,
                  code == ALREADY_EXISTS ? "one tap watches a home at a time" : NULL);
    return false;
}

static int
run_tap (tap_verb_t *self, const args_t *args, const home_t *home)
{
    if (!start_listening (self, home) || !start_recording (self, args))
        return VERB_FAILED;
    if (!self->screen->quiet) {
        fprintf (self->screen->err, "watching %s; Ctrl-C ends it\n", home->dir);
        fflush (self->screen->err);
    }
    const double timeout_s = args_real (args, "timeout", 0);
    return watch (self, timeout_s > 0 ? time (NULL) + (time_t) timeout_s + 1 : INT64_MAX);
}

//  ---- a recording -----------------------------------------------------------------------------------

//  Show one message of a recording. Its sequence numbers have gaps by the filters of back then: what was
//  lost is in it.
static code_t
show_again (tap_verb_t *self, const heard_t *heard)
{
    Ggen__TapHeader *header =
        ggen__tap_header__unpack (NULL, heard->header.size, heard->header.data);
    if (!header)
        return VALIDATION;
    feed_message_t message = {.header = header, .body = heard->body};
    if (feed_take (self->feed, &message))
        print (self, &message);
    ggen__tap_header__free_unpacked (header, NULL);
    return OK;
}

static int
replay (tap_verb_t *self, const char *path)
{
    char why [WHY_MAX];
    heard_t heard;
    uint64_t lost;
    screen_t plain = *self->screen;
    recorded_t *recorded = NULL;
    code_t code = recorded_open (&recorded, path, why, sizeof why);
    plain.json = self->screen->json && code != OK;
    while (code == OK && !session_interrupted () && !ferror (self->screen->out)
           && recorded_next (recorded, &heard, &lost)) {
        show_lost (self->screen, lost);
        code = lost > 0 ? OK : show_again (self, &heard);
        if (code != OK)
            snprintf (why, sizeof why, "%s: has a message without a header", path);
    }
    if (code == OK)
        code = recorded_end (recorded, why, sizeof why);
    recorded_close (&recorded);
    if (code != OK)
        render_error (&plain, code, why, NULL);
    return code == OK ? VERB_DONE : VERB_FAILED;
}

static int
run_replay (tap_verb_t *self, const args_t *args, const char *dir)
{
    AUTO (text_free) char *path = NULL;
    if (!path_take (self->screen, args_value (args, "replay"), PATH_EXISTS, &path))
        return VERB_FAILED;
    const char *actor = args_value (args, "into");
    return actor ? rehearse (self->screen, dir, path, actor) : replay (self, path);
}

//  Returns false when the options do not go together, and that was printed.
static bool
check_options (const args_t *args, const screen_t *screen)
{
    const char *problem = NULL;
    if (args_given (args, "into") && !args_given (args, "replay"))
        problem = "--into needs --replay FILE";
    else if (args_given (args, "record") && args_given (args, "replay"))
        problem = "a recording is there already: --replay and --record do not go together";
    if (problem)
        render_error (screen, VALIDATION, problem, "see: ggen help tap");
    return !problem;
}

int
tap_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *dir = session_home (args, screen);
    home_t home;
    if (!check_options (args, screen))
        return VERB_USAGE;
    if (!dir)
        return VERB_FAILED;
    if (home_init (&home, dir) != OK) {
        render_error (screen, VALIDATION, "the path of the home is too long", NULL);
        return VERB_FAILED;
    }
    const feed_filter_t filter = {args_value (args, "type"), args_value (args, "actor"),
                                  args_value (args, "peer")};
    tap_verb_t self = {.screen = screen, .feed = feed_new (&filter)};
    if (!self.feed) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    const int status = args_given (args, "replay") ? run_replay (&self, args, dir)
                                                   : run_tap (&self, args, &home);
    listener_destroy (&self.listener);
    if (self.recording)
        recording_destroy (&self.recording);
    feed_destroy (&self.feed);
    return status;
}
