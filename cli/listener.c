// SPDX-License-Identifier: MIT
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define LOCK_RETRY_MS 250
#define HELLO_WAIT_MS 10000
#define PARTS 3                 //  Topic, header, body
#define LOCK_TEXT "tap %d\n"    //  What a tap, but not a node, writes into the lock

struct listener_t {
    const home_t *home;
    int lock;
    bool bound;
    int64_t tried_ms;           //  When the lock was tried last
    void *context, *socket;
    zmq_msg_t parts [PARTS];
};

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static code_t
explain (const char *path, int error, char *why, size_t why_size)
{
    snprintf (why, why_size, "%s: %s", path, zmq_strerror (error));
    return error == EACCES || error == EPERM || error == EROFS ? PERMISSION_DENIED : STORAGE;
}

//  Make the folders of 'path', a file, 0700 each.
static code_t
make_folders (const char *path, char *why, size_t why_size)
{
    char folder [HOME_PATH_MAX + 32];
    snprintf (folder, sizeof folder, "%s", path);
    for (char *slash = strchr (folder + 1, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        if (mkdir (folder, 0700) != 0 && errno != EEXIST)
            return explain (folder, errno, why, why_size);
        *slash = '/';
    }
    return OK;
}

//  ---- who binds ---------------------------------------------------------------------------------

//  The tap that holds the lock, or 0: it is a node. What a killed tap left in the lock is no sign.
static int
other_tap (const listener_t *self)
{
    char text [32] = "";
    int pid = 0;
    if (pread (self->lock, text, sizeof text - 1, 0) <= 0 || sscanf (text, LOCK_TEXT, &pid) != 1)
        return 0;
    return pid > 0 && (kill (pid, 0) == 0 || errno == EPERM) ? pid : 0;
}

//  Write into the lock who we are, for a second tap. Not being able to is no reason to fail.
static void
sign (const listener_t *self)
{
    char text [32];
    const int size = snprintf (text, sizeof text, LOCK_TEXT, (int) getpid ());
    if (ftruncate (self->lock, 0) != 0 || pwrite (self->lock, text, (size_t) size, 0) != size)
        return;
}

//  Bind the path, which the lock says is ours: what lies there was left by somebody who died.
static code_t
bind_path (listener_t *self, const char *endpoint, char *why, size_t why_size)
{
    sign (self);
    unlink (self->home->tap_path);
    const mode_t old_mask = umask (0177);
    const int rc = zmq_bind (self->socket, endpoint), error = zmq_errno ();
    umask (old_mask);
    self->bound = rc == 0;
    return rc == 0 ? OK : explain (self->home->tap_path, error, why, why_size);
}

//  Take the parts of one message; further parts, of a later version, are dropped.
static code_t
take_parts (listener_t *self, size_t *count_p)
{
    zmq_msg_t dropped;
    zmq_msg_init (&dropped);
    bool more = true;
    for (*count_p = 0; more; ++*count_p) {
        zmq_msg_t *part = *count_p < PARTS ? &self->parts [*count_p] : &dropped;
        if (zmq_msg_recv (part, self->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close (&dropped);
            return BUSY;
        }
        more = zmq_msg_more (part);
    }
    zmq_msg_close (&dropped);
    return OK;
}

//  The node that holds the lock sends it first of all. A signal ends the wait: who listens sees to it.
static code_t
await_hello (listener_t *self, char *why, size_t why_size)
{
    const int64_t end_ms = now_ms () + HELLO_WAIT_MS;
    size_t count = PARTS;
    while (count >= PARTS) {
        zmq_pollitem_t item = {self->socket, 0, ZMQ_POLLIN, 0};
        const int64_t left_ms = end_ms - now_ms ();
        const int rc = left_ms > 0 ? zmq_poll (&item, 1, (long) left_ms) : 0;
        if (rc < 0)
            return OK;
        if (rc == 0) {
            snprintf (why, why_size, "%s: the node of this home does not answer", self->home->tap_path);
            return STORAGE;
        }
        if (take_parts (self, &count) != OK)
            count = PARTS;
    }
    return OK;
}

static void
make_endpoint (const listener_t *self, char endpoint [HOME_PATH_MAX + 64])
{
    snprintf (endpoint, HOME_PATH_MAX + 64, "ipc://%s", self->home->tap_path);
}

static code_t
bind_or_connect (listener_t *self, char *why, size_t why_size)
{
    char endpoint [HOME_PATH_MAX + 64];
    make_endpoint (self, endpoint);
    self->tried_ms = now_ms ();
    if (flock (self->lock, LOCK_EX | LOCK_NB) == 0)
        return bind_path (self, endpoint, why, why_size);
    const int pid = other_tap (self);
    if (pid > 0) {
        snprintf (why, why_size, "another tap watches this home (pid %d)", pid);
        return ALREADY_EXISTS;
    }
    if (zmq_connect (self->socket, endpoint) == 0)
        return await_hello (self, why, why_size);
    return explain (self->home->tap_path, zmq_errno (), why, why_size);
}

//  The node we are connected to may have ended. Failing is no harm: it is tried again.
static void
replace_node (listener_t *self)
{
    char endpoint [HOME_PATH_MAX + 64], why [256];
    self->tried_ms = now_ms ();
    if (flock (self->lock, LOCK_EX | LOCK_NB) != 0)
        return;
    make_endpoint (self, endpoint);
    zmq_disconnect (self->socket, endpoint);
    if (bind_path (self, endpoint, why, sizeof why) == OK)
        return;
    flock (self->lock, LOCK_UN);
    zmq_connect (self->socket, endpoint);
}

//  ---- life --------------------------------------------------------------------------------------

static code_t
open_socket (listener_t *self, char *why, size_t why_size)
{
    const int messages_max = LISTENER_MESSAGES_MAX, none = 0;
    self->context = zmq_ctx_new ();
    self->socket = self->context ? zmq_socket (self->context, ZMQ_SUB) : NULL;
    if (!self->socket)
        return explain ("ZeroMQ", zmq_errno (), why, why_size);
    zmq_setsockopt (self->socket, ZMQ_RCVHWM, &messages_max, sizeof messages_max);
    zmq_setsockopt (self->socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt (self->socket, ZMQ_SUBSCRIBE, "", 0);
    zmq_setsockopt (self->socket, ZMQ_SUBSCRIBE, HOME_TAP_HELLO, strlen (HOME_TAP_HELLO));
    return OK;
}

code_t
listener_new (listener_t **self_p, const home_t *home, char *why, size_t why_size)
{
    listener_t *self = calloc (1, sizeof *self);
    *self_p = NULL;
    if (!self)
        return explain (home->tap_path, ENOMEM, why, why_size);
    self->home = home;
    for (size_t at = 0; at < PARTS; at++)
        zmq_msg_init (&self->parts [at]);
    self->lock = -1;
    code_t code = make_folders (home->tap_lock_path, why, why_size);
    if (code == OK) {
        self->lock = open (home->tap_lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        code = self->lock < 0 ? explain (home->tap_lock_path, errno, why, why_size) : OK;
    }
    if (code == OK)
        code = open_socket (self, why, why_size);
    if (code == OK)
        code = bind_or_connect (self, why, why_size);
    if (code != OK)
        listener_destroy (&self);
    *self_p = self;
    return code;
}

void
listener_destroy (listener_t **self_p)
{
    listener_t *self = *self_p;
    if (!self)
        return;
    for (size_t at = 0; at < PARTS; at++)
        zmq_msg_close (&self->parts [at]);
    if (self->socket)
        zmq_close (self->socket);
    if (self->context)
        while (zmq_ctx_term (self->context) != 0 && zmq_errno () == EINTR);
    //  ZeroMQ leaves the path; it is ours until the lock goes.
    if (self->bound && (unlink (self->home->tap_path) != 0 || ftruncate (self->lock, 0) != 0))
        self->bound = false;
    if (self->lock >= 0)
        close (self->lock);
    free (self);
    *self_p = NULL;
}

//  ---- hearing -----------------------------------------------------------------------------------

static bytes_t
bytes_of (zmq_msg_t *part)
{
    return (bytes_t) {zmq_msg_data (part), zmq_msg_size (part)};
}

code_t
listener_hear (listener_t *self, heard_t *heard, int timeout_ms)
{
    if (!self->bound && now_ms () - self->tried_ms >= LOCK_RETRY_MS)
        replace_node (self);
    const int wait_ms = self->bound || timeout_ms < LOCK_RETRY_MS ? timeout_ms : LOCK_RETRY_MS;
    zmq_pollitem_t item = {self->socket, 0, ZMQ_POLLIN, 0};
    size_t count;
    if (timeout_ms > 0 && zmq_poll (&item, 1, wait_ms) <= 0)
        return BUSY;
    if (take_parts (self, &count) != OK || count < PARTS)
        return BUSY;
    *heard = (heard_t) {bytes_of (&self->parts [0]), bytes_of (&self->parts [1]),
                        bytes_of (&self->parts [2])};
    return OK;
}
