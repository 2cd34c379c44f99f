// SPDX-License-Identifier: MIT
//  Pack a directory into a package archive, the same bytes for the same tree (SPEC 3.3): sorted
//  paths, pax headers in UTF-8, owner 0:0 without names, one time, modes 0644 and 0755, no gzip
//  name or time; directories only where they are empty. What is independent of the compressor's
//  version is files_sha256.
#ifndef GGEN_PACK_IO_H
#define GGEN_PACK_IO_H

#include "archive_limits.h"
#include "file_list.h"
#include "refusal.h"

#define PACK_CHUNK_SIZE 262144          //  Bytes of the archive per digest in 'chunks'
#define PACK_IGNORE_FILE ".ggenignore"

typedef enum {
    PACK_GZIP,
    PACK_ZSTD
} pack_format_t;

//  Called after each piece of work with the bytes of files read so far, of so many. false: stop.
typedef bool (pack_progress_fn) (void *argument, uint64_t done_bytes, uint64_t total_bytes);

typedef struct {
    const char *top;                    //  From pack_top_name ()
    pack_format_t format;
    int64_t mtime_s;                    //  Of every entry; see pack_mtime ()
    archive_limits_t limits;
    pack_progress_fn *progress;         //  May be NULL
    void *argument;
} pack_options_t;

typedef struct {
    uint8_t sha256 [SHA256_SIZE];       //  Of the archive
    uint64_t size_bytes;
    uint8_t *chunks;                    //  SHA-256 of each 256 KiB of the archive, in order
    size_t chunks_count;
    file_list_t *files;                 //  Sorted
    uint8_t files_sha256 [SHA256_SIZE];
    uint32_t files_count;               //  Without directories
    uint64_t unpacked_bytes;
} packed_t;

void
    packed_done (packed_t *self);

//  "NAME-VERSION" with '-' for '/'. VALIDATION: longer than a file name may be.
must_use code_t
    pack_top_name (const char *id, const char *version, char top [ARCHIVE_COMPONENT_MAX + 1]);

//  SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch) or 0. VALIDATION: it is set
//  to something that is no time.
must_use code_t
    pack_mtime (int64_t *mtime_s);

//  Pack what is in the directory 'source_fd' and write the archive to 'out_fd' at its position
//  (-1: only digests are wanted). The .ggenignore at its top is honoured; .git and .ggen* are left
//  out wherever they are. A hard link is packed as a file of its own.
//  OK    '*out' is to be released with packed_done ().
//  else  the refusal (bytes may have been written to out_fd):
//        a link, device, fifo or socket, a name that entry_rules refuses, a collision, a limit;
//        "changed": a file was written to while it was read; what the system said;
//        FEATURE_NOT_ENABLED: libarchive cannot be loaded, the text says why; CANCELLED and
//        INTERNAL (no memory) have no text in 'refusal'.
must_use code_t
    pack_tree (int source_fd, const pack_options_t *options, int out_fd, packed_t *out,
               refusal_t *refusal);

#endif
