// SPDX-License-Identifier: MIT
//  The stamps of a tree, kept in a file outside of it.
#ifndef GGEN_STAMPS_IO_H
#define GGEN_STAMPS_IO_H

#include "refusal.h"
#include "stamps.h"

//  Write the stamps of 'list' to 'name' in 'dirfd' (on the file system of the tree), by rename. Not
//  synced: a lost or old file costs one more hashing, nothing else.
must_use code_t
    stamps_save (int dirfd, const char *name, const file_list_t *list, refusal_t *refusal);

//  The same into a directory that nobody uses yet: at once, as a file that must not be there. The
//  digest of the list is known.
must_use code_t
    stamps_create (int dirfd, const char *name, const file_list_t *list,
                   const uint8_t digest [SHA256_SIZE], refusal_t *refusal);

//  The tree is about to get its name in the store: until now nobody could edit it. Not being able to
//  note that costs one more hashing, nothing else.
void
    stamps_settle (int dirfd, const char *name);

//  Read them back into 'list', which has this digest. false: none, damaged or of another list; all are
//  unknown then.
bool
    stamps_load (int dirfd, const char *name, const uint8_t digest [SHA256_SIZE],
                 file_list_t *list);

#endif
