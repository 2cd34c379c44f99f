// SPDX-License-Identifier: MIT
#include "seat.h"

void
seat_start (seat_t *self)
{
    if (!self->actor)
        self->actor = zactor_new (shell_main, &self->setup);
}

void
seat_stop (seat_t *self)
{
    atomic_store (&self->mailbox.stopping, true);
    zactor_destroy (&self->actor);
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

//  Whether a message of this kind fits. Replies always do by number, because an actor waits for
//  fewer of them than the room kept; one that nobody waits for may be lost.
static seat_result_t
admit (const seat_t *self, size_t size, Ggen__Kind kind)
{
    uint64_t messages = seat_depth_messages (self);
    uint64_t bytes = seat_depth_bytes (self) + size;
    switch (kind) {
    case GGEN__KIND__REQUEST:
        return messages < SEAT_REQUESTS_MAX && bytes <= SEAT_REQUESTS_BYTES_MAX ? SEAT_TAKEN
                                                                                : SEAT_BUSY;
    case GGEN__KIND__EVENT:
    case GGEN__KIND__PROGRESS:
        return messages < SEAT_REQUESTS_MAX && bytes <= SEAT_REQUESTS_BYTES_MAX ? SEAT_TAKEN
                                                                                : SEAT_DROPPED;
    case GGEN__KIND__CANCEL:
        return messages < SEAT_CANCELS_MAX ? SEAT_TAKEN : SEAT_DROPPED;
    case GGEN__KIND__GONE:
        return messages < SEAT_GONE_MAX ? SEAT_TAKEN : SEAT_DROPPED;
    case GGEN__KIND__REPLY:
        if (messages >= MAILBOX_MESSAGES_MAX)
            return SEAT_DROPPED;
        return bytes <= MAILBOX_BYTES_MAX ? SEAT_TAKEN : SEAT_STRIPPED;
    default:
        return SEAT_DROPPED;
    }
}

seat_result_t
seat_put (seat_t *self, frames_t *frames, unsigned first, Ggen__Kind kind)
{
    size_t size = frames_size (frames, first);
    seat_result_t result = admit (self, size, kind);
    if (result == SEAT_BUSY)
        self->refused_busy++;
    if (result == SEAT_DROPPED)
        self->dropped++;
    if (result != SEAT_TAKEN)
        return result;
    seat_start (self);
    //  Never blocks: the pipe is deeper than the mailbox.
    if (frames_send (frames, first, zsock_resolve (self->actor), ZMQ_DONTWAIT) != 0) {
        self->dropped++;
        return SEAT_DROPPED;
    }
    self->sent_messages++;
    self->sent_bytes += size;
    return SEAT_TAKEN;
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
