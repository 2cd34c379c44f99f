// SPDX-License-Identifier: MIT
//  Blobs that are served to others: each has a second link below held/, out of reach of the cache's
//  eviction (blob_store_io.h tells the layout), which takes no room of its own.
#ifndef GGEN_BLOB_HELD_IO_H
#define GGEN_BLOB_HELD_IO_H

#include "blob_store_io.h"

//  Move a file of the store's own (of parts/), whose bytes were checked, to its place: blobs/, or
//  held/ when 'held'. 'path' gets that place.
//  OK, INSUFFICIENT_DISK_SPACE, PERMISSION_DENIED, STORAGE.
must_use code_t blob_held_take (blob_store_t *self, const char *file, const digest_t *digest,
                                 bool held, char path[BLOB_PATH_MAX], blob_stamp_t *stamp_p,
                                 blob_failure_t *failure);

//  A blob that is held stays when blob_store_remove removes it. OK also when it was held already.
//  PACKAGE_NOT_FOUND     there is none; the others as above.
must_use code_t blob_held_add (blob_store_t *self, const digest_t *digest,
                                 blob_failure_t *failure);

//  Hold it no longer. OK also when it was not.
must_use code_t blob_held_release (const blob_store_t *self, const digest_t *digest,
                                    blob_failure_t *failure);

//  One that is only held gets its place in blobs/ back. Returns whether it is there now.
bool blob_held_restore (blob_store_t *self, const digest_t *digest);

//  Open a blob, held or not, for reading. -1: there is none, or *failure (code not OK) says why
//  not.
int blob_held_read (const blob_store_t *self, const digest_t *digest, blob_failure_t *failure);

#endif
