// SPDX-License-Identifier: MIT
#include "frames.h"

#include "handover.h"

#include <errno.h>
#include <string.h>

static void
skip_rest (void *socket)
{
    zmq_msg_t part;
    int more = 1;
    while (more) {
        zmq_msg_init (&part);
        more = zmq_msg_recv (&part, socket, 0) >= 0 && zmq_msg_more (&part);
        zmq_msg_close (&part);
    }
}

static code_t
receive (frames_t *self, void *socket, int flags)
{
    self->count = 0;
    int more = 1;
    while (more) {
        if (self->count == FRAMES_MAX) {
            skip_rest (socket);
            frames_close (self);
            return VALIDATION;
        }
        zmq_msg_t *part = &self->part[self->count];
        zmq_msg_init (part);
        //  Only the first frame can be missing: ZeroMQ delivers whole messages.
        while (zmq_msg_recv (part, socket, self->count == 0 ? flags : 0) < 0) {
            if (errno == EINTR)
                continue;
            code_t code = errno == EAGAIN ? BUSY : NETWORK;
            zmq_msg_close (part);
            frames_close (self);
            return code;
        }
        handover_take (zmq_msg_data (part));
        more = zmq_msg_more (part);
        self->count++;
    }
    return OK;
}

code_t
frames_recv (frames_t *self, void *socket)
{
    return receive (self, socket, ZMQ_DONTWAIT);
}

code_t
frames_wait (frames_t *self, void *socket)
{
    return receive (self, socket, 0);
}

int
frames_send (frames_t *self, void *socket, int flags)
{
    for (unsigned i = 0; i < self->count; i++) {
        int more = i + 1 < self->count ? ZMQ_SNDMORE : 0;
        handover_give (zmq_msg_data (&self->part[i]));
        while (zmq_msg_send (&self->part[i], socket, flags | more) < 0)
            if (errno != EINTR)
                return errno;
    }
    self->count = 0;                    //  ZeroMQ has emptied them
    return 0;
}

void
frames_close (frames_t *self)
{
    for (unsigned i = 0; i < self->count; i++)
        zmq_msg_close (&self->part[i]);
    self->count = 0;
}

static zmq_msg_t *
add_part (frames_t *self, size_t size)
{
    zmq_msg_t *part = &self->part[self->count++];
    if (zmq_msg_init_size (part, size) != 0)
        zmq_msg_init (part);
    return part;
}

static void
add_packed (frames_t *self, const ProtobufCMessage *message)
{
    size_t size = message ? protobuf_c_message_get_packed_size (message) : 0;
    zmq_msg_t *part = add_part (self, size);
    if (size > 0 && zmq_msg_size (part) == size)
        protobuf_c_message_pack (message, zmq_msg_data (part));
}

void
frames_pack (frames_t *self, const parcel_t *parcel)
{
    self->count = 0;
    size_t size = strlen (parcel->to);
    zmq_msg_t *address = add_part (self, size);
    memcpy (zmq_msg_data (address), parcel->to, zmq_msg_size (address));
    add_packed (self, &parcel->envelope->base);
    add_packed (self, parcel->body);
    if (!parcel->attachment)
        return;
    zmq_msg_t *attachment = &self->part[self->count++];
    if (zmq_msg_init_data (attachment, parcel->attachment, parcel->attachment_size,
                           parcel->free_attachment, parcel->hint)
        != 0) {
        parcel->free_attachment (parcel->attachment, parcel->hint);
        zmq_msg_init (attachment);
    }
}

bytes_t
frames_bytes (frames_t *self, unsigned at)
{
    if (at >= self->count)
        return (bytes_t) {NULL, 0};
    return (bytes_t) {zmq_msg_data (&self->part[at]), zmq_msg_size (&self->part[at])};
}

size_t
frames_size (const frames_t *self)
{
    size_t size = 0;
    for (unsigned i = 0; i < self->count; i++)
        size += zmq_msg_size (&self->part[i]);
    return size;
}
