// SPDX-License-Identifier: MIT
//  "bulk": the bulk connections of this node (messages/bulk.proto says what swarm asks of it and is
//  told). TCP streams of sealed records, listened for at the addresses of "link" with a port of their
//  own. It carries what swarm gives it and decides nothing but what keeps a host alive.
#ifndef GGEN_BULK_IO_H
#define GGEN_BULK_IO_H

#include "multiaddr.h"
#include "runtime/actor/actor.h"

#define BULK_LINES_MAX        192           //  connections; one more is BulkDown BUSY, or cut off
#define BULK_STRANGERS_MAX    32            //  of them without proof of a token; one more is cut off
#define BULK_NEIGHBOURS_MAX   4             //  of these from one IP (IPv6: one /64); on loopback any number
#define BULK_OPENING_MS       2000          //  from the connection to that proof; then it is cut off
#define BULK_DIAL_MS          5000          //  from BulkDial to BulkUp; then BulkDown TIMEOUT
#define BULK_QUEUE_BYTES_MAX  (8u << 20)    //  sealed, to one peer that does not read; then cut off
#define BULK_INTAKE_BYTES_MAX (16u << 20)   //  of records that are not whole; then new ones wait
#define BULK_RECORD_MS        30000         //  for a record to become whole; then cut off
#define BULK_STALL_MS         20000         //  that a peer may read nothing; then cut off
#define BULK_IDLE_MS          60000         //  without a record, nor a part of one; then it is closed

typedef struct {
    const multiaddr_t *addresses;           //  to bind: IP4 or IP6; their ports are the link's
    size_t addresses_count;                 //  0: nothing is offered, offers are taken
    uint16_t port;                          //  of all of them; 0 = any
    uint16_t announced_port;                //  that is offered in its place; 0 = the same
} bulk_settings_t;

extern const actor_class_t bulk_actor;

#endif
