// SPDX-License-Identifier: MIT
//  Archives on disk, by digest (SPEC 3.6):
//
//      DIRECTORY/blobs/ab/<64 digits>      a blob; its time of access says when it was used last
//                held/ab/<64 digits>       another link of one that is served to others
//                parts/                    being put together (part_io.h)
//                tmp/                      copies being made; a rename moves them into blobs/
//                tmp/.lock                 held shared while somebody may be making one
//
//  Directories are 0700, files made here 0600. A blob is a hard link to the file it was imported
//  from where that is possible and the file is ours alone to change, else a copy. So a blob may
//  share its inode with a file of the registry or of a user: times of modification and modes are
//  left alone (that is why use is kept as time of access), and bytes are checked again when the
//  inode has changed. Nothing is synced: a blob torn by a power loss fails that check and goes.
//
//  Where DIRECTORY cannot be written, finding still works, and an import answers with the source
//  itself after checking its bytes.
#ifndef GGEN_BLOB_STORE_IO_H
#define GGEN_BLOB_STORE_IO_H

#include "cache.pb-c.h"
#include "digest.h"

#define BLOB_PATH_MAX  4096
#define BLOB_BYTES_MAX (1ull << 30)     //  of a blob; larger ones are refused
#define BLOB_LIST_MAX  50000            //  blobs that a list names; packed they fit into one body

typedef struct blob_store_t blob_store_t;

//  What tells one state of a file from another.
typedef struct {
    uint64_t device, inode;
    uint64_t size_bytes;
    int64_t modified_ns;
    int64_t changed_ns;
} blob_stamp_t;

//  What went wrong, for a person and for a Failure.
typedef struct {
    code_t code;
    char text[BLOB_PATH_MAX + 256];
    bool has_actual;                    //  CHECKSUM_MISMATCH: the digest that the bytes have
    digest_t actual;
    uint64_t required_bytes;            //  INSUFFICIENT_DISK_SPACE
    uint64_t available_bytes;
} blob_failure_t;

//  Long work looks here after every block of bytes. Returns false to stop it (CANCELLED).
typedef struct {
    bool (*go_on) (void *arg, uint64_t done, uint64_t total);
    void *arg;
} blob_watch_t;

//  Opens the store below 'directory' (absolute) and removes what a killed process left in tmp/,
//  unless another process is at work there. Creates nothing: the first import does.
//  NULL: out of memory, or the path is too long.
blob_store_t *blob_store_open (const char *directory);
void blob_store_close (blob_store_t **self_p);

//  Where the blob is, or would be.
void blob_store_path (const blob_store_t *self, const digest_t *digest, char path[BLOB_PATH_MAX]);

//  Is there a file of this name and, unless 0, size? Its bytes are not looked at.
bool blob_store_look (const blob_store_t *self, const digest_t *digest, uint64_t size_bytes,
                      blob_stamp_t *stamp_p);

//  It is used now. Returns false when it is gone; *stamp_p is of after this, for it changes it.
bool blob_store_use (const blob_store_t *self, const digest_t *digest, blob_stamp_t *stamp_p);

//  Read the file at 'path' and compare. 'size_bytes' 0: any up to BLOB_BYTES_MAX.
//  OK                    it is that; *stamp_p is of the bytes that were read.
//  CHECKSUM_MISMATCH     other bytes, or another size.
//  CANCELLED             the watch said so.
//  VALIDATION            no regular file, or larger than BLOB_BYTES_MAX.
//  PERMISSION_DENIED, STORAGE      the disk's answer; STORAGE also when there is no such file.
must_use code_t blob_store_check (const char *path, const digest_t *digest, uint64_t size_bytes,
                                  const blob_watch_t *watch, blob_stamp_t *stamp_p,
                                  blob_failure_t *failure);

//  Put the file at 'source' (absolute) into the store; it is not changed. 'path' gets where the
//  bytes are now: the blob, or 'source' itself in a store that cannot be written.
//  Returns as blob_store_check, and INSUFFICIENT_DISK_SPACE.
must_use code_t blob_store_import (blob_store_t *self, const char *source, const digest_t *digest,
                                   uint64_t size_bytes, const blob_watch_t *watch,
                                   char path[BLOB_PATH_MAX], blob_stamp_t *stamp_p,
                                   blob_failure_t *failure);

const char *blob_store_directory (const blob_store_t *self);

//  Set *failure: by hand, from errno, or for a disk without so much room. Return its code.
code_t blob_store_fail (blob_failure_t *failure, code_t code, const char *path, const char *what);
code_t blob_store_fail_errno (blob_failure_t *failure, const char *path);
code_t blob_store_no_room (const blob_store_t *self, uint64_t required_bytes,
                           blob_failure_t *failure);

//  Make this directory below the store's, and those above it that are missing, 0700. 'path' is as it
//  was in the end.
must_use code_t blob_store_make_directories (char *path, blob_failure_t *failure);

//  OK also when there is none. *freed_bytes_p is what the disk got back: 0 for a hard link whose
//  other name lives on.
must_use code_t blob_store_remove (const blob_store_t *self, const digest_t *digest,
                                   uint64_t *freed_bytes_p, blob_failure_t *failure);

//  What blob_store_remove would free; false when there is no such blob.
bool blob_store_weigh (const blob_store_t *self, const digest_t *digest, uint64_t *freed_bytes_p);

//  All blobs, at most BLOB_LIST_MAX, in no particular order; an unreadable directory counts as
//  empty. Free with ggen__blob_list_reply__free_unpacked. NULL: out of memory.
Ggen__BlobListReply *blob_store_list (const blob_store_t *self);

#endif
