// SPDX-License-Identifier: MIT
//  "link": the connections of this node, over ZeroMQ with CURVE (messages/link.proto says what swarm
//  asks of it and is told). It decides nothing but what keeps a host alive: how many connections an
//  address may hold before it proves a key, how many bytes may be on the way to one peer, and that
//  what does not become a message is cut off.
#ifndef GGEN_LINK_IO_H
#define GGEN_LINK_IO_H

#include "multiaddr.h"
#include "runtime/actor/actor.h"

#define LINK_LINKS_MAX       4096           //  one more is LinkDown BUSY, or cut off
#define LINK_CONNECTIONS_MAX 4096           //  that were accepted, and at most half of the descriptors
                                            //  that the process may have; one more is cut off
#define LINK_UNPROVEN_MAX    5              //  of one address (IPv6: of one /64) without a message, which
                                            //  proves a key; on loopback any number
#define LINK_UNPROVEN_MS     10000          //  and so long; then it is cut off
#define LINK_PROVEN_MAX      64             //  with one
#define LINK_QUEUE_BYTES_MAX (16u << 20)    //  to one peer that does not read; then it is cut off
#define LINK_GUARD_BYTES     (8u << 20)     //  received of one peer, dialled or not, and not become
                                            //  messages; then it is cut off
#define LINK_GUARD_ALL_BYTES (32u << 20)    //  the same of all together; then whoever has the most
#define LINK_FIRST_BYTES     (64u << 10)    //  the same before the first message, which is a Hello
#define LINK_HEARTBEAT_MS    5000           //  without a message for so long, and something is said
#define LINK_SILENCES        3              //  after so many times without any the link has ended
#define LINK_PULSES_MAX      1000           //  that are heard in LINK_HEARTBEAT_MS; then it is cut off
#define LINK_STUCK_MS        60000          //  without room for anything; then it is cut off
#define LINK_WRITTEN_BYTES   (64u << 10)    //  LinkWritten comes after so many,
#define LINK_WRITTEN_MS      10             //  and so long after the last of them

typedef struct {
    uint8_t public_key[32];                 //  X25519, of the node's identity
    uint8_t secret_key[32];
    const multiaddr_t *addresses;           //  to bind: IP4 or IP6; port 0 = any
    size_t addresses_count;                 //  0: nobody can dial us
    uint32_t heartbeat_ms;                  //  0 = LINK_HEARTBEAT_MS
    const char *beacon;                     //  who is told of LinkListening beside swarm; NULL: nobody
    uint32_t stuck_ms;                      //  0 = LINK_STUCK_MS
} link_settings_t;

extern const actor_class_t link_actor;

#endif
