// SPDX-License-Identifier: MIT
//  Waiting for many ZeroMQ sockets at once: one poll(2) over their ZMQ_FDs. zmq_poll costs two
//  system calls a socket each time; this costs one for all. The price is a rule: such a descriptor
//  tells of changes only, and sending consumes what it told. So a socket counts as ready until a
//  receive found it empty (watch_empty), and again after each send (watch_ready).
#ifndef GGEN_WATCH_H
#define GGEN_WATCH_H

#include "base.h"

#define WATCHES_MAX 40

typedef struct {
    void *socket;               //  raw ZeroMQ socket
    int fd;
    bool ready;                 //  there may be something to receive
} watch_t;

typedef struct {
    watch_t *watches[WATCHES_MAX];
    unsigned count;
    bool hurried;               //  the last wait did not look at the descriptors
} watch_set_t;

//  Watch a socket from now on; it is ready. '*watch' stays where it is until it is removed.
//  'self' may be NULL: nobody waits for this one.
void watch_add (watch_set_t *self, watch_t *watch, void *socket);
void watch_remove (watch_set_t *self, const watch_t *watch);

//  A message was sent there, or received and there may be more; a receive found nothing.
static inline void
watch_ready (watch_t *self)
{
    self->ready = true;
}

static inline void
watch_empty (watch_t *self)
{
    self->ready = false;
}

//  Wait until one is ready, at most 'timeout_ms' (-1 = for ever). Returns at once when one is
//  already; every second time without a look at the others, so that none starves.
void watch_wait (watch_set_t *self, long timeout_ms);

#endif
