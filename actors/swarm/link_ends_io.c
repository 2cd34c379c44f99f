// SPDX-License-Identifier: MIT
#include "actors/swarm/link_ends_io.h"

#include "runtime/actor/map.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16u

struct ends_t {
    end_t **slots;
    uint32_t slots_count;
    uint32_t count;
    deadlines_t *deadlines;
    map_t *numbers, *endpoints;
    map_t *routings[WIRES_SIDES];
};

ends_t *
ends_new (uint64_t salt)
{
    ends_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->slots = calloc (SLOTS_FIRST, sizeof *self->slots);
    self->slots_count = SLOTS_FIRST;
    self->deadlines = deadlines_new (SLOTS_FIRST);
    self->numbers = map_new (LINK_LINKS_MAX, salt);
    self->endpoints = map_new (LINK_LINKS_MAX, salt);
    self->routings[WIRES_IN] = map_new (LINK_LINKS_MAX, salt);
    self->routings[WIRES_OUT] = map_new (LINK_LINKS_MAX, salt);
    if (!self->slots || !self->deadlines || !self->numbers || !self->endpoints
        || !self->routings[WIRES_IN] || !self->routings[WIRES_OUT])
        ends_destroy (&self);
    return self;
}

void
ends_destroy (ends_t **self_p)
{
    ends_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; self->slots && i < self->slots_count; i++)
        if (self->slots[i])
            ends_remove (self, self->slots[i]);
    free (self->slots);
    deadlines_destroy (&self->deadlines);
    map_destroy (&self->numbers);
    map_destroy (&self->endpoints);
    map_destroy (&self->routings[WIRES_IN]);
    map_destroy (&self->routings[WIRES_OUT]);
    free (self);
    *self_p = NULL;
}

static bool
grow (ends_t *self)
{
    uint32_t count = 2 * self->slots_count;
    end_t **slots = realloc (self->slots, count * sizeof *slots);
    if (!slots)
        return false;
    self->slots = slots;
    if (deadlines_grow (self->deadlines, count) != OK)
        return false;
    memset (slots + self->slots_count, 0, self->slots_count * sizeof *slots);
    self->slots_count = count;
    return true;
}

static bool
take_slot (ends_t *self, end_t *end)
{
    if (self->count == self->slots_count && !grow (self))
        return false;
    uint32_t slot = 0;
    while (self->slots[slot])
        slot++;
    self->slots[slot] = end;
    self->count++;
    end->slot = slot;
    return true;
}

static bool
put_maps (ends_t *self, end_t *end)
{
    return map_put (self->numbers, &end->number, sizeof end->number, end) == OK
           && map_put (self->routings[end->side], end->routing, end->routing_size, end) == OK
           && (!end->endpoint
               || map_put (self->endpoints, end->endpoint, strlen (end->endpoint), end) == OK);
}

end_t *
ends_add (ends_t *self, uint64_t number, wires_side_t side, const uint8_t *routing,
          size_t routing_size, const char *endpoint)
{
    if (self->count >= LINK_LINKS_MAX || routing_size > WIRES_ROUTING_MAX
        || ends_by_number (self, number) || ends_by_routing (self, side, routing, routing_size)
        || (endpoint && (strlen (endpoint) > MAP_KEY_MAX || ends_by_endpoint (self, endpoint))))
        return NULL;
    end_t *end = calloc (1, sizeof *end);
    if (!end)
        return NULL;
    *end = (end_t) {.number = number,
                    .side = side,
                    .fd = -1,
                    .routing_size = (uint8_t) routing_size,
                    .ends_ms = DEADLINE_NEVER};
    memcpy (end->routing, routing, routing_size);
    end->endpoint = endpoint ? strdup (endpoint) : NULL;
    if ((endpoint && !end->endpoint) || !take_slot (self, end)) {
        free (end->endpoint);
        free (end);
        return NULL;
    }
    if (put_maps (self, end))
        return end;
    ends_remove (self, end);
    return NULL;
}

void
ends_remove (ends_t *self, end_t *end)
{
    map_remove (self->numbers, &end->number, sizeof end->number);
    map_remove (self->routings[end->side], end->routing, end->routing_size);
    if (end->endpoint)
        map_remove (self->endpoints, end->endpoint, strlen (end->endpoint));
    deadlines_set (self->deadlines, end->slot, DEADLINE_NEVER);
    self->slots[end->slot] = NULL;
    self->count--;
    while (end->first) {
        waiting_frames_t *next = end->first->next;
        while (end->first->count > 0)
            zmq_msg_close (&end->first->frames[--end->first->count]);
        free (end->first);
        end->first = next;
    }
    free (end->endpoint);
    free (end->address);
    free (end);
}

end_t *
ends_by_number (const ends_t *self, uint64_t number)
{
    return map_get (self->numbers, &number, sizeof number);
}

end_t *
ends_by_routing (const ends_t *self, wires_side_t side, const uint8_t *routing,
                 size_t routing_size)
{
    return map_get (self->routings[side], routing, routing_size);
}

end_t *
ends_by_endpoint (const ends_t *self, const char *endpoint)
{
    return map_get (self->endpoints, endpoint, strlen (endpoint));
}

end_t *
ends_next (const ends_t *self, uint32_t *cursor)
{
    while (*cursor < self->slots_count) {
        end_t *end = self->slots[(*cursor)++];
        if (end)
            return end;
    }
    return NULL;
}

void
ends_wake (ends_t *self, end_t *end, int64_t at_ms)
{
    if (at_ms < deadlines_get (self->deadlines, end->slot))
        deadlines_set (self->deadlines, end->slot, at_ms);
}

int64_t
ends_earliest_ms (const ends_t *self)
{
    return deadlines_earliest_ms (self->deadlines);
}

end_t *
ends_due (const ends_t *self, int64_t now_ms)
{
    uint32_t slot;
    if (!deadlines_due (self->deadlines, now_ms, &slot))
        return NULL;
    deadlines_set (self->deadlines, slot, DEADLINE_NEVER);
    return self->slots[slot];
}
