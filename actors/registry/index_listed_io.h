// SPDX-License-Identifier: MIT
//  An index (index_io.h) that is not derived from a shelf, but filled from the index.json of another
//  machine: it answers the same questions. Its mark tells which text it was filled from.
//  Functions return as those of index_io.h.
#ifndef GGEN_INDEX_LISTED_IO_H
#define GGEN_INDEX_LISTED_IO_H

#include "actors/registry/import_index.h"
#include "actors/registry/index_io.h"

//  'path' NULL: in memory. One that is there and is none of ours, or damaged, is made anew, empty. When
//  it fails, *why_p is a text to be freed, or NULL.
must_use code_t index_open_listed (index_t **self_p, const char *path, char **why_p);

//  0: it is empty.
must_use code_t index_mark (index_t *self, int64_t *mark_p);

//  All of 'list' in the place of what it had, in one transaction. 'mark' is not 0.
must_use code_t index_fill (index_t *self, const import_index_t *list, int64_t mark);

//  The newest head of each signer of this id, and its rotations.
must_use code_t index_get_records (index_t *self, const char *id, shelf_record_fn *visit, void *arg);

#endif
