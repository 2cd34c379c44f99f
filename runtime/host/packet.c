// SPDX-License-Identifier: MIT
#include "packet.h"

#include "runtime/actor/envelope.h"

#include <string.h>

//  All but address, envelope and body: their lengths and the NUL.
#define FRAMING_BYTES 4u

_Static_assert(ADDRESS_MAX <= UINT8_MAX, "its length has 8 bits");

//  Write all in front of a body of 'body_size' bytes; *body is where that goes.
static code_t
start (frames_t *frames, const char *to, const Ggen__Envelope *envelope, size_t body_size,
       uint8_t **body)
{
    size_t to_size = strlen (to), head_size = envelope_size (envelope);
    frames->count = 0;
    if (to_size == 0 || to_size > ADDRESS_MAX || head_size > PACKET_ENVELOPE_MAX)
        return VALIDATION;
    if (zmq_msg_init_size (&frames->part[0], FRAMING_BYTES + to_size + head_size + body_size))
        return BUSY;
    frames->count = 1;
    uint8_t *end = zmq_msg_data (&frames->part[0]);
    *end++ = (uint8_t) to_size;
    memcpy (end, to, to_size + 1);
    end += to_size + 1;
    *end++ = (uint8_t) head_size;
    *end++ = (uint8_t) (head_size >> 8);
    *body = end + envelope_pack (envelope, end);
    return OK;
}

code_t
packet_pack (frames_t *frames, const parcel_t *parcel)
{
    uint8_t *body;
    code_t code =
        start (frames, parcel->to, parcel->envelope, parcel_body_size (parcel), &body);
    if (code == OK)
        parcel_body_write (parcel, body);
    if (!parcel->attachment)
        return code;
    if (code == OK
        && zmq_msg_init_data (&frames->part[1], parcel->attachment, parcel->attachment_size,
                              parcel->free_attachment, parcel->hint)
               == 0) {
        frames->count = 2;
        return OK;
    }
    frames_close (frames);
    parcel->free_attachment (parcel->attachment, parcel->hint);
    return code ? code : BUSY;
}

code_t
packet_wrap (frames_t *frames, const char *to, const Ggen__Envelope *envelope, bytes_t body,
             zmq_msg_t *attachment)
{
    uint8_t *end;
    code_t code = start (frames, to, envelope, body.size, &end);
    if (code)
        return code;
    if (body.size > 0)
        memcpy (end, body.data, body.size);
    if (attachment) {
        zmq_msg_init (&frames->part[1]);
        zmq_msg_move (&frames->part[1], attachment);
        frames->count = 2;
    }
    return OK;
}

//  Take 'size' bytes off the front.
static bool
take (bytes_t *rest, size_t size, bytes_t *part)
{
    if (size > rest->size)
        return false;
    *part = (bytes_t) {rest->data, size};
    rest->data += size;
    rest->size -= size;
    return true;
}

bool
packet_read (packet_t *self, frames_t *frames)
{
    bytes_t rest = frames_bytes (frames, 0), length, address;
    if (frames->count == 0 || frames->count > 2 || !take (&rest, 1, &length))
        return false;
    size_t size = length.data[0];
    if (size == 0 || size > ADDRESS_MAX || !take (&rest, size + 1, &address)
        || memchr (address.data, 0, size + 1) != address.data + size || !take (&rest, 2, &length))
        return false;
    size = (size_t) length.data[0] | (size_t) length.data[1] << 8;
    if (!take (&rest, size, &self->envelope))
        return false;
    self->address = (const char *) address.data;
    self->body = rest;
    self->attachment = frames_bytes (frames, 1);
    return true;
}
