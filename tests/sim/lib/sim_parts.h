// SPDX-License-Identifier: MIT
//  "blobs" of a node among many, in the place of actors/cache/blobs_io.c: its blobs and parts by
//  digest, whose bytes are those of sim_contents.h. Settings: a sim_parts_t, the node's disk, which
//  outlives the actor. What is written is answered SIM_PARTS_WRITE_MS later; an actor that is
//  killed before that has lost it. Bytes that no content has are refused at PartFinish, as hashing
//  would.
#ifndef GGEN_TESTS_SIM_PARTS_H
#define GGEN_TESTS_SIM_PARTS_H

#include "runtime/actor/actor.h"
#include "sim_contents.h"

#define SIM_PARTS_WRITE_MS   2
#define SIM_PARTS_WRITES_MAX 64         //  not answered yet; more are BUSY
#define SIM_PARTS_LIST_MAX   1024       //  blobs that a list names

typedef struct sim_parts_t sim_parts_t;

//  An empty disk of so many bytes. 'contents' is borrowed.
sim_parts_t *sim_parts_new (const sim_contents_t *contents, uint64_t bytes_max);
void sim_parts_destroy (sim_parts_t **self_p);

//  It has this blob, as if imported.
void sim_parts_put (sim_parts_t *self, const sim_content_t *content);

bool sim_parts_has (const sim_parts_t *self, const digest_t *sha256);
bool sim_parts_held (const sim_parts_t *self, const digest_t *sha256);

//  Chunks of a part that is not finished; 0 when there is none.
uint32_t sim_parts_done (const sim_parts_t *self, const digest_t *sha256);

//  Bytes of all blobs and parts.
uint64_t sim_parts_bytes (const sim_parts_t *self);

//  One bit of this chunk of a blob or part is another one from now on.
void sim_parts_damage (sim_parts_t *self, const digest_t *sha256, uint32_t chunk);

//  The disk is full, or is not any more.
void sim_parts_fill (sim_parts_t *self, bool full);

//  Chunks that came and were wrong: no honest "transfer" writes one.
uint64_t sim_parts_wrong (const sim_parts_t *self);

extern const actor_class_t sim_parts_actor;

#endif
