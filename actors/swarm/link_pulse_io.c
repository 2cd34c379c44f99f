// SPDX-License-Identifier: MIT
#include "actors/swarm/link_pulse_io.h"

#define FRAMES 2

void
pulse_init (pulse_t *self, uint32_t every_ms)
{
    *self = (pulse_t) {.every_ms = every_ms ? every_ms : LINK_HEARTBEAT_MS};
}

void
pulse_begin (end_t *end, int64_t now_ms)
{
    end->heard_ms = end->said_ms = now_ms;
}

static int64_t
silence_ms (const pulse_t *self, const end_t *end)
{
    return end->heard_ms + (int64_t) LINK_SILENCES * self->every_ms;
}

pulse_verdict_t
pulse_judge (const pulse_t *self, const end_t *end, int64_t now_ms)
{
    if (now_ms >= silence_ms (self, end))
        return self->drained_ms[end->side] > silence_ms (self, end) ? PULSE_LOST : PULSE_READ;
    return now_ms >= end->said_ms + self->every_ms ? PULSE_SAY : PULSE_GOOD;
}

int64_t
pulse_next_ms (const pulse_t *self, const end_t *end)
{
    const int64_t say_ms = end->said_ms + self->every_ms;
    return say_ms < silence_ms (self, end) ? say_ms : silence_ms (self, end);
}

void
pulse_say (wires_t *wires, end_t *end, int64_t now_ms)
{
    zmq_msg_t frames[FRAMES];
    for (unsigned i = 0; i < FRAMES; i++)
        zmq_msg_init (&frames[i]);
    end->said_ms = now_ms;
    if (wires_send (wires, end->side, end->routing, end->routing_size, frames, FRAMES) != OK)
        for (unsigned i = 0; i < FRAMES; i++)
            zmq_msg_close (&frames[i]);
}

bool
pulse_is (const wires_message_t *message)
{
    return message->count == FRAMES && zmq_msg_size (&message->frames[0]) == 0
           && zmq_msg_size (&message->frames[1]) == 0;
}

bool
pulse_heard (end_t *end, int64_t now_ms)
{
    if (now_ms - end->pulses_ms >= LINK_HEARTBEAT_MS) {
        end->pulses_ms = now_ms;
        end->pulses = 0;
    }
    return ++end->pulses <= LINK_PULSES_MAX;
}
