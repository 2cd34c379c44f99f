// SPDX-License-Identifier: MIT
//  The beacon of a local network: what a node says there so that others find it with nothing
//  configured, when it says it, and how much of what it hears is believed to be worth a dial. Pure;
//  beacon_io.c has the sockets.
//
//  A datagram to a multicast group has the key of its sender and the TCP port at which it can be
//  dialled, at the IP that the datagram came from: it cannot send anybody to a third place. It is not
//  signed; CURVE proves the key to those who dial. So all that a forged one can do is to cost dials,
//  and their number is bounded here (beacon_sieve_t), by what swarm needs, and by its backoff.
#ifndef GGEN_SWARM_BEACON_H
#define GGEN_SWARM_BEACON_H

#include "multiaddr.h"
#include "runtime/actor/rng.h"

//  ---- the datagram --------------------------------------------------------------------------------
//  "ggen" version=1 flags port(2, big endian) key(32). Those of other versions are others' to read.

#define BEACON_SIZE 40u

typedef struct {
    peer_key_t key;
    uint16_t port;              //  TCP; 0: cannot be dialled, only asks
    bool asks;                  //  others should say where they are, now
} beacon_t;

void beacon_encode (const beacon_t *self, uint8_t bytes[BEACON_SIZE]);

//  VALIDATION: another length, magic, version or flag, or neither a port nor a question.
must_use code_t beacon_decode (beacon_t *self, bytes_t bytes);

//  ---- when it is said -------------------------------------------------------------------------------
//  At once and soon twice more, asking; then from time to time. Who is asked answers to all, after
//  a moment, since others will, too.

#define BEACON_FIRST_MS  200        //  at most, after the start or a change of interfaces
#define BEACON_EVERY_MS  30000      //  3/4 to 5/4 of it
#define BEACON_ANSWER_MS 200        //  at most
#define BEACON_PAUSE_MS  1000       //  between any two

typedef struct {
    int64_t next_ms;                //  DEADLINE_NEVER: silent
    int64_t last_ms;
    unsigned eager;                 //  so many more, asking, one soon after the other
} beacon_pace_t;

//  Begin, or begin anew because a network has been joined.
void beacon_pace_start (beacon_pace_t *self, rng_t *rng, int64_t now_ms);

//  One is being sent: when is the next? Returns whether this one asks.
bool beacon_pace_sent (beacon_pace_t *self, rng_t *rng, int64_t now_ms);

//  Somebody asks.
void beacon_pace_asked (beacon_pace_t *self, rng_t *rng, int64_t now_ms);

//  ---- what is passed on -----------------------------------------------------------------------------
//  Of one address (of IPv6: one /64) and of all together so many a minute. What is beyond is dropped:
//  honest nodes say it again.

#define BEACON_SOURCE_MAX  8u       //  a minute, and at once
#define BEACON_ALL_MAX     60u      //  a minute, and at once
#define BEACON_SOURCES_MAX 64u      //  whose numbers are known; then the one heard longest ago makes way

typedef struct {
    uint8_t network[8];             //  IPv4: 4 bytes
    bool is_v6;
    uint32_t credit;                //  in thousandths
    int64_t filled_ms;
} beacon_source_t;

//  All zero is empty.
typedef struct {
    beacon_source_t sources[BEACON_SOURCES_MAX];
    unsigned count;
    beacon_source_t all;
} beacon_sieve_t;

//  Is one more from this address (IP4 or IP6) passed on?
bool beacon_sieve_pass (beacon_sieve_t *self, const multiaddr_t *source, int64_t now_ms);

#endif
