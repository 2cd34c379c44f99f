// SPDX-License-Identifier: MIT
//  Creates the directories and files of a fresh tree, each below one directory, never over anything
//  that is there, with modes that do not depend on the umask.
#ifndef GGEN_TREE_WRITER_IO_H
#define GGEN_TREE_WRITER_IO_H

#include "archive_limits.h"
#include "path_set.h"

//  Directories above each other that are kept open; what is deeper is opened again for each that is
//  entered.
#define TREE_WRITER_LEVELS_MAX 16

typedef struct {
    int fd;
    size_t end;             //  Of its path
} tree_writer_level_t;

typedef struct {
    int root_fd;            //  Owned by the caller
    uint32_t dir_node;      //  The directory written to last: archives are mostly in order
    tree_writer_level_t levels [TREE_WRITER_LEVELS_MAX];    //  It and those above it
    unsigned levels_count;
    int deep_fd;            //  It, when it is below all of these; else -1
    char path [ARCHIVE_PATH_MAX];   //  Of the lowest level
    unsigned kept;          //  Mode bits that what was made here has kept,
    bool taken;             //  unless something had others than it was made with
} tree_writer_t;

void
    tree_writer_init (tree_writer_t *self, int root_fd);
void
    tree_writer_close (tree_writer_t *self);

//  Create a directory, 0755, with all that lead to it. 'place' is what path_set_add () said of the
//  path. Refusal: what the system said.
must_use code_t
    tree_writer_directory (tree_writer_t *self, const char *path, size_t size,
                           const path_set_place_t *place, refusal_t *refusal);

//  Create a file, 0444 or 0555, open for writing. *fd_p is the caller's.
must_use code_t
    tree_writer_file (tree_writer_t *self, const char *path, const path_set_place_t *place,
                      bool executable, int *fd_p, refusal_t *refusal);

#endif
