// SPDX-License-Identifier: MIT
//  A second, strict reading of a tar stream, beside libarchive's lenient one (formats: POSIX.1-2017
//  pax, "ustar Interchange Format", and GNU tar's manual, appendix D). It never looks for reasons
//  to accept: entry types, sizes, checksums and extended headers must say one thing only, and after
//  the end of the archive come zeros and nothing else. Both readings must agree in the end, so an
//  archive that another program could read differently is refused.
#ifndef GGEN_TAR_AUDIT_H
#define GGEN_TAR_AUDIT_H

#include "archive_limits.h"
#include "refusal.h"

//  Body of a pax or GNU long-name header; more is refused with "limits".
#define TAR_AUDIT_EXTENSION_MAX 65536
//  Zeros after the end-of-archive marker: GNU tar pads to 10,240 bytes, the largest blocking factor
//  in use is 1 MiB. More is a bomb.
#define TAR_AUDIT_PADDING_MAX (1u << 20)

typedef struct tar_audit tar_audit_t;

typedef struct {
    uint64_t entries;           //  Files and directories
    uint64_t data_bytes;        //  Sum of the sizes of the files
} tar_audit_totals_t;

//  'unpacked_max' bounds the sum of all sizes (archive_limits_unpacked ()). NULL: no memory.
tar_audit_t *
    tar_audit_new (const archive_limits_t *limits, uint64_t unpacked_max);
void
    tar_audit_destroy (tar_audit_t **self_p);

//  The next bytes of the uncompressed stream.
//  OK, or the code of the refusal: symlink, hardlink, device node, fifo, odd entry type (also a
//  directory with data, GNU multi-volume and so on), bomb (too much data, too many entries, any
//  sparse file), malformed, limits, wrong format (no tar).
must_use code_t
    tar_audit_feed (tar_audit_t *self, const uint8_t *data, size_t size, refusal_t *refusal);

//  The stream has ended. Refuses one without its end marker of two zero blocks (it may be cut), one
//  that holds no entry, and an extended header for no entry.
must_use code_t
    tar_audit_end (const tar_audit_t *self, refusal_t *refusal);

tar_audit_totals_t
    tar_audit_totals (const tar_audit_t *self);

#endif
