// SPDX-License-Identifier: MIT
//  Unpack a package archive into a fresh directory (SPEC 3.3, 9).
#ifndef GGEN_UNPACK_IO_H
#define GGEN_UNPACK_IO_H

#include "archive_limits.h"
#include "file_list.h"
#include "refusal.h"

//  Called after each piece of work: so many bytes of the archive are read, of so many. Returns
//  false to stop: the unpacking ends with CANCELLED, as clean as after a refusal.
typedef bool (unpack_progress_fn) (void *argument, uint64_t done_bytes, uint64_t total_bytes);

typedef struct {
    archive_limits_t limits;
    unpack_progress_fn *progress;       //  May be NULL
    void *argument;
} unpack_options_t;

typedef struct {
    file_list_t *files;                 //  Sorted, with stamps
    uint8_t files_sha256 [SHA256_SIZE];
    uint32_t files_count;               //  Without directories
    uint64_t unpacked_bytes;
    char top [ARCHIVE_COMPONENT_MAX + 1];   //  Name of the archive's one top directory
} unpacked_t;

void
    unpacked_done (unpacked_t *self);

//  Unpack the first 'size_bytes' bytes of 'archive_fd' (all of it; its digest has been checked)
//  into the new directory 'name' in 'parent_fd', the top directory stripped. Files are 0444 or
//  0555, directories 0755; owners, times, attributes and other mode bits are not looked at.
//  Nothing is synced: the caller makes one syncfs for a whole transaction, then renames.
//  OK    the tree is complete; '*out' is to be released with unpacked_done ().
//  else  the refusal, and neither 'name' nor anything else is left:
//        SECURITY, VALIDATION by class (refusal.h); STORAGE, INSUFFICIENT_DISK_SPACE,
//        PERMISSION_DENIED with path; ALREADY_EXISTS: 'name' was there before, and still is;
//        FEATURE_NOT_ENABLED: libarchive cannot be loaded, the text says why;
//        CANCELLED; INTERNAL: no memory. The last two have no text in 'refusal'.
must_use code_t
    unpack_archive (int archive_fd, uint64_t size_bytes, int parent_fd, const char *name,
                    const unpack_options_t *options, unpacked_t *out, refusal_t *refusal);

#endif
