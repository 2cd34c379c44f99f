// SPDX-License-Identifier: MIT
//  Named tables of key and value in one SQLite file. One connection, one thread; the home's lock
//  keeps other processes away. A rollback journal, not WAL: a home on a read-only disk can still be
//  read. Any failure closes the connection and so takes back what was not committed; the next call
//  opens it anew. A file that SQLite finds corrupt is moved to PATH.corrupted and a new one begun;
//  one that is found while PATH.corrupted is there is removed, for the first has what cannot be had
//  again (state_db_misses).
//  Every function returns, besides OK,
//  PERMISSION_DENIED        the file or its directory may not be written;
//  INSUFFICIENT_DISK_SPACE  the disk, or STATE_DB_BYTES_MAX, is full;
//  BUSY                     another process holds the file;
//  FEATURE_NOT_ENABLED      SQLite is not installed;
//  STORAGE                  anything else;
//  and then state_db_why () has path and reason.
#ifndef GGEN_STATE_DB_H
#define GGEN_STATE_DB_H

#include "base.h"

#define STATE_DB_BYTES_MAX (512ll << 20)

typedef struct state_db_t state_db_t;

//  Nothing is opened yet. 'path' (absolute) is copied. NULL: out of memory, or longer
//  than PRIVATE_PATH_MAX.
state_db_t *state_db_new (const char *path);

//  What was not committed is lost.
void state_db_destroy (state_db_t **self_p);

//  May something be missing that was kept before? Yes as long as there is PATH.corrupted: removing
//  that is how a person says that a backup is in its place, or that it may be forgotten.
bool state_db_misses (state_db_t *self);

//  Begin to change it; creates the file (0600) and its directory (0700) when they are missing.
must_use code_t state_db_begin (state_db_t *self);

//  True from begin to commit, or to a failure.
bool state_db_is_changing (const state_db_t *self);

//  Set one value, or remove one; *changed_p counts the entries that this made or unmade. 'key' is
//  not empty.
must_use code_t state_db_put (state_db_t *self, const char *table, bytes_t key, bytes_t value,
                              uint32_t *changed_p);
must_use code_t state_db_remove (state_db_t *self, const char *table, bytes_t key,
                                 uint32_t *changed_p);

//  Make what was changed durable: it is on disk when this returns OK.
must_use code_t state_db_commit (state_db_t *self);

//  Read entries in the order of their keys, after 'after' (empty: from the first), until 'visit'
//  returns false. Sees changes that are not committed yet. A file that does not exist has no
//  entries, and is not created. 'key' and 'value' are borrowed for the call.
//  Beside each entry there is a sum of it. One that does not fit its sum is left out, until its key is
//  put again; with 'whole' the file is as corrupt as one that SQLite finds so. 'checked' is false for
//  what a program has put that made no sums yet.
typedef bool (state_db_visit_fn) (void *context, bytes_t key, bytes_t value, bool checked);
must_use code_t state_db_read (state_db_t *self, const char *table, bytes_t after, bool whole,
                               state_db_visit_fn *visit, void *context);

//  Why the last call failed. Borrowed until the next call.
const char *state_db_why (const state_db_t *self);

#endif
