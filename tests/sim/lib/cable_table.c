// SPDX-License-Identifier: MIT
#include "cable_table.h"

#include <stdlib.h>
#include <string.h>

#define GENERATION_MAX (UINT32_MAX >> CABLE_WHAT_BITS)

static uint32_t
number_slot (const world_t *self, uint32_t node, uint64_t number)
{
    const network_t *network = &self->network;
    uint32_t mask = network->numbers_room - 1;
    uint64_t hash = (number ^ (uint64_t) node << 40) * UINT64_C (0x9E3779B97F4A7C15);
    uint32_t slot = (uint32_t) (hash >> 32) & mask;
    for (; network->numbers[slot] != NO_INDEX; slot = (slot + 1) & mask) {
        const end_t *end = end_of (self, network->numbers[slot]);
        if (end->node == node && end->number == number)
            break;
    }
    return slot;
}

static void
grow_numbers (world_t *self)
{
    network_t *network = &self->network;
    uint32_t *old = network->numbers, old_room = network->numbers_room;
    network->numbers_room = old_room ? 2 * old_room : 256;
    network->numbers = malloc (network->numbers_room * sizeof *network->numbers);
    if (!network->numbers)
        abort ();
    memset (network->numbers, 0xFF, network->numbers_room * sizeof *network->numbers);
    for (uint32_t i = 0; i < old_room; i++)
        if (old[i] != NO_INDEX) {
            const end_t *end = end_of (self, old[i]);
            network->numbers[number_slot (self, end->node, end->number)] = old[i];
        }
    free (old);
}

uint64_t
cable_table_inbound (const world_t *self, uint32_t link)
{
    return ((uint64_t) self->network.links[link].generation << 32 | (link + 1)) << 1;
}

static uint32_t
find_inbound (const world_t *self, uint32_t node, uint64_t number)
{
    uint32_t link = (uint32_t) (number >> 1) - 1;
    if (link >= self->network.count)
        return NO_INDEX;
    const end_t *end = &self->network.links[link].ends[1];
    return end->open && end->node == node && end->number == number ? 2 * link + 1 : NO_INDEX;
}

uint32_t
cable_table_find (const world_t *self, uint32_t node, uint64_t number)
{
    if (number % 2 == 0)
        return find_inbound (self, node, number);
    return self->network.numbers_room
               ? self->network.numbers[number_slot (self, node, number)]
               : NO_INDEX;
}

//  Knuth, TAOCP 6.4, algorithm R.
static void
forget_number (world_t *self, const end_t *end)
{
    network_t *network = &self->network;
    uint32_t mask = network->numbers_room - 1;
    uint32_t gap = number_slot (self, end->node, end->number);
    network->numbers[gap] = NO_INDEX;
    network->numbers_count--;
    for (uint32_t next = (gap + 1) & mask; network->numbers[next] != NO_INDEX;
         next = (next + 1) & mask) {
        uint32_t moved = network->numbers[next];
        network->numbers[next] = NO_INDEX;
        network->numbers[number_slot (self, end_of (self, moved)->node,
                                      end_of (self, moved)->number)] = moved;
    }
}

uint32_t
cable_table_add (world_t *self)
{
    network_t *network = &self->network;
    uint32_t at = network->first_free;
    if (at != NO_INDEX)
        network->first_free = network->links[at].ends[0].next;
    else {
        if (network->count == network->room) {
            network->room = network->room ? network->room + network->room / 2 : 256;
            network->links = realloc (network->links, network->room * sizeof (link_t));
            if (!network->links)
                abort ();
        }
        at = network->count++;
        network->links[at].generation = 0;
    }
    uint32_t generation = (network->links[at].generation + 1) & GENERATION_MAX;
    network->links[at] = (link_t) {.generation = generation, .impaired_us = -1, .used = true};
    network->counts.links++;
    return at;
}

void
cable_table_open (world_t *self, uint32_t at, uint32_t node, uint64_t number)
{
    network_t *network = &self->network;
    if (2 * (network->numbers_count + 1) > network->numbers_room)
        grow_numbers (self);
    end_t *end = end_of (self, at);
    node_t *place = &self->nodes[node];
    *end = (end_t) {.number = number,
                    .node = node,
                    .life = place->life,
                    .next = place->first_end,
                    .previous = NO_INDEX,
                    .open = true};
    if (place->first_end != NO_INDEX)
        end_of (self, place->first_end)->previous = at;
    place->first_end = at;
    place->links_count++;
    if (at % 2 == 1)
        return;
    network->numbers[number_slot (self, node, number)] = at;
    network->numbers_count++;
}

void
cable_table_hold (end_t *end, note_t *note)
{
    note->next = note;
    if (end->held_last) {
        note->next = end->held_last->next;
        end->held_last->next = note;
    }
    end->held_last = note;
}

note_t *
cable_table_take_held (end_t *end)
{
    note_t *last = end->held_last;
    if (!last)
        return NULL;
    note_t *first = last->next;
    if (first == last)
        end->held_last = NULL;
    else
        last->next = first->next;
    return first;
}

void
cable_table_drop_held (world_t *self, end_t *end)
{
    for (note_t *note; (note = cable_table_take_held (end)) != NULL;)
        letters_free (self->letters, &note);
}

void
cable_table_close (world_t *self, uint32_t at)
{
    end_t *end = end_of (self, at);
    if (!end->open)
        return;
    if (at % 2 == 0)
        forget_number (self, end);
    end->open = false;
    node_t *place = &self->nodes[end->node];
    if (end->next != NO_INDEX)
        end_of (self, end->next)->previous = end->previous;
    if (end->previous != NO_INDEX)
        end_of (self, end->previous)->next = end->next;
    else
        place->first_end = end->next;
    place->links_count--;
    cable_table_drop_held (self, end);
    link_t *link = link_of (self, at);
    if (link->ends[0].open || link->ends[1].open)
        return;
    network_t *network = &self->network;
    link->used = false;
    link->ends[0].next = network->first_free;
    network->first_free = at / 2;
    network->counts.links--;
}
