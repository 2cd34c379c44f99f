// SPDX-License-Identifier: MIT
//  Connections, each by its descriptor, as long as it is open: of those that were accepted how many an
//  address has, and of all how many bytes came in that did not become messages. ZeroMQ has no bound for
//  either: a message that never ends is held whole, and counts for none of its limits.
#ifndef GGEN_GUARD_IO_H
#define GGEN_GUARD_IO_H

#include "actors/swarm/link_io.h"

#define GUARD_INTERVAL_MS 100
#define GUARD_HASTE_MS    10            //  while more is unread than
#define GUARD_HASTE_BYTES (1u << 20)

typedef struct guard_t guard_t;

//  For 'max' connections that are accepted; who dials bounds the others.
guard_t *guard_new (unsigned max);
void guard_destroy (guard_t **self_p);

//  It was accepted. False: it is one too many of its address or of all, and was cut off.
bool guard_accepted (guard_t *self, int fd, int64_t now_ms);

//  It was dialled. False: without memory for it it was cut off.
bool guard_dialled (guard_t *self, int fd, int64_t now_ms);

//  It proved a key. False: it is one too many of its address, and was cut off.
bool guard_proven (guard_t *self, int fd);

//  So many bytes of it have become a message.
void guard_read (guard_t *self, int fd, size_t bytes);

//  It is closed; its descriptor may be another's soon, also before this is told: one that was dialled is
//  not taken for one that was accepted, nor the other way round.
void guard_closed (guard_t *self, int fd, bool dialled);

//  End it from our side. Nothing is done to another connection or file that has its descriptor since.
void guard_cut (guard_t *self, int fd);

//  The address of the other side; false when that is not known.
bool guard_address (const guard_t *self, int fd, multiaddr_t *address);

//  Look at all: cut those with more than LINK_GUARD_BYTES that became no message (LINK_FIRST_BYTES before
//  their first one), those without a key after LINK_UNPROVEN_MS, and, while more than
//  LINK_GUARD_ALL_BYTES of all together became none, whoever has the most. Their number.
unsigned guard_look (guard_t *self, int64_t now_ms);

//  Bytes of all that had become no message at the last look, without those it cut.
uint64_t guard_unread (const guard_t *self);

unsigned guard_count (const guard_t *self);

#endif
