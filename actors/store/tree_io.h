// SPDX-License-Identifier: MIT
//  Trees on disk: remove one, compare one with the list of its files.
#ifndef GGEN_TREE_IO_H
#define GGEN_TREE_IO_H

#include "file_list.h"
#include "refusal.h"

//  Deeper trees than this are not ours: nothing is installed that deep.
#define TREE_DEPTH_MAX 256
//  A file that is larger than any package may be is changed without being hashed.
#define TREE_HASH_MAX ((uint64_t) 512 << 20)

//  Remove 'name' in 'dirfd', file or directory with all in it. Links are removed, never followed;
//  directories that the owner made read-only are made writable first. OK also when it is not there.
//  Stops at the first failure (PERMISSION_DENIED, STORAGE) with its path; what is gone is gone.
must_use code_t
    tree_remove (int dirfd, const char *name, refusal_t *refusal);

typedef enum {
    TREE_CHANGED,       //  Other bytes
    TREE_MISSING,
    TREE_EXTRA,         //  Not in the list; an extra directory is one finding
    TREE_MODE,          //  Executable or not, setuid, setgid, sticky. Write permission is no matter
    TREE_KIND           //  A link, directory or device where a file should be, or the reverse
} tree_finding_kind_t;

typedef struct {
    tree_finding_kind_t kind;
    const char *path;       //  Relative to the tree; bytes from the disk, not fit for a terminal
    const char *expected;   //  Digest (hex), mode ("755"), kind ("file") or ""
    const char *actual;     //  The same of what is there
} tree_finding_t;

//  Borrowed for the call.
typedef void (tree_finding_fn) (void *argument, const tree_finding_t *finding);

//  "changed", "missing", "extra", "mode", "kind".
const char *
    tree_finding_name (tree_finding_kind_t kind);

typedef enum {
    TREE_BY_STAMPS,     //  Hash only what does not look the same as its stamp in the list
    TREE_BY_CONTENT     //  Hash everything
} tree_check_mode_t;

typedef struct {
    uint32_t files_count;       //  Looked at
    uint32_t hashed_count;
    uint64_t hashed_bytes;
    uint32_t refreshed_count;   //  Stamps set anew in the list: worth a stamps_save ()
    uint32_t findings_count;
} tree_checked_t;

//  Compare the directory 'name' in 'dirfd' with 'list' (sorted). Findings go to 'on_finding' (may
//  be NULL) as they are met, missing files last. OK says that the comparison was made, not that the
//  tree is right. A tree that is gone altogether is a refusal with STORAGE.
must_use code_t
    tree_check (int dirfd, const char *name, file_list_t *list, tree_check_mode_t mode,
                tree_finding_fn *on_finding, void *argument, tree_checked_t *checked,
                refusal_t *refusal);

#endif
