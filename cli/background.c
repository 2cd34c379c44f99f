// SPDX-License-Identifier: MIT
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIVE_UP_MS 1000         //  that a child has to end in when it is not waited for

//  What the child writes: its pid at once, then how it went, then words until the end of the pipe.
typedef struct {
    int32_t pid;
} hello_t;

typedef struct {
    int32_t code;
} outcome_t;

//  ---- the child -----------------------------------------------------------------------------------

static void
say (int pipe, const void *data, size_t size)
{
    //  A parent that has gone takes nothing; the node runs all the same.
    ssize_t written = write (pipe, data, size);
    (void) written;
}

static void
leave_terminal (void)
{
    int null = open ("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2 (null, STDIN_FILENO);
        dup2 (null, STDOUT_FILENO);
        close (null);
    }
}

//  SIGINT and SIGTERM wait from here until there is a child that can be made to end.
static void
hold_signals (background_t *self)
{
    sigset_t held;
    sigemptyset (&held);
    sigaddset (&held, SIGINT);
    sigaddset (&held, SIGTERM);
    sigprocmask (SIG_BLOCK, &held, &self->mask);
}

static void
let_signals_come (const background_t *self)
{
    sigprocmask (SIG_SETMASK, &self->mask, NULL);
}

//  A second fork: who leads a session could get a terminal again by opening one.
static void
become_child (background_t *self, int pipe)
{
    setsid ();
    if (fork () != 0)
        _exit (0);
    self->is_child = true;
    self->pid = getpid ();
    self->pipe = pipe;
    leave_terminal ();
    let_signals_come (self);
    const hello_t hello = {self->pid};
    say (pipe, &hello, sizeof hello);
}

void
background_tell (background_t *self, code_t code, const char *why)
{
    if (self->pipe < 0)
        return;
    const outcome_t outcome = {(int32_t) code};
    //  Until now paths of the command line counted from where it was typed.
    if (code == OK)
        (void) !chdir ("/");
    say (self->pipe, &outcome, sizeof outcome);
    say (self->pipe, why, strlen (why));
    close (self->pipe);
    self->pipe = -1;
}

//  ---- the parent ----------------------------------------------------------------------------------

code_t
background_fork (background_t *self, char *why, size_t why_size)
{
    int ends [2];
    *self = (background_t) {.pipe = -1};
    fflush (NULL);
    if (pipe2 (ends, O_CLOEXEC) != 0) {
        snprintf (why, why_size, "no pipe: %s", strerror (errno));
        return STORAGE;
    }
    hold_signals (self);
    const pid_t middle = fork ();
    if (middle < 0) {
        let_signals_come (self);
        snprintf (why, why_size, "no process: %s", strerror (errno));
        close (ends [0]);
        close (ends [1]);
        return STORAGE;
    }
    if (middle == 0) {
        close (ends [0]);
        become_child (self, ends [1]);
        return OK;
    }
    close (ends [1]);
    self->pipe = ends [0];
    while (waitpid (middle, NULL, 0) < 0 && errno == EINTR)
        continue;
    return OK;
}

//  Exactly so many bytes; meanwhile 'mask' is what is blocked (NULL: what is). Returns false at the end of
//  the pipe, or by a signal (errno EINTR).
static bool
hear (int pipe, void *data, size_t size, const sigset_t *mask)
{
    struct pollfd end = {pipe, POLLIN, 0};
    size_t got = 0;
    errno = 0;
    while (got < size) {
        if (ppoll (&end, 1, NULL, mask) < 0)
            return false;
        const ssize_t more = read (pipe, (char *) data + got, size - got);
        if (more <= 0)
            return false;
        got += (size_t) more;
    }
    return true;
}

static void
hear_words (int pipe, char *why, size_t why_size)
{
    size_t used = 0;
    ssize_t got;
    while (used + 1 < why_size && (got = read (pipe, why + used, why_size - 1 - used)) > 0)
        used += (size_t) got;
    why [used] = 0;
}

//  A child that has not begun to serve has nothing to bring to an end, so it may be killed.
static void
give_up (int pipe, int pid)
{
    char rest [256];
    struct pollfd end = {pipe, POLLIN, 0};
    kill (pid, SIGTERM);
    while (poll (&end, 1, GIVE_UP_MS) > 0)
        if (read (pipe, rest, sizeof rest) <= 0)
            return;
    kill (pid, SIGKILL);
}

code_t
background_wait (background_t *self, char *why, size_t why_size)
{
    hello_t hello = {0};
    outcome_t outcome = {INTERNAL};
    *why = 0;
    if (!hear (self->pipe, &hello, sizeof hello, NULL))
        hello.pid = 0;
    else if (hear (self->pipe, &outcome, sizeof outcome, &self->mask))
        hear_words (self->pipe, why, why_size);
    else if (errno == EINTR) {
        give_up (self->pipe, hello.pid);
        outcome.code = CANCELLED;
    }
    self->pid = hello.pid;
    close (self->pipe);
    self->pipe = -1;
    let_signals_come (self);
    if (!*why)
        snprintf (why, why_size, "%s", outcome.code == CANCELLED ? "the start was given up"
                                                                  : "the node ended as it started");
    return (code_t) outcome.code;
}
