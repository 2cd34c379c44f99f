// SPDX-License-Identifier: MIT
//  What the files of the index share among themselves.
#ifndef GGEN_INDEX_SELF_IO_H
#define GGEN_INDEX_SELF_IO_H

#include <assert.h>
#include <sys/types.h>

#include "actors/registry/disk_io.h"
#include "actors/registry/index_db_io.h"
#include "actors/registry/index_io.h"

#define INDEX_ERROR_MAX 1600    //  bytes of index_error; longer text is cut

struct index {
    shelf_t *shelf;             //  borrowed
    index_db_t *db;             //  NULL only after a failed refresh
    char *path;                 //  of index.db
    bool in_memory;             //  no file is at that path for us
    dev_t device;               //  which file that was when we opened it
    ino_t inode;
    char error [INDEX_ERROR_MAX];
};

//  A number that the index remembers; 0 when it does not.
int64_t index_meta (index_t *self, const char *key);
void index_set_meta (index_t *self, const char *key, int64_t value);

//  Ends a sequence of reads: its code, with index_error set.
must_use code_t index_finish (index_t *self);
must_use code_t index_fail (index_t *self, code_t code, const char *text);

//  index_update_io.c. In a transaction:
//  One version into its rows. The package is derived from it by index_settle.
void index_insert (index_t *self, const Ggen__Package *package);
//  What follows from the versions and heads of a package: yanks, latest, search, JSON.
void index_settle (index_t *self, int64_t pid);
//  Everything but downloads out.
void index_empty (index_t *self);

//  index_heads_io.c. In a transaction:
//  A head of this id, unless its signer has a newer one here.
void index_insert_head (index_t *self, int64_t pid, const char *id, bytes_t head);
//  Takes over what the shelf keeps in .heads; then heads decide which versions are yanked.
void index_apply_heads (index_t *self, int64_t pid);

//  index_read_io.c. The columns that index_package reads, from 0.
#define INDEX_PACKAGE_COLUMNS \
    "v.package, v.yanked, v.yank_reason, v.archive, " \
    "coalesce ((SELECT d.count FROM downloads d WHERE d.id = p.id), 0)"
#define INDEX_PACKAGE_COLUMNS_COUNT 5
//  A package of the current row; NULL when it cannot be read, which also fails the sequence.
Ggen__Package *index_package (index_t *self, index_db_rows_t *rows);

//  index_export_io.c. Is index.json the one we wrote last?
bool index_json_is_ours (index_t *self);
//  Moves an index.json that is no JSON out of the way; then *warning_p tells.
must_use code_t index_save_damaged_json (index_t *self, char **warning_p);

#endif
