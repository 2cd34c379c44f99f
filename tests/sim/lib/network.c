// SPDX-License-Identifier: MIT
#include "world_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

//  The map is a cylinder: its x axis comes back to itself after so many milliseconds of one way.
#define WORLD_AROUND_MS 160.0f

//  A region's nodes lie so far around its middle at most, and are so far behind their last mile.
#define SPREAD_MS     8.0
#define ACCESS_MS_MIN 0.5
#define ACCESS_MS_MAX 8.0

#define JITTER_SHARE 0.03           //  of the way, in the mean
#define JITTER_US    200.0          //  beside that

#define PACKET_BYTES 1400u
#define RESEND_US    200000

//  As many nodes of a run share the first 16 bits of their address.
#define NODES_A_GROUP 4u
#define PORT          4001u

typedef struct {
    const char *name;
    float x_ms, y_ms;
    unsigned weight;            //  nodes of a hundred
} region_t;

static const region_t regions[] = {
    {"eu-west", 0, 0, 16},      {"eu-central", 9, 2, 16},  {"eu-north", 11, 13, 6},
    {"us-east", -38, -3, 16},   {"us-west", -70, -3, 12},  {"sa-east", -52, -50, 6},
    {"af-south", 14, -70, 3},   {"me-central", 35, -8, 4}, {"ap-south", 52, -18, 7},
    {"ap-southeast", 74, -34, 5}, {"ap-east", 86, -2, 7},  {"oceania", 98, -62, 2}};

//  ---- the map -------------------------------------------------------------------------------------

uint32_t
network_regions_count (void)
{
    return COUNT_OF (regions);
}

const char *
network_region_name (uint32_t region)
{
    return region < COUNT_OF (regions) ? regions[region].name : "nowhere";
}

static uint32_t
draw_region (rng_t *rng)
{
    uint64_t at = rng_below (rng, 100);
    uint32_t region = 0;
    while (region + 1 < COUNT_OF (regions) && at >= regions[region].weight)
        at -= regions[region++].weight;
    return region;
}

//  A few uplinks, as they are sold: bytes a second.
static uint32_t
draw_uplink (rng_t *rng)
{
    static const uint32_t uplinks[] = {1250000, 2500000, 5000000, 12500000, 125000000};
    return uplinks[rng_below (rng, COUNT_OF (uplinks))];
}

void
network_settle (traits_t *traits, uint32_t node, rng_t *rng)
{
    traits->region = draw_region (rng);
    double angle = rng_unit (rng) * 6.283185307179586, far_ms = rng_unit (rng) * SPREAD_MS;
    traits->x_ms = regions[traits->region].x_ms + (float) (far_ms * cos (angle));
    traits->y_ms = regions[traits->region].y_ms + (float) (far_ms * sin (angle));
    traits->access_ms = (float) (ACCESS_MS_MIN
                                 + rng_unit (rng) * (ACCESS_MS_MAX - ACCESS_MS_MIN));
    traits->uplink_bytes_s = draw_uplink (rng);
    //  Groups are 24.0/16, 24.1/16, ...: none is private.
    uint32_t group = node / NODES_A_GROUP;
    traits->ip = (24u << 24) + (group << 16) + 1 + node % NODES_A_GROUP;
    traits->port = PORT;
}

int64_t
network_latency_us (const world_t *self, uint32_t from, uint32_t to)
{
    const traits_t *a = &self->nodes[from].traits, *b = &self->nodes[to].traits;
    float x_ms = fmodf (fabsf (a->x_ms - b->x_ms), WORLD_AROUND_MS), y_ms = a->y_ms - b->y_ms;
    if (x_ms > WORLD_AROUND_MS / 2)
        x_ms = WORLD_AROUND_MS - x_ms;
    float way_ms = sqrtf (x_ms * x_ms + y_ms * y_ms) + a->access_ms + b->access_ms;
    return (int64_t) (way_ms * 1000.0f);
}

int64_t
network_jitter_us (world_t *self, int64_t way_us)
{
    double mean_us = JITTER_US + JITTER_SHARE * (double) way_us;
    return (int64_t) (-log (1.0 - rng_unit (&self->network.rng)) * mean_us);
}

int64_t
network_resend_us (world_t *self, size_t size, int64_t way_us)
{
    network_t *network = &self->network;
    if (network->loss <= 0.0)
        return 0;
    double packets = (double) (1 + size / PACKET_BYTES);
    if (rng_unit (&network->rng) >= 1.0 - pow (1.0 - network->loss, packets))
        return 0;
    network->counts.resent++;
    return RESEND_US + 2 * way_us;
}

//  ---- addresses -----------------------------------------------------------------------------------

static uint32_t
host_slot (const world_t *self, uint32_t ip, uint16_t port)
{
    const network_t *network = &self->network;
    uint32_t mask = network->hosts_room - 1;
    uint32_t slot = ((ip ^ (uint32_t) port << 16) * 2654435761u) >> 7 & mask;
    for (; network->hosts[slot] != NO_INDEX; slot = (slot + 1) & mask) {
        const traits_t *traits = &self->nodes[network->hosts[slot]].traits;
        if (traits->ip == ip && traits->port == port)
            break;
    }
    return slot;
}

void
network_add (world_t *self, uint32_t node)
{
    network_t *network = &self->network;
    if (2 * (node + 1) > network->hosts_room) {
        free (network->hosts);
        network->hosts_room = network->hosts_room ? 2 * network->hosts_room : 64;
        network->hosts = malloc (network->hosts_room * sizeof *network->hosts);
        if (!network->hosts)
            abort ();
        memset (network->hosts, 0xFF, network->hosts_room * sizeof *network->hosts);
        for (uint32_t i = 0; i < node; i++)
            network->hosts[host_slot (self, self->nodes[i].traits.ip, self->nodes[i].traits.port)] =
                i;
    }
    const traits_t *traits = &self->nodes[node].traits;
    network->hosts[host_slot (self, traits->ip, traits->port)] = node;
}

uint32_t
network_find (const world_t *self, uint32_t ip, uint16_t port)
{
    return self->network.hosts_room ? self->network.hosts[host_slot (self, ip, port)] : NO_INDEX;
}

//  ---- faults --------------------------------------------------------------------------------------

static bool
cut_off (const world_t *self, uint32_t node)
{
    const node_t *place = &self->nodes[node];
    return place->unplugged || (self->network.outages >> place->traits.region & 1);
}

bool
network_blocked (const world_t *self, uint32_t from, uint32_t to)
{
    return (self->network.cuts[self->nodes[from].group] >> self->nodes[to].group & 1)
           || cut_off (self, from) || cut_off (self, to);
}

static void
set_bit (uint32_t *bits, uint32_t bit, bool on)
{
    *bits = on ? *bits | 1u << bit : *bits & ~(1u << bit);
}

void
network_group (world_t *self, uint32_t node, uint32_t group)
{
    if (group < NETWORK_GROUPS_MAX)
        self->nodes[node].group = (uint8_t) group;
    cables_look (self, node);
}

void
network_cut (world_t *self, uint32_t from, uint32_t to, bool cut)
{
    if (from < NETWORK_GROUPS_MAX && to < NETWORK_GROUPS_MAX)
        set_bit (&self->network.cuts[from], to, cut);
    cables_look (self, NO_INDEX);
}

void
network_heal (world_t *self)
{
    memset (self->network.cuts, 0, sizeof self->network.cuts);
    for (uint32_t i = 0; i < self->nodes_count; i++)
        self->nodes[i].group = 0;
    cables_look (self, NO_INDEX);
}

void
network_outage (world_t *self, uint32_t region, bool out)
{
    if (region < COUNT_OF (regions))
        set_bit (&self->network.outages, region, out);
    cables_look (self, NO_INDEX);
}

void
network_unplug (world_t *self, uint32_t node, bool unplugged)
{
    self->nodes[node].unplugged = unplugged;
    cables_look (self, node);
}

void
network_break (world_t *self, uint32_t count)
{
    network_t *network = &self->network;
    for (; count > 0 && network->counts.links > 0; count--) {
        uint32_t at = (uint32_t) rng_below (&network->rng, network->count);
        while (!network->links[at].used)
            at = (at + 1) % network->count;
        cables_break (self, at);
    }
}

//  ---- life, and what can be seen -------------------------------------------------------------------

void
network_open (world_t *self)
{
    network_t *network = &self->network;
    network->first_free = NO_INDEX;
    network->loss = self->setup.loss;
    world_rng (self, &network->rng, "network", 0);
}

void
network_close (world_t *self)
{
    cables_free (self);
    free (self->network.hosts);
}

network_counts_t
network_counts (const world_t *self)
{
    return self->network.counts;
}

uint32_t
network_links_of (const world_t *self, uint32_t node)
{
    return self->nodes[node].links_count;
}

uint64_t
network_received_bytes (const world_t *self, uint32_t node)
{
    return self->nodes[node].received_bytes;
}
