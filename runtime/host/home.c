// SPDX-License-Identifier: MIT
#include "home.h"

#include "clock.h"
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_ATTEMPTS    3
#define WAIT_ATTEMPT_MS  5000
#define WAIT_STEP_MS     20

code_t
home_init (home_t *self, const char *dir)
{
    memset (self, 0, sizeof *self);
    self->lock = -1;
    if (strlen (dir) >= sizeof self->dir)
        return VALIDATION;
    strcpy (self->dir, dir);
    snprintf (self->bus_path, sizeof self->bus_path, "%s/run/bus.ipc", dir);
    snprintf (self->tap_path, sizeof self->tap_path, "%s/run/tap.ipc", dir);
    snprintf (self->tap_lock_path, sizeof self->tap_lock_path, "%s/run/tap.lock", dir);
    snprintf (self->lock_path, sizeof self->lock_path, "%s/run/node.lock", dir);
    snprintf (self->pid_path, sizeof self->pid_path, "%s/run/node.pid", dir);
    snprintf (self->log_path, sizeof self->log_path, "%s/run/node.log", dir);
    return OK;
}

bool
home_socket_alive (const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen (path) >= sizeof address.sun_path)
        return false;
    //  As a rule nobody has ever listened there, and that is known sooner.
    if (access (path, F_OK) != 0)
        return false;
    strcpy (address.sun_path, path);
    int probe = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return false;
    bool alive = connect (probe, (struct sockaddr *) &address, sizeof address) == 0;
    close (probe);
    return alive;
}

static code_t
explain (const char *path, char *why, size_t why_size)
{
    code_t code = private_file_explain (path, why, why_size);
    return code == ALREADY_EXISTS ? STORAGE : code;
}

//  What will be durable in a new directory is lost with the directory's name. A parent that may not
//  be read cannot be synced, and is no reason to fail.
static void
sync_name (const char *path)
{
    char why[2 * HOME_PATH_MAX];
    code_t code = private_file_sync_dir (path, why, sizeof why);
    (void) code;
}

//  mkdir -p, every new directory 0700.
static code_t
make_dirs (const char *dir, char *why, size_t why_size)
{
    char path[HOME_PATH_MAX + 32];
    snprintf (path, sizeof path, "%s/run", dir);
    for (char *slash = strchr (path + 1, '/');; slash = strchr (slash + 1, '/')) {
        if (slash)
            *slash = 0;
        struct stat info;
        bool made = mkdir (path, 0700) == 0;
        if (!made && (errno != EEXIST || stat (path, &info) != 0))
            return explain (path, why, why_size);
        if (made)
            sync_name (path);
        if (!slash)
            return OK;
        *slash = '/';
    }
}

static int
holder_of (int lock)
{
    char text[16] = "";
    ssize_t size = pread (lock, text, sizeof text - 1, 0);
    return size > 0 ? atoi (text) : 0;
}

//  For whoever waits for us: who we are. Not being able to say so is no reason to fail.
static void
sign (int lock)
{
    char text[16];
    int size = snprintf (text, sizeof text, "%d\n", (int) getpid ());
    if (ftruncate (lock, 0) != 0 || pwrite (lock, text, (size_t) size, 0) != size)
        return;
}

static code_t
open_lock (home_t *self, home_need_t need, char *why, size_t why_size)
{
    if (need != HOME_READ) {
        code_t code = make_dirs (self->dir, why, why_size);
        if (code)
            return code;
        self->lock = open (self->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        return self->lock < 0 ? explain (self->lock_path, why, why_size) : OK;
    }
    self->lock = open (self->lock_path, O_RDONLY | O_CLOEXEC);
    return OK;
}

//  Try until 'until_ms'. OK, LOCK_TIMEOUT, or ALREADY_EXISTS when a node answers instead.
static code_t
try_lock (home_t *self, int operation, int64_t until_ms)
{
    for (;;) {
        if (flock (self->lock, operation | LOCK_NB) == 0)
            return OK;
        if (home_socket_alive (self->bus_path))
            return ALREADY_EXISTS;
        if (clock_ms () >= until_ms)
            return LOCK_TIMEOUT;
        poll (NULL, 0, WAIT_STEP_MS);
    }
}

code_t
home_enter (home_t *self, home_need_t need, home_waiting_fn *waiting, void *context,
            home_result_t *result_p, int *pid_p, char *why, size_t why_size)
{
    *result_p = HOME_OURS;
    *pid_p = 0;
    code_t code = open_lock (self, need, why, why_size);
    if (code || self->lock < 0)
        return code;
    int operation = need == HOME_READ ? LOCK_SH : LOCK_EX;
    //  The first moments pass unsaid: most locks are held for milliseconds.
    code = try_lock (self, operation, clock_ms () + 200);
    for (unsigned attempt = 1; code == LOCK_TIMEOUT && attempt <= WAIT_ATTEMPTS; attempt++) {
        *pid_p = holder_of (self->lock);
        if (waiting)
            waiting (context, attempt, WAIT_ATTEMPTS, *pid_p);
        code = try_lock (self, operation, clock_ms () + WAIT_ATTEMPT_MS);
    }
    if (code == OK) {
        if (need != HOME_READ)
            sign (self->lock);
        return OK;
    }
    *pid_p = holder_of (self->lock);
    home_leave (self);
    if (code == ALREADY_EXISTS && need != HOME_DAEMON) {
        *result_p = HOME_ATTACH;
        return OK;
    }
    snprintf (why, why_size, "%s is held by process %d", self->lock_path, *pid_p);
    return code;
}

void
home_write_pid (home_t *self)
{
    //  By rename: who reads it sees all of the number.
    char path[sizeof self->pid_path + 8];
    snprintf (path, sizeof path, "%s.new", self->pid_path);
    int file = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    sign (file);
    close (file);
    self->has_pid = rename (path, self->pid_path) == 0;
}

void
home_leave (home_t *self)
{
    if (self->has_pid)
        unlink (self->pid_path);
    self->has_pid = false;
    if (self->lock >= 0)
        close (self->lock);
    self->lock = -1;
}
