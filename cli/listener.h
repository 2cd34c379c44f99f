// SPDX-License-Identifier: MIT
//  The listening end of a home's tap: a ZeroMQ SUB socket. Who holds run/tap.lock binds the tap's
//  path: a node that runs here, and we connect to it; else we do, and nodes and other ggen commands
//  connect to us. When that node ends its lock is free, and we take its place.
#ifndef GGEN_LISTENER_H
#define GGEN_LISTENER_H

#include "runtime/host/home.h"

//  Messages kept for a reader that is slower than the bus; those beyond are lost.
#define LISTENER_MESSAGES_MAX 10000

typedef struct listener_t listener_t;

//  Listen on the tap of 'home' (borrowed), whose run/ is created if need be.
//  OK                 *self_p listens: whatever the node there sends from now on is heard. (Or a signal
//                     came before that was sure.)
//  ALREADY_EXISTS     another tap listens there; 'why' has its pid
//  PERMISSION_DENIED  the home may not be written; 'why' has path and reason
//  STORAGE            anything else, such as a node that does not answer; 'why' as well
must_use code_t
    listener_new (listener_t **self_p, const home_t *home, char *why, size_t why_size);

//  Stop listening; the path is removed if it is ours.
void
    listener_destroy (listener_t **self_p);

//  One message as the tap sent it, borrowed until the next call.
typedef struct {
    bytes_t topic, header, body;
} heard_t;

//  Wait at most 'timeout_ms' for a message; 0 = take only one that is there. Signals end the wait.
//  OK        *heard is one
//  BUSY      none
must_use code_t
    listener_hear (listener_t *self, heard_t *heard, int timeout_ms);

#endif
