// SPDX-License-Identifier: MIT
#include "watch.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <zmq.h>

void
watch_add (watch_set_t *self, watch_t *watch, void *socket)
{
    size_t size = sizeof watch->fd;
    *watch = (watch_t) {.socket = socket, .fd = -1, .ready = true};
    zmq_getsockopt (socket, ZMQ_FD, &watch->fd, &size);
    if (!self)
        return;
    assert (self->count < WATCHES_MAX);
    self->watches[self->count++] = watch;
}

void
watch_remove (watch_set_t *self, const watch_t *watch)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->watches[i] == watch) {
            self->watches[i] = self->watches[--self->count];
            return;
        }
}

void
watch_wait (watch_set_t *self, long timeout_ms)
{
    bool ready = false;
    for (unsigned i = 0; i < self->count; i++)
        ready |= self->watches[i]->ready;
    self->hurried = ready && !self->hurried;
    if (self->hurried)
        return;
    struct pollfd fds[WATCHES_MAX];
    for (unsigned i = 0; i < self->count; i++)
        fds[i] = (struct pollfd) {self->watches[i]->fd, POLLIN, 0};
    int wait_ms = ready ? 0 : timeout_ms > INT_MAX ? INT_MAX : (int) timeout_ms;
    if (poll (fds, self->count, wait_ms) <= 0)
        return;
    for (unsigned i = 0; i < self->count; i++)
        if (fds[i].revents)
            self->watches[i]->ready = true;
}
