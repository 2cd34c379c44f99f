// SPDX-License-Identifier: MIT
#include "session.h"
#include "progress.h"
#include "render.h"
#include "text.h"
#include "verbs.h"
#include "config/config.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WHY_MAX 4096
#define WAIT_STEP_MS 20
#define LOCK_WAITED_S "15"          //  home_enter: 3 x 5 s
#define ALMOST_MS 50                //  an actor that was given the time left may be early by its rounding

//  After a verb nothing comes but the end (main.c). Sanitizers want to see all given back.
#ifdef GGEN_INSTRUMENTED
#define ENDS false
#else
#define ENDS true
#endif

struct session_t {
    const screen_t *screen;
    client_t *client;               //  NULL after a failed open
    progress_t *progress;
    bool reads;                     //  the home, and no more
    double timeout_s;               //  0 = none
    int64_t deadline_ms;            //  of --timeout
    bool timed_out;
    ProtobufCMessage *replies [SESSION_REPLIES_MAX];
    size_t replies_count;
    Ggen__Failure *failure;         //  the last answer, if it was one
    bool changed;                   //  something was, by an earlier question
    int status;
};

static const client_embed_t *provided;
static volatile sig_atomic_t waiting_for_home;

void
session_provide (const client_embed_t *embed)
{
    provided = embed;
}

void
session_interrupt (void)
{
    if (waiting_for_home || client_interrupted ())
        _exit (VERB_INTERRUPTED);
    client_interrupt ();
}

bool
session_interrupted (void)
{
    return client_interrupted ();
}

char *
session_home (const args_t *args, const screen_t *screen)
{
    char *dir = config_home (args_value (args, "home"));
    if (!dir)
        render_error (screen, CONFIG,
                      getenv ("HOME") ? "there is no home directory: $HOME is no absolute path"
                                      : "there is no home directory: $HOME is not set",
                      "name one: --home DIR, or GGEN_HOME=DIR");
    return dir;
}

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
forget_failure (session_t *self)
{
    if (self->failure)
        ggen__failure__free_unpacked (self->failure, NULL);
    self->failure = NULL;
}

//  ---- failures ----------------------------------------------------------------------------------

//  Print it, once, and keep the exit status.
static void
fail (session_t *self, const Ggen__Failure *failure)
{
    progress_clear (self->progress);
    self->status = VERB_FAILED;
    if (self->timed_out) {
        char message [64];
        snprintf (message, sizeof message, "gave up after %g s", self->timeout_s);
        render_error (self->screen, TIMEOUT, message,
                      (failure->code == CANCELLED || self->reads) && !self->changed
                          ? "nothing was changed; allow more time: --timeout SECS"
                          : "allow more time: --timeout SECS");
        return;
    }
    if (client_interrupted ())
        self->status = VERB_INTERRUPTED;
    //  An actor that says so has undone what it had begun.
    Ggen__Failure told = *failure;
    if (failure->code == CANCELLED && !self->changed && !*failure->hint)
        told.hint = "nothing was changed";
    render_failure (self->screen, &told);
}

static void
fail_locked (session_t *self, const char *home_dir, const char *why)
{
    home_t home;
    if (home_init (&home, home_dir) != OK)
        return;
    const char *by = strstr (why, "process ");
    char message [WHY_MAX + 64];
    snprintf (message, sizeof message, "another installation is in progress: %s", why);
    Ggen__Detail path = GGEN__DETAIL__INIT, waited = GGEN__DETAIL__INIT, pid = GGEN__DETAIL__INIT;
    path.key = "path", path.value = home.lock_path;
    waited.key = "waited_s", waited.value = LOCK_WAITED_S;
    pid.key = "pid", pid.value = (char *) (uintptr_t) (by ? by + strlen ("process ") : "0");
    Ggen__Detail *details [] = {&path, &waited, &pid};
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = LOCK_TIMEOUT;
    failure.message = message;
    failure.hint = "try again when it has ended";
    failure.details = details;
    failure.n_details = COUNT_OF (details);
    fail (self, &failure);
}

static const char *
hint_of (code_t code)
{
    switch (code) {
    case PERMISSION_DENIED:
        return "use a home of your own: --home DIR";
    case CONFIG:
        return "see all of it: ggen config validate";
    case FEATURE_NOT_ENABLED:
        return "stop that node, or use the ggen it was started with";
    case INSUFFICIENT_DISK_SPACE:
        return "free some space on the disk";
    case STORAGE:
        return "name another home: --home DIR; if the disk fails, the system's log tells more";
    case TIMEOUT:
        return "a node has this home and does not answer: is it stopped? run/node.lock has its pid";
    default:
        return NULL;
    }
}

//  ---- opening -----------------------------------------------------------------------------------

static void
tell_waiting (void *context, unsigned attempt, unsigned attempts, int pid)
{
    const session_t *self = context;
    waiting_for_home = 1;
    if (client_interrupted ())
        _exit (VERB_INTERRUPTED);
    if (self->screen->quiet)
        return;
    fputs ("another installation in progress", self->screen->err);
    if (pid > 0)
        fprintf (self->screen->err, " (pid %d)", pid);
    fprintf (self->screen->err, ", waiting (%u/%u)\n", attempt, attempts);
    fflush (self->screen->err);
}

static void
attach (session_t *self, const args_t *args, const char *home_dir)
{
    char program [COMMAND_PATH_MAX + 8], why [WHY_MAX] = "";
    snprintf (program, sizeof program, "ggen %s", args->verb->path);
    const client_setup_t setup = {
        .home_dir = home_dir,
        .need = args_needs (args) == NEEDS_WRITE ? HOME_WRITE : HOME_READ,
        .program = program,
        .embed = provided,
        .ends = ENDS,
        .waiting = tell_waiting,
        .waiting_context = self};
    const code_t code = client_open (&self->client, &setup, why, sizeof why);
    waiting_for_home = 0;
    if (code == OK)
        return;
    self->status = VERB_FAILED;
    if (code == LOCK_TIMEOUT)
        fail_locked (self, home_dir, why);
    else
        render_error (self->screen, code, why, hint_of (code));
}

session_t *
session_open (const args_t *args, const screen_t *screen)
{
    session_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->screen = screen;
    self->reads = args_needs (args) != NEEDS_WRITE;
    self->timeout_s = args_real (args, "timeout", 0);
    self->deadline_ms = self->timeout_s > 0 ? now_ms () + (int64_t) (self->timeout_s * 1000)
                                            : INT64_MAX;
    const int fd = args_given (args, "progress-fd") ? (int) args_count (args, "progress-fd", 0)
                                                    : -1;
    self->progress = progress_new (screen, fd, now_ms ());
    if (fd >= 0 && fcntl (fd, F_GETFD) < 0) {
        render_error (screen, VALIDATION, "--progress-fd: this file descriptor is not open",
                      "open it in the shell: ggen ... --progress-fd 3 3>FILE");
        self->status = VERB_USAGE;
        return self;
    }
    AUTO (text_free) char *home_dir = session_home (args, screen);
    if (home_dir)
        attach (self, args, home_dir);
    else
        self->status = VERB_FAILED;
    return self;
}

void
session_close (session_t **self_p)
{
    session_t *self = *self_p;
    if (!self)
        return;
    if (self->progress)
        progress_destroy (&self->progress);
    for (size_t at = 0; at < self->replies_count; at++)
        protobuf_c_message_free_unpacked (self->replies [at], NULL);
    forget_failure (self);
    client_close (&self->client);
    free (self);
    *self_p = NULL;
}

void
session_changed (session_t *self)
{
    self->changed = true;
}

bool
session_embedded (const session_t *self)
{
    return !self->client || client_embedded (self->client);
}

int
session_status (const session_t *self)
{
    return self->status;
}

//  ---- asking ------------------------------------------------------------------------------------

//  With each sign of progress, and NULL about ten times a second.
static void
on_progress (void *context, const Ggen__Progress *progress, int64_t at_ms)
{
    session_t *self = context;
    if (progress)
        progress_update (self->progress, progress, at_ms);
    if (at_ms >= self->deadline_ms && !self->timed_out) {
        self->timed_out = true;
        client_interrupt ();
    }
}

void
session_drop (session_t *self)
{
    if (self->replies_count > 0)
        protobuf_c_message_free_unpacked (self->replies [--self->replies_count], NULL);
}

bool
session_wait (session_t *self, unsigned ms)
{
    const int64_t until_ms = now_ms () + ms;
    for (int64_t at_ms = now_ms (); at_ms < until_ms; at_ms = now_ms ()) {
        self->timed_out = at_ms >= self->deadline_ms;
        if (self->timed_out || client_interrupted ()) {
            Ggen__Failure failure = GGEN__FAILURE__INIT;
            failure.code = self->timed_out ? TIMEOUT : CANCELLED;
            failure.message = (char *) (uintptr_t) "interrupted";
            fail (self, &failure);
            return false;
        }
        poll (NULL, 0, WAIT_STEP_MS);           //  a signal ends it
    }
    return true;
}

//  Who only reads takes what there is when the time of --timeout is nearly over. What changes something
//  is cancelled by us instead, so that it can be undone. 0 = as much as it takes.
static uint32_t
budget_ms (const session_t *self)
{
    if (!self->reads || self->deadline_ms == INT64_MAX)
        return 0;
    const int64_t left_ms = self->deadline_ms - now_ms ();
    return left_ms < 1 ? 1 : left_ms < SESSION_SILENCE_MS ? (uint32_t) left_ms : 0;
}

const Ggen__Failure *
session_failure (const session_t *self)
{
    return self->failure;
}

const void *
session_ask (session_t *self, const char *to, const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *expect)
{
    if (!self->client)
        return NULL;
    assert (self->replies_count < SESSION_REPLIES_MAX);
    forget_failure (self);
    const client_call_t call = {.to = to,
                                .request = request,
                                .expect = expect,
                                .timeout_ms = SESSION_SILENCE_MS,
                                .budget_ms = budget_ms (self),
                                .progress = on_progress,
                                .context = self};
    ProtobufCMessage *reply = NULL;
    Ggen__Failure *failure = NULL;
    if (client_call (self->client, &call, &reply, &failure) != OK) {
        //  An actor's word for the end of the budget that we gave it.
        self->timed_out |= failure->code == TIMEOUT && now_ms () + ALMOST_MS >= self->deadline_ms;
        fail (self, failure);
        self->failure = failure;
        return NULL;
    }
    progress_clear (self->progress);
    self->replies [self->replies_count++] = reply;
    return reply;
}
