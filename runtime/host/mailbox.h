// SPDX-License-Identifier: MIT
//  What the bus and an actor's shell share: how much the bus has put in, how much the shell has
//  taken out. Their difference is the depth of the mailbox, for the bound and for the metrics.
#ifndef GGEN_MAILBOX_H
#define GGEN_MAILBOX_H

#include "runtime/actor/actor.h"

#include <stdatomic.h>

typedef struct {
    //  Written by the shell, read by the bus.
    _Atomic uint64_t consumed_messages;
    _Atomic uint64_t consumed_bytes;
    _Atomic uint64_t handled;
    _Atomic uint64_t refused_busy;
    _Atomic uint64_t dropped_late;
    _Atomic uint64_t dropped_invalid;
    _Atomic uint64_t handler_us;
    _Atomic uint64_t handler_max_us;
    _Atomic uint32_t incarnation;
    _Atomic uint32_t pending;
    //  What the actor has said, written by the shell, and how much of that the bus has fetched: their
    //  difference is still on its way.
    _Atomic uint64_t said_messages;
    _Atomic uint64_t said_bytes;
    _Atomic uint64_t fetched_messages;
    _Atomic uint64_t fetched_bytes;
    //  Written by the bus: what is still queued need not be handled.
    _Atomic bool stopping;
} mailbox_t;

#endif
