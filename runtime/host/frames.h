// SPDX-License-Identifier: MIT
//  A message as ZeroMQ frames: what clients of the bus speak, on ipc and inproc alike. Towards the
//  bus [address][envelope][body][attachment]; from the bus without the address. Inside the
//  process the first three are one (packet.h), carried by the same functions.
#ifndef GGEN_FRAMES_H
#define GGEN_FRAMES_H

#include "runtime/actor/actor.h"
#include "node.pb-c.h"

#include <zmq.h>

#define FRAMES_MAX 5

typedef struct {
    zmq_msg_t part[FRAMES_MAX];
    unsigned count;
} frames_t;

//  Receive one whole message without waiting. 'socket' is a raw ZeroMQ socket.
//  OK          all frames are in *self; frames_close them.
//  BUSY        nothing there.
//  VALIDATION  more than FRAMES_MAX frames: read to its end and dropped.
//  NETWORK     the socket or the context is gone.
must_use code_t frames_recv (frames_t *self, void *socket);

//  The same, waiting for it as long as the socket's ZMQ_RCVTIMEO says (BUSY then).
must_use code_t frames_wait (frames_t *self, void *socket);

//  Send all parts, which are then empty, without waiting when 'flags' has ZMQ_DONTWAIT. Returns 0,
//  or the errno of the first frame; then nothing was sent and the frames are still there.
int frames_send (frames_t *self, void *socket, int flags);

//  Free what is left; safe to call twice.
void frames_close (frames_t *self);

//  Build [address][envelope][body][attachment] of a parcel; the attachment is taken without a copy.
void frames_pack (frames_t *self, const parcel_t *parcel);

//  The bytes of part 'at', empty when there is no such part.
bytes_t frames_bytes (frames_t *self, unsigned at);

//  Sum of the sizes of all parts: what a mailbox is charged.
size_t frames_size (const frames_t *self);

#endif
