// SPDX-License-Identifier: MIT
//  SHA-256 of a file, block by block, on the way to another file if wanted. OpenSSL's, because it
//  uses the processor's instructions for it.
#ifndef GGEN_SHA256_IO_H
#define GGEN_SHA256_IO_H

#include "digest.h"

#define SHA256_BLOCK_BYTES (256u << 10)

typedef struct {
    //  Called after each block; returns false to stop.
    bool (*go_on) (void *arg, uint64_t done, uint64_t total);
    void *arg;
    uint64_t total;             //  bytes that are expected
} sha256_watch_t;

typedef enum {
    SHA256_DONE,
    SHA256_STOPPED,             //  the watch said so
    SHA256_TOO_LONG,            //  more than 'total' bytes came; no more than one block is read
    SHA256_READ_FAILED,         //  errno says why
    SHA256_WRITE_FAILED         //  errno says why
} sha256_end_t;

//  Read 'source' from its start to its end (its position is not used), write it to 'copy' unless
//  that is -1, and tell the digest.
must_use sha256_end_t sha256_copy (int source, int copy, const sha256_watch_t *watch,
                                   digest_t *digest_p);

//  Closes *fd_p unless it is -1, keeping errno. For AUTO (sha256_close).
void sha256_close (int *fd_p);

#endif
