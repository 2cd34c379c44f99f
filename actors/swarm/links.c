// SPDX-License-Identifier: MIT
#include "links.h"

#include "runtime/actor/deadlines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 4u
#define PEER_ID_FIRST '1'           //  of a peer id in the one way that it is written in addresses
#define SLOTS_IDLE  16u             //  more are given back when most are free

struct links_t {
    link_t **slots;
    uint16_t *by_number, *by_peer;      //  first of a chain; 'chains_count' of each
    deadlines_t *deadlines;
    census_t census;
    uint64_t salt;
    uint32_t slots_count;
    uint32_t chains_count;              //  the power of two that is not above slots_count
    uint32_t links_max;
    uint32_t count;
};

//  ---- chains ------------------------------------------------------------------------------------

static uint32_t
mixed (const links_t *self, uint64_t value)
{
    value = (value ^ self->salt) * 0x9E3779B97F4A7C15u;
    value = (value ^ value >> 32) * 0xD6E8FEB86659FD93u;
    return (uint32_t) (value >> 40) & (self->chains_count - 1);
}

static uint16_t *
number_chain (const links_t *self, uint64_t number)
{
    return &self->by_number[mixed (self, number)];
}

static uint16_t *
peer_chain (const links_t *self, const peer_key_t *key)
{
    uint64_t words[2];
    memcpy (words, key->bytes, sizeof words);
    return &self->by_peer[mixed (self, words[0] * (self->salt | 1) + words[1])];
}

static void
chain_number (links_t *self, link_t *link)
{
    uint16_t *chain = number_chain (self, link->number);
    link->next_by_number = *chain;
    *chain = link->slot;
}

static void
chain_peer (links_t *self, link_t *link)
{
    uint16_t *chain = peer_chain (self, &link->key);
    link->next_by_peer = *chain;
    *chain = link->slot;
}

static void
unchain_number (links_t *self, link_t *link)
{
    uint16_t *at = number_chain (self, link->number);
    while (*at != link->slot)
        at = &self->slots[*at]->next_by_number;
    *at = link->next_by_number;
}

//  ---- counting ----------------------------------------------------------------------------------

//  'one' is 1, or its complement to take it off.
static void
count (links_t *self, const link_t *link, uint32_t one)
{
    census_t *census = &self->census;
    switch ((link_state_t) link->state) {
    case LINK_DIALLING:
    case LINK_GREETING:
        *(link->inbound ? &census->greetings : &census->dials) += one;
        break;
    case LINK_SESSION:
        *(link->kept ? &census->kept : &census->transients) += one;
        census->kept_inbound += link->kept && link->inbound ? one : 0;
        census->inbound += link->inbound ? one : 0;
        break;
    case LINK_DRAINING:
        census->drains += one;
        break;
    case LINK_LEAVING:
        break;
    }
}

static void
count_off (links_t *self, const link_t *link)
{
    count (self, link, UINT32_MAX);
}

void
links_set (links_t *self, link_t *link, link_state_t state, bool kept)
{
    count_off (self, link);
    link->state = state & 7u;
    link->kept = kept;
    count (self, link, 1);
}

void
links_came_in (links_t *self, link_t *link)
{
    count_off (self, link);
    link->inbound = true;
    count (self, link, 1);
}

//  ---- life --------------------------------------------------------------------------------------

//  The same for so many slots; no slot beyond has one.
static bool
fewer_deadlines (links_t *self, uint32_t count)
{
    deadlines_t *fewer = deadlines_new (count);
    if (!fewer)
        return false;
    for (uint32_t slot = 0; slot < count; slot++)
        deadlines_set (fewer, slot, deadlines_get (self->deadlines, slot));
    deadlines_destroy (&self->deadlines);
    self->deadlines = fewer;
    return true;
}

static bool
resize_deadlines (links_t *self, uint32_t count)
{
    return count < self->slots_count ? fewer_deadlines (self, count)
                                     : deadlines_grow (self->deadlines, count) == OK;
}

static uint32_t
power_of_two_from (uint32_t count)
{
    uint32_t power = 1;
    while (power < count)
        power *= 2;
    return power;
}

//  Slots beyond 'count' are free.
static bool
resize (links_t *self, uint32_t count)
{
    const uint32_t chains_count = power_of_two_from (count / 2 + 1);
    uint16_t *chains = malloc (2 * chains_count * sizeof *chains);
    if (!chains || !resize_deadlines (self, count)) {
        free (chains);
        return false;
    }
    link_t **slots = realloc (self->slots, count * sizeof *slots);
    if (!slots) {
        free (chains);
        return false;
    }
    self->slots = slots;
    memset (chains, 0xFF, 2 * chains_count * sizeof *chains);
    if (count > self->slots_count)
        memset (slots + self->slots_count, 0, (count - self->slots_count) * sizeof *slots);
    free (self->by_number);
    self->by_number = chains;
    self->by_peer = chains + chains_count;
    self->chains_count = chains_count;
    self->slots_count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i] && slots[i]->number)
            chain_number (self, slots[i]);
        if (slots[i] && slots[i]->named)
            chain_peer (self, slots[i]);
    }
    return true;
}

links_t *
links_new (uint32_t links_max, uint64_t salt)
{
    assert (links_max < LINKS_NONE);
    links_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->salt = salt;
    self->links_max = links_max;
    self->deadlines = deadlines_new (SLOTS_FIRST);
    if (!self->deadlines || !resize (self, SLOTS_FIRST))
        links_destroy (&self);
    return self;
}

void
links_destroy (links_t **self_p)
{
    links_t *self = *self_p;
    if (!self)
        return;
    uint32_t cursor = 0;
    link_t *link;
    while (self->slots && (link = links_next (self, &cursor)) != NULL)
        links_remove (self, &link);
    free (self->slots);
    free (self->by_number);
    deadlines_destroy (&self->deadlines);
    free (self);
    *self_p = NULL;
}

link_t *
links_add (links_t *self)
{
    if (self->count == self->links_max
        || (self->count == self->slots_count
            && !resize (self, self->slots_count + self->slots_count / 2)))
        return NULL;
    link_t *link = calloc (1, sizeof *link);
    if (!link)
        return NULL;
    uint32_t slot = 0;
    while (self->slots[slot])
        slot++;
    link->slot = (uint16_t) slot;
    link->flights = link->heir = LINKS_NONE;
    self->slots[slot] = link;
    self->count++;
    count (self, link, 1);
    return link;
}

void
links_remove (links_t *self, link_t **link_p)
{
    link_t *link = *link_p;
    count_off (self, link);
    if (link->number)
        unchain_number (self, link);
    links_unname (self, link);
    deadlines_set (self->deadlines, link->slot, DEADLINE_NEVER);
    greeting_destroy (&link->greeting);
    addresses_clear (&link->addresses);
    self->slots[link->slot] = NULL;
    self->count--;
    free (link);
    *link_p = NULL;
}

//  ---- giving back -------------------------------------------------------------------------------

static void
unchain_peer (links_t *self, const link_t *link)
{
    uint16_t *at = peer_chain (self, &link->key);
    while (*at != link->slot)
        at = &self->slots[*at]->next_by_peer;
    *at = link->next_by_peer;
}

static void
move (links_t *self, link_t *link, uint16_t slot)
{
    int64_t at_ms = deadlines_get (self->deadlines, link->slot);
    deadlines_set (self->deadlines, link->slot, DEADLINE_NEVER);
    if (link->number)
        unchain_number (self, link);
    if (link->named)
        unchain_peer (self, link);
    self->slots[link->slot] = NULL;
    self->slots[slot] = link;
    link->slot = slot;
    if (link->number)
        chain_number (self, link);
    if (link->named)
        chain_peer (self, link);
    deadlines_set (self->deadlines, slot, at_ms);
}

void
links_tidy (links_t *self)
{
    const uint32_t now = power_of_two_from (self->slots_count);
    uint32_t wanted = now, free_slot = 0;
    while (wanted > SLOTS_IDLE && 4 * self->count <= wanted)
        wanted /= 2;
    if (wanted == now || self->census.drains > 0)
        return;
    for (uint32_t slot = wanted; slot < self->slots_count; slot++) {
        link_t *link = self->slots[slot];
        if (link && link->flights_count > 0)
            return;
        while (link && self->slots[free_slot])
            free_slot++;
        if (link)
            move (self, link, (uint16_t) free_slot);
    }
    resize (self, wanted);          //  Without memory it stays as it is
}

//  ---- finding -----------------------------------------------------------------------------------

link_t *
links_at (const links_t *self, uint16_t slot)
{
    return slot < self->slots_count ? self->slots[slot] : NULL;
}

link_t *
links_find (const links_t *self, uint64_t number)
{
    uint16_t slot = number ? *number_chain (self, number) : LINKS_NONE;
    while (slot != LINKS_NONE && self->slots[slot]->number != number)
        slot = self->slots[slot]->next_by_number;
    return links_at (self, slot);
}

link_t *
links_peer (const links_t *self, const char *text)
{
    peer_key_t key;
    if (*text != PEER_ID_FIRST || strlen (text) != PEER_ID_TEXT
        || peer_id_parse (&key, text, NULL, 0) != OK)
        return NULL;
    uint16_t slot = *peer_chain (self, &key);
    while (slot != LINKS_NONE && !peer_key_equal (&self->slots[slot]->key, &key))
        slot = self->slots[slot]->next_by_peer;
    return links_at (self, slot);
}

void
links_number (links_t *self, link_t *link, uint64_t number)
{
    if (link->number)
        unchain_number (self, link);
    link->number = number;
    link->unwritten_bytes = 0;
    if (number)
        chain_number (self, link);
}

void
links_name (links_t *self, link_t *link, const peer_key_t *key)
{
    links_unname (self, link);
    link->key = *key;
    link->named = true;
    chain_peer (self, link);
}

void
links_unname (links_t *self, link_t *link)
{
    if (!link->named)
        return;
    unchain_peer (self, link);
    link->named = false;
}

void
links_swap (links_t *self, link_t *a, link_t *b)
{
    link_t was = *a;
    count_off (self, a);
    count_off (self, b);
    uint64_t number = b->number;
    uint32_t unwritten_bytes = b->unwritten_bytes;
    links_number (self, b, 0);
    links_number (self, a, number);
    links_number (self, b, was.number);
    a->unwritten_bytes = unwritten_bytes;
    a->inbound = b->inbound;
    a->seen_size = b->seen_size;
    memcpy (a->seen, b->seen, sizeof a->seen);
    b->unwritten_bytes = was.unwritten_bytes;
    b->inbound = was.inbound;
    b->seen_size = was.seen_size;
    memcpy (b->seen, was.seen, sizeof b->seen);
    count (self, a, 1);
    count (self, b, 1);
}

link_t *
links_next (const links_t *self, uint32_t *cursor)
{
    while (*cursor < self->slots_count) {
        link_t *link = self->slots[(*cursor)++];
        if (link)
            return link;
    }
    return NULL;
}

//  ---- deadlines ---------------------------------------------------------------------------------

void
links_deadline (links_t *self, const link_t *link, int64_t at_ms)
{
    deadlines_set (self->deadlines, link->slot, at_ms);
}

int64_t
links_earliest_ms (const links_t *self)
{
    return deadlines_earliest_ms (self->deadlines);
}

link_t *
links_due (const links_t *self, int64_t now_ms)
{
    uint32_t slot;
    return deadlines_due (self->deadlines, now_ms, &slot) ? self->slots[slot] : NULL;
}

uint32_t
links_count (const links_t *self)
{
    return self->count;
}

bytes_t
link_seen (const link_t *link)
{
    return (bytes_t) {link->seen, link->seen_size};
}

census_t
links_census (const links_t *self)
{
    return self->census;
}

size_t
link_protocols (const link_t *link, const char *const *names, char **protocols)
{
    size_t count = 0;
    for (unsigned i = 0; names && names[i] && i < 8 * sizeof link->protocols; i++)
        if (link->protocols >> i & 1)
            protocols[count++] = (char *) names[i];
    return count;
}
