// SPDX-License-Identifier: MIT
//  Stamps: size, times and inode of each file of an unpacked tree when its content was last known
//  to be right. A file whose inode still looks the same need not be hashed to know that nobody
//  edited it (what git's index does; git-update-index(1)). As there, a file whose time is not
//  clearly before the moment the stamps were written is "racy": it could have been edited once more
//  in the same tick of the clock, so it is not trusted. Nobody edits what has no name in the store
//  yet: of a fresh tree it is the moment in which it got one that counts, and that comes after the
//  sync of all that was unpacked.
//  The text is private to one machine:
//      ggen-stamps 1 <files_sha256> <written_ns>\n
//      <inode> <mtime_ns> <ctime_ns>\n             one line per entry of the list, in its order
#ifndef GGEN_STAMPS_H
#define GGEN_STAMPS_H

#include "file_list.h"

//  The coarsest clock a file system is expected to stamp with, doubled (a kernel tick is <= 10 ms).
#define STAMPS_RACY_NS 20000000

//  The stamps of all entries as text, to be freed by the caller. NULL: no memory.
char *
    stamps_format (const file_list_t *list, const uint8_t files_sha256 [SHA256_SIZE],
                   int64_t written_ns, size_t *size_p);

//  Set the stamps in 'list' from a text. 'settled_ns': until then nobody could edit these files, or 0
//  when that is not known to be after they were written. false: damaged, or of another list; then all
//  are unknown, which costs time, nothing else.
bool
    stamps_parse (const char *text, size_t size, const uint8_t files_sha256 [SHA256_SIZE],
                  int64_t settled_ns, file_list_t *list);

#endif
