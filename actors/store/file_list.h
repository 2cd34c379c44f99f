// SPDX-License-Identifier: MIT
//  The files of a package with their digests. Its text is canonical: one line per file,
//
//      <sha256, 64 hex> <mode: 644 or 755> <size> <path>\n
//
//  sorted by path as bytes (strcmp). Directories are implied by the files in them; one that is
//  empty has a line of its own, "e3b0...b855 755 0 path/": the digest of nothing, and the slash
//  that no file's path can end in. The SHA-256 of the text is the identity of the tree
//  (files_sha256 in the release record): it says nothing about compression, owners or times.
#ifndef GGEN_FILE_LIST_H
#define GGEN_FILE_LIST_H

#include "archive_limits.h"
#include "sha256.h"

//  What a file's inode looked like when its content was known to be right (see stamps.h); not part
//  of the text. All zero: unknown.
typedef struct {
    uint64_t inode;
    int64_t mtime_ns, ctime_ns;
} file_stamp_t;

typedef struct {
    const char *path;               //  Relative to the tree, no trailing slash; owned by the list
    uint64_t size_bytes;
    uint8_t sha256 [SHA256_SIZE];
    bool executable;
    bool directory;                 //  An empty one
    file_stamp_t stamp;
} file_entry_t;

typedef struct file_list file_list_t;

//  NULL: no memory.
file_list_t *
    file_list_new (void);
void
    file_list_destroy (file_list_t **self_p);

//  Add a copy of 'entry' whose path is 'path_size' bytes long (path need not end in NUL; it is not
//  checked here: entry_rules and path_set have done that). The result stays where it is until the
//  list is destroyed. NULL: no memory.
file_entry_t *
    file_list_add (file_list_t *self, const file_entry_t *entry, size_t path_size);

//  Put the entries in order and drop the directories that are not empty. Needed before at, find,
//  format and the rest.
void
    file_list_sort (file_list_t *self);

size_t
    file_list_count (const file_list_t *self);
uint64_t
    file_list_bytes (const file_list_t *self);
file_entry_t *
    file_list_at (const file_list_t *self, size_t index);

//  The entry of a file or empty directory, or NULL. *index_p (may be NULL) is its position.
file_entry_t *
    file_list_find (const file_list_t *self, const char *path, size_t *index_p);

//  Is 'path' a directory that some entry is in?
bool
    file_list_has_directory (const file_list_t *self, const char *path);

//  The canonical text, NUL after it, to be freed by the caller. NULL: no memory.
char *
    file_list_format (const file_list_t *self, size_t *size_p);

//  SHA-256 of the text, without making it.
void
    file_list_sha256 (const file_list_t *self, sha256_t *hasher, uint8_t digest [SHA256_SIZE]);

//  Read a text that may come from anywhere. Only the canonical form is accepted: whatever parses
//  formats to the same bytes.
//  OK             *self_p is a new list, sorted.
//  SERIALIZATION  not canonical: a bad line, an order or a path that entry_rules refuses.
//  VALIDATION     more entries or bytes than 'limits' allow.
//  INTERNAL       no memory.
must_use code_t
    file_list_parse (const char *text, size_t size, const archive_limits_t *limits,
                     file_list_t **self_p);

#endif
