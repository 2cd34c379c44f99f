// SPDX-License-Identifier: MIT
//  Heartbeats of links, in place of ZeroMQ's: after a while without a message a link says one of two empty
//  frames, which means nothing; of whom nothing has come for LINK_SILENCES such times there is no more. What
//  lies unread with us is no silence: before the verdict all that has come is read.
#ifndef GGEN_LINK_PULSE_IO_H
#define GGEN_LINK_PULSE_IO_H

#include "actors/swarm/link_ends_io.h"

//  Until what came before a verdict has been read.
#define PULSE_AGAIN_MS 50

typedef struct {
    uint32_t every_ms;
    int64_t drained_ms[WIRES_SIDES];    //  when nothing was left to read
} pulse_t;

typedef enum {
    PULSE_GOOD,
    PULSE_SAY,                          //  something has to be said
    PULSE_READ,                         //  first all that has come is to be read; then ask again
    PULSE_LOST                          //  it is silent
} pulse_verdict_t;

//  'every_ms': 0 = LINK_HEARTBEAT_MS.
void pulse_init (pulse_t *self, uint32_t every_ms);

//  It is up from now on.
void pulse_begin (end_t *end, int64_t now_ms);

//  Of a link that is up.
pulse_verdict_t pulse_judge (const pulse_t *self, const end_t *end, int64_t now_ms);

//  When to judge it next, after PULSE_GOOD and PULSE_SAY.
int64_t pulse_next_ms (const pulse_t *self, const end_t *end);

//  Say that we are here. What cannot be sent is left: a queue that is full needs no sign of life, and of
//  a connection that has ended the monitor tells when all that came is read.
void pulse_say (wires_t *wires, end_t *end, int64_t now_ms);

bool pulse_is (const wires_message_t *message);

//  One has come. False: they come far too often; nothing else bounds what costs its sender nothing.
bool pulse_heard (end_t *end, int64_t now_ms);

#endif
