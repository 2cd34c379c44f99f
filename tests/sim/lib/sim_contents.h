// SPDX-License-Identifier: MIT
//  What the bytes of simulated archives are, for all nodes of a run together: derived from a seed,
//  so that only digests are kept, or given. Everything aborts when memory is short: it is a test's.
#ifndef GGEN_TESTS_SIM_CONTENTS_H
#define GGEN_TESTS_SIM_CONTENTS_H

#include "digest.h"
#include "record.pb-c.h"
#include "runtime/actor/crypto.h"

typedef struct sim_contents_t sim_contents_t;

typedef struct {
    digest_t sha256;
    uint64_t size_bytes;
    uint32_t chunks_count;
    uint8_t *digests;               //  DIGEST_SIZE bytes a chunk
    uint64_t seed;                  //  its bytes are made of this
} sim_content_t;

sim_contents_t *sim_contents_new (void);
void sim_contents_destroy (sim_contents_t **self_p);

//  Bytes made of a seed: one of this seed and size is the same every time. At least one byte.
//  Borrowed until the end.
const sim_content_t *sim_contents_derive (sim_contents_t *self, uint64_t seed, uint64_t size_bytes);

//  NULL: unknown.
const sim_content_t *sim_contents_find (const sim_contents_t *self, const digest_t *sha256);

//  Bytes [offset, offset + size) of it, which exist.
void sim_content_read (const sim_content_t *content, uint64_t offset, size_t size, uint8_t *bytes);

//  Bytes of one chunk.
uint32_t sim_content_chunk_bytes (const sim_content_t *content, uint32_t chunk);

//  The fields of a release that tell of bytes (sha256, size, chunks); they borrow.
void sim_content_fill (const sim_content_t *content, Ggen__Release *release);

//  A packed SignedRecord of a release of it, by this signer; the caller frees it.
uint8_t *sim_content_record (const sim_content_t *content, const char *name, const char *version,
                             const identity_t *signer, size_t *size_p);

#endif
