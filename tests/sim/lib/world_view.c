// SPDX-License-Identifier: MIT
//  Of world.h what can be seen, what went wrong, and counts.
#include "world_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_MAX 1024

//  ---- what can be seen ----------------------------------------------------------------------------

void
world_observe (world_t *self, const observer_t *observer)
{
    assert (self->observers_count < WORLD_OBSERVERS_MAX);
    self->observers[self->observers_count++] = *observer;
}

Ggen__Envelope *
world_envelope (const note_t *note)
{
    return ggen__envelope__unpack (NULL, note->envelope_size, note->bytes);
}

bool
world_client (const note_t *note, uint32_t *number_p)
{
    *number_p = note->client;
    return note->seat == SEAT_CLIENTS;
}

uint32_t
world_nodes_count (const world_t *self)
{
    return self->nodes_count;
}

node_state_t
world_node_state (const world_t *self, uint32_t node)
{
    return self->nodes[node].state;
}

uint8_t
world_seat (const world_t *self, uint32_t node, const char *name)
{
    return seats_find (&self->nodes[node], name);
}

uint8_t
world_seats_count (const world_t *self, uint32_t node)
{
    return self->nodes[node].seats_count;
}

const char *
world_seat_name (const world_t *self, uint32_t node, uint8_t seat)
{
    if (seat < self->nodes[node].seats_count)
        return self->nodes[node].seats[seat].name;
    return seat == SEAT_CLIENTS ? "client" : "nobody";
}

void *
world_actor (const world_t *self, uint32_t node, const char *name)
{
    uint8_t seat = seats_find (&self->nodes[node], name);
    return seat < WORLD_SEATS_MAX ? actor_state (self->nodes[node].seats[seat].actor) : NULL;
}

actor_metrics_t
world_metrics (const world_t *self, uint32_t node, uint8_t seat)
{
    return actor_metrics (self->nodes[node].seats[seat].actor);
}

void
world_debts (const world_t *self, uint32_t *open_p, uint32_t *pending_p)
{
    *open_p = *pending_p = 0;
    for (uint32_t node = 0; node < self->nodes_count; node++)
        for (uint8_t seat = 0; seat < self->nodes[node].seats_count; seat++) {
            actor_metrics_t metrics = world_metrics (self, node, seat);
            *open_p += metrics.open;
            *pending_p += metrics.pending;
        }
}

uint32_t
world_depth (const world_t *self, uint32_t node, uint8_t seat)
{
    return self->nodes[node].seats[seat].depth;
}

const traits_t *
world_node_traits (const world_t *self, uint32_t node)
{
    return &self->nodes[node].traits;
}

const identity_t *
world_identity (const world_t *self, uint32_t node)
{
    return &self->nodes[node].identity->identity;
}

const crypto_t *
world_crypto (const world_t *self)
{
    return self->crypto;
}

uint64_t
world_seed (const world_t *self)
{
    return self->setup.seed;
}

storage_t *
world_storage (world_t *self, uint32_t node)
{
    if (!self->nodes[node].storage)
        self->nodes[node].storage = storage_new ();
    return self->nodes[node].storage;
}

int64_t
world_mono_ms (const world_t *self, uint32_t node)
{
    return clocks_mono_ms (&self->nodes[node].traits.clocks, self->now_us);
}

int64_t
world_wall_ms (const world_t *self, uint32_t node)
{
    return clocks_wall_ms (&self->nodes[node].traits.clocks, self->now_us);
}

size_t
world_address (const world_t *self, uint32_t node, uint8_t bytes[WORLD_ADDRESS_BYTES])
{
    const traits_t *traits = &self->nodes[node].traits;
    const uint8_t address[WORLD_ADDRESS_BYTES] = {
        4,                                  //  /ip4
        (uint8_t) (traits->ip >> 24), (uint8_t) (traits->ip >> 16), (uint8_t) (traits->ip >> 8),
        (uint8_t) traits->ip,
        6,                                  //  /tcp
        (uint8_t) (traits->port >> 8), (uint8_t) traits->port};
    memcpy (bytes, address, sizeof address);
    return sizeof address;
}

//  ---- what went wrong, and counts -----------------------------------------------------------------

void
world_violation (world_t *self, const char *format, ...)
{
    self->counts.violations++;
    if (self->fault)
        return;
    char text[FAULT_MAX];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    if (asprintf (&self->fault, "at %.6f s: %s", (double) self->now_us / 1e6, text) < 0)
        abort ();
}

const char *
world_fault (const world_t *self)
{
    return self->fault;
}

world_counts_t
world_counts (const world_t *self)
{
    return self->counts;
}

size_t
world_bytes (const world_t *self)
{
    const network_t *network = &self->network;
    size_t disks = 0;
    for (uint32_t i = 0; i < self->nodes_count; i++)
        disks += self->nodes[i].storage ? storage_bytes (self->nodes[i].storage) : 0;
    return disks + sizeof *self + agenda_bytes (self->agenda) + letters_bytes (self->letters)
           + self->nodes_room * sizeof *self->nodes
           + self->nodes_count * sizeof *self->nodes->identity
           + self->keys_room * sizeof *self->keys + network->room * sizeof *network->links
           + (network->numbers_room + network->hosts_room) * sizeof (uint32_t);
}

const heapbook_t *
world_heapbook (const world_t *self)
{
    return self->heapbook;
}

void
world_digest (const world_t *self, uint8_t digest[WORLD_DIGEST_SIZE])
{
    memcpy (digest, self->digest, WORLD_DIGEST_SIZE);
}
