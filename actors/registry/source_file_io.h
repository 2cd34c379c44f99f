// SPDX-License-Identifier: MIT
//  HOME/registries.json on disk. One process writes it at a time (run/node.lock); it is replaced by
//  rename, so readers need nothing.
#ifndef GGEN_SOURCE_FILE_IO_H
#define GGEN_SOURCE_FILE_IO_H

#include "actors/registry/source_list.h"

//  Which state of the file was read.
typedef struct {
    uint64_t device, inode, size_bytes;
    int64_t modified_ns;
} source_file_stamp_t;

//  Read the list; no file, or no home, is an empty one. source_list_clear.
//  Returns as source_list_read does, and PERMISSION_DENIED, STORAGE: the disk's answer.
must_use code_t source_file_read (const char *home, source_list_t *list, char *why,
                                  size_t why_size);

//  The file as it is now; all 0 without one.
source_file_stamp_t source_file_stamp (const char *home);

//  Replace it, synced. Returns as disk_replace (disk_io.h), and INTERNAL: as source_list_text.
must_use code_t source_file_write (const char *home, const source_list_t *list, char *why,
                                   size_t why_size);

//  How many sources there are; 0 also when that cannot be read.
unsigned source_file_count (const char *home);

#endif
