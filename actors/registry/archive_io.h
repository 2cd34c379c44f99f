// SPDX-License-Identifier: MIT
//  What the bytes of an archive on disk are.
#ifndef GGEN_ARCHIVE_IO_H
#define GGEN_ARCHIVE_IO_H

#include "messages/digest.h"
#include "runtime/host/job.h"

typedef struct {
    digest_t digest;
    uint64_t size_bytes;
    const char *format;         //  "tar.zst" or "tar.gz", by its first bytes; static
} archive_t;

//  Reads the whole file at 'path', saying so as progress of 'job' when that takes long.
//  0, or an errno: EINVAL when it is no regular file, ECANCELED when the job should stop.
int archive_read (archive_t *self, const char *path, job_t *job);

#endif
