// SPDX-License-Identifier: MIT
//  The digest of an archive, checked before a byte of it is unpacked.
#ifndef GGEN_ARCHIVE_DIGEST_IO_H
#define GGEN_ARCHIVE_DIGEST_IO_H

#include "refusal.h"
#include "sha256.h"

//  SHA-256 of the file 'fd' from its beginning; never reads more than 'size_max' + 1 bytes.
//  'name' is for messages.
//  OK       *size_p bytes were hashed.
//  refusal  "limits": there are more than size_max bytes; or the read failed.
must_use code_t
    archive_digest (int fd, const char *name, uint64_t size_max, uint8_t digest [SHA256_SIZE],
                    uint64_t *size_p, refusal_t *refusal);

//  OK when the file has exactly 'size_bytes' bytes with digest 'expected', else
//  CHECKSUM_MISMATCH (the text has both digests, or both sizes) or the failure to read.
must_use code_t
    archive_digest_check (int fd, const char *name, uint64_t size_bytes,
                          const uint8_t expected [SHA256_SIZE], refusal_t *refusal);

#endif
