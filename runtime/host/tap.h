// SPDX-License-Identifier: MIT
//  The tap: a copy of every message on the bus, published for whoever listens (SPEC 10).
//  Who subscribes to HOME_TAP_HELLO (home.h), too, is told when the tap has heard of it.
//  Frames: [type][TapHeader][body]; an attachment appears as its size and digest only.
//  Nobody listening costs one comparison a message. Lossy by contract: a slow listener loses
//  messages and sees it by the gap in the sequence.
#ifndef GGEN_TAP_H
#define GGEN_TAP_H

#include "packet.h"

typedef struct tap_t tap_t;

//  A tap that publishes on the ipc path 'path'. With 'bind', the path is ours (the caller holds
//  the tap's lock); without, somebody else listens there and we connect and wait, at most a second,
//  until the listener is there. NULL: the path does not work as an endpoint.
tap_t *tap_new (const char *path, bool bind);
void tap_destroy (tap_t **self_p);

//  The raw socket to poll for subscriptions, and what to do when it is readable.
void *tap_socket (tap_t *self);
void tap_subscriptions (tap_t *self);

//  True when somebody listens.
bool tap_wanted (const tap_t *self);

//  Publish a copy of a message: [type][TapHeader][body].
void tap_publish (tap_t *self, const packet_t *packet);

uint64_t tap_sequence (const tap_t *self);

#endif
