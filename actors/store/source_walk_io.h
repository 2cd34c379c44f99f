// SPDX-License-Identifier: MIT
//  Finds the files of a directory that go into a package, and refuses what may not.
#ifndef GGEN_SOURCE_WALK_IO_H
#define GGEN_SOURCE_WALK_IO_H

#include "pack_io.h"

//  *files_p is a new sorted list: paths, sizes, executable bits and stamps; no digests yet.
//  'options' as for pack_tree (). OK, the refusal, or INTERNAL.
must_use code_t
    source_walk (int source_fd, const pack_options_t *options, file_list_t **files_p,
                 refusal_t *refusal);

#endif
