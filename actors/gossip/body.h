// SPDX-License-Identifier: MIT
//  An announcement's bytes and what is known of them; shared by all who hold it, counted.
#ifndef GGEN_BODY_H
#define GGEN_BODY_H

#include "gossip.h"
#include "id_table.h"

//  In the place of a slot: nobody.
#define NOBODY UINT8_MAX
_Static_assert (GOSSIP_PEERS_MAX < NOBODY, "a slot is a byte");

//  A set of neighbours, by slot.
#define PEER_SET_WORDS (GOSSIP_PEERS_MAX / 64)
typedef struct {
    uint64_t words [PEER_SET_WORDS];
} peer_set_t;

static inline bool
peer_set_has (const peer_set_t *self, unsigned slot)
{
    return self->words [slot / 64] >> slot % 64 & 1;
}

static inline void
peer_set_add (peer_set_t *self, unsigned slot)
{
    self->words [slot / 64] |= 1ull << slot % 64;
}

static inline void
peer_set_remove (peer_set_t *self, unsigned slot)
{
    self->words [slot / 64] &= ~(1ull << slot % 64);
}

typedef struct {
    uint8_t id [ID_SIZE];
    peer_set_t knows;           //  neighbours that have it, or were sent it or its id
    peer_set_t unwanted;        //  neighbours that get it from elsewhere: their link is told the id
    int64_t taken_ms;           //  when it was accepted
    uint32_t topic;             //  hash of its name
    uint32_t size;
    uint32_t refs;
    bool own : 1;
    bool raced : 1;             //  it came by a push of the mesh: a second one lost against it
    bool late : 1;              //  from history: told by id, not pushed
    bool missed : 1;            //  it was pulled, and nobody has pushed it since
    uint8_t tries;              //  times that it was asked for
    uint8_t pulled_from;        //  the slot of who was asked for it
    uint8_t bytes [];
} body_t;

//  There are hundreds of them, and histories count it.
_Static_assert (sizeof (body_t) == 104, "no byte that is not needed");

//  Copies; its id is not set. One reference is the caller's. NULL: out of memory.
body_t *
    body_new (bytes_t packed);

body_t *
    body_hold (body_t *self);

//  Give up one reference.
void
    body_release (body_t **self_p);

#endif
