// SPDX-License-Identifier: MIT
//  What a release record says of its archive's bytes: how many, in which chunks, with which
//  digests. The packed record is kept as it came, and everything else points into it.
#ifndef GGEN_RELEASE_H
#define GGEN_RELEASE_H

#include "digest.h"
#include "package_id.h"
#include "publisher_key.h"
#include "record.h"

typedef struct {
    digest_t sha256;            //  of the archive
    uint64_t size_bytes;
    uint32_t chunks_count;      //  at least 1
    publisher_key_t signer;
    bytes_t name;               //  no NUL at its end
    const uint8_t *digests;     //  DIGEST_SIZE bytes a chunk, in order
    size_t record_size;
    uint8_t record[];           //  packed SignedRecord
} release_t;

//  Open and check a packed record: its encoding and bounds, and its signature unless 'verify' is
//  NULL (somebody else has checked it).
//  OK                    *release_p is it, which the caller destroys; else *release_p is NULL.
//  SERIALIZATION, VALIDATION, INVALID_SIGNATURE    as record.h.
//  BUSY                  memory is short.
must_use code_t release_new (release_t **release_p, bytes_t record, record_verify_fn *verify);

//  NULL: memory is short.
release_t *release_copy (const release_t *self);

void release_destroy (release_t **self_p);

//  Bytes of one chunk: all but the last have RECORD_CHUNK_BYTES. 'chunk' is below chunks_count.
uint32_t release_chunk_bytes (const release_t *self, uint32_t chunk);

//  The digest that the signer gave this chunk.
const uint8_t *release_chunk_digest (const release_t *self, uint32_t chunk);

#endif
