// SPDX-License-Identifier: MIT
//  Who may connect, as ZeroMQ asks it (RFC 27, ZAP): anybody who proves an X25519 key. The key, in hex,
//  becomes the User-Id of every frame of that connection; whose it is and whether that peer is
//  wanted is for swarm to say. CURVE fails open where nobody answers ZAP, so this is made before any
//  socket is bound.
#ifndef GGEN_ZAP_IO_H
#define GGEN_ZAP_IO_H

#include "base.h"

//  The socket to wait for and to hand to zap_answer; NULL: it cannot be made. There is one in a
//  context: where another one answers already, *taken becomes true.
void *zap_open (void *context, bool *taken);

//  Frees the name at once: closing the socket alone frees it some time later. NULL is fine.
void zap_close (void **socket_p);

//  Answer the requests that have come, at most 'max'.
void zap_answer (void *socket, unsigned max);

#endif
