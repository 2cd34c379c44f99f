// SPDX-License-Identifier: MIT
//  Going through the directories of the blob store (blob_store_io.h, which tells their layout).
#ifndef GGEN_BLOB_SCAN_IO_H
#define GGEN_BLOB_SCAN_IO_H

#include "cache.pb-c.h"

//  Remove what is in tmp/ below 'directory', unless another process holds its lock. Returns the
//  lock, held shared, for the caller to keep while it stages files and then to close; -1 where
//  there is no tmp/ or it cannot be locked.
int blob_sweep (const char *directory);

//  At most 'blobs_max' blobs below 'directory'. NULL: out of memory.
Ggen__BlobListReply *blob_scan (const char *directory, size_t blobs_max);

#endif
