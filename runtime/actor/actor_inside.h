// SPDX-License-Identifier: MIT
//  What actor.c and out.c share; nobody else includes it.
#ifndef GGEN_ACTOR_INSIDE_H
#define GGEN_ACTOR_INSIDE_H

#include "out.h"
#include "pending.h"
#include "tickets.h"
#include "wire.h"

//  After a cancel, how long those we asked may take to wind down.
#define WIND_DOWN_MS 10000

struct out_t {
    char name[ADDRESS_MAX + 1];
    uint32_t epoch;
    port_t port;
    tickets_t *tickets;
    pending_t *pending;
    int64_t now_ms;
    int64_t wall_ms;
    uint64_t trace;             //  of the message being handled
};

//  The asker no longer wants it, or its time has passed: cancel what was asked for it. Returns
//  true when something is still being asked for it, so that its end will come by itself.
bool out_cancel_children (out_t *self, ticket_t ticket);

#endif
