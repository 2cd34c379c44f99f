// SPDX-License-Identifier: MIT
//  The links of a world, for cables.c: both ends of each, found by their number in the table, or by
//  what the swarm of their node calls them.
#ifndef GGEN_TESTS_CABLE_TABLE_H
#define GGEN_TESTS_CABLE_TABLE_H

#include "world_inside.h"

//  A generation leaves so many bits beside it for what is due (cables.c).
#define CABLE_WHAT_BITS 3u

static inline link_t *
link_of (const world_t *self, uint32_t end)
{
    return &self->network.links[end / 2];
}

static inline end_t *
end_of (const world_t *self, uint32_t end)
{
    return &self->network.links[end / 2].ends[end % 2];
}

//  A link without ends; its number.
uint32_t cable_table_add (world_t *self);

//  The end 'at' is the node's from now on, whose swarm calls it 'number'. The one who dialled gives an
//  odd number; for the other one it is cable_table_inbound.
void cable_table_open (world_t *self, uint32_t at, uint32_t node, uint64_t number);

//  What a link that came in is called: it says where it is, and which use of that place.
uint64_t cable_table_inbound (const world_t *self, uint32_t link);

//  The end that the node's swarm calls so, or NO_INDEX.
uint32_t cable_table_find (const world_t *self, uint32_t node, uint64_t number);

//  This side is done with it; without the other one, too, the link is no more.
void cable_table_close (world_t *self, uint32_t at);

//  A letter waits for the network to heal, behind those that wait already; the first of them, or NULL.
void cable_table_hold (end_t *end, note_t *note);
note_t *cable_table_take_held (end_t *end);

//  Letters that wait for the network to heal are lost.
void cable_table_drop_held (world_t *self, end_t *end);

#endif
