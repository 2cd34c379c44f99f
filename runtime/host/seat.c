// SPDX-License-Identifier: MIT
#include "seat.h"

#include <errno.h>
#include <time.h>

#define STOP_STEP_MS 20             //  between two looks at what an actor that is to end still says

static void *
run (void *self_)
{
    seat_t *self = self_;
    shell_main (self->inner, &self->setup);
    zsock_signal (self->inner, 0);
    zsock_destroy (&self->inner);
    return NULL;
}

//  No zactor: that would wait until the thread runs, and the first message can be there before it does.
void
seat_start (seat_t *self)
{
    if (self->pipe)
        return;
    self->pipe = zsys_create_pipe (&self->inner);
    int failed = pthread_create (&self->thread, NULL, run, self);
    assert (!failed);
    watch_add (self->watches, &self->watch, zsock_resolve (self->pipe));
}

//  Waits for it a little.
static bool
has_ended (seat_t *self)
{
    struct timespec until;
    clock_gettime (CLOCK_REALTIME, &until);
    until.tv_nsec += STOP_STEP_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_timedjoin_np (self->thread, NULL, &until) != ETIMEDOUT;
}

//  Whose pipe is full waits for room in it, and does not see that it is to end.
static void
drop_what_it_said (seat_t *self)
{
    frames_t frames;
    while (frames_recv (&frames, self->watch.socket) == OK)
        frames_close (&frames);
}

void
seat_stop (seat_t *self)
{
    atomic_store (&self->mailbox.stopping, true);
    if (self->pipe) {
        //  There is always room for it; only who has ended by itself does not take it.
        zmq_send (self->watch.socket, "$TERM", 5, ZMQ_DONTWAIT);
        while (!has_ended (self))
            drop_what_it_said (self);
        zsock_destroy (&self->pipe);
    }
    frames_close (&self->held);
}

uint64_t
seat_depth_messages (const seat_t *self)
{
    return self->sent_messages
           - atomic_load_explicit (&self->mailbox.consumed_messages, memory_order_acquire);
}

uint64_t
seat_depth_bytes (const seat_t *self)
{
    return self->sent_bytes
           - atomic_load_explicit (&self->mailbox.consumed_bytes, memory_order_acquire);
}

admit_t
seat_put (seat_t *self, frames_t *frames, Ggen__Kind kind)
{
    size_t size = frames_size (frames);
    admit_t result =
        admit_message (kind, size, seat_depth_messages (self), seat_depth_bytes (self));
    if (result == ADMIT_BUSY)
        self->refused_busy++;
    if (result == ADMIT_DROP)
        self->dropped++;
    if (result != ADMIT_TAKE)
        return result;
    seat_start (self);
    watch_ready (&self->watch);
    //  Never blocks: the pipe is deeper than the mailbox.
    if (frames_send (frames, self->watch.socket, ZMQ_DONTWAIT) != 0) {
        self->dropped++;
        return ADMIT_DROP;
    }
    self->sent_messages++;
    self->sent_bytes += size;
    return ADMIT_TAKE;
}

bool
seat_waits (const seat_t *self, const seat_t *to, Ggen__Kind kind, size_t size)
{
    const mailbox_t *mailbox = &self->mailbox;
    return kind == GGEN__KIND__EVENT && size <= ADMIT_REQUESTS_BYTES_MAX
           && (actor_class_waits (self->setup.class) || actor_class_waits (to->setup.class))
           && admit_message (kind, size, seat_depth_messages (to), seat_depth_bytes (to))
                  == ADMIT_DROP
           && atomic_load (&mailbox->said_messages) - atomic_load (&mailbox->fetched_messages)
                  < SEAT_UNFETCHED_MAX;
}

void
seat_fetched (seat_t *self, size_t size)
{
    atomic_fetch_add_explicit (&self->mailbox.fetched_messages, 1, memory_order_relaxed);
    atomic_fetch_add_explicit (&self->mailbox.fetched_bytes, size, memory_order_relaxed);
}

void
seat_metrics (const seat_t *self, Ggen__ActorMetrics *metrics)
{
    const mailbox_t *mailbox = &self->mailbox;
    ggen__actor_metrics__init (metrics);
    metrics->name = (char *) self->name;
    metrics->queue_messages = (uint32_t) seat_depth_messages (self);
    metrics->queue_bytes = seat_depth_bytes (self);
    metrics->handled = atomic_load (&mailbox->handled);
    metrics->refused_busy = self->refused_busy + atomic_load (&mailbox->refused_busy);
    metrics->dropped_late = atomic_load (&mailbox->dropped_late);
    metrics->dropped = self->dropped + atomic_load (&mailbox->dropped_invalid);
    metrics->handler_us = atomic_load (&mailbox->handler_us);
    metrics->handler_max_us = atomic_load (&mailbox->handler_max_us);
    metrics->incarnation = atomic_load (&mailbox->incarnation);
    metrics->pending = atomic_load (&mailbox->pending);
}
