// SPDX-License-Identifier: MIT
//  "blobs": the blob store on disk, for the cache actor. Files are hashed by jobs, which say how
//  far they are and can be cancelled; all else is a system call or two.
//  It asks nobody.
//
//  BlobFindRequest     the bytes of a path that is told were checked since the file last changed
//                      (once in this process). A blob that turns out damaged is removed and absent.
//  BlobImportRequest   as blob_store_import (blob_store_io.h); a failure's details are
//                      expected and actual (CHECKSUM_MISMATCH), required and available
//                      (INSUFFICIENT_DISK_SPACE). A path outside of the store means that it could
//                      not be written. 'evicted' stays empty: what goes is the cache's decision.
//  BlobTakeManyRequest BlobFind, else BlobImport, of each, in one job; those that fail are left out.
//  BlobRemoveRequest, BlobListRequest
//  BlobDropRequest     many at once, by a job; of a dry run only what it would free.
//  PartOpen, PartWrite, PartFinish, PartDrop files that "transfer" puts together (part_io.h). What
//  
//                      is a blob already is told as complete once its bytes were checked; parts of
//                      before a crash of the machine and wholes are hashed by jobs.
//  BlobHold            what is served to others stays when the cache drops it (blob_held_io.h).
//  BlobRead            at most one chunk of a blob, unchecked, as the reply's attachment.
#ifndef GGEN_BLOBS_IO_H
#define GGEN_BLOBS_IO_H

#include "runtime/actor/actor.h"

//  env->settings; borrowed for create only.
typedef struct {
    const char *directory;      //  absolute: storage.cache_dir; created by the first import
} blobs_settings_t;

extern const actor_class_t blobs_actor;

#endif
