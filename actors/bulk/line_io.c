// SPDX-License-Identifier: MIT
#include "line_io.h"

#include "bulk_io.h"
#include "runtime/actor/deadlines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct line_queue {
    line_queue_t *next;
    size_t size, sent;
    uint8_t bytes[];
};

line_t *
line_new (int fd, line_state_t state, int64_t now_ms)
{
    line_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->fd = fd;
    self->state = state;
    self->made_ms = self->used_ms = now_ms;
    return self;
}

void
line_destroy (line_t **self_p)
{
    line_t *self = *self_p;
    if (!self)
        return;
    while (self->first) {
        line_queue_t *first = self->first;
        self->first = first->next;
        free (first);
    }
    seals_clear (&self->seals);
    free (self->record);
    close (self->fd);
    free (self);
    *self_p = NULL;
}

//  ---- in ------------------------------------------------------------------------------------------

code_t
line_take (line_t *self, uint8_t *bytes, size_t size)
{
    ssize_t got = recv (self->fd, bytes + self->have, size - self->have, 0);
    if (got == 0)
        return NETWORK;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? BUSY : NETWORK;
    self->have += (size_t) got;
    if (self->have < size)
        return BUSY;
    self->have = 0;
    return OK;
}

//  ---- out -----------------------------------------------------------------------------------------

code_t
line_say (line_t *self, const uint8_t *bytes, size_t size)
{
    return send (self->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t) size ? OK : NETWORK;
}

code_t
line_flush (line_t *self, int64_t now_ms)
{
    while (self->first) {
        line_queue_t *first = self->first;
        ssize_t sent =
            send (self->fd, first->bytes + first->sent, first->size - first->sent, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR ? OK : NETWORK;
        self->moved_ms = now_ms;
        first->sent += (size_t) sent;
        self->queued_bytes -= (size_t) sent;
        if (first->sent < first->size)
            return OK;
        self->first = first->next;
        self->used_ms = now_ms;
        free (first);
    }
    self->last = NULL;
    return OK;
}

code_t
line_send (line_t *self, const bulk_record_t *record, int64_t now_ms)
{
    const size_t size = bulk_record_size (record);
    line_queue_t *waiting = self->queued_bytes + size <= BULK_QUEUE_BYTES_MAX
                                ? malloc (sizeof *waiting + size)
                                : NULL;
    if (!waiting)
        return BUSY;
    waiting->next = NULL;
    waiting->size = size;
    waiting->sent = 0;
    if (bulk_record_write (record, self->seals.closes, waiting->bytes) != OK) {
        free (waiting);
        return SECURITY;
    }
    const bool alone = !self->first;
    if (alone) {
        self->first = waiting;
        self->moved_ms = now_ms;
    } else
        self->last->next = waiting;
    self->last = waiting;
    self->queued_bytes += size;
    self->used_ms = now_ms;
    return alone ? line_flush (self, now_ms) : OK;
}

//  ---- time ----------------------------------------------------------------------------------------

int64_t
line_due_ms (const line_t *self)
{
    if (self->state != LINE_UP)
        return self->made_ms + (self->state == LINE_WAITING ? BULK_OPENING_MS : BULK_DIAL_MS);
    if (!self->record && !self->first)
        return self->used_ms + BULK_IDLE_MS;
    int64_t due_ms = self->record ? self->begun_ms + BULK_RECORD_MS : DEADLINE_NEVER;
    if (self->first && self->moved_ms + BULK_STALL_MS < due_ms)
        due_ms = self->moved_ms + BULK_STALL_MS;
    return due_ms;
}
