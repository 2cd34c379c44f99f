// SPDX-License-Identifier: MIT
//  The network: what stands in the place of the actor "link" of every node (messages/link.proto). A
//  link is one authenticated connection; nothing is lost or overtaken within one.
//
//  One way takes the distance on the map, both last miles, and a jitter. A dial takes 3.5 round trips
//  until LinkUp, so 4.5 to the first reply; it is refused after one where no process listens, and
//  times out where there is no host, a NAT, or a partition. Bytes queue at the sender's uplink; a lost
//  packet is late by a time for sending it again. The key proven is that of the node's identity.
#ifndef GGEN_TESTS_NETWORK_H
#define GGEN_TESTS_NETWORK_H

#include "world.h"

//  Without any sign of life for so long, a link ends.
#define NETWORK_HEARTBEAT_MS 15000

//  A dial's longest time, whatever LinkDial says.
#define NETWORK_DIAL_MS_MAX 30000

//  Bytes of a link that have not left yet; with more of them it ends (LinkDown, BUSY).
#define NETWORK_QUEUE_BYTES_MAX (16u << 20)

//  LinkWritten comes after so many bytes, and so long after the last of them.
#define NETWORK_WRITTEN_BYTES (64u << 10)
#define NETWORK_WRITTEN_US    10000

//  Groups of nodes that can be cut off from each other.
#define NETWORK_GROUPS_MAX 32u

//  ---- the map -------------------------------------------------------------------------------------

uint32_t network_regions_count (void);
const char *network_region_name (uint32_t region);

//  ---- faults --------------------------------------------------------------------------------------

//  Put a node into a group; all start in group 0.
void network_group (world_t *world, uint32_t node, uint32_t group);

//  From now on nothing gets from group 'from' to group 'to', or everything does again. For both
//  directions call it twice.
void network_cut (world_t *world, uint32_t from, uint32_t to, bool cut);

//  Every cut ends, and all nodes are of group 0.
void network_heal (world_t *world);

//  Nothing gets into or out of any node of a region (also not within it), or everything does again.
void network_outage (world_t *world, uint32_t region, bool out);

//  Nothing gets into or out of this node.
void network_unplug (world_t *world, uint32_t node, bool unplugged);

//  End 'count' links of the world, chosen by chance: both sides hear of it at once.
void network_break (world_t *world, uint32_t count);

//  ---- what can be seen ----------------------------------------------------------------------------

typedef struct {
    uint64_t dials;
    uint64_t dials_failed;
    uint64_t ups;               //  links that were made
    uint64_t downs;             //  LinkDowns told, beside those of dials
    uint64_t messages;          //  LinkReceived
    uint64_t bytes;             //  of them
    uint64_t resent;            //  packets that were lost first
    uint32_t links;             //  now
} network_counts_t;

network_counts_t network_counts (const world_t *world);

//  Links of a node, dialled or up.
uint32_t network_links_of (const world_t *world, uint32_t node);

//  Bytes that the node has received.
uint64_t network_received_bytes (const world_t *world, uint32_t node);

//  One way between two nodes without jitter and queue, in microseconds.
int64_t network_latency_us (const world_t *world, uint32_t from, uint32_t to);

#endif
