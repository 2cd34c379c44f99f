// SPDX-License-Identifier: MIT
//  Files of the blob store that are being put together, chunk by chunk in any order:
//
//      DIRECTORY/parts/<64 digits>         the bytes; what has not come yet is a hole
//                parts/<64 digits>.map     which chunks are there, and since which start of the
//                                          machine
//
//  A chunk is written before its bit. While the machine runs, the kernel keeps both, whatever
//  happens to the process; after it has started anew a bit may be on disk without its chunk, so
//  then every chunk is hashed again (part_verify). Nothing is synced, and the whole is hashed at
//  the end. Nothing is open between two calls.
#ifndef GGEN_PART_IO_H
#define GGEN_PART_IO_H

#include "blob_store_io.h"

#include <sys/types.h>

#define PARTS_MAX        64         //  at one more the one not written to for longest goes
#define PART_CHUNK_BYTES 262144
#define PART_CHUNKS_MAX  (BLOB_BYTES_MAX / PART_CHUNK_BYTES)
#define PART_BITMAP_MAX  (PART_CHUNKS_MAX / 8)

//  Chunks of a file of so many bytes, and bytes of their bitmap (lowest bit first).
uint32_t part_chunks (uint64_t size_bytes);
size_t part_bitmap_bytes (uint64_t size_bytes);

//  Where it is, or would be.
void part_path (const blob_store_t *store, const digest_t *digest, char path[BLOB_PATH_MAX]);

//  Have it, and tell which chunks are there. *trusted_p is false when part_verify has to look
//  first. One whose files make no sense begins anew.
//  OK
//  VALIDATION                      no bytes, or more than BLOB_BYTES_MAX.
//  INSUFFICIENT_DISK_SPACE         less than twice the missing bytes is free (SPEC 6, S2).
//  PERMISSION_DENIED, STORAGE      the disk's answer.
must_use code_t part_open (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes,
                           uint8_t bitmap[PART_BITMAP_MAX], bool *trusted_p,
                           blob_failure_t *failure);

//  Hash the chunks of an open part whose bits are set, and clear those that are not what 'digests'
//  (DIGEST_SIZE bytes each, of all chunks) says; then it can be trusted. Long: for a job.
//  OK, CANCELLED, PERMISSION_DENIED, STORAGE.
must_use code_t part_verify (const blob_store_t *store, const digest_t *digest,
                             uint64_t size_bytes, const uint8_t *digests,
                             const blob_watch_t *watch, uint8_t bitmap[PART_BITMAP_MAX],
                             blob_failure_t *failure);

//  Write one chunk of an open part.
//  OK
//  VALIDATION                      no such chunk, or not its size; the part is not open.
//  INSUFFICIENT_DISK_SPACE, PERMISSION_DENIED, STORAGE     the disk's answer.
must_use code_t part_write (const blob_store_t *store, const digest_t *digest, uint32_t chunk,
                            bytes_t bytes, blob_failure_t *failure);

//  Are all chunks there?
bool part_complete (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes);

//  Read from any file, as much as there is up to 'size'; -1 with errno set.
ssize_t part_read_at (int file, void *data, size_t size, off_t offset);

//  Forget it.
void part_drop (const blob_store_t *store, const digest_t *digest);

//  Its bytes have become something else: only forget which were there.
void part_forget_map (const blob_store_t *store, const digest_t *digest);

#endif
