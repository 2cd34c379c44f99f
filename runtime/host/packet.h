// SPDX-License-Identifier: MIT
//  A message inside the process: one ZeroMQ part, and a second when it has an attachment.
//
//      [u8 address length][address][NUL][u16 envelope length, little-endian][envelope][body]
//
//  One part costs one allocation and one passage of a queue where four cost four; the bus moves
//  it without looking behind the envelope. Clients speak frames (frames.h): the bus turns one
//  into the other at its ROUTER, and takes nothing from them on trust.
#ifndef GGEN_PACKET_H
#define GGEN_PACKET_H

#include "frames.h"

//  Longest envelope.
#define PACKET_ENVELOPE_MAX UINT16_MAX

//  A message as it was read in place: all borrowed from its frames as long as these are neither
//  moved, sent nor closed.
typedef struct {
    const char *address;        //  1 .. ADDRESS_MAX bytes and a NUL
    bytes_t envelope;
    bytes_t body;               //  may be empty, and is not aligned
    bytes_t attachment;         //  data is NULL without
} packet_t;

//  Build the packet of a parcel. The attachment is taken without a copy, and freed at an error.
//  OK          frames_send or frames_close the frames.
//  VALIDATION  the address is empty or longer than ADDRESS_MAX, or the envelope is longer than
//              PACKET_ENVELOPE_MAX; 'frames' is empty.
//  BUSY        out of memory; 'frames' is empty.
must_use code_t packet_pack (frames_t *frames, const parcel_t *parcel);

//  The same with a body that is packed already (copied), and an attachment that is moved out of
//  '*attachment' (NULL = none); at an error it stays there.
must_use code_t packet_wrap (frames_t *frames, const char *to, const Ggen__Envelope *envelope,
                             bytes_t body, zmq_msg_t *attachment);

//  Read a packet in place. Returns false when it is none: too many parts, a length beyond the
//  end, an address that is empty, too long, without its NUL or with another.
bool packet_read (packet_t *self, frames_t *frames);

#endif
