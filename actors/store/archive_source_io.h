// SPDX-License-Identifier: MIT
//  The uncompressed, audited bytes of an archive file: what libarchive gets to see.
#ifndef GGEN_ARCHIVE_SOURCE_IO_H
#define GGEN_ARCHIVE_SOURCE_IO_H

#include "expand.h"
#include "tar_audit.h"

#define ARCHIVE_SOURCE_IN_SIZE 65536
#define ARCHIVE_SOURCE_OUT_SIZE 262144

typedef struct archive_source archive_source_t;

//  Read the first 'size_bytes' of 'fd' from their beginning (pread: the file's position is not
//  used). The format is told by the first bytes. OK, a refusal, or INTERNAL: no memory.
must_use code_t
    archive_source_new (int fd, uint64_t size_bytes, const archive_limits_t *limits,
                        archive_source_t **self_p, refusal_t *refusal);
void
    archive_source_destroy (archive_source_t **self_p);

//  The next piece, valid until the next call; of size 0 at the end, which is reached only by an
//  archive that is complete, with nothing behind it.
must_use code_t
    archive_source_read (archive_source_t *self, bytes_t *piece, refusal_t *refusal);

//  Bytes of the file that have been read so far.
uint64_t
    archive_source_position (const archive_source_t *self);
tar_audit_totals_t
    archive_source_totals (const archive_source_t *self);

#endif
