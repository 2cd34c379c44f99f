// SPDX-License-Identifier: MIT
#include "flights.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 4u
#define SLOTS_IDLE  8u            //  more are given back when nothing is in flight

struct flights_t {
    flight_t *slots;
    deadlines_t *deadlines;
    uint32_t slots_count;
    uint32_t count;
    uint32_t free_hint;             //  no slot below is free
    uint32_t use;                   //  of the last flight
};

flights_t *
flights_new (void)
{
    flights_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->deadlines = deadlines_new (SLOTS_FIRST);
    self->slots = calloc (SLOTS_FIRST, sizeof *self->slots);
    self->slots_count = SLOTS_FIRST;
    if (!self->deadlines || !self->slots)
        flights_destroy (&self);
    return self;
}

void
flights_destroy (flights_t **self_p)
{
    flights_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; self->slots && i < self->slots_count; i++)
        free (self->slots[i].names);
    free (self->slots);
    deadlines_destroy (&self->deadlines);
    free (self);
    *self_p = NULL;
}

static bool
grow (flights_t *self)
{
    uint32_t count = 2 * self->slots_count;
    if (count > FLIGHTS_MAX || deadlines_grow (self->deadlines, count) != OK)
        return false;
    flight_t *slots = realloc (self->slots, count * sizeof *slots);
    if (!slots)
        return false;
    memset (slots + self->slots_count, 0, (count - self->slots_count) * sizeof *slots);
    self->slots = slots;
    self->slots_count = count;
    return true;
}

static char *
join (const char *asker, const char *asked)
{
    size_t first = strlen (asker) + 1, second = strlen (asked) + 1;
    char *names = malloc (first + second);
    if (names) {
        memcpy (names, asker, first);
        memcpy (names + first, asked, second);
    }
    return names;
}

//  A burst is over: give back what it took.
static void
shrink (flights_t *self)
{
    deadlines_t *deadlines = deadlines_new (SLOTS_FIRST);
    flight_t *slots = calloc (SLOTS_FIRST, sizeof *slots);
    if (!deadlines || !slots) {
        deadlines_destroy (&deadlines);
        free (slots);
        return;
    }
    deadlines_destroy (&self->deadlines);
    free (self->slots);
    self->deadlines = deadlines;
    self->slots = slots;
    self->slots_count = SLOTS_FIRST;
    self->free_hint = 0;
}

static uint64_t
number_of (const flights_t *self, uint32_t slot)
{
    return (uint64_t) self->slots[slot].use << 32 | (slot + 1);
}

static uint32_t
slot_of (uint64_t number)
{
    return (uint32_t) number - 1;
}

uint64_t
flights_add (flights_t *self, link_t *link, const flight_t *flight, const char *asker,
             const char *asked, int64_t deadline_ms)
{
    if (link->flights_count == FLIGHTS_LINK_MAX
        || (self->count == self->slots_count && !grow (self)))
        return 0;
    char *names = join (asker, asked);
    if (!names)
        return 0;
    uint32_t slot = self->free_hint;
    while (self->slots[slot].names)
        slot++;
    flight_t *fresh = &self->slots[slot];
    *fresh = *flight;
    fresh->names = names;
    fresh->use = ++self->use;
    fresh->link = link->slot;
    fresh->next = link->flights;
    fresh->previous = LINKS_NONE;
    if (link->flights != LINKS_NONE)
        self->slots[link->flights].previous = (uint16_t) slot;
    link->flights = (uint16_t) slot;
    link->flights_count++;
    self->count++;
    self->free_hint = slot + 1;
    deadlines_set (self->deadlines, slot, deadline_ms);
    return number_of (self, slot);
}

flight_t *
flights_get (const flights_t *self, const link_t *link, uint64_t number)
{
    uint32_t slot = slot_of (number);
    if (slot >= self->slots_count)
        return NULL;
    flight_t *flight = &self->slots[slot];
    return flight->names && flight->use == number >> 32 && flight->link == link->slot ? flight
                                                                                      : NULL;
}

flight_t *
flights_of_peer (const flights_t *self, const links_t *links, const link_t *link, uint64_t number)
{
    uint32_t slot = slot_of (number);
    if (slot >= self->slots_count || !self->slots[slot].names)
        return NULL;
    const link_t *asked = links_at (links, self->slots[slot].link);
    bool same = asked == link
                || (asked->state == LINK_LEAVING && peer_key_equal (&asked->key, &link->key));
    return same ? flights_get (self, asked, number) : NULL;
}

uint64_t
flights_number (const flights_t *self, const link_t *link, const char *asker, uint64_t id)
{
    for (uint16_t slot = link->flights; slot != LINKS_NONE; slot = self->slots[slot].next)
        if (self->slots[slot].id == id && strcmp (self->slots[slot].names, asker) == 0)
            return number_of (self, slot);
    return 0;
}

uint64_t
flights_first (const flights_t *self, const link_t *link)
{
    return link->flights == LINKS_NONE ? 0 : number_of (self, link->flights);
}

uint64_t
flights_bulky (const flights_t *self, const link_t *link)
{
    for (uint16_t slot = link->flights; slot != LINKS_NONE; slot = self->slots[slot].next)
        if (self->slots[slot].bulky && self->slots[slot].sent_ms > 0)
            return number_of (self, slot);
    return 0;
}

int64_t
flights_due_ms (const flights_t *self, uint64_t number)
{
    return deadlines_get (self->deadlines, slot_of (number));
}

void
flights_end (flights_t *self, link_t *link, uint64_t number)
{
    uint32_t slot = slot_of (number);
    flight_t *flight = &self->slots[slot];
    assert (flight->names && flight->link == link->slot);
    if (flight->next != LINKS_NONE)
        self->slots[flight->next].previous = flight->previous;
    if (flight->previous != LINKS_NONE)
        self->slots[flight->previous].next = flight->next;
    else
        link->flights = flight->next;
    link->flights_count--;
    free (flight->names);
    *flight = (flight_t) {0};
    deadlines_set (self->deadlines, slot, DEADLINE_NEVER);
    self->count--;
    if (slot < self->free_hint)
        self->free_hint = slot;
    if (self->count == 0 && self->slots_count > SLOTS_IDLE)
        shrink (self);
}

const char *
flight_asker (const flight_t *flight)
{
    return flight->names;
}

const char *
flight_asked (const flight_t *flight)
{
    return flight->names + strlen (flight->names) + 1;
}

int64_t
flights_earliest_ms (const flights_t *self)
{
    return deadlines_earliest_ms (self->deadlines);
}

uint64_t
flights_due (const flights_t *self, int64_t now_ms, uint16_t *link_p)
{
    uint32_t slot;
    if (!deadlines_due (self->deadlines, now_ms, &slot))
        return 0;
    *link_p = self->slots[slot].link;
    return number_of (self, slot);
}

uint32_t
flights_count (const flights_t *self)
{
    return self->count;
}
